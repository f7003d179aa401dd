"""Live rows are the whole log, each event once, with the newest that is known of each."""

from __future__ import annotations

import os
import random
import threading
from datetime import UTC, datetime, timedelta, timezone

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loopwright.records.schema import ColumnSchema, Schema
from loopwright.stages.serving.compaction import compact
from loopwright.stages.serving.events import Answered, Outcome, Refused, answered_schema
from loopwright.stages.serving.journal import Journal, encoded
from loopwright.stages.serving.live import column_types, live_frame, tail, whole, with_outcomes
from loopwright.stages.serving.log_frames import frames_of
from loopwright.store import DeltaTables
from loopwright.store.row_digest import rows_digest
from loopwright.store.segments import SegmentWriter, segments_in

HOUR = 3_600_000_000
TIP = {"tip": pl.Float64()}


def answered(name, *, at=0, **changes):
    given = {
        "id": name, "at": at, "received": at + 1, "consumer": "app", "deployment": "d", "model": "m",
        "arm": "champion", "propensity": 1.0, "entity": "e", "held_back": False, "scores": (0.75,),
        "prediction": "card", "latency_ms": 1.0, "row": {"fare": 5.5},
    }
    return Answered(**(given | changes))


def told(name, *, at=0, received=0, **values):
    return Outcome(id=name, at=at, received=received, source="billing", values=values)


def refused(at=0):
    return Refused(at=at, received=at, consumer="", status=422, problems=(("fare", "missing"),), row={})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def tables(tmp_path):
    return DeltaTables(tmp_path / "tables", digest=rows_digest)


def write(folder, *events):
    with SegmentWriter(folder) as writer:
        writer.write([encoded(event) for event in events])


def counted(found):
    return found.predictions["id"].to_list(), found.outcomes["id"].to_list(), found.refusals.height


# -- the log -----------------------------------------------------------------------------------------------


def test_a_log_that_has_not_begun_is_empty(tables, folder):
    assert counted(whole(tables, folder, name="taxi")) == ([], [], 0)
    assert counted(tail(folder)) == ([], [], 0)
    assert whole(tables, folder, name="taxi").predictions.schema == answered_schema()


def test_tables_and_segments_are_one_log(tables, folder):
    write(folder, answered("a"), told("a", tip=1), refused())
    compact(folder, tables, name="taxi")
    write(folder, answered("b"), told("a", tip=2), refused())
    with Journal(folder, durability="write") as journal:
        journal.append([answered("c")]).result()
        assert counted(whole(tables, folder, name="taxi")) == (["a", "b", "c"], ["a", "a"], 2)
        assert counted(tail(folder)) == (["b", "c"], ["a"], 1)


def test_of_two_answers_with_one_id_the_first_counts(tables, folder):
    write(folder, answered("a", consumer="first"))
    compact(folder, tables, name="taxi")
    write(folder, answered("a", consumer="second"), answered("b", consumer="first"), answered("b", consumer="second"))
    found = whole(tables, folder, name="taxi").predictions
    assert found.select("id", "consumer").rows() == [("a", "first"), ("b", "first")]


class Stopping:
    """A table store whose process stops before an append."""

    def __init__(self, tables, appends):
        self._tables, self._left = tables, appends

    def append(self, name, frame, *, batch):
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        return self._tables.append(name, frame, batch=batch)

    def __getattr__(self, name):
        return getattr(self._tables, name)


@pytest.mark.parametrize("appends", range(6))
def test_a_compaction_that_stopped_halfway_is_not_seen(tables, folder, appends):
    write(folder, answered("a"), told("a", tip=1), refused())
    write(folder, answered("b"), told("b", tip=1), refused())
    before = whole(tables, folder, name="taxi")
    with pytest.raises(KeyboardInterrupt):
        compact(folder, Stopping(tables, appends), name="taxi")
    after = whole(tables, folder, name="taxi")
    for kind in ("predictions", "outcomes", "refusals"):
        assert_frame_equal(getattr(before, kind), getattr(after, kind))


def test_a_compaction_that_runs_at_the_same_time_is_not_seen(tables, folder):
    def move():
        for number in range(12):
            write(folder, answered(str(number)), told(str(number), tip=1), refused())
            written.append(number)
            compact(folder, tables, name="taxi")

    written = []
    moving = threading.Thread(target=move)
    moving.start()
    while moving.is_alive():
        before = len(written)
        ids, outcomes, refusals = counted(whole(tables, folder, name="taxi"))
        after = len(written) + 1
        assert ids == [str(number) for number in range(len(ids))]
        for count in (len(ids), len(outcomes), refusals):
            assert before <= count <= after
        assert len(set(outcomes)) == len(outcomes)
    moving.join()


