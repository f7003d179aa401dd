"""Which rows may be trained on."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import polars as pl
import pytest

from loopwright.errors import DataError
from loopwright.settings import RetrainingSettings
from loopwright.stages.retraining.choices import (
    DAY,
    DataChoice,
    choices,
    iso,
    newest_moment,
    position,
    rows_before,
    rows_of,
)

NEWEST, CHANGED = datetime(2015, 10, 1), datetime(2015, 9, 1)


def test_all_choices_come_with_what_takes_more_rows_first():
    made = choices(RetrainingSettings(), first_bad=CHANGED, newest=NEWEST)
    assert [choice.name for choice in made] == ["all", "weighted", "recent", "since_change"]
    assert made[1].half_life_days == 60.0
    assert made[2].start == NEWEST - timedelta(days=90)
    assert made[3].start == CHANGED


def test_the_order_in_the_project_file_does_not_matter():
    settings = RetrainingSettings(data=("recent", "all"))
    assert [each.name for each in choices(settings, first_bad=CHANGED, newest=NEWEST)] == ["all", "recent"]


def test_without_a_change_there_is_nothing_since_it_and_all_is_what_is_left():
    names = [each.name for each in choices(RetrainingSettings(), first_bad=None, newest=NEWEST)]
    assert names == ["all", "weighted", "recent"]
    only = RetrainingSettings(data=("since_change",))
    assert choices(only, first_bad=None, newest=NEWEST) == (DataChoice(name="all"),)


@pytest.mark.parametrize(
    ("choice", "gap", "rows"),
    [
        (DataChoice(name="all"), 0, [0, 1, 2, 3, 4]),
        (DataChoice(name="all"), 2, [0, 1, 2]),
        (DataChoice(name="recent", window_days=2.0, start=datetime(1970, 1, 9)), 0, [3, 4]),
        (DataChoice(name="recent", window_days=2.0), 1, [3]),
        (DataChoice(name="since_change", start=datetime(1970, 1, 3)), 0, [2, 3, 4]),
        (DataChoice(name="since_change", start=datetime(1980, 1, 3)), 0, []),
    ],
)
def test_only_rows_that_were_known_before_the_moment_are_taken(choice, gap, rows):
    days = np.array([0.0, 1.0, 2.0, 3.0, 4.0, 5.0, np.nan]) * DAY
    assert rows_before(choice, days, before=5.0 * DAY, gap_days=gap).tolist() == rows


TIMES = pl.Series("start", [datetime(2015, 8, 1), None, datetime(2015, 9, 1), datetime(2015, 9, 20)])


@pytest.mark.parametrize(
    "times", [TIMES, TIMES.cast(pl.Date), TIMES.dt.epoch("s"), TIMES.dt.epoch("ms").cast(pl.Float64)]
)
def test_a_choice_takes_its_rows_in_whatever_form_times_are(times):
    assert newest_moment(times) == datetime(2015, 9, 20)
    assert rows_of(DataChoice(name="since_change", start=CHANGED), times).tolist() == [2, 3]
    assert rows_of(DataChoice(name="weighted", half_life_days=60.0), times).tolist() == [0, 1, 2, 3]


def test_without_any_time_nothing_is_the_newest():
    with pytest.raises(DataError, match=r"none of 2 rows has a time in 'start', so none is the newest"):
        newest_moment(pl.Series("start", [None, None]))


def test_moments_keep_their_microseconds_and_their_zone():
    moment = datetime(2015, 7, 6, 12, 30, 0, 123456)
    assert position(moment) == position(moment.replace(tzinfo=UTC))
    assert position(moment.replace(tzinfo=timezone(timedelta(hours=2)))) == position(moment) - 2 * 3_600_000_000
    assert iso(position(datetime(2015, 7, 6, 12, 30))) == "2015-07-06T12:30:00"
