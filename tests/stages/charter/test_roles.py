"""What columns are is read off their names and values, and measurements are left alone."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest

from loopwright.stages.charter.roles import (
    amounts,
    find_key,
    find_time,
    is_epoch,
    open_ended,
    personal,
    slice_columns,
    words,
)

ROWS = 200
STARTS = [datetime(2015, 1, 1) + timedelta(hours=7 * row) for row in range(ROWS)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("customerID", {"customer", "id"}),
        ("PassengerId", {"passenger", "id"}),
        ("trip_start_time", {"trip", "start", "time"}),
        ("e-mail", {"e", "mail"}),
        ("URL", {"url"}),
        ("größe", {"gr", "e"}),
        ("", set()),
    ],
)
def test_a_name_falls_into_words(name: str, expected: set[str]) -> None:
    assert words(name) == expected


def test_a_key_is_unique_and_by_name_or_nature_no_measurement() -> None:
    frame = pl.DataFrame(
        {
            "fare": [row * row for row in range(ROWS)],
            "year": range(1800, 1800 + ROWS),
            "review": [f"a long text with number {row}" for row in range(ROWS)],
            "instant": range(1, ROWS + 1),
        }
    )
    assert find_key(frame, skip=()) == "instant"
    assert find_key(frame, skip=("instant",)) is None


def test_a_column_called_id_comes_before_others() -> None:
    codes = [f"c{row}" for row in range(ROWS)]
    frame = pl.DataFrame({"row": range(ROWS), "code": codes, "trip_id": range(5, ROWS + 5)})
    assert find_key(frame, skip=()) == "trip_id"
    assert find_key(frame, skip=("trip_id",)) == "code"


def test_an_id_that_repeats_or_is_missing_names_no_row() -> None:
    assert find_key(pl.DataFrame({"taxi_id": [1, 2] * 50}), skip=()) is None
    assert find_key(pl.DataFrame({"trip_id": [*range(50), None]}), skip=()) is None


def test_the_time_is_the_column_that_speaks_of_a_beginning() -> None:
    frame = pl.DataFrame({"updated": STARTS, "dropoff_time": STARTS, "pickup_time": STARTS, "birth_date": STARTS})
    assert find_time(frame, skip=()) == "pickup_time"
    assert find_time(frame, skip=("pickup_time", "dropoff_time")) == "updated"
    assert find_time(frame.select("birth_date"), skip=()) is None


def test_a_moment_that_is_missing_or_nearly_always_the_same_is_no_time() -> None:
    assert find_time(pl.DataFrame({"at": [*STARTS[1:], None]}), skip=()) is None
    assert find_time(pl.DataFrame({"day": [date(2015, 1, 1)] * 50}), skip=()) is None


def test_seconds_since_1970_are_told_by_name_and_range() -> None:
    assert is_epoch(pl.Series("start_timestamp", [1_400_000_000, None]))
    assert not is_epoch(pl.Series("population", [1_400_000_000]))
    assert not is_epoch(pl.Series("start_timestamp", [5]))
    assert not is_epoch(pl.Series("start_timestamp", [None], dtype=pl.Int64))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("contact", ["ann@example.org", "bob@example.org", None]),
        ("reach", ["+49 170 1234567", "+49 170 7654321"]),
        ("number", ["078-05-1120", "219-09-9999"]),
        ("host", ["10.0.0.1", "10.0.0.2"]),
        ("driver_name", [f"driver {row}" for row in range(60)]),
        ("Name", [f"Mr. {row}" for row in range(60)]),
        ("last", [f"smith{row}" for row in range(60)]),
        ("street_address", [f"road {row}" for row in range(60)]),
        ("dob", [date(1970, 1, 1), date(1980, 1, 1)]),
    ],
)
def test_data_about_a_person_are_told_by_name_or_by_values(name: str, values: list[object]) -> None:
    assert personal(pl.Series(name, values))


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("name", ["red", "green", "blue"] * 20),
        ("product_name", [f"thing {row}" for row in range(60)]),
        ("file_name", [f"file {row}" for row in range(60)]),
        ("zip_code", ["60601", "60602"] * 30),
        ("customerID", ["7590-VHVEG", "5575-GNVDE"]),
        ("day", ["2015-01-31", "2015-02-01"]),
        ("phone", [True, False]),
        ("mail", [1, 2]),
        ("first", [1.0, 2.0]),
    ],
)
def test_other_columns_are_left_alone(name: str, values: list[object]) -> None:
    assert personal(pl.Series(name, values)) is None


def test_slices_are_groups_of_people_first_then_what_says_most_then_the_calendar() -> None:
    halves = ["a", "b"] * (ROWS // 2)
    frame = pl.DataFrame(
        {
            "month": [1, 2] * (ROWS // 2), "weak": halves, "strong": halves, "sex": halves,
            "rare": ["x"] * (ROWS - 1) + ["y"], "many": range(ROWS), "share": [0.5, 1.5] * (ROWS // 2),
        }
    )
    found = slice_columns(frame, strengths={"strong": 0.9, "month": 0.95}, most=9)
    assert found == ("sex", "strong", "weak", "month")
    assert len(slice_columns(frame, strengths={})) == 3


def test_amounts_are_numbers_that_measure_something() -> None:
    frame = pl.DataFrame(
        {
            "fare": range(ROWS), "latitude": range(ROWS), "level": range(-5, ROWS - 5), "few": [1, 2] * (ROWS // 2),
            "miles": range(ROWS), "trip_id": range(ROWS), "text": ["x"] * ROWS,
        }
    )
    assert amounts(frame, strengths={"miles": 0.9}) == ("miles", "fare")


def test_where_many_values_were_seen_once_new_ones_must_be_expected() -> None:
    frame = pl.DataFrame(
        {
            "cabin": [f"c{row % 110}" for row in range(ROWS)], "port": ["S", "C"] * (ROWS // 2), "row": range(ROWS),
            "name": [f"n{row // 2}" if row > 4 else None for row in range(ROWS)], "nothing": [None] * ROWS,
            "review": [f"text {row}" for row in range(ROWS)],
        }
    )
    assert list(open_ended(frame)) == ["cabin"]