class LateReader:
    """A table store before whose first answer a compaction runs."""

    def __init__(self, tables, folder):
        self._tables, self._folder = tables, folder

    def newest(self, name):
        compact(self._folder, self._tables, name="taxi")
        return self._tables.newest(name)

    def __getattr__(self, name):
        return getattr(self._tables, name)


def test_what_is_moved_between_segments_and_tables_is_read_once(tables, folder):
    write(folder, answered("a"), told("a", tip=1), refused())
    assert counted(whole(LateReader(tables, folder), folder, name="taxi")) == (["a"], ["a"], 1)
    assert segments_in(folder) == []


def test_a_range_of_times_takes_its_begin_and_not_its_end(tables, folder):
    write(folder, *(answered(str(hour), at=hour * HOUR) for hour in range(4)), *(refused(h * HOUR) for h in range(4)))
    compact(folder, tables, name="taxi")
    write(folder, *(answered(str(hour), at=hour * HOUR) for hour in range(4, 8)))
    write(folder, *(told(str(number), tip=1) for number in range(9)))
    begin = datetime(1970, 1, 1)
    found = whole(tables, folder, name="taxi", start=begin + timedelta(hours=2), end=begin + timedelta(hours=6))
    assert counted(found) == (["2", "3", "4", "5"], ["2", "3", "4", "5"], 2)
    zone = timezone(timedelta(hours=1))
    found = whole(tables, folder, name="taxi", start=datetime(1970, 1, 1, 7, tzinfo=zone))
    assert counted(found) == (["6", "7"], ["6", "7"], 0)
    assert counted(whole(tables, folder, name="taxi", end=datetime(1970, 1, 1, tzinfo=UTC))) == ([], [], 0)


def test_torn_segments_give_what_was_whole(tables, folder):
    write(folder, answered("a"), answered("b"))
    (path,) = segments_in(folder)
    os.truncate(path, path.stat().st_size - 1)
    assert counted(whole(tables, folder, name="taxi"))[0] == ["a"]


# -- live rows ---------------------------------------------------------------------------------------------


def test_live_rows_have_source_columns_and_what_was_answered():
    events = [
        answered("a", at=HOUR, row={"fare": 5, "when": "2015-01-01T00:00:00Z"}, other_model="n", other_scores=(0.5,)),
        answered("b", scores=(0.1, 0.7, 0.2), row={"payment": "card"}),
        answered("c", scores=()),
    ]
    types = {"fare": pl.Float64(), "payment": pl.String(), "when": pl.Datetime("us")}
    found = live_frame(frames_of(events).predictions, columns=types)
    assert found.columns[:3] == list(types)
    assert found.select("fare", "payment", "when").rows() == [
        (5.0, None, datetime(2015, 1, 1)), (None, "card", None), (5.5, None, None),
    ]
    assert found["__score"].to_list() == [0.75, 0.7, None]
    assert found["__at"][0] == datetime(1970, 1, 1, 1)
    assert found["__other_scores"].to_list() == [[0.5], [], []]
    assert set(found.columns[3:]) == {
        "__id", "__at", "__received", "__consumer", "__deployment", "__model", "__arm", "__propensity", "__entity",
        "__held_back", "__score", "__scores", "__prediction", "__latency_ms", "__flags", "__other_model",
        "__other_scores",
    }


def test_no_live_rows_have_all_columns():
    found = live_frame(frames_of([]).predictions, columns={"fare": pl.Float64()})
    assert found.height == 0
    assert found.schema["fare"] == pl.Float64
    assert with_outcomes(found, frames_of([]).outcomes, columns=TIP).frame.schema["__label_at"] == pl.Datetime("us")


def test_columns_have_the_types_that_the_door_gives_them():
    words = ["int", "float", "string", "bool", "time", "date", "list"]
    schema = Schema(columns=tuple(ColumnSchema(name=word, type=word) for word in words))
    assert column_types(schema)["time"] == pl.Datetime("us")
    assert column_types(schema, zoned=["time"])["time"] == pl.Datetime("us", "UTC")
    assert column_types(schema)["list"] == pl.String


# -- outcomes ----------------------------------------------------------------------------------------------


def frame(*ids, **columns):
    return pl.DataFrame({"__id": list(ids), **columns})


def joined(rows, *outcomes, columns=TIP):
    return with_outcomes(rows, frames_of(outcomes).outcomes, columns=columns)


