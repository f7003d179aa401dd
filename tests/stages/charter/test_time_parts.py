"""Hour and weekday of a moment become features where they say anything new."""

from datetime import date, datetime, timedelta

import polars as pl

from loopwright.stages.charter.time_parts import time_parts

STARTS = [datetime(2015, 1, 1) + timedelta(hours=5 * row) for row in range(300)]


def names(frame: pl.DataFrame) -> list[str]:
    return [part.name for part in time_parts(frame, columns=frame.columns)]


def test_a_time_has_an_hour_and_a_weekday_and_a_date_a_weekday_only() -> None:
    assert names(pl.DataFrame({"start": STARTS})) == ["start_hour", "start_weekday"]
    days = [date(2015, 1, 1) + timedelta(days=row) for row in range(30)]
    assert names(pl.DataFrame({"day": days})) == ["day_weekday"]


def test_seconds_since_1970_are_moments_too() -> None:
    frame = pl.DataFrame({"start_timestamp": [int(start.timestamp()) for start in STARTS]})
    (hour, _) = time_parts(frame, columns=frame.columns)
    assert hour.code == 'pl.from_epoch(start_timestamp, time_unit="s").dt.hour()'


def test_what_is_a_column_already_is_not_made_again() -> None:
    starts = pl.Series("start", STARTS)
    frame = pl.DataFrame({"start": starts, "hr": starts.dt.hour(), "day": (starts.dt.weekday() + 2) % 7})
    assert names(frame) == []


def test_names_that_are_taken_or_no_arguments_are_left_out() -> None:
    assert names(pl.DataFrame({"start": STARTS, "start_hour": ["x"] * 300})) == ["start_weekday"]
    assert names(pl.DataFrame({"start time": STARTS})) == []
    assert names(pl.DataFrame({"_start": STARTS})) == ["start_hour", "start_weekday"]


def test_what_is_the_same_in_every_row_says_nothing() -> None:
    mornings = [datetime(2015, 1, 1, 8) + timedelta(days=row) for row in range(30)]
    assert names(pl.DataFrame({"start": mornings})) == ["start_weekday"]
