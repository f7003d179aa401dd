from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl

from loopwright.drills.running import Hand, Slowed, running
from loopwright.drills.traffic import sendable
from loopwright.stages import serving

MONDAY = datetime(2026, 5, 4)


def test_answers_and_outcomes_go_by_the_clock_that_the_drill_holds(box):
    with running(box.project, start=MONDAY) as server:
        assert set(server.asked) >= {"miles", "fare", "payment"}
        assert server.told == ("tipped",)
        (row,) = sendable(box.rows.head(1), [name for name in server.asked if name in box.rows.columns])
        server.hand.at = datetime(2026, 5, 6, 9)
        client = server.client()
        (said,) = client.post("/predict", {"row": row, "id": "first"})["predictions"]
        client.post("/outcomes", {"outcomes": [{"id": "first", "values": {"tipped": 1}}]})
        server.hand.at = MONDAY
        client.post("/predict", {"row": row, "id": "second"})
    rows, _ = serving.live_rows(box.project)
    assert rows["__received"].to_list() == [datetime(2026, 5, 6, 9)] * 2, "a clock never goes back"
    assert rows["__score"][0] == said["probability"]
    assert rows["__label"].to_list() == [1.0, None]


def test_what_is_slowed_says_the_same_and_may_be_hurried_again():
    class Half:
        def predict(self, frame: pl.DataFrame) -> np.ndarray:
            return np.full(frame.height, 0.5)

    slowed = Slowed(delay_ms=1.0)
    slow = slowed.around(Half())
    assert slow.predict(pl.DataFrame({"x": [1, 2]})).tolist() == [0.5, 0.5]
    slowed.delay_ms = 0.0
    assert slow.predict(pl.DataFrame({"x": [1]})).tolist() == [0.5]


def test_slowness_shows_in_the_log(box):
    with running(box.project, start=MONDAY) as server:
        (row,) = sendable(box.rows.head(1), [name for name in server.asked if name in box.rows.columns])
        server.slowed.delay_ms = 40.0
        server.client().post("/predict", {"row": row, "id": "slow"})
    rows, _ = serving.live_rows(box.project)
    assert rows["__latency_ms"][0] >= 40


def test_a_hand_counts_microseconds():
    assert Hand(datetime(1970, 1, 2, 0, 0, 0, 7)).nanoseconds() == 86_400_000_007_000
