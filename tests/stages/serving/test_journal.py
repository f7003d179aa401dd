"""The journal keeps what it acknowledges, in order, and says what it cannot keep."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import CorruptStore, LoopwrightError, StoreError, StoreFull
from loopwright.stages.serving.events import Answered, Outcome, Refused
from loopwright.stages.serving.journal import Journal, decoded, encoded, read_events
from loopwright.store.segments import SegmentWriter, segments_in

DURABILITIES = ["async", "write", "fsync"]

micros = st.integers(-(2**63), 2**63 - 1)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
rows = st.dictionaries(texts, st.none() | st.booleans() | micros | st.floats(allow_nan=False) | texts, max_size=4)
events = st.one_of(
    st.builds(
        Answered, id=texts, at=micros, received=micros, consumer=texts, deployment=texts, model=texts, arm=texts,
        propensity=st.floats(0, 1), entity=texts, held_back=st.booleans(),
        scores=st.lists(st.floats(0, 1), max_size=3).map(tuple), prediction=st.none() | texts,
        latency_ms=st.floats(0, 1e6), row=rows, flags=st.lists(texts, max_size=2).map(tuple),
        other_model=st.none() | texts,
    ),
    st.builds(Outcome, id=texts, at=micros, received=micros, source=texts, values=rows),
    st.builds(
        Refused, at=micros, received=micros, consumer=texts, status=st.integers(400, 599),
        problems=st.lists(st.tuples(texts, texts), max_size=2).map(tuple), row=rows, id=texts,
    ),
)


def told(number, *, received=0):
    return Outcome(id=str(number), at=number, received=received, source="test", values={"tip": number * 0.5})


@given(groups=st.lists(st.lists(events, max_size=4), max_size=4), durability=st.sampled_from(DURABILITIES))
@settings(max_examples=40, deadline=None)
def test_any_events_come_back_in_order(groups, durability):
    with TemporaryDirectory() as name:
        with Journal(Path(name), durability=durability, group_seconds=0.001) as journal:
            for group in groups:
                journal.append(group).result()
        assert list(read_events(Path(name))) == [event for group in groups for event in group]
        assert (journal.written, journal.pending, journal.failed) == (sum(map(len, groups)), 0, 0)


@given(event=events)
def test_an_event_survives_its_encoding(event):
    assert decoded([encoded(event)], where=Path("x")) == [event]


def test_what_no_frame_can_hold_is_kept_as_text():
    event = Refused(
        at=10**30, received=-(10**30), consumer="a\ud800", status=422, problems=(("\udfff", "odd"),),
        row={"n": 10**30, "\ud800": "x\ud800", "f": float("inf")},
    )
    (found,) = decoded([encoded(event)], where=Path("x"))
    assert (found.at, found.received, found.consumer) == (2**63 - 1, -(2**63), "a?")
    assert found.problems == (("?", "odd"),)
    assert found.row == {"n": str(10**30), "?": "x?", "f": float("inf")}


def test_what_is_not_a_number_stays_so():
    event = Outcome(id="a", at=0, received=0, source="", values={"x": float("nan")})
    (found,) = decoded([encoded(event)], where=Path("x"))
    assert found.values["x"] != found.values["x"]


@pytest.mark.parametrize("durability", ["write", "fsync"])
def test_an_acknowledged_event_can_be_read_at_once(tmp_path, durability):
    with Journal(tmp_path, durability=durability) as journal:
        for number in range(5):
            journal.append([told(number)]).result()
            assert [event.at for event in read_events(tmp_path)] == list(range(number + 1))


def test_async_acknowledges_before_it_writes(tmp_path):
    with Journal(tmp_path, durability="async", group_seconds=60) as journal:
        assert journal.append([told(1)]).done()
        assert journal.pending == 1
    assert [event.at for event in read_events(tmp_path)] == [1]


@pytest.mark.parametrize("durability", DURABILITIES)
def test_many_threads_append_at_once(tmp_path, durability):
    def append(thread):
        for number in range(50):
            journal.append([told(1000 * thread + number), told(1000 * thread + number)]).result()

    with Journal(tmp_path, durability=durability, segment_bytes=2000, group_seconds=0.001) as journal:
        threads = [threading.Thread(target=append, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = [event.at for event in read_events(tmp_path)]
    assert len(segments_in(tmp_path)) > 1
    for thread in range(4):
        mine = [at for at in found if at // 1000 == thread]
        assert mine == [1000 * thread + number for number in range(50) for _ in "ab"]


def test_no_events_are_kept_at_once_and_leave_no_file(tmp_path):
    with Journal(tmp_path / "log", durability="fsync") as journal:
        journal.append([]).result()
        journal.rotate()
    assert segments_in(tmp_path / "log") == []


def test_rotate_closes_the_segment_with_all_that_came_before(tmp_path):
    with Journal(tmp_path, durability="async", group_seconds=0.01) as journal:
        journal.append([told(1)])
        journal.rotate()
        journal.append([told(2)])
        journal.rotate()
        assert len(segments_in(tmp_path)) == 2
        assert [event.at for event in read_events(tmp_path)] == [1, 2]


def test_an_old_segment_is_closed_although_nothing_comes(tmp_path):
    with Journal(tmp_path, durability="write", segment_seconds=0.01) as journal:
        journal.append([told(1)]).result()
        while journal._segments.path is not None:
            threading.Event().wait(0.01)


def test_too_many_waiting_events_are_refused_and_counted(tmp_path):
    with Journal(tmp_path, durability="async", group_seconds=60, max_pending=10) as journal:
        journal.append([told(number) for number in range(10)])
        refused = journal.append([told(11), told(12)])
        assert isinstance(refused.exception(), StoreFull)
        assert "10 events wait" in str(refused.exception())
        assert journal.shed == 2
    assert [event.at for event in read_events(tmp_path)] == list(range(10))


def test_a_closed_journal_takes_nothing(tmp_path):
    journal = Journal(tmp_path, durability="write")
    journal.close()
    journal.close()
    assert isinstance(journal.append([told(1)]).exception(), StoreError)
    with pytest.raises(StoreError, match="closed"):
        journal.rotate()


def test_a_future_cannot_be_cancelled(tmp_path):
    with Journal(tmp_path, durability="fsync") as journal:
        kept = journal.append([told(1)])
        assert not kept.cancel()
        kept.result()


@pytest.mark.parametrize("durability", ["write", "fsync"])
def test_a_place_that_fails_is_told_and_tried_again(tmp_path, durability):
    folder = tmp_path / "log"
    folder.write_text("no folder")
    with Journal(tmp_path / "other", durability=durability) as journal:
        journal._segments._folder = folder
        kept = journal.append([told(1), told(2)])
        assert isinstance(kept.exception(), StoreError)
        assert (journal.failed, journal.pending, journal.failure) == (2, 0, kept.exception())
        folder.unlink()
        journal.append([told(3)]).result()
        assert journal.failure is None
    assert [event.at for event in read_events(folder)] == [3]


def test_async_events_wait_until_the_place_can_be_written(tmp_path):
    folder = tmp_path / "log"
    folder.write_text("no folder")
    with Journal(tmp_path / "other", durability="async", group_seconds=0.001) as journal:
        journal._segments._folder = folder
        journal.append([told(1)])
        while journal.failure is None:
            threading.Event().wait(0.01)
        with pytest.raises(StoreError, match="log"):
            journal.rotate()
        journal.append([told(2)])
        assert journal.pending == 2
        folder.unlink()
    assert [event.at for event in read_events(folder)] == [1, 2]
    assert (journal.written, journal.pending) == (2, 0)


def test_closing_tells_of_events_that_were_taken_and_are_lost(tmp_path):
    folder = tmp_path / "log"
    folder.write_text("no folder")
    journal = Journal(tmp_path / "other", durability="async", group_seconds=0.001)
    journal._segments._folder = folder
    journal.append([told(1), told(2)])
    with pytest.raises(LoopwrightError, match=r"2 events of the prediction log are lost.*log"):
        journal.close()
    assert (journal.failed, journal.pending) == (2, 0)


def test_stamps_never_go_backwards(tmp_path):
    with Journal(tmp_path, durability="write") as journal:
        assert [journal.stamp(now) for now in (5, 7, 3, 7, 9)] == [5, 7, 7, 7, 9]
        assert journal.stamp() > 10**15


def test_stamps_never_go_backwards_over_a_restart(tmp_path):
    with Journal(tmp_path, durability="write") as journal:
        journal.append([told(1, received=journal.stamp(500))]).result()
    with Journal(tmp_path, durability="write") as journal:
        assert journal.stamp(3) == 500


def test_an_event_of_a_newer_release_is_refused(tmp_path):
    with SegmentWriter(tmp_path) as writer:
        writer.write([msgspec.msgpack.encode({"type": "applauded", "received": 1})])
    with pytest.raises(CorruptStore, match="does not know"):
        list(read_events(tmp_path))


def test_a_frame_without_a_time_stops_the_journal_from_opening(tmp_path):
    with SegmentWriter(tmp_path) as writer:
        writer.write([b"\xc1"])
    with pytest.raises(CorruptStore, match=segments_in(tmp_path)[0].name):
        Journal(tmp_path, durability="write")


WRITE = """
import sys
from pathlib import Path
from loopwright.stages.serving.events import Outcome
from loopwright.stages.serving.journal import Journal

with Journal(Path(sys.argv[1]), durability=sys.argv[2], segment_bytes=5000) as journal:
    for number in range(10**9):
        journal.append([Outcome(id=str(number), at=number, received=0, source="", values={})]).result()
        print(number, flush=True)
"""


@pytest.mark.parametrize("durability", ["write", "fsync"])
def test_what_was_acknowledged_is_there_after_a_kill(tmp_path, durability):
    command = [sys.executable, "-c", WRITE, tmp_path, durability]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        for _ in range(random.Random(durability).randint(50, 300)):
            acknowledged = process.stdout.readline()
        process.kill()
        acknowledged += process.stdout.read()
    found = [event.at for event in read_events(tmp_path)]
    assert found == list(range(len(found)))
    whole_lines = acknowledged[: acknowledged.rfind("\n")].split()
    assert len(found) > int(whole_lines[-1])
