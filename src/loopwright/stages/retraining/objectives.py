"""What the charter optimizes, with its interval, of some predictions and between two of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopwright.measures.comparisons import compare
from loopwright.measures.intervals import bootstrap
from loopwright.measures.metrics import METRICS
from loopwright.records import Charter
from loopwright.stages.training.running import threshold_of

__all__ = ["Judge", "Measured", "judge_of"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """A number with its interval; up is better."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Scores predictions of the same rows by what the charter optimizes.

    Of several metrics the interval is that of each added up by size, which is never too narrow however they move
    together.

    Attributes
    ----------
    truth : array of shape (n_rows,)
    charter : Charter
    threshold : float
        Probability from which a binary row is called positive.
    level : float
        Of the paired intervals; those of a single score have the charter's.
    """

    truth: NDArray[np.int64] | Floats
    charter: Charter
    threshold: float
    level: float

    def score(self, said: Floats) -> Measured:
        """Return the objective, up is better.

        Raises
        ------
        Undefined
            If a metric has no value on these rows.
        """
        task, level = self.charter.task, self.charter.confidence
        return self._added_up(
            (metric, found.value, found.low, found.high)
            for metric in self.charter.optimize
            for found in [bootstrap(metric, self.truth, said, task=task, threshold=self.threshold, level=level)]
        )

    def behind(self, said: Floats, other: Floats) -> Measured:
        """Return by how much the other predictions are better, in pairs.

        Raises
        ------
        Undefined
            If a metric has no value on these rows.
        """
        task, level = self.charter.task, self.level
        return self._added_up(
            (metric, found.difference, found.low, found.high)
            for metric in self.charter.optimize
            for found in [compare(metric, self.truth, said, other, task=task, threshold=self.threshold, level=level)]
        )

    def _added_up(self, parts: Iterable[tuple[str, float, float, float]]) -> Measured:
        total = np.zeros(3)
        for metric, value, low, high in parts:
            weight = self.charter.optimize[metric] * (1 if METRICS[metric].direction == "up" else -1)
            total += np.array([weight * value, *sorted((weight * low, weight * high))])
        value, low, high = total.tolist()
        return Measured(value=value, low=low, high=high)


def judge_of(
    truth: NDArray[np.int64] | Floats, said: Mapping[str, Floats], *, charter: Charter, level: float
) -> Judge:
    """Return the judge of several predictions of the same rows.

    A threshold that is to be the best for a metric is the best for their mean, and so the same for each.
    """
    threshold = 0.5
    if charter.task == "binary":
        threshold = threshold_of(charter.threshold, truth.astype(np.int64), np.mean(list(said.values()), axis=0))
    return Judge(truth=truth, charter=charter, threshold=threshold, level=level)
