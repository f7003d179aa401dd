"""A training that answers a change is judged on rows from after it, and learns from some of them, too."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.settings import SplitSettings
from loopwright.stages.retraining.dividing import since_change

START = datetime(2026, 1, 1)
BY_TIME = SplitSettings(by="time")


def days(rows):
    return pl.Series([START + timedelta(days=number) for number in range(rows)])


def counted(times, made):
    """Return how many rows are before the validation part, in it, and in the test part."""
    validation, test = (datetime.fromisoformat(text) for text in (made.validation_from, made.test_from))
    return (
        int((times < validation).sum()), int(((times >= validation) & (times < test)).sum()), int((times >= test).sum())
    )


@given(before=st.integers(0, 300), after=st.integers(200, 500))
def test_the_newest_rows_after_the_change_judge_those_before_validate_and_the_others_train(before, after):
    times = days(before + after)
    made = since_change(times, times[before], settings=BY_TIME)
    train, validation, test = counted(times, made)
    assert train + validation + test == before + after
    assert train > before + 0.3 * after, "it learns from what came after the change, too"
    assert validation > 0.1 * after
    assert test > validation


@pytest.mark.parametrize("after", [0, 1, 199])
def test_too_few_rows_after_the_change_are_not_divided(after):
    times = days(1000)
    assert since_change(times, times[999] - timedelta(days=after - 1), settings=BY_TIME) == BY_TIME


def test_the_order_of_the_rows_does_not_matter():
    times = days(600)
    changed = times[200]
    assert since_change(times.shuffle(seed=1), changed, settings=BY_TIME) == since_change(
        times, changed, settings=BY_TIME
    )
