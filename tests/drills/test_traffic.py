from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.drills.traffic import WEEK, first_week, pool, rows_for, sendable, week_of_rows

MONDAY = datetime(2026, 5, 4)
moments = st.lists(st.datetimes(datetime(1990, 1, 1), datetime(2025, 1, 1)), min_size=1, max_size=30)


@given(moments)
def test_rows_keep_their_weekday_and_their_hour_in_the_week_they_are_moved_to(times):
    rows = pl.DataFrame({"id": range(len(times)), "at": times}, schema_overrides={"at": pl.Datetime("us")})
    moved = week_of_rows(rows, number=len(times), start=MONDAY, time="at", seed=0)
    assert moved["at"].is_sorted()
    assert all(MONDAY <= at < MONDAY + WEEK for at in moved["at"])
    for row, at in moved.select("id", "at").iter_rows():
        assert (at - times[row]) % WEEK == timedelta()


def test_whatever_else_a_row_says_of_time_moves_with_it():
    rows = pl.DataFrame({
        "start": [datetime(2015, 1, 7, 9)], "end": [datetime(2015, 1, 7, 9, 20, tzinfo=UTC)], "day": [date(2015, 1, 7)]
    })
    moved = week_of_rows(rows, number=1, start=MONDAY, time="start", seed=0).row(0, named=True)
    assert moved["start"] == datetime(2026, 5, 6, 9)
    assert moved["end"] == datetime(2026, 5, 6, 9, 20, tzinfo=UTC)
    assert moved["day"] == date(2026, 5, 6)


@pytest.mark.parametrize("unit", [1, 1000])
def test_seconds_and_milliseconds_since_1970_are_moved_too(unit):
    rows = pl.DataFrame({"at": [int(datetime(2015, 1, 7, 9, tzinfo=UTC).timestamp()) * unit]})
    (moved,) = week_of_rows(rows, number=1, start=MONDAY, time="at", seed=0)["at"]
    assert datetime.fromtimestamp(moved / unit, UTC) == datetime(2026, 5, 6, 9, tzinfo=UTC)


@pytest.mark.parametrize("values", [["2015-01-07"], [2015]])
def test_a_time_that_is_no_moment_stays_as_it_is(values):
    rows = pl.DataFrame({"at": values})
    assert week_of_rows(rows, number=1, start=MONDAY, time="at", seed=0).equals(rows)
    assert first_week(rows, time="at", now=datetime(2026, 5, 3)) == MONDAY


def test_rows_are_drawn_twice_only_if_there_are_too_few():
    rows = pl.DataFrame({"id": range(50)})
    assert week_of_rows(rows, number=50, start=MONDAY, time=None, seed=3)["id"].n_unique() == 50
    assert week_of_rows(rows, number=120, start=MONDAY, time=None, seed=3).height == 120


def test_the_test_part_is_used_alone_if_it_is_large_enough():
    rows = pl.DataFrame({"id": range(10), "__part": ["train"] * 4 + ["validation"] * 3 + ["test"] * 3})
    assert pool(rows, wanted=3)["id"].to_list() == [7, 8, 9]
    assert pool(rows, wanted=4)["id"].to_list() == [7, 8, 9, 4, 5, 6]
    assert pool(rows, wanted=100).height == 10


@given(st.datetimes(datetime(1990, 1, 1), datetime(2030, 1, 1)))
def test_traffic_begins_on_the_monday_after_what_is_known(now):
    start = first_week(pl.DataFrame({"id": [1]}), time=None, now=now)
    assert start.weekday() == 0
    assert timedelta() < start - now <= WEEK


def test_what_is_sent_is_json():
    rows = pl.DataFrame({
        "fare": [float("inf"), float("nan"), 7.5], "at": [datetime(2015, 1, 7, 9), None, datetime(2015, 1, 8)],
        "paid": [True, False, None],
    })
    sent = sendable(rows, ["fare", "at", "paid"])
    assert json.loads(json.dumps(sent, allow_nan=False)) == sent
    assert sent[2] == {"fare": 7.5, "at": "2015-01-08T00:00:00", "paid": None}


@given(st.integers(10, 10**7))
def test_a_window_has_rows_enough_and_never_too_many(least):
    assert 300 <= rows_for(least) <= 1200
