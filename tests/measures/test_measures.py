"""The names of the room."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from loopwright import measures


def test_every_public_name_can_be_had_and_they_are_sorted():
    assert dir(measures) == sorted(measures.__all__)
    for name in measures.__all__:
        assert getattr(measures, name) is not None


def test_no_public_name_is_also_a_file_which_would_hide_it():
    files = {file.stem for file in Path(measures.__file__).parent.glob("*.py")}
    assert not files & set(measures.__all__)


def test_a_name_that_is_not_there_is_said_to_be_missing():
    assert not hasattr(measures, "accuracy")


def test_measuring_needs_numpy_and_no_heavier_library():
    code = (
        "import sys\n"
        "from loopwright.measures import bootstrap, compare, linear_identity, reliability, roc_curve\n"
        "print([name for name in ('scipy', 'sklearn', 'polars', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
