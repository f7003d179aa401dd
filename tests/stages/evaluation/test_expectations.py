from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from loopwright.errors import EmptySample, UserCodeError
from loopwright.stages.evaluation.expectations import directional, expects, invariant

ROWS = pl.DataFrame({"miles": [1.0, 2.0, 3.0, 4.0]})


def fare(rows):
    return rows["miles"] * 2


def kind(rows):
    return pl.Series(["long" if miles > 2 else "short" for miles in rows["miles"]])


def longer(rows):
    return rows.with_columns(pl.col("miles") * 2)


def test_what_stays_within_the_tolerance_is_invariant():
    nudge = lambda rows: rows.with_columns(pl.col("miles") + 0.1)  # noqa: E731
    assert invariant(fare, ROWS, change=nudge, tolerance=0.3).share == 0
    assert invariant(fare, ROWS, change=nudge, tolerance=0.1).share == 1


def test_classes_must_stay_the_same():
    found = invariant(kind, ROWS, change=longer)
    assert (found.violating, found.rows) == (1, 4)
    assert found.examples == ("row 1: short became long",)


def test_a_prediction_that_is_no_number_violates():
    broken = lambda rows: np.full(rows.height, np.nan)  # noqa: E731
    assert invariant(broken, ROWS, change=longer, tolerance=1).share == 1
    assert directional(broken, ROWS, change=longer, expect="up").share == 1
    assert expects(broken, ROWS, at_least=0).share == 1


@pytest.mark.parametrize(("expect", "share"), [("up", 0.0), ("down", 1.0)])
def test_the_direction_is_the_one_expected(expect, share):
    assert directional(fare, ROWS, change=longer, expect=expect).share == share


def test_staying_the_same_is_no_wrong_direction():
    assert directional(fare, ROWS, change=lambda rows: rows, expect="up").share == 0


def test_clear_cases_get_clear_answers():
    assert expects(fare, ROWS, at_least=2, at_most=8).share == 0
    assert expects(fare, ROWS, at_most=5).violating == 2
    assert expects(kind, ROWS, equal_to="long").share == 0.5


def test_truth_values_count_as_numbers():
    assert expects(lambda rows: rows["miles"] > 2, ROWS, at_least=1).violating == 2


def test_violations_read_as_a_sentence():
    assert str(expects(fare, ROWS, at_most=5)) == "2 of 4 rows (50 %) violate it: row 2: 6; row 3: 8"
    assert str(expects(fare, ROWS, at_most=9)) == "none of 4 rows violates it"


def test_mistakes_in_an_expectation_are_named():
    with pytest.raises(UserCodeError, match="have no up and down"):
        directional(kind, ROWS, change=longer, expect="up")
    with pytest.raises(UserCodeError, match="Use equal_to"):
        expects(kind, ROWS, at_least=0.5)
    with pytest.raises(UserCodeError, match="needs either bounds"):
        expects(fare, ROWS)
    with pytest.raises(UserCodeError, match="4 rows into 1 row"):
        invariant(fare, ROWS, change=lambda rows: rows.head(1))
    with pytest.raises(EmptySample):
        expects(fare, ROWS.head(0), at_least=0)
