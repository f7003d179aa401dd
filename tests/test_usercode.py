from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.errors import UserCodeError
from loopwright.usercode import blamed, bundle, functions, unbundle


def test_two_versions_of_a_module_live_side_by_side():
    old = functions({"features.py": "def f(x): return x + 1"}, "features.py", ("f",))["f"]
    new = functions({"features.py": "def f(x): return x + 2"}, "features.py", ("f",))["f"]
    assert (old(1), new(1)) == (2, 3)


def test_a_module_may_import_others_of_the_project_and_libraries():
    sources = {
        "features.py": "import math\nfrom parts.units import MILE\ndef f(x): return math.floor(x * MILE)",
        "parts/units.py": "MILE = 1.609",
    }
    sources["features.py"] = sources["features.py"].replace("from parts.units import MILE", "from units import MILE")
    sources["units.py"] = sources.pop("parts/units.py")
    assert functions(sources, "features.py", ("f",))["f"](10) == 16


def test_a_module_that_fails_when_read_is_told_with_its_line():
    with pytest.raises(UserCodeError, match=r"features\.py:2: .* ZeroDivisionError"):
        functions({"features.py": "x = 1\ny = x / 0\n"}, "features.py", ())


def test_a_missing_function_is_told_with_the_nearest_name():
    with pytest.raises(UserCodeError, match=r"no function 'farr' \(did you mean 'far'\?\)"):
        functions({"features.py": "def far(): pass"}, "features.py", ("farr",))


def test_an_error_inside_a_function_names_file_line_and_text():
    def broken():
        return functions({"rules.py": "def f(x):\n    return x.nothing\n"}, "rules.py", ("f",))["f"](1)

    message = r"rules\.py:2: function `f` failed while it ran: AttributeError"
    with pytest.raises(UserCodeError, match=message), blamed("rules.py", "f", doing="it ran"):
        broken()


def test_a_bundle_holds_the_text_of_every_file(tmp_path: Path):
    (tmp_path / "a.py").write_text("A = 'é'")
    (tmp_path / "b.py").write_text("B = 2")
    assert unbundle(bundle((tmp_path / "a.py", tmp_path / "b.py"), folder=tmp_path)) == {
        "a.py": "A = 'é'",
        "b.py": "B = 2",
    }
