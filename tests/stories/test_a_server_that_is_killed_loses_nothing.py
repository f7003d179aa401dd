"""Server, watcher, compactor may be killed at any moment: what was acknowledged is there once, the release stands."""

from __future__ import annotations

import http.client
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import suppress

import pytest

from loopwright.project import Project
from loopwright.records import Alert
from loopwright.stages import serving
from loopwright.stages.serving.live import whole
from loopwright.store.segments import segments_in

COMPACTOR = """
import sys
from loopwright.project import Project
from loopwright.records import Alert
from loopwright.stages import serving

with Project.open(sys.argv[1]).closing() as project:
    print("ready", flush=True)
    while True:
        serving.compact(project)
"""

# In each round all that is named is killed.
ROUNDS = [
    pytest.param(4, ("watcher",), id="a few times"),
    pytest.param(72, ("watcher", "compactor"), id="hundreds of times", marks=pytest.mark.slow),
]


class Caller:
    """Asks and tells in a thread of its own until the server is gone; what it had no answer to it asks again."""

    def __init__(self, rides) -> None:
        self.rides = iter(rides)
        self.asked: list[str] = []
        self.told: list[str] = []
        self._again: list = []

    def begin(self, served) -> None:
        self._thread = threading.Thread(target=self._go_on, args=(served,))
        self._thread.start()

    def end(self) -> None:
        self._thread.join()

    def _go_on(self, served) -> None:
        with suppress(OSError, http.client.HTTPException):  # the server was killed
            while True:
                batch = self._again or [next(self.rides) for _ in range(3)]
                self._again = batch
                served.predict(*(ride.row for ride in batch))
                self.asked += [ride.id for ride in batch]
                self._again = []
                served.tell(*(ride.outcome for ride in batch))
                self.told += [ride.id for ride in batch]


@pytest.mark.parametrize(("rounds", "others"), ROUNDS)
def test_every_acknowledged_event_is_there_once_and_the_release_stands(
    trial_ready, tmp_path, made_rides, on_day, rounds, others
):
    draw = random.Random(rounds)
    callers = [Caller(made_rides(first, first + 9, per_day=2000)) for first in (-19, -10)]
    with trial_ready.copied(tmp_path / "trial") as served:
        for number in range(rounds):
            _assert_serves_what_was_decided(served)
            victims = [_started(name, served.place, on_day(-number % 19)) for name in others]
            for caller in callers:
                caller.begin(served)
            time.sleep(draw.uniform(0.02, 0.3))
            _change_the_release(served.place, draw)
            time.sleep(draw.uniform(0.0, 0.2))
            served.kill()
            for victim in victims:
                _killed(victim, after=draw.uniform(0.0, 0.4))
            for caller in callers:
                caller.end()
            served.start()
        _assert_serves_what_was_decided(served)
    asked = [name for caller in callers for name in caller.asked]
    told = [name for caller in callers for name in caller.told]
    assert len(asked) > rounds
    _assert_once(served.place, asked, told)


def _assert_serves_what_was_decided(served):
    with Project.open(served.place.folder).closing() as project:
        state = serving.current(project)
    said = served.ask("GET", "/", key=None).json
    assert (said["deployment"], said["stage"]) == (state.number, state.stage)


def _change_the_release(place, draw):
    """Send the challenger away, or bring it back; somebody else may have been faster."""
    place.give("release", *draw.choice([("reject",), ("start", "v2"), ("promote",)]))


def _started(name, place, at):
    """Start a watcher that looks all the time, or a compactor that does."""
    if name == "watcher":
        return place.start("watch", "--every", "0.01", "--at", at)
    return subprocess.Popen(
        [sys.executable, "-c", COMPACTOR, place.folder], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def _killed(victim, *, after):
    assert victim.stdout.readline() or victim.wait(60) is None, victim.stderr.read()
    time.sleep(after)
    victim.send_signal(signal.SIGKILL)
    _, errors = victim.communicate(timeout=60)
    assert victim.returncode == -signal.SIGKILL, errors
    assert "Traceback" not in errors, errors


def _assert_once(place, asked, told):
    with Project.open(place.folder).closing() as project:
        folder, name = place.folder / project.settings.stores.log, project.settings.project.name
        for _ in range(2):
            log = whole(project.tables, folder, name=name)
            for kind, expected in ((log.predictions, asked), (log.outcomes, told)):
                times = Counter(kind["id"].to_list())
                assert not set(expected) - set(times), "what was acknowledged is lost"
                assert {times[item] for item in expected} == {1}, "it is there more than once"
            serving.compact(project)
        assert segments_in(folder) == []
        assert not list(folder.glob("*.damaged"))
        alerts = [(alert.quantity, alert.first_bad) for alert in project.metadata.all(Alert)]
        assert len(alerts) == len(set(alerts))
    place.assert_whole()
