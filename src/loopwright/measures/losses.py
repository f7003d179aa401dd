"""Losses: what each row adds to a metric that is a mean over rows, or a function of such means."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from loopwright.errors import Undefined
from loopwright.measures.confusion import ratio
from loopwright.measures.samples import Floats, Ints
from loopwright.measures.sums import Sums, means

__all__ = ["bias", "brier", "log_loss", "mean", "median", "r2", "relative", "root_mean", "squared_log"]

# A probability of 0 for what happened would cost infinitely much; scikit-learn clips at the same place.
_SMALLEST = float(np.finfo(np.float64).eps)


def mean(losses: Floats) -> Sums:
    """Return the mean of a loss per row as sums."""
    return means(losses, value=_mean)


def root_mean(losses: Floats) -> Sums:
    """Return the square root of the mean of a loss per row as sums."""
    return means(losses, value=lambda sums: np.sqrt(_mean(sums)))


def bias(truth: Floats | Ints, prediction: Floats, *, signed: bool) -> Sums:
    """Return the mean of prediction minus truth as sums, without its sign unless ``signed``."""
    part = means(prediction - truth, value=_mean if signed else lambda sums: np.abs(_mean(sums)))
    return Sums(columns=part.columns, values=part.values, width=part.width, value=part.value, reading="fold")


def log_loss(truth: Ints, probability: Floats) -> Floats:
    """Return minus the logarithm of the probability that each row's own class was given, in nats."""
    if probability.ndim == 1:
        own = np.where(truth == 1, probability, 1 - probability)
    else:
        own = probability[np.arange(len(truth)), truth]
    return np.asarray(-np.log(np.clip(own, _SMALLEST, 1 - _SMALLEST)))


def brier(truth: Ints, probability: Floats) -> Floats:
    """Return squared distances of probabilities from what happened: to 1 for two classes, to 2 for more."""
    if probability.ndim == 1:
        return np.asarray((probability - truth) ** 2)
    happened = truth[:, None] == np.arange(probability.shape[1])
    return np.asarray(((probability - happened) ** 2).sum(axis=1))


def relative(truth: Floats, prediction: Floats) -> Floats:
    """Return absolute errors as shares of the truth.

    Raises
    ------
    Undefined
        If a true value is 0: the error there is no share of anything.
    """
    zeros = int((truth == 0).sum())
    if zeros:
        raise Undefined(
            f"mape divides by the truth, which is 0 in {zeros:,} of {len(truth):,} rows. "
            f"Use mae or rmsle, or leave these rows out on purpose."
        )
    return np.abs(prediction - truth) / np.abs(truth)


def squared_log(truth: Floats, prediction: Floats) -> Floats:
    """Return squared differences of ``log(1 + value)``, a prediction below 0 read as 0.

    Raises
    ------
    Undefined
        If a true value is below 0.
    """
    below = int((truth < 0).sum())
    if below:
        raise Undefined(
            f"rmsle needs a truth of 0 or more, and {below:,} of {len(truth):,} rows are below, down to "
            f"{truth.min():g}. Use rmse or mae."
        )
    return np.asarray((np.log1p(np.maximum(prediction, 0.0)) - np.log1p(truth)) ** 2)


def r2(truth: Floats, prediction: Floats) -> Sums:
    """Return the share of the variance of the truth that the prediction explains, as sums."""
    # Centred first: sums of squares far from zero would cancel to noise.
    centred = truth - truth.mean()
    return means(centred, centred**2, (truth - prediction) ** 2, value=_r2)


def median(losses: Floats, *, bins: int | None) -> Sums:
    """Return the median of a loss per row as sums: one count for each rank.

    With more rows than ``bins``, ranks more than five standard deviations from the middle, where no
    resampled median falls, share the outer bins.
    """
    order = np.argsort(losses, kind="stable")
    rank = np.empty(len(losses), dtype=np.int64)
    rank[order] = np.arange(len(losses))
    code, width = (rank, len(losses)) if bins is None or len(losses) <= bins else (_middle(rank, bins), bins)
    held = np.bincount(code, minlength=width)
    level = np.bincount(code, weights=losses, minlength=width) / np.maximum(held, 1)
    return Sums(columns=code[:, None], values=None, width=width, value=_median_of(level))


def _middle(rank: Ints, bins: int) -> Ints:
    rows = len(rank)
    half = min(2.5 * np.sqrt(rows), rows / 2)
    inside = (rank - (rows / 2 - half)) / (2 * half) * bins
    return np.asarray(np.clip(np.floor(inside), 0, bins - 1), dtype=np.int64)


def _median_of(level: Floats) -> Callable[[Floats], Floats]:
    def value(sums: Floats) -> Floats:
        below = np.cumsum(sums, axis=-1)
        half = below[..., -1:] / 2
        lower, upper = (below >= half).argmax(axis=-1), (below > half).argmax(axis=-1)
        return np.asarray((level[lower] + level[upper]) / 2)

    return value


def _mean(sums: Floats) -> Floats:
    return ratio(sums[..., 1], sums[..., 0])


def _r2(sums: Floats) -> Floats:
    rows, total, squares, errors = np.moveaxis(sums, -1, 0)
    spread = squares - ratio(total**2, rows)
    # Below this the spread is rounding of the centring, as for a constant truth.
    return 1 - ratio(errors, np.where(spread > 1e-12 * np.maximum(squares, 1e-300), spread, 0.0))
