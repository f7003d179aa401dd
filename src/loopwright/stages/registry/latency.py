"""How long one row takes: the latency that a caller waits for, measured where the model was registered."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter_ns

import numpy as np
import polars as pl

from loopwright.errors import EmptySample
from loopwright.stages.registry.scoring import Scorer

__all__ = ["Latency", "one_row_latency"]

_WARM_UP = 20
_SLOW_NS = 100_000_000             # a row that takes a tenth of a second
_FEW = 20                          # rows that are timed then


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """Times of single rows through features-to-prediction, without a network.

    Attributes
    ----------
    p50_ms, p99_ms, max_ms : float
        Median, 99th percentile and largest, in milliseconds.
    rows : int
        How many rows were timed, one by one.
    """

    p50_ms: float
    p99_ms: float
    max_ms: float
    rows: int


def one_row_latency(scorer: Scorer, frame: pl.DataFrame, *, rows: int = 200) -> Latency:
    """Time a scorer on single rows, after a warm-up that is not counted.

    What other programs do at the same time is in these numbers; on a busy machine the 99th percentile says
    more about the machine than about the model.

    Parameters
    ----------
    scorer : Scorer
    frame : polars.DataFrame
        Real rows; taken in turn, again from the start when there are fewer than ``rows``.
    rows : int, default=200
        At most so many; 20 where a single one takes more than a tenth of a second.

    Raises
    ------
    EmptySample
        If there are no rows to time.

    Examples
    --------
    >>> class Constant:
    ...     def predict(self, frame):
    ...         return np.zeros(frame.height)
    >>> one_row_latency(Constant(), pl.DataFrame({"miles": [1.0]}), rows=10).rows
    10
    """
    if frame.height == 0 or rows < 1:
        raise EmptySample("latency needs at least one row to time. Hand in rows of the test part.")
    singles = [frame.slice(place % frame.height, 1) for place in range(rows)]
    # A model of thousands of features takes a second for a row: then twenty rows tell as much as two hundred.
    slow = max(_time(scorer, single) for single in singles[:2]) > _SLOW_NS
    for single in singles[: 0 if slow else _WARM_UP]:
        scorer.predict(single)
    milliseconds = np.array([_time(scorer, single) for single in singles[: _FEW if slow else rows]]) / 1e6
    p50, p99 = np.quantile(milliseconds, [0.5, 0.99])
    return Latency(p50_ms=float(p50), p99_ms=float(p99), max_ms=float(milliseconds.max()), rows=len(milliseconds))


def _time(scorer: Scorer, single: pl.DataFrame) -> int:
    """Return nanoseconds."""
    start = perf_counter_ns()
    scorer.predict(single)
    return perf_counter_ns() - start
