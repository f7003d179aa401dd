"""How far a metric may be from its true value, given that only so many rows were seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import LoopwrightError, Undefined
from loopwright.measures.metrics import METRICS, score, sums_of
from loopwright.measures.quantiles import normal_cdf, normal_quantile, student_quantile, wilson
from loopwright.measures.resampling import grouped, influence, resampled
from loopwright.measures.samples import Floats, Ints, Task
from loopwright.measures.sums import Sums

__all__ = ["Interval", "at_the_end", "bootstrap", "check_level", "effective_freedom", "spread"]

_PROPORTIONS = frozenset({"accuracy", "precision", "recall", "specificity"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A metric and the range that covers its true value with the given probability.

    Attributes
    ----------
    value : float
        The metric on the rows seen.
    low, high : float
        Ends of the range, in the unit of the metric.
    level : float
        Share of such ranges that cover the true value.
    rows : int
        Rows seen.
    method : {"bca-t", "wilson"}
        Bias-corrected and accelerated bootstrap, widened by Student's t; or Wilson's interval.
    """

    value: float
    low: float
    high: float
    level: float
    rows: int
    method: str


def bootstrap(
    name: str,
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    task: Task,
    threshold: float = 0.5,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> Interval:
    """Return a metric with its interval; the cost hardly grows with the rows.

    Plain proportions (accuracy, precision, recall, specificity) get Wilson's interval, which needs no
    resampling. Everything else is bootstrapped: BCa, with quantiles taken a little further out by Student's
    t, its degrees of freedom judged from how unequally the rows influence the metric, so that three
    influential rows do not pass for three hundred. Resamples in which the metric is undefined are left out.
    Where every resample agrees on the best or worst value there is, the range is Wilson's for the rows of the
    rarest class, since a perfect score on six rows is no proof of perfection.

    Parameters
    ----------
    name : str
        A key of ``METRICS``.
    truth, prediction : arrays
        As for ``score``.
    task : {"binary", "multiclass", "regression"}
    threshold : float, default=0.5
        Probability from which a binary row is decided positive.
    level : float, default=0.95
        Share of such intervals that cover the true value; between 0 and 1.
    resamples : int, default=1000
        At least 100.
    seed : int, default=0
        The same seed gives the same interval.

    Returns
    -------
    Interval

    Raises
    ------
    Undefined
        If the metric has no value on these rows, or they are too few for an interval.
    EmptySample, DataError, LoopwrightError
        As for ``score``.

    References
    ----------
    Efron (1987), Better bootstrap confidence intervals, JASA 82(397).
    Hesterberg (2015), What teachers should know about the bootstrap, Am. Stat. 69(4) (widening).
    Wilson (1927), Probable inference, JASA 22(158).

    Examples
    --------
    >>> interval = bootstrap("accuracy", [0, 1, 1, 1], [0.2, 0.9, 0.8, 0.7], task="binary")
    >>> round(interval.low, 2), interval.high, interval.method
    (0.51, 1.0, 'wilson')
    """
    check_level(level, resamples)
    value = score(name, truth, prediction, task=task, threshold=threshold)
    part = sums_of(name, truth, prediction, task=task, threshold=threshold, resampling=True)
    rows = len(part.columns)
    if name in _PROPORTIONS:
        low, high = _proportion(value, _rows_of_proportion(name, part), level)
        return Interval(value=value, low=low, high=high, level=level, rows=rows, method="wilson")
    low, high = spread(part, value=value, level=level, resamples=resamples, seed=seed)
    bounds = METRICS[name].bounds
    if low == high and bounds is not None and np.isclose(value, bounds, rtol=0, atol=1e-12).any():
        low, high = at_the_end(value, bounds=bounds, rows=_rarest(truth), level=level)
        return Interval(value=value, low=low, high=high, level=level, rows=rows, method="wilson")
    return Interval(value=value, low=low, high=high, level=level, rows=rows, method="bca-t")


def spread(part: Sums, *, value: float, level: float, resamples: int, seed: int) -> tuple[float, float]:
    """Return the bootstrap interval of any metric that is made from sums over rows.

    Parameters
    ----------
    part : Sums
        The metric, as resamples shall see it.
    value : float
        The metric on all rows.
    level, resamples, seed
        As for ``bootstrap``.

    Raises
    ------
    Undefined
        If there are fewer than two rows, or too few resamples have a value.
    """
    if len(part.columns) < 2:
        raise Undefined("an interval needs at least two rows; one row shows nothing of how rows differ.")
    generator = np.random.default_rng(seed)
    groups = grouped([part], generator=generator)
    drawn = resampled(groups, part.value, resamples=resamples, generator=generator)
    drawn = drawn[np.isfinite(drawn)]
    if len(drawn) < resamples / 2:
        raise Undefined(
            f"no interval can be given: in {resamples - len(drawn):,} of {resamples:,} resamples of these "
            f"{len(part.columns):,} rows the metric has no value. Evaluate on more rows of the rare class."
        )
    center = value if part.reading == "keep" else float(part.value(groups.center))
    low, high = _bca(drawn, center, *influence(groups, part.value), level)
    low, high = _read(part, low, high, value - center)
    return min(low, value), max(high, value)


def effective_freedom(influences: Floats, counts: Ints) -> float:
    """Return the degrees of freedom with which these influences show their own variance.

    The rows less one for influences of normal shape, about twice the rows that matter where only a few do.
    At least 1.

    Parameters
    ----------
    influences : float64 array of shape (n_groups,)
        How far leaving out one member of the group moves the metric.
    counts : int64 array of shape (n_groups,)
        Members of each group.

    Examples
    --------
    >>> effective_freedom(np.array([-1.0, 1.0, 0.0]), np.array([2, 2, 96])) < 10
    True
    """
    members = counts.sum()
    second = (counts @ influences**2) / max(members, 1)
    if second <= 0:
        return float(max(members - 1, 1))
    kurtosis = (counts @ influences**4) / members / second**2
    # Flatter than normal is no licence for more freedom than rows.
    return float(max(min(2 * members / max(kurtosis - 1, 1e-9), members) - 1, 1.0))


def check_level(level: float, resamples: int) -> None:
    """Raise if a level is no probability, or the resamples are too few to show one."""
    if not 0 < level < 1:
        raise LoopwrightError(f"level must lie between 0 and 1 (0.95 is usual); found {level!r}.")
    if resamples < 100:
        raise LoopwrightError(f"resamples={resamples} are too few for an interval; take 1000, at least 100.")


def _bca(drawn: Floats, center: float, influences: Floats, counts: Ints, level: float) -> tuple[float, float]:
    widened = student_quantile((1 + level) / 2, freedom=effective_freedom(influences, counts))
    below = float(np.mean(drawn < center) + np.mean(drawn == center) / 2)
    shift = normal_quantile(min(max(below, 1 / len(drawn)), 1 - 1 / len(drawn)))
    at = _corrected(shift, _acceleration(influences, counts))
    low, high = np.quantile(drawn, [at(-widened), at(widened)])
    return float(low), float(high)


def _corrected(shift: float, acceleration: float) -> Callable[[float], float]:
    """Return Efron's map from a normal quantile to the share of resamples that lies below the endpoint."""

    def at(z: float) -> float:
        moved = shift + z
        room = 1 - acceleration * moved
        if room <= 0:  # the map has a pole; beyond it lies the end of the distribution
            return float(moved > 0)
        return normal_cdf(shift + moved / room)

    return at


def _acceleration(influences: Floats, counts: Ints) -> float:
    second = float(counts @ influences**2)
    return float(counts @ influences**3) / (6 * second**1.5) if second > 0 else 0.0


def _read(part: Sums, low: float, high: float, moved: float) -> tuple[float, float]:
    if part.reading in ("keep", "fill"):
        return low, high
    if part.reading == "shift":
        return low + moved, high + moved
    far, near = max(abs(low), abs(high)), min(abs(low), abs(high))
    return (0.0 if low <= 0 <= high else near), far


def _rows_of_proportion(name: str, part: Sums) -> float:
    if part.width != 4 or name == "accuracy":
        return float(len(part.columns))
    tn, fp, fn, tp = part.total
    return float({"precision": tp + fp, "recall": tp + fn, "specificity": tn + fp}[name])


def _proportion(value: float, rows: float, level: float) -> tuple[float, float]:
    low, high = wilson(value * rows, rows, level=level)
    return float(low), float(high)


def at_the_end(
    value: float, *, bounds: tuple[float, float], rows: int, level: float = 0.95
) -> tuple[float, float]:
    """Return the range of a metric that has its best or worst possible value on these few rows.

    Parameters
    ----------
    value : float
        One of the bounds.
    bounds : tuple of float
        Smallest and largest value the metric can take.
    rows : int
        Rows that could have shown otherwise: those of the rarest class.
    level : float, default=0.95

    Examples
    --------
    >>> [round(each, 2) for each in at_the_end(1.0, bounds=(0.0, 1.0), rows=10)]
    [0.72, 1.0]
    """
    first, last = bounds
    low, high = _proportion(float(value > (first + last) / 2), rows, level)
    return first + (last - first) * low, first + (last - first) * high


def _rarest(truth: ArrayLike) -> int:
    return int(np.unique(np.asarray(truth), return_counts=True)[1].min())
