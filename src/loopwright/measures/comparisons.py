"""Which of two models is better on the same rows, how sure that is, and how many rows would settle it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import DataError, Undefined
from loopwright.measures.intervals import check_level, effective_freedom
from loopwright.measures.metrics import METRICS, score, sums_of
from loopwright.measures.quantiles import normal_quantile, student_p_value, student_quantile, wilson
from loopwright.measures.resampling import grouped, influence, resampled
from loopwright.measures.samples import Floats, Task
from loopwright.measures.sums import Sums

__all__ = ["Comparison", "compare", "holm"]

_POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The difference between two predictions of the same rows.

    Attributes
    ----------
    metric : str
    difference : float
        Metric of b minus metric of a, in the unit of the metric.
    low, high : float
        Range that covers the true difference with probability ``level``.
    level : float
    p_value : float
        How often a difference this large, either way, would show between equally good models.
    better : {"a", "b", "unclear"}
        Which is better, where the range excludes 0.
    rows : int
        Rows compared.
    rows_needed : int or None
        Rows on which a true difference of this size would be shown in four of five trials; None if there is
        no difference to show.
    """

    metric: str
    difference: float
    low: float
    high: float
    level: float
    p_value: float
    better: Literal["a", "b", "unclear"]
    rows: int
    rows_needed: int | None


@dataclass(frozen=True, slots=True)
class _Difference:
    value: float
    error: float                   # standard error
    freedom: float                 # degrees of freedom that the error is known with
    rows: int


def compare(
    name: str,
    truth: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    task: Task,
    threshold: float = 0.5,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Comparison:
    """Compare two predictions of the same rows by a metric, in pairs.

    Both are scored on the same bootstrap resamples, so what is hard for both cancels. Range and p-value
    come from the standard error of the difference and Student's t, its degrees of freedom judged from how
    unequally the rows influence the difference, so that decisions differing in three rows prove nothing.

    Parameters
    ----------
    name : str
        A key of ``METRICS``.
    truth : array of shape (n_rows,)
    a, b : arrays
        Predictions of the two models, each as for ``score``.
    task : {"binary", "multiclass", "regression"}
    threshold : float, default=0.5
        Probability from which a binary row is decided positive, for both.
    level : float, default=0.95
        Share of such ranges that cover the true difference.
    resamples : int, default=1000
        At least 100.
    seed : int, default=0

    Returns
    -------
    Comparison

    Raises
    ------
    Undefined
        If the metric has no value on these rows for a or for b, or on most resamples.
    EmptySample, DataError, LoopwrightError
        As for ``score``.

    References
    ----------
    Efron & Tibshirani (1993), An introduction to the bootstrap, chapters 6 and 12.

    Examples
    --------
    >>> truth = [0, 1] * 100
    >>> found = compare("brier_loss", truth, [0.4, 0.6] * 100, [0.2, 0.8] * 100, task="binary")
    >>> found.better, round(found.difference, 2)
    ('b', -0.12)
    """
    check_level(level, resamples)
    values = [score(name, truth, each, task=task, threshold=threshold) for each in (a, b)]
    parts = [sums_of(name, truth, each, task=task, threshold=threshold, resampling=True) for each in (a, b)]
    found = _difference(parts, values, resamples=resamples, seed=seed)
    low, high, p_value = _certain(found, level) if found.error > 0 else _alike(found, level)
    return Comparison(
        metric=name,
        difference=found.value,
        low=low,
        high=high,
        level=level,
        p_value=p_value,
        better=_better(name, low, high),
        rows=found.rows,
        rows_needed=_rows_needed(found, level),
    )


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values of several questions, so that claims below a limit are all true with that confidence.

    Parameters
    ----------
    p_values : sequence of float
        Between 0 and 1; any dependence between them is allowed.

    Returns
    -------
    tuple of float
        In the same order, each at least as large as given.

    Raises
    ------
    DataError
        If a p-value is not between 0 and 1.

    References
    ----------
    Holm (1979), A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6(2).

    Examples
    --------
    >>> holm([0.01, 0.04, 0.03])
    (0.03, 0.06, 0.06)
    """
    given = np.asarray(p_values, dtype=np.float64)
    if not np.all((given >= 0) & (given <= 1)):
        raise DataError(f"p-values must lie between 0 and 1; found {list(p_values)!r:.200}.")
    order = np.argsort(given, kind="stable")
    stepped = np.maximum.accumulate(given[order] * np.arange(len(given), 0, -1))
    adjusted = np.empty(len(given))
    adjusted[order] = np.minimum(stepped, 1.0)
    return tuple(adjusted.tolist())


def _difference(parts: Sequence[Sums], values: Sequence[float], *, resamples: int, seed: int) -> _Difference:
    generator = np.random.default_rng(seed)
    groups = grouped(parts, generator=generator)
    drawn = resampled(groups, _Gap(*parts), resamples=resamples, generator=generator)
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < resamples / 2:
        raise Undefined(
            f"the difference cannot be judged: the metric has no value in {resamples - len(drawn):,} of "
            f"{resamples:,} resamples. Compare on more rows of the rare class."
        )
    return _Difference(
        value=values[1] - values[0],
        error=float(drawn.std()),
        freedom=effective_freedom(*influence(groups, _Gap(*parts))),
        rows=len(parts[0].columns),
    )


@dataclass(frozen=True, slots=True)
class _Gap:
    a: Sums
    b: Sums

    def __call__(self, sums_a: Floats, sums_b: Floats) -> Floats:
        first, second = self.a.value(sums_a), self.b.value(sums_b)
        if self.a.reading == "fold":
            first, second = np.abs(first), np.abs(second)
        return second - first


def _certain(found: _Difference, level: float) -> tuple[float, float, float]:
    half = student_quantile((1 + level) / 2, freedom=found.freedom) * found.error
    p_value = student_p_value(found.value / found.error, freedom=found.freedom)
    return found.value - half, found.value + half, p_value


def _alike(found: _Difference, level: float) -> tuple[float, float, float]:
    """Judge a difference that is the same in every resample: none at all, or the same in every row."""
    if found.value == 0:
        return 0.0, 0.0, 1.0
    # As a sign test: each row says the same, which chance does with probability 1/2 per row.
    p_value = min(1.0, 2.0 * 0.5 ** min(found.rows, 1000))
    share = float(wilson(found.rows, found.rows, level=level)[0])
    ends = sorted((found.value, found.value * (share if p_value < 1 - level else -share)))
    return ends[0], ends[1], p_value


def _better(name: str, low: float, high: float) -> Literal["a", "b", "unclear"]:
    if low <= 0 <= high:
        return "unclear"
    return "b" if (low > 0) == (METRICS[name].direction == "up") else "a"


def _rows_needed(found: _Difference, level: float) -> int | None:
    if found.value == 0:
        return None
    needed = normal_quantile((1 + level) / 2) + normal_quantile(_POWER)
    # A difference lost in rounding would ask for more rows than there are atoms.
    return min(math.ceil(found.rows * (needed * found.error / found.value) ** 2) or 1, 10**15)
