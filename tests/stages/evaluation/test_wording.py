from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.evaluation.wording import about, holds, measured, number, rounded_to_pass

COMPARISONS = ("<=", ">=", "<", ">")
VALUES = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-9)


@given(value=VALUES, comparison=st.sampled_from(COMPARISONS))
def test_the_nearest_limit_is_kept_and_near(value, comparison):
    limit = rounded_to_pass(value, comparison)
    assert holds(value, comparison, limit)
    assert abs(limit - value) <= max(0.011 * abs(value), 0.001)


@given(value=VALUES, limit=VALUES)
def test_a_number_never_looks_like_a_limit_that_it_is_not(value, limit):
    text = number(value, apart_from=limit)
    assert value == limit or text != number(limit)


@pytest.mark.parametrize(
    ("comparison", "kept"), [("<=", True), (">=", True), ("<", False), (">", False)]
)
def test_only_strict_limits_refuse_the_limit_itself(comparison, kept):
    assert holds(0.5, comparison, 0.5) is kept


def test_a_value_without_interval_is_said_alone():
    assert measured(0.5, None, None) == "0.5"
    assert measured(0.5, 0.4, 0.6) == "0.5 [0.4, 0.6]"


def test_rough_counts_are_said_roughly():
    assert about(1, "row") == "about 1 row"
    assert about(123_456, "row") == "about 120,000 rows"
    assert about(10**15, "row") == "more than 10 million rows"
