"""The latency of one row."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from loopwright.errors import EmptySample
from loopwright.stages.registry.latency import one_row_latency


class Counting:
    """Remembers which rows it was asked about."""

    def __init__(self):
        self.asked = []

    def predict(self, frame):
        self.asked.append(frame["x"].to_list())
        return np.zeros(frame.height)


def test_rows_are_timed_one_by_one_and_in_turn():
    scorer = Counting()
    found = one_row_latency(scorer, pl.DataFrame({"x": [1, 2]}), rows=5)
    assert scorer.asked[-5:] == [[1], [2], [1], [2], [1]]
    assert found.rows == 5
    assert 0 < found.p50_ms <= found.p99_ms <= found.max_ms


def test_the_first_calls_are_not_counted():
    scorer = Counting()
    one_row_latency(scorer, pl.DataFrame({"x": [1]}), rows=3)
    assert len(scorer.asked) > 3


def test_without_rows_there_is_no_latency():
    with pytest.raises(EmptySample):
        one_row_latency(Counting(), pl.DataFrame({"x": []}))
