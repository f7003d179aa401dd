"""Curves over all thresholds, thinned for drawing, and the threshold that serves a purpose best."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import LoopwrightError, Undefined, nearest
from loopwright.measures.confusion import BINARY_RATES
from loopwright.measures.samples import Floats, checked

__all__ = ["PrecisionRecallCurve", "RocCurve", "best_threshold", "precision_recall_curve", "roc_curve"]

_PURPOSES = ("accuracy", "balanced_accuracy", "f0.5", "f1", "f2", "matthews_correlation", "youden")


@dataclass(frozen=True, slots=True, kw_only=True)
class RocCurve:
    """Points of a ROC curve from (0, 0) to (1, 1).

    Attributes
    ----------
    false_positive_rate, true_positive_rate : tuple of float
        Shares of the negative and of the positive rows that are decided positive; rising.
    threshold : tuple of float or None
        Score from which a row is decided positive; None for the first point, where none is.
    """

    false_positive_rate: tuple[float, ...]
    true_positive_rate: tuple[float, ...]
    threshold: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PrecisionRecallCurve:
    """Points of a precision-recall curve, by rising recall.

    Attributes
    ----------
    recall, precision : tuple of float
        Share of the positive rows found, and share of the rows decided positive that are.
    threshold : tuple of float
        Score from which a row is decided positive.
    """

    recall: tuple[float, ...]
    precision: tuple[float, ...]
    threshold: tuple[float, ...]


def roc_curve(truth: ArrayLike, probability: ArrayLike, *, points: int = 200) -> RocCurve:
    """Return a ROC curve with no more points than a drawing can show.

    Every corner of the curve lies within ``2 / (points - 2)`` of a kept point, measured along the axes.

    Parameters
    ----------
    truth : int array of shape (n_rows,)
        0 or 1.
    probability : float array of shape (n_rows,)
        Probability of class 1.
    points : int, default=200
        Most points returned, at least 3.

    Returns
    -------
    RocCurve

    Raises
    ------
    Undefined
        If the rows hold only one class.
    EmptySample, DataError
        If the arrays are not as described.

    Examples
    --------
    >>> roc_curve([0, 1], [0.2, 0.7]).true_positive_rate
    (0.0, 1.0, 1.0)
    """
    cells, threshold = _cells(truth, probability)
    tn, fp, fn, tp = cells.T
    if not (tn[0] + fp[0]) or not (fn[0] + tp[0]):
        raise Undefined("a ROC curve needs rows of both classes; these hold only one. Take more rows.")
    x, y = fp / (tn + fp), tp / (fn + tp)
    kept = _thinned(x, y, points)
    return RocCurve(
        false_positive_rate=tuple(x[kept].tolist()),
        true_positive_rate=tuple(y[kept].tolist()),
        threshold=tuple(None if at == 0 else float(threshold[at - 1]) for at in kept),
    )


def precision_recall_curve(
    truth: ArrayLike, probability: ArrayLike, *, points: int = 200
) -> PrecisionRecallCurve:
    """Return a precision-recall curve with no more points than a drawing can show.

    Points are kept evenly along the length of the curve. No point is made up for recall 0, where there is no
    precision.

    Parameters
    ----------
    truth : int array of shape (n_rows,)
        0 or 1.
    probability : float array of shape (n_rows,)
        Probability of class 1.
    points : int, default=200
        Most points returned, at least 3.

    Returns
    -------
    PrecisionRecallCurve

    Raises
    ------
    Undefined
        If no row is positive.
    EmptySample, DataError
        If the arrays are not as described.

    Examples
    --------
    >>> precision_recall_curve([0, 1], [0.2, 0.7]).precision
    (1.0, 0.5)
    """
    cells, threshold = _cells(truth, probability)
    _, fp, fn, tp = cells[1:].T
    if not (fn[0] + tp[0]):
        raise Undefined("a precision-recall curve needs positive rows; there are none. Take more rows.")
    recall, precision = tp / (fn + tp), tp / (tp + fp)
    kept = _thinned(recall, precision, points)
    return PrecisionRecallCurve(
        recall=tuple(recall[kept].tolist()),
        precision=tuple(precision[kept].tolist()),
        threshold=tuple(threshold[kept].tolist()),
    )


def best_threshold(truth: ArrayLike, probability: ArrayLike, *, maximise: str = "f1") -> float:
    """Return the threshold at which a metric of the decisions is highest.

    Choose it on validation rows: on the rows it was chosen on, the metric flatters.

    Parameters
    ----------
    truth : int array of shape (n_rows,)
        0 or 1.
    probability : float array of shape (n_rows,)
        Probability of class 1.
    maximise : str, default="f1"
        "accuracy", "balanced_accuracy", "f0.5", "f1", "f2", "matthews_correlation" or "youden" (recall plus
        specificity less 1, highest where balanced accuracy is).

    Returns
    -------
    float
        Rows from this probability on are to be decided positive. It lies halfway between two scores that
        occur; of equally good ones it is the highest.

    Raises
    ------
    Undefined
        If the metric has no value at any threshold.
    LoopwrightError
        If there is no such metric to maximise.
    EmptySample, DataError
        If the arrays are not as described.

    Examples
    --------
    >>> best_threshold([0, 0, 1, 1], [0.1, 0.2, 0.6, 0.8])
    0.4
    """
    if maximise not in _PURPOSES:
        raise LoopwrightError(
            f"no threshold can be chosen by {maximise!r}{nearest(maximise, _PURPOSES)}; "
            f"choose by one of {', '.join(_PURPOSES)}."
        )
    cells, threshold = _cells(truth, probability)
    values = BINARY_RATES[maximise](cells[1:])
    if not np.isfinite(values).any():
        raise Undefined(f"{maximise} has no value at any threshold: the rows hold one class. Take more rows.")
    at = int(np.nanargmax(values))
    below = threshold[at + 1] if at + 1 < len(threshold) else threshold[at]
    return float((threshold[at] + below) / 2)


def _cells(truth: ArrayLike, probability: ArrayLike) -> tuple[Floats, Floats]:
    """Return confusion counts (n_scores + 1, 4), the first deciding nothing positive, and falling scores."""
    known, score = checked(truth, probability, task="binary")
    distinct, code = np.unique(score, return_inverse=True)
    found = np.bincount(2 * code + known.astype(np.int64), minlength=2 * len(distinct)).reshape(-1, 2)
    above = np.concatenate([[[0, 0]], np.cumsum(found[::-1], axis=0)]).astype(np.float64)
    rest = above[-1] - above
    return np.stack([rest[:, 0], above[:, 0], rest[:, 1], above[:, 1]], axis=1), distinct[::-1]


def _thinned(x: Floats, y: Floats, points: int) -> list[int]:
    if points < 3:
        raise LoopwrightError(f"a curve needs at least 3 points; points={points} was given.")
    corners = _corners(x, y)
    if len(corners) <= points:
        return [int(at) for at in corners]
    steps = np.abs(np.diff(x[corners])) + np.abs(np.diff(y[corners]))
    length = np.concatenate([[0.0], np.cumsum(steps)])
    wanted = np.linspace(0, length[-1], points)
    at = np.append(np.searchsorted(length, wanted[:-1], side="right") - 1, len(corners) - 1)
    return [int(each) for each in corners[np.unique(at)]]


def _corners(x: Floats, y: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Return the points at which a curve turns, and its ends."""
    dx, dy = np.diff(x), np.diff(y)
    turns = np.abs(dx[:-1] * dy[1:] - dy[:-1] * dx[1:]) > 1e-15
    return np.flatnonzero(np.concatenate([[True], turns, [True]])).astype(np.int64)