def test_the_newest_outcome_counts_in_whatever_order_they_came():
    found = joined(
        frame("a"), told("a", at=5, tip=2.0), told("a", at=9, tip=3.0), told("a", at=7, tip=1.0),
    )
    assert found.frame.select("tip", "__label_at").row(0) == (3.0, datetime(1970, 1, 1, microsecond=9))
    assert (found.joined, found.corrections, found.duplicates) == (1, 2, 0)


def test_of_outcomes_of_one_time_the_one_received_last_counts():
    found = joined(frame("a"), told("a", at=5, received=2, tip=2.0), told("a", at=5, received=1, tip=1.0))
    assert found.frame["tip"].item() == 2.0
    assert joined(frame("a"), told("a", tip=1.0), told("a", tip=2.0)).frame["tip"].item() == 2.0


def test_told_again_is_no_news():
    found = joined(frame("a"), told("a", at=5, tip=2.0), told("a", at=9, tip=2.0), told("a", at=9, tip=2.0))
    assert found.frame["__label_at"].item() == datetime(1970, 1, 1, microsecond=5)
    assert (found.duplicates, found.corrections) == (2, 0)


def test_each_column_has_its_own_newest_value():
    columns = {"tip": pl.Float64(), "toll": pl.Float64()}
    found = joined(
        frame("a"), told("a", at=5, tip=2.0), told("a", at=6, toll=1.0), told("a", at=7, tip=None), columns=columns
    )
    assert found.frame.select("tip", "toll", "__label_at").row(0) == (2.0, 1.0, datetime(1970, 1, 1, microsecond=6))
    assert (found.duplicates, found.corrections) == (1, 0)


def test_an_outcome_that_says_null_is_an_outcome():
    found = joined(frame("a", "b"), told("a", at=5, tip=None))
    assert found.joined == 1
    assert found.frame.select("tip", "__label_at").rows() == [(None, datetime(1970, 1, 1, microsecond=5)), (None, None)]


def test_outcomes_of_other_ids_are_counted_and_left_out():
    found = joined(frame("a"), told("x", tip=1), told("x", tip=2), told("y", tip=1))
    assert (found.unknown, found.joined, found.duplicates, found.frame["tip"].item()) == (2, 0, 0, None)


def test_a_column_of_the_row_keeps_its_value_until_an_outcome_says_another():
    found = joined(frame("a", "b", tip=[1, 7]), told("a", tip=2.5)).frame
    assert found["tip"].to_list() == [2.5, 7.0]
    assert found.columns == ["__id", "tip", "__label_at"]


def test_columns_may_have_any_name():
    names = ["0", "id", "at", "values", "received", "a b", "", "*", "^a$", "row", "scores"]
    columns = dict.fromkeys(names, pl.Int64())
    rows = live_frame(frames_of([answered("a", row={"0": 7, "*": 8})]).predictions, columns=columns)
    found = joined(rows, told("a", **{"0": 9, "a b": 3, "": 4}), columns=columns).frame
    assert found.columns[: len(names)] == names
    assert found.row(0)[: len(names)] == (9, None, None, None, None, 3, 4, 8, None, None, None)
    assert (found["__id"].item(), found["__label_at"].item()) == ("a", datetime(1970, 1, 1))


def test_rows_keep_their_order():
    names = [str(number) for number in random.Random(0).sample(range(100), 100)]
    found = joined(frame(*names), *(told(str(number), tip=number) for number in range(100)))
    assert found.frame["__id"].to_list() == names
    assert found.frame["tip"].to_list() == [float(name) for name in names]


@given(st.lists(st.tuples(st.sampled_from("abx"), st.integers(0, 3), st.integers(0, 3), st.none() | st.integers(0, 2))))
@settings(max_examples=50, deadline=None)
def test_outcomes_are_joined_as_one_would_by_hand(listed):
    outcomes = (told(name, at=at, received=received, tip=tip) for name, at, received, tip in listed)
    found = joined(frame("a", "b"), *outcomes)
    duplicates = corrections = 0
    for row, name in enumerate("ab"):
        value, since = None, None
        for _, at, _, tip in sorted((item for item in listed if item[0] == name), key=lambda item: item[1:3]):
            is_news = since is None or tip not in (None, value)
            duplicates += not is_news
            corrections += is_news and value is not None
            value, since = (value if tip is None else tip), (at if is_news else since)
        expected_at = None if since is None else datetime(1970, 1, 1) + timedelta(microseconds=since)
        assert found.frame.select("tip", "__label_at").row(row) == (value, expected_at)
    assert (found.duplicates, found.corrections) == (duplicates, corrections)
    assert found.joined == len({name for name, *_ in listed} & set("ab"))
    assert found.unknown == ("x" in {name for name, *_ in listed})
