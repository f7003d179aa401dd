"""Calibration: whether events given a probability of 0.3 happen in three of ten rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import DataError
from loopwright.measures.quantiles import wilson
from loopwright.measures.samples import Floats, Ints, checked
from loopwright.measures.sums import Sums

__all__ = ["BINS", "Reliability", "calibration_sums", "reliability"]

BINS = 10  # deciles of the predicted probability


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """A reliability diagram: per bin of predictions, what was predicted and what happened.

    Attributes
    ----------
    predicted : tuple of float
        Mean probability predicted in each bin, rising.
    observed : tuple of float
        Share of the bin's rows of class 1.
    low, high : tuple of float
        Wilson's 95 % interval for that share.
    rows : tuple of int
        Rows in each bin.
    """

    predicted: tuple[float, ...]
    observed: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    rows: tuple[int, ...]


def reliability(truth: ArrayLike, probability: ArrayLike, *, bins: int = BINS) -> Reliability:
    """Compare predicted probabilities with what happened, in bins of about as many rows each.

    Rows with the same probability stay in one bin, so fewer bins than asked for may come back.

    Parameters
    ----------
    truth : int array of shape (n_rows,)
        0 or 1.
    probability : float array of shape (n_rows,)
        Predicted probability of class 1.
    bins : int, default=10
        Most bins wanted, at least 1.

    Returns
    -------
    Reliability

    Raises
    ------
    EmptySample
        If there are no rows.
    DataError
        If an array or the number of bins is not as described.

    Examples
    --------
    >>> reliability([0, 0, 1, 1], [0.1, 0.3, 0.6, 0.8], bins=2).observed
    (0.0, 1.0)
    """
    if bins < 1:
        raise DataError(f"a reliability diagram needs at least one bin; bins={bins} was given.")
    codes, predicted = checked(truth, probability, task="binary")
    part = calibration_sums(codes.astype(np.int64), predicted, bins=bins)
    rows, total, events = part.total.reshape(-1, 3).T
    low, high = wilson(events, rows)
    return Reliability(
        predicted=tuple((total / rows).tolist()),
        observed=tuple((events / rows).tolist()),
        low=tuple(low.tolist()),
        high=tuple(high.tolist()),
        rows=tuple(int(count) for count in rows),
    )


def calibration_sums(truth: Ints, probability: Floats, *, bins: int = BINS, noise: float = 1.0) -> Sums:
    """Return the calibration error as sums: per bin its rows, its predicted events and its events.

    The error is the root of the mean squared gap between predicted and observed shares, less ``noise`` times
    what chance alone adds to the squared gap of a bin. A resample carries the chance of the sample and its
    own, so there ``noise`` is 2.

    References
    ----------
    Kumar, Liang & Ma (2019), Verified uncertainty calibration, NeurIPS 32 (the debiased estimator).
    """
    code = _quantile_codes(probability, bins)
    width = int(code.max()) + 1
    values = np.stack([np.ones(len(truth)), probability, truth.astype(np.float64)], axis=1)
    columns = 3 * code[:, None] + np.arange(3)
    return Sums(columns=columns, values=values, width=3 * width, value=_error(noise), reading="keep")


def _quantile_codes(probability: Floats, bins: int) -> Ints:
    _, group, sizes = np.unique(probability, return_inverse=True, return_counts=True)
    before = np.cumsum(sizes) - sizes
    code = before * min(bins, len(probability)) // len(probability)
    # Bins that ties left empty are closed up.
    closed = np.unique(code, return_inverse=True)[1]
    return np.asarray(closed[group], dtype=np.int64)


def _error(noise: float) -> Callable[[Floats], Floats]:
    def value(sums: Floats) -> Floats:
        rows, predicted, events = np.moveaxis(sums.reshape(*sums.shape[:-1], -1, 3), -1, 0)
        held = np.maximum(rows, 1)
        share = events / held
        chance = share * (1 - share) / np.maximum(rows - 1, 1)
        squares = ((predicted / held - share) ** 2 - noise * chance) * rows
        return np.asarray(np.sqrt(np.maximum(squares.sum(axis=-1) / rows.sum(axis=-1), 0.0)))

    return value
