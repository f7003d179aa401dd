"""The past is sent in the order in which it happened, and what became of it as late as it was known."""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl
import pytest

from loopwright.faces.cli.replaying import Replay, replay

START, DAY = datetime(2026, 3, 2), timedelta(days=1)


class Caller:
    """Keeps what it is asked to send."""

    def __init__(self):
        self.sent = []

    def post(self, path, body):
        self.sent.append((path, body))
        return {}

    def asked(self):
        return [name for path, body in self.sent if path == "/predict" for name in body["ids"]]

    def told(self):
        return [each for path, body in self.sent if path == "/outcomes" for each in body["outcomes"]]


@pytest.fixture
def sent():
    times = [START + number * DAY / 2 for number in range(10)]
    rows = pl.DataFrame({"id": [f"r{number}" for number in range(10)], "when": times, "tips": [0.5] * 10})
    return Replay(rows=rows, times=rows["when"], key="id", outcome=("tips",), delay=2 * DAY, pause=DAY)


def test_each_stretch_is_asked_then_told_then_looked_at(sent):
    caller, looks = Caller(), []
    number = replay(
        sent, caller, start=START, end=START + 4 * DAY, look=lambda at: looks.append((at, len(caller.asked())))
    )
    assert number == 8
    assert looks == [(START + day * DAY, 2 * day) for day in range(1, 5)]


def test_outcomes_come_as_late_as_they_are_known_and_each_once(sent):
    caller = Caller()
    replay(sent, caller, start=START, end=START + 4 * DAY, look=lambda _: None)
    assert [each["id"] for each in caller.told()] == ["r0", "r1", "r2", "r3"]
    assert caller.told()[0] == {"id": "r0", "values": {"tips": 0.5}, "at": START + 2 * DAY}


def test_what_is_known_only_later_is_not_sent_when_asking(sent):
    caller = Caller()
    replay(sent, caller, start=START, end=START + DAY, look=lambda _: None)
    (path, body), = caller.sent
    assert path == "/predict"
    assert set(body["columns"]) == {"id", "when"}
