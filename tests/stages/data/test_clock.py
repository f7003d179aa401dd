"""Time columns are read by what they hold."""

from __future__ import annotations

import datetime

import polars as pl
import pytest

from loopwright.errors import DataError
from loopwright.stages.data.clock import clock_of

MOMENT = datetime.datetime(2015, 6, 1, 12, 30, 15)


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_numbers_since_1970_are_recognised_in_every_unit(unit):
    clock, numbers = clock_of(pl.Series("at", [MOMENT]).dt.epoch(unit))
    assert clock.text(float(numbers[0])) == "2015-06-01T12:30:15"
    assert clock.position("2015-06-01T12:30:15") == pytest.approx(numbers[0])


def test_zones_count():
    clock, numbers = clock_of(pl.Series("at", [MOMENT]))
    assert clock.position("2015-06-01T14:30:15+02:00") == numbers[0]


def test_small_numbers_count_something_else():
    clock, _ = clock_of(pl.Series("year", [2013, 2014]))
    assert clock.position("2014") == 2014
    with pytest.raises(DataError, match="write a number"):
        clock.position("2014-01-01")


def test_words_are_no_times():
    with pytest.raises(DataError, match="holds String and no times"):
        clock_of(pl.Series("at", ["soon"]))
