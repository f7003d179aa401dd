"""The rows to train on: of the source and of live traffic, each once, without what is broken or unknown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import UnknownColumn
from loopwright.stages.retraining.gathering import BadWindow, LeftOut, training_rows

JULY = datetime(2015, 7, 1)
PENDING = "the outcome is not known yet"


def source_of(trips, tipped):
    return pl.DataFrame(
        {"trip": trips, "start": [JULY - timedelta(days=9)] * len(trips), "fare": [4.5] * len(trips), "tipped": tipped},
        schema_overrides={"tipped": pl.Int64, "trip": pl.String, "start": pl.Datetime("us"), "fare": pl.Float64},
    )


def live_of(trips, labels, *, days=None, fares=None, **columns):
    days = list(range(len(trips))) if days is None else days
    return pl.DataFrame(
        {
            "trip": trips,
            "start": [JULY + timedelta(days=day) for day in days],
            "fare": [7.0] * len(trips) if fares is None else fares,
            "tipped": [None if label is None else int(label) for label in labels],
            "__id": [f"i{place}" for place in range(len(trips))],
            "__at": [JULY + timedelta(days=day) for day in days],
            "__received": [JULY + timedelta(days=day + 100) for day in days],
            "__label": labels,
            **columns,
        },
        schema_overrides={"__label": pl.Float64, "tipped": pl.Int64, "trip": pl.String, "__at": pl.Datetime("us")},
    )


def gathered(source, live, **options):
    return training_rows(source, live, **{"time": "start", "key": "trip", "outcome": ["tipped"], **options})


def test_live_rows_follow_the_source_in_its_columns_and_types_in_order_of_time():
    source = source_of(["a"], [1])
    found = gathered(source, live_of(["c", "b"], [0.0, 1.0], days=[5, 2], __score=[0.2, 0.8]))
    assert found.frame.schema == source.schema
    assert found.frame["trip"].to_list() == ["a", "b", "c"]
    assert (found.from_source, found.from_live, found.left_out) == (1, 2, ())


def test_rows_without_an_outcome_are_left_out_and_counted():
    live = live_of(["b", "c", "d"], [None, 0.0, 1.0])
    unknown = live.with_columns(__label=pl.Series([None, float("nan"), 1.0]))
    found = gathered(source_of(["a"], [1]), unknown)
    assert found.frame["trip"].to_list() == ["a", "d"]
    assert found.left_out == (LeftOut(reason=PENDING, rows=2),)


def test_a_row_that_the_source_has_with_its_outcome_is_not_taken_twice():
    found = gathered(source_of(["a", "b"], [1, 0]), live_of(["b", "c"], [1.0, 1.0]))
    assert found.frame.select("trip", "tipped").rows() == [("a", 1), ("b", 0), ("c", 1)]
    assert found.left_out == (LeftOut(reason="the source has the row, with its outcome", rows=1),)


def test_a_row_that_the_source_has_without_its_outcome_is_replaced():
    found = gathered(source_of(["a", "b"], [1, None]), live_of(["b"], [1.0]))
    assert found.frame.select("trip", "fare", "tipped").rows() == [("a", 4.5, 1), ("b", 7.0, 1)]
    assert (found.from_source, found.from_live) == (1, 1)


def test_of_live_rows_with_one_key_the_newest_counts():
    found = gathered(source_of(["a"], [1]), live_of(["b", "b", "b"], [0.0, 1.0, None], days=[3, 4, 5]))
    assert found.frame["tipped"].to_list() == [1, 1]
    assert {(each.reason, each.rows) for each in found.left_out} == {
        (PENDING, 1), ("a later row has the same key", 1),
    }


def test_rows_without_a_key_are_no_duplicates_of_each_other():
    found = gathered(source_of(["a", None], [1, 1]), live_of([None, None], [0.0, 1.0]))
    assert found.frame.height == 4
    assert gathered(source_of(["a"], [1]), live_of(["a", "a"], [0.0, 1.0]), key=None).frame.height == 3


def test_windows_with_a_broken_input_are_left_out_with_their_reason():
    cents = BadWindow(start=JULY + timedelta(days=1), end=JULY + timedelta(days=3), reason="fare arrived in cents")
    live = live_of(["b", "c", "d", "e"], [1.0] * 4)
    found = gathered(source_of(["a"], [1]), live, exclude=[cents])
    assert found.frame["trip"].to_list() == ["a", "b", "e"]
    assert found.left_out == (LeftOut(reason="fare arrived in cents", rows=2),)
    zoned = BadWindow(start=cents.start.replace(tzinfo=UTC), end=cents.end.replace(tzinfo=UTC), reason=cents.reason)
    assert gathered(source_of(["a"], [1]), live, exclude=[zoned]).left_out == found.left_out


def test_windows_may_be_by_arrival():
    window = BadWindow(start=JULY + timedelta(days=100), end=JULY + timedelta(days=101), reason="broken")
    live = live_of(["b", "c"], [1.0, 1.0])
    assert gathered(source_of(["a"], [1]), live, exclude=[window]).left_out == ()
    assert gathered(source_of(["a"], [1]), live, exclude=[window], clock="arrival").left_out[0].rows == 1


def test_the_mended_row_of_the_source_stands_in_for_the_broken_live_one():
    window = BadWindow(start=JULY, end=JULY + timedelta(days=9), reason="fare arrived in cents")
    found = gathered(source_of(["a"], [1]), live_of(["a"], [1.0], fares=[700.0]), exclude=[window])
    assert found.frame["fare"].to_list() == [4.5]


def test_values_that_do_not_fit_the_source_are_left_out():
    live = live_of(["b", "c", "d"], [1.0, 1.0, 1.0], fares=["7.5", "seven", None])
    found = gathered(source_of(["a"], [1]), live)
    assert found.frame["fare"].to_list() == [4.5, 7.5, None]
    assert found.left_out == (LeftOut(reason="a value does not fit the type of its column in the source", rows=1),)
    listed = live.with_columns(fare=pl.Series([[1.0], [2.0], None]))
    assert gathered(source_of(["a"], [1]), listed).frame["trip"].to_list() == ["a", "d"]


def test_columns_that_did_not_come_are_missing_and_redacted_ones_are_gone():
    source = source_of(["a"], [1]).with_columns(driver=pl.lit("Ada"), company=pl.lit("Blue"))
    found = gathered(source, live_of(["b"], [1.0]), redact=["driver", "never_there"])
    assert found.frame.columns == ["trip", "start", "fare", "tipped", "company"]
    assert found.frame["company"].to_list() == ["Blue", None]


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        (pl.Series([JULY], dtype=pl.Datetime("us")), JULY),
        (pl.Series([date(2015, 6, 1)]), date(2015, 7, 1)),
        (pl.Series([1_433_116_800]), 1_435_708_800),
        (pl.Series([2014]), None),
        (pl.Series(["June"]), None),
    ],
)
def test_a_row_without_its_time_gets_the_moment_at_which_it_came(times, expected):
    source = source_of(["a"], [1]).with_columns(start=times)
    found = gathered(source, live_of(["b"], [1.0]).drop("start"))
    assert found.frame["start"].to_list()[1] == expected


def test_no_live_rows_leave_the_source_as_it_is():
    source = source_of(["a", "b"], [1, None])
    assert gathered(source, live_of([], [])).frame.equals(source)


@pytest.mark.parametrize("option", [{"time": "began"}, {"key": "id"}, {"outcome": ["tips"]}])
def test_a_column_that_the_source_does_not_have_is_an_error(option):
    with pytest.raises(UnknownColumn, match=r"\[data\] (time|key|label) in loopwright.toml names the column"):
        gathered(source_of(["a"], [1]), live_of(["b"], [1.0]), **option)


KEYS = st.lists(st.sampled_from(["a", "b", "c", "d", None]), max_size=8)


@given(trips=KEYS, mine=st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True), data=st.data())
def test_every_live_row_is_taken_or_left_out_once_and_no_key_stands_twice(trips, mine, data):
    labels = data.draw(st.lists(st.sampled_from([None, 0.0, 1.0]), min_size=len(trips), max_size=len(trips)))
    outcomes = data.draw(st.lists(st.sampled_from([None, 0, 1]), min_size=len(mine), max_size=len(mine)))
    source, live = source_of(mine, outcomes), live_of(trips, labels)
    found = gathered(source, live)
    assert found.from_live + sum(each.rows for each in found.left_out) == live.height
    assert found.frame.height == found.from_source + found.from_live
    keys = found.frame["trip"].drop_nulls()
    assert keys.is_unique().all()
    known = {trip for trip, label in zip(trips, labels, strict=True) if label is not None and trip is not None}
    assert set(keys) == known | set(mine)
