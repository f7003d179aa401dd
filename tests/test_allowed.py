"""Types and bounds of the settings are read strictly, and told in words."""

from __future__ import annotations

from dataclasses import fields
from typing import Literal

import pytest

from loopwright.allowed import (
    alternatives,
    bound_words,
    default_of,
    expected,
    fits,
    headings,
    is_required,
    is_table,
    types_of,
)
from loopwright.settings import DataSettings, PrivacySettings, Range, Settings, SplitSettings


@pytest.mark.parametrize(
    ("kind", "value", "bounds", "does"),
    [
        (int, 3, {"ge": 3, "le": 5}, True),
        (int, 6, {"ge": 3, "le": 5}, False),
        (int, True, {}, False),
        (int, 3.0, {}, False),
        (int, 2**63, {}, False),
        (float, 3, {}, True),
        (float, 0.5, {"gt": 0.5}, False),
        (float, float("inf"), {}, False),
        (bool, 1, {}, False),
        (bool, True, {}, True),
        (str, "ab", {"pattern": "a"}, False),
        (str, "a\nb", {}, True),
        (Literal["a", 1], 1, {}, True),
        (Literal["a", 1], True, {}, False),
        (Range, {}, {}, True),
        (dict[str, int], {"a": "x"}, {}, True),
        (dict[str, int], [], {}, False),
        (list[int], ["x"], {}, True),
        (tuple[str, ...], "x", {}, False),
    ],
)
def test_a_value_fits_its_type_and_bounds_exactly(kind, value, bounds, does):
    assert fits(kind, value, bounds) is does


@pytest.mark.parametrize(
    ("allowed", "bounds", "words"),
    [
        (int, {"ge": 1, "le": 5}, "a whole number from 1 to 5"),
        (float, {"gt": 0, "lt": 1}, "a number above 0 and below 1"),
        (int | float, {}, "a number"),
        (str | None, {"pattern": "x+"}, "a string matching x+"),
        (Literal["a", "b"], {}, 'one of "a", "b"'),
        (dict[str, list[int]], {}, "a table, each value a list, each item a whole number"),
        (PrivacySettings, {}, 'a table with the keys "redact"'),
        (str | int | bool, {}, "a string, a whole number, or true or false"),
    ],
)
def test_what_may_stand_there_is_told_in_words(allowed, bounds, words):
    assert expected(allowed, bounds) == words


def test_bounds_of_what_cannot_be_compared_are_not_told():
    assert bound_words(bool, {"ge": 1}) == ""
    assert bound_words(str, {"ge": 1}) == ""


def test_a_union_loses_its_none():
    assert alternatives(int | str | None) == (int, str)


def test_every_key_is_required_or_has_a_default():
    required = {item.name for item in fields(DataSettings) if is_required(item)}
    assert required == {"source", "label"}
    assert {item.name: default_of(item) for item in fields(SplitSettings)}["test"] == 0.15
    assert default_of(next(item for item in fields(DataSettings) if item.name == "privacy")) == PrivacySettings()


def test_every_section_is_headed_once_and_is_a_table():
    found = dict(headings())
    assert len(found) == len(list(headings()))
    assert {"[split]", "[[candidates]]", "[candidates.search.NAME]", "[data.privacy]"} <= found.keys()
    assert all(is_table(kind) for kind in found.values())
    assert set(types_of(Settings)) == {name.strip("[]") for name in found if "." not in name}
