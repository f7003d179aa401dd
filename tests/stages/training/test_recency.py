"""Newer rows count more, by a half-life."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError
from loopwright.stages.training.recency import LEAST, microseconds, recency_weights

JULY = datetime(2015, 7, 1)


def times(days):
    return pl.Series("start", [JULY + timedelta(days=day) for day in days], dtype=pl.Datetime("us"))


@given(
    days=st.lists(st.floats(0, 800), min_size=1, max_size=50),
    half_life=st.floats(100, 1000),
)
def test_a_row_one_half_life_older_counts_half_and_the_mean_is_one(days, half_life):
    weights = recency_weights(times(days), half_life_days=half_life)
    assert weights.mean() == pytest.approx(1.0)
    ages = max(days) - np.array(days)
    assert weights / weights.max() == pytest.approx(0.5 ** (ages / half_life), rel=1e-6)


def test_ancient_rows_keep_a_little_so_that_no_class_is_lost():
    weights = recency_weights(times([-100_000, 0]), half_life_days=1)
    assert weights[0] / weights[1] == pytest.approx(LEAST)


def test_a_row_without_a_time_counts_as_the_oldest():
    given = pl.Series("start", [JULY, None, JULY + timedelta(days=30)])
    weights = recency_weights(given, half_life_days=30)
    assert weights[1] == weights[0] == pytest.approx(weights[2] / 2)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([date(2015, 7, 1), date(2015, 7, 31)]),
        pl.Series([1_435_708_800, 1_438_300_800]),
        pl.Series([1_435_708_800_000.0, 1_438_300_800_000.0]),
    ],
)
def test_dates_and_numbers_counted_from_1970_are_times_too(column):
    assert microseconds(column).tolist() == microseconds(times([0, 30])).tolist()
    assert recency_weights(column, half_life_days=30).tolist() == pytest.approx([2 / 3, 4 / 3])


def test_no_rows_have_no_weights():
    assert recency_weights(times([]), half_life_days=30).shape == (0,)


@pytest.mark.parametrize("column", [[None, None], pl.Series([None], dtype=pl.Datetime("us")), [float("nan")]])
def test_rows_without_any_time_cannot_be_weighted(column):
    with pytest.raises(DataError, match='none of . rows has a time.*take "weighted" out of `data`'):
        recency_weights(pl.Series("start", column), half_life_days=30)


@pytest.mark.parametrize("half_life", [0.0, -3.0, float("nan")])
def test_a_half_life_is_above_nothing(half_life):
    with pytest.raises(DataError, match="must be above 0"):
        recency_weights(times([0]), half_life_days=half_life)


def test_what_counts_something_else_than_time_has_no_age():
    with pytest.raises(DataError, match=r"'year' counts something else than time since 1970 \(2015, say\)"):
        recency_weights(pl.Series("year", [2015, 2016]), half_life_days=30)
