"""Whoever writes or compacts the prediction log may be killed at any moment: what was acknowledged is there once."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from loopwright.stages.serving.compaction import compact
from loopwright.stages.serving.events import Outcome
from loopwright.stages.serving.journal import Journal, read_events
from loopwright.stages.serving.live import whole
from loopwright.store import DeltaTables
from loopwright.store.row_digest import rows_digest
from loopwright.store.segments import segments_in

# One line per request, once its events are acknowledged: several threads ask at a time, as a server's would.
WRITER = """
import sys, threading, time
from itertools import count
from pathlib import Path
from loopwright.stages.serving.events import Answered, Outcome, Refused
from loopwright.stages.serving.journal import Journal

journal = Journal(Path(sys.argv[1]), durability=sys.argv[3], segment_bytes=200_000, segment_seconds=0.2)
writer, printing = sys.argv[2], threading.Lock()

def ask(thread):
    for number in count():
        name, now = f"{writer}-{thread}-{number}", journal.stamp()
        answer = Answered(
            id=name, at=now, received=now, consumer="app", deployment="d", model="m", arm="champion", propensity=1.0,
            entity="e", held_back=False, scores=(0.5,), prediction="card", latency_ms=1.0, row={"fare": number * 0.5},
        )
        events = [answer, Outcome(id=name, at=now, received=now, source="billing", values={"tip": 1.0})]
        if number % 3 == 0:
            events.append(Refused(at=now, received=now, consumer=name, status=422, problems=(("fare", "odd"),), row={}))
        if number % 5 == 0:
            events.append(answer)  # whoever got no answer asks again under the same id
        journal.append(events).result()
        with printing:
            print(name, flush=True)
        time.sleep(0.001)

for thread in range(3):
    threading.Thread(target=ask, args=(thread,), daemon=True).start()
threading.Event().wait()
"""

COMPACTOR = """
import sys
from pathlib import Path
from loopwright.stages.serving.compaction import compact
from loopwright.store import DeltaTables
from loopwright.store.row_digest import rows_digest

tables = DeltaTables(sys.argv[2], digest=rows_digest)
print("ready", flush=True)
while True:
    compact(Path(sys.argv[1]), tables, name="taxi")
"""

# In each round two writers and a compactor are killed.
ROUNDS = [pytest.param(3, id="a few times"), pytest.param(40, id="hundreds of times", marks=pytest.mark.slow)]


class Victim:
    """A process that is killed a random time after its first line."""

    def __init__(self, program: str, *words: object, draw: random.Random) -> None:
        self.lines: list[str] = []
        self._live_seconds = draw.uniform(0.02, 0.5)
        self._process = subprocess.Popen(
            [sys.executable, "-c", program, *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self._thread = threading.Thread(target=self._live)
        self._thread.start()

    def _live(self) -> None:
        with self._process as process:
            first = process.stdout.readline()
            killing = threading.Timer(self._live_seconds, process.kill)
            killing.start()
            said = first + process.stdout.read()
            killing.join()
            self.errors = process.stderr.read()
        self.lines = said[: said.rfind("\n") + 1].splitlines()

    def died(self) -> list[str]:
        """Wait until it was killed; return the lines that it finished."""
        self._thread.join()
        assert not self.errors, self.errors
        assert self.lines
        return self.lines


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize("durability", ["write", "fsync"])
def test_every_acknowledged_event_is_there_exactly_once(tmp_path, rounds, durability):
    log, place = tmp_path / "log", tmp_path / "tables"
    draw = random.Random(f"{rounds} {durability}")
    acknowledged: list[str] = []
    for number in range(rounds):
        writers = [Victim(WRITER, log, f"{number}{letter}", durability, draw=draw) for letter in "ab"]
        compactor = Victim(COMPACTOR, log, place, draw=draw)
        acknowledged += [name for writer in writers for name in writer.died()]
        compactor.died()
    tables = DeltaTables(place, digest=rows_digest)
    _assert_once(acknowledged, whole(tables, log, name="taxi"))
    compact(log, tables, name="taxi")
    assert segments_in(log) == []
    assert not list(log.glob("*.damaged"))
    _assert_once(acknowledged, whole(tables, log, name="taxi"))


def _assert_once(acknowledged, found):
    for name, column in [("predictions", "id"), ("outcomes", "id"), ("refusals", "consumer")]:
        times = Counter(getattr(found, name)[column].to_list())
        expected = [
            asked for asked in acknowledged if name != "refusals" or int(asked.rpartition("-")[2]) % 3 == 0
        ]
        assert not [asked for asked in expected if asked not in times], f"{name} that were acknowledged are lost"
        assert set(times.values()) == {1}, f"{name} are there more than once"


@pytest.fixture
def disk(tmp_path, mount):
    """A file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", on=folder)
    return folder


@pytest.mark.parametrize("durability", ["write", "fsync"])
def test_a_full_disk_fails_the_events_of_that_time_only(disk, durability):
    kept = []
    with Journal(disk / "log", durability=durability, segment_bytes=100_000) as journal:
        for number in range(300):
            if number == 100:
                _fill(disk / "ballast")
            if number == 200:
                (disk / "ballast").unlink()
            told = Outcome(id=str(number), at=number, received=0, source="", values={"text": "x" * 1000})
            if journal.append([told]).exception() is None:
                kept.append(number)
    assert [event.at for event in read_events(disk / "log")] == kept
    assert set(kept) >= {*range(100), *range(200, 300)}
    assert len(kept) < 300
    assert "no space was left while writing the prediction log" in str(_failure_on(disk))


def _failure_on(disk: Path) -> BaseException | None:
    _fill(disk / "ballast")
    with Journal(disk / "other", durability="write") as journal:
        return journal.append([Outcome(id="", at=0, received=0, source="", values={"text": "x" * 9000})]).exception()


def _fill(ballast: Path) -> None:
    """Write a file until the disk is full."""
    number = os.open(ballast, os.O_WRONLY | os.O_CREAT)
    try:
        while os.write(number, b"x" * 4096):
            pass
    except OSError:
        return
    finally:
        os.close(number)


def test_async_events_survive_a_disk_that_was_full_for_a_while(disk):
    with Journal(disk / "log", durability="async", group_seconds=0.001) as journal:
        _fill(disk / "ballast")
        for number in range(50):
            journal.append([Outcome(id="", at=number, received=0, source="", values={"text": "x" * 1000})]).result()
        while journal.failure is None:
            time.sleep(0.01)
        assert journal.pending == 50
        (disk / "ballast").unlink()
    assert [event.at for event in read_events(disk / "log")] == list(range(50))
