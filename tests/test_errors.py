"""The tree of errors is drawn as it grows, and each can be caught as a mistake that a user can mend."""

from __future__ import annotations

import re

import pytest

from loopwright import errors
from loopwright.errors import LoopwrightError, ProjectFileError, UnknownColumn, nearest

CLASSES = [getattr(errors, name) for name in errors.__all__ if name != "nearest"]


def drawn() -> dict[str, str]:
    """Return each class of the drawing with the one it hangs from."""
    above, parents = ["LoopwrightError"], {}
    for line in (errors.__doc__ or "").splitlines():
        found = re.match(r"    ((?:│   |    )*)[├└]── (\w+)", line)
        if found:
            depth = len(found[1]) // 4 + 1
            parents[found[2]] = above[depth - 1]
            above[depth:] = [found[2]]
    return parents


def test_the_drawing_shows_every_class_below_its_parent():
    assert drawn() == {kind.__name__: kind.__base__.__name__ for kind in CLASSES if kind is not LoopwrightError}


def test_every_class_says_what_it_stands_for():
    assert all(issubclass(kind, LoopwrightError) and kind.__doc__ for kind in CLASSES)


def test_a_wrong_project_file_is_told_with_file_and_line_where_there_is_one():
    assert str(ProjectFileError("no", file="a.toml", line=3)) == "a.toml:3: no"
    assert str(ProjectFileError("no", file="a.toml")) == "a.toml: no"
    assert ProjectFileError("no", file="a.toml", line=3).line == 3


def test_an_unknown_column_is_told_with_the_nearest_and_some_of_those_there_are():
    error = UnknownColumn("fair", known=["fare", *(f"c{number}" for number in range(30))], where="[data] key")
    assert str(error).startswith("[data] key names the column 'fair', which these rows do not have")
    assert "(did you mean 'fare'?)" in str(error)
    assert str(error).endswith("'c18' and 11 more.")
    assert error.column == "fair"
    assert "more" not in str(UnknownColumn("x", known=["a", "b"], where="here"))


@pytest.mark.parametrize("known", [[], ["a"], ["tips", "fare"]])
def test_a_name_that_nothing_resembles_has_no_nearest(known):
    assert nearest("zebra", known) == ""
