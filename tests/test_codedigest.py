from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from loopwright.codedigest import CodeIndex
from loopwright.errors import UserCodeError

SOURCE = '''
"""Features."""
import polars as pl
from units import MILE as ONE_MILE
import units

LIMIT = 5


def far(miles):
    """Docstring."""
    return _scaled(miles) > LIMIT


def _scaled(miles):
    return miles * ONE_MILE


def near(miles):
    return units.halved(miles) < 1
'''
UNITS = "MILE = 1.609\n\n\ndef halved(x):\n    return x / 2\n\n\ndef unused():\n    return 1\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "features.py").write_text(SOURCE)
    (tmp_path / "units.py").write_text(UNITS)
    return tmp_path


def digests(home: Path, name: str = "far") -> dict[str, str]:
    return CodeIndex({"": home}).closure("features", [name])


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_a_function_reaches_what_it_calls_through_imports_and_nothing_else(home):
    assert list(digests(home)) == [
        "features.py: value `LIMIT`",
        "features.py: function `_scaled`",
        "features.py: function `far`",
        "units.py: value `MILE`",
    ]
    assert list(digests(home, "near")) == ["features.py: function `near`", "units.py: function `halved`"]


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [("features.py", "> LIMIT", ">= LIMIT"), ("features.py", "LIMIT = 5", "LIMIT = 6"), ("units.py", "1.609", "1.6")],
)
def test_a_change_in_anything_reached_changes_the_digests(home, file, old, new):
    before = digests(home)
    change(home / file, old, new)
    assert digests(home) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("features.py", '"""Docstring."""', '"""Another."""'),
        ("features.py", "LIMIT = 5", "# why five\nLIMIT   =   5"),
        ("features.py", "return units.halved(miles) < 1", "return miles < 7"),
        ("units.py", "return 1", "return 2"),
    ],
)
def test_comments_docstrings_layout_and_other_functions_do_not_count(home, file, old, new):
    before = digests(home)
    change(home / file, old, new)
    assert digests(home) == before


def test_annotations_lead_nowhere_because_they_do_not_run(home):
    change(home / "features.py", "def far(miles):", "def far(miles: units.unused) -> units.unused:")
    assert not any("unused" in place for place in digests(home))


def test_the_cache_gives_the_same_answer_and_notices_a_change(home):
    for path in home.glob("*.py"):
        os.utime(path, (time.time() - 60, time.time() - 60))
    cache = home / "cache.json"
    first = CodeIndex({"": home}, cache=cache)
    found = first.closure("features", ["far"])
    first.save()
    assert cache.exists()
    assert CodeIndex({"": home}, cache=cache).closure("features", ["far"]) == found
    change(home / "units.py", "1.609", "1.6")
    assert CodeIndex({"": home}, cache=cache).closure("features", ["far"]) != found


def test_a_damaged_cache_costs_time_and_nothing_else(home):
    cache = home / "cache.json"
    cache.write_text('{"broken')
    assert CodeIndex({"": home}, cache=cache).closure("features", ["far"]) == digests(home)


def test_public_functions_are_listed_in_the_order_of_the_file(home):
    assert CodeIndex({"": home}).functions("features") == {"far": ("miles",), "near": ("miles",)}


def test_the_files_that_a_function_reaches_are_told_its_own_first(home):
    assert CodeIndex({"": home}).modules("features", ["far"]) == (home / "features.py", home / "units.py")


def test_a_file_that_is_imported_but_not_used_is_needed_all_the_same(home):
    (home / "rules.py").write_text("import polars as pl\nimport units\n\n\ndef all_of_them(miles):\n    return miles\n")
    (home / "units.py").write_text("from scales import SCALE\n\nMILE = 1.609 * SCALE\n")
    (home / "scales.py").write_text("SCALE = 1\n")
    index = CodeIndex({"": home})
    assert list(index.closure("rules", ["all_of_them"])) == ["rules.py: function `all_of_them`"]
    assert [path.name for path in index.modules("rules", ["all_of_them"])] == ["rules.py", "scales.py", "units.py"]


def test_files_that_import_each_other_are_told_once(home):
    (home / "units.py").write_text("import features\n\nMILE = 1.609\n\n\ndef halved(x):\n    return x / 2\n")
    assert [path.name for path in CodeIndex({"": home}).modules("features", ["far"])] == ["features.py", "units.py"]


def test_invalid_python_is_told_with_file_and_line(home):
    (home / "features.py").write_text("def far(miles:\n    return 1\n")
    with pytest.raises(UserCodeError, match=r"features\.py:1: this is not valid Python"):
        digests(home)


def test_a_missing_file_is_told_with_what_to_do(home):
    with pytest.raises(UserCodeError, match=r"there is no file rules\.py .* Create it"):
        CodeIndex({"": home}).closure("rules", ["x"])
