"""Compaction moves every event of closed segments into the tables exactly once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import CorruptStore, StoreError, StoreFull
from loopwright.stages.serving.compaction import KINDS, compact, table_name
from loopwright.stages.serving.events import (
    Answered,
    Outcome,
    Refused,
    answered_schema,
    outcome_schema,
    refused_schema,
)
from loopwright.stages.serving.journal import Journal, encoded
from loopwright.store import DeltaTables
from loopwright.store.row_digest import rows_digest
from loopwright.store.segments import SegmentWriter, segments_in


def answered(name, *, at=0, **changes):
    given = {
        "id": name, "at": at, "received": at, "consumer": "app", "deployment": "d", "model": "m", "arm": "champion",
        "propensity": 1.0, "entity": "e", "held_back": False, "scores": (0.25, 0.75), "prediction": "card",
        "latency_ms": 1.0, "row": {"fare": 5.5},
    }
    return Answered(**(given | changes))


def told(name, *, at=0):
    return Outcome(id=name, at=at, received=at, source="billing", values={"tip": 2.5})


def refused(at=0):
    return Refused(at=at, received=at, consumer="", status=422, problems=(("fare", "missing"),), row={})


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "log"


@pytest.fixture
def tables(tmp_path):
    return DeltaTables(tmp_path / "tables", digest=rows_digest)


def write(folder, *events):
    """Write a closed segment."""
    with SegmentWriter(folder) as writer:
        writer.write([encoded(event) for event in events])


def ids(tables, kind="predictions"):
    newest = tables.newest(table_name("taxi", kind))
    column = "at" if kind == "refusals" else "id"
    return [] if newest is None else tables.read(newest, columns=[column]).collect()[column].to_list()


def test_each_kind_goes_to_its_table_and_the_segments_are_gone(folder, tables):
    write(folder, answered("a"), told("a"), refused())
    write(folder, answered("b"))
    done = compact(folder, tables, name="taxi")
    assert segments_in(folder) == []
    assert (done.segments, done.added, done.duplicates) == (2, {"predictions": 2, "outcomes": 1, "refusals": 1}, 0)
    assert ids(tables) == ["a", "b"]
    for table, schema in [
        (done.predictions, answered_schema()), (done.outcomes, outcome_schema()), (done.refusals, refused_schema()),
    ]:
        assert tables.read(table).collect_schema() == schema
        assert tables.newest(table.name) == table


def test_nothing_to_move_moves_nothing(folder, tables):
    done = compact(folder, tables, name="taxi")
    assert (done.predictions, done.segments, done.added["predictions"]) == (None, 0, 0)
    assert not folder.exists()
    write(folder, answered("a"))
    first = compact(folder, tables, name="taxi")
    again = compact(folder, tables, name="taxi")
    assert (again.predictions, again.segments) == (first.predictions, 0)


def test_a_segment_that_is_being_written_stays(folder, tables):
    with Journal(folder, durability="write") as journal:
        journal.append([answered("a")]).result()
        assert compact(folder, tables, name="taxi").segments == 0
        journal.rotate()
        journal.append([answered("b")]).result()
        assert compact(folder, tables, name="taxi").segments == 1
    assert ids(tables) == ["a"]
    compact(folder, tables, name="taxi")
    assert ids(tables) == ["a", "b"]


def test_of_two_answers_with_one_id_the_first_is_kept(folder, tables):
    write(folder, answered("a", consumer="first"), answered("b"), answered("a", consumer="second"))
    write(folder, answered("b", consumer="third"))
    assert compact(folder, tables, name="taxi").duplicates == 2
    write(folder, answered("a", consumer="fourth"), answered("c"))
    done = compact(folder, tables, name="taxi")
    assert (done.duplicates, done.added["predictions"]) == (1, 1)
    found = tables.read(done.predictions).collect()
    assert found.select("id", "consumer").rows() == [("a", "first"), ("b", "app"), ("c", "app")]


def test_outcomes_and_refusals_are_kept_as_often_as_they_came(folder, tables):
    write(folder, told("a"), told("a"), refused(), refused())
    compact(folder, tables, name="taxi")
    assert (ids(tables, "outcomes"), len(ids(tables, "refusals"))) == (["a", "a"], 2)


def test_a_torn_tail_is_cut_and_told(folder, tables):
    write(folder, answered("a"), answered("b"))
    (path,) = segments_in(folder)
    os.truncate(path, path.stat().st_size - 10)
    done = compact(folder, tables, name="taxi")
    assert ids(tables) == ["a"]
    assert done.torn_bytes > 0
    assert (done.damaged_bytes, done.set_aside, segments_in(folder)) == (0, (), [])


def test_a_damaged_segment_is_set_aside_after_what_can_be_read_is_moved(folder, tables):
    write(folder, answered("a"), answered("b"), answered("c"))
    (path,) = segments_in(folder)
    content = path.read_bytes()
    path.write_bytes(content.replace(b"\xa1b", b"\xa1x", 1))
    done = compact(folder, tables, name="taxi")
    assert ids(tables) == ["a", "c"]
    assert done.damaged_bytes > 0
    assert [(folder / name).exists() for name in done.set_aside] == [True]
    assert compact(folder, tables, name="taxi").segments == 0


class Dying:
    """A table store whose process dies after so many appends."""

    def __init__(self, tables, appends):
        self._tables, self._left = tables, appends

    def append(self, name, frame, *, batch):
        if self._left == 0:
            raise KeyboardInterrupt
        self._left -= 1
        return self._tables.append(name, frame, batch=batch)

    def __getattr__(self, name):
        return getattr(self._tables, name)


@pytest.mark.parametrize("appends", range(7))
def test_wherever_it_dies_the_next_goes_on(folder, tables, appends):
    write(folder, answered("a"), told("a"), refused(1))
    write(folder, answered("b"), answered("a"), told("b"), refused(2))
    with suppress(KeyboardInterrupt):  # six appends are all there are
        compact(folder, Dying(tables, appends), name="taxi")
    done = compact(folder, tables, name="taxi")
    assert (ids(tables), ids(tables, "outcomes"), len(ids(tables, "refusals"))) == (["a", "b"], ["a", "b"], 2)
    assert segments_in(folder) == []
    assert sum(done.added.values()) == 6 - appends


def test_two_at_once_do_not_move_anything_twice(folder, tables):
    for number in range(12):
        write(folder, answered(f"{number}"), told(f"{number}"))
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda _: compact(folder, tables, name="taxi"), range(2)))
    assert sum(part.segments for part in done) == 12
    assert ids(tables) == ids(tables, "outcomes") == [f"{number}" for number in range(12)]


def test_a_compaction_that_was_killed_lets_the_next_in(folder, tables):
    write(folder, answered("a"))
    program = (
        "import sys, os, signal; from pathlib import Path; from loopwright.stages.serving.compaction import _alone\n"
        "with _alone(Path(sys.argv[1])): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, folder], check=False)
    assert compact(folder, tables, name="taxi").segments == 1


def test_writers_go_on_while_it_runs(folder, tables):
    def write_some():
        with Journal(folder, durability="write", segment_bytes=500) as journal:
            for number in range(60):
                journal.append([answered(f"{number}")]).result()

    writing = threading.Thread(target=write_some)
    writing.start()
    while writing.is_alive():
        compact(folder, tables, name="taxi")
    compact(folder, tables, name="taxi")
    assert ids(tables) == [f"{number}" for number in range(60)]


def test_a_segment_of_a_newer_release_stays_where_it_is(folder, tables):
    write(folder, answered("a"))
    with SegmentWriter(folder) as writer:
        writer.write([b"\x81\xa4type\xa3new"])
    with pytest.raises(CorruptStore, match="does not know"):
        compact(folder, tables, name="taxi")
    assert len(segments_in(folder)) == 2


class Full:
    """A table store on a full disk."""

    def __init__(self, tables):
        self._tables = tables

    def append(self, *_, **__):
        raise StoreFull("no space")

    def __getattr__(self, name):
        return getattr(self._tables, name)


def test_a_full_disk_loses_nothing(folder, tables):
    write(folder, answered("a"))
    with pytest.raises(StoreFull):
        compact(folder, Full(tables), name="taxi")
    assert compact(folder, tables, name="taxi").added["predictions"] == 1


def test_a_folder_that_may_not_be_written_is_told(folder, tables):
    write(folder, answered("a"))
    (folder / "compaction.lock").mkdir()
    with pytest.raises(StoreError, match="compacting the prediction log"):
        compact(folder, tables, name="taxi")


@given(segments=st.lists(st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 5)), max_size=5), max_size=4))
@settings(max_examples=15, deadline=None)
def test_the_tables_hold_what_the_segments_held(tmp_path_factory, segments):
    place = tmp_path_factory.mktemp("compaction")
    tables = DeltaTables(place / "tables", digest=rows_digest)
    made = {"predictions": lambda n: answered(str(n)), "outcomes": lambda n: told(str(n)), "refusals": refused}
    for segment in segments:
        if segment:
            write(place / "log", *(made[kind](number) for kind, number in segment))
    compact(place / "log", tables, name="taxi")
    came = [item for segment in segments for item in segment]
    assert ids(tables) == list(dict.fromkeys(str(number) for kind, number in came if kind == "predictions"))
    assert ids(tables, "outcomes") == [str(number) for kind, number in came if kind == "outcomes"]
    assert pl.Series(ids(tables, "refusals"), dtype=pl.Datetime("us")).to_physical().to_list() == [
        number for kind, number in came if kind == "refusals"
    ]
