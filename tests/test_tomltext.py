"""Values are shown as TOML writes them, so that a person can paste them."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from loopwright.tomltext import listed, nearest_name, shown, shown_key

WRITABLE = st.characters(codec="utf-8", exclude_characters="\x7f")      # JSON writes DEL bare, TOML must not
VALUES = st.recursive(
    st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False)
    | st.text(WRITABLE, max_size=5)
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(WRITABLE, max_size=3), inner, max_size=2),
    max_leaves=4,
)


@given(VALUES)
def test_what_is_shown_in_full_is_toml_for_the_same_value(value):
    text = shown(value)
    assume("…" not in text)
    assert tomllib.loads(f"value = {text}")["value"] == value


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (float("inf"), "inf"),
        (2.0, "2.0"),
        (2**63, "0x8000000000000000"),
        (datetime(2015, 1, 31, 8), "2015-01-31T08:00:00"),
        ([[[[1]]]], "[[[…]]]"),
        ({}, "{}"),
    ],
)
def test_odd_values_have_a_text_of_their_own(value, text):
    assert shown(value) == text


@given(VALUES)
def test_no_text_is_longer_than_asked_for(value):
    assert len(shown(value, width=20)) <= 20


@given(st.text(WRITABLE, max_size=20))
def test_a_key_that_is_shown_is_a_key(name):
    assert tomllib.loads(f"{shown_key(name)} = 1") == {name: 1}


def test_the_nearest_name_is_found_in_any_case_and_a_far_one_is_not():
    assert nearest_name("Trip_Id", ["trip_id", "fare"]) == ' (did you mean "trip_id"?)'
    assert nearest_name("zebra", ["trip_id", "fare"]) == ""


def test_a_list_is_told_with_commas():
    assert listed(["a", 1, True]) == '"a", 1, true'
