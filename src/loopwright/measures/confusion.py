"""Metrics of decisions: all of them are functions of the counts of a confusion matrix."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import DataError, EmptySample
from loopwright.measures.samples import Floats, Ints
from loopwright.measures.sums import Sums

__all__ = ["BINARY_RATES", "CLASS_RATES", "class_sums", "confusion_matrix", "decision_sums", "ratio"]


def confusion_matrix(truth: ArrayLike, predicted: ArrayLike, *, classes: int) -> Ints:
    """Count rows by true class and predicted class.

    Parameters
    ----------
    truth, predicted : int arrays of shape (n_rows,)
        Class codes from 0 to ``classes - 1``.
    classes : int
        Number of classes.

    Returns
    -------
    int64 array of shape (classes, classes)
        Rows of the matrix are true classes, columns predicted ones.

    Raises
    ------
    EmptySample
        If there are no rows.
    DataError
        If the arrays differ in length, or hold something that is no class code.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1], [0, 1, 0], classes=2)
    array([[1, 0],
           [1, 1]])
    """
    t, p = np.asarray(truth), np.asarray(predicted)
    if t.shape != p.shape or t.ndim != 1:
        raise DataError(
            f"truth and predicted must be two rows of equal length; found the shapes {t.shape} and {p.shape}."
        )
    if not t.size:
        raise EmptySample("a confusion matrix needs at least one row.")
    for name, codes in (("truth", t), ("predicted", p)):
        if codes.dtype.kind not in "iub" or codes.min() < 0 or codes.max() >= classes:
            raise DataError(f"{name} must hold class codes from 0 to {classes - 1}. Encode classes first.")
    cells = np.bincount(t.astype(np.int64) * classes + p.astype(np.int64), minlength=classes * classes)
    return cells.reshape(classes, classes).astype(np.int64)


def decision_sums(truth: Ints, decided: Ints, *, rate: Callable[[Floats], Floats]) -> Sums:
    """Return a rate of 0/1 decisions as sums.

    They are true negatives, false positives, false negatives and true positives.
    """
    return Sums(columns=(2 * truth + decided)[:, None], values=None, width=4, value=rate, reading="fill")


def class_sums(truth: Ints, decided: Ints, classes: int, *, rate: Callable[[Floats], Floats]) -> Sums:
    """Return a rate over several classes as sums: per class its true rows, predicted rows and hits."""
    columns = np.stack([truth, classes + decided, 2 * classes + truth], axis=1)
    ones = np.ones(len(truth))
    values = np.stack([ones, ones, (truth == decided).astype(np.float64)], axis=1)
    return Sums(columns=columns, values=values, width=3 * classes, value=rate)


def ratio(above: Floats, below: Floats) -> Floats:
    """Divide, and say NaN where the divisor is not above 0.

    Examples
    --------
    >>> ratio(np.array([1.0, 1.0]), np.array([2.0, 0.0]))
    array([0.5, nan])
    """
    above, below = np.broadcast_arrays(above, below)
    return np.asarray(np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0))


def _accuracy(cells: Floats) -> Floats:
    return ratio(cells[..., 0] + cells[..., 3], cells.sum(axis=-1))


def _precision(cells: Floats) -> Floats:
    return ratio(cells[..., 3], cells[..., 1] + cells[..., 3])


def _recall(cells: Floats) -> Floats:
    return ratio(cells[..., 3], cells[..., 2] + cells[..., 3])


def _specificity(cells: Floats) -> Floats:
    return ratio(cells[..., 0], cells[..., 0] + cells[..., 1])


def _balanced_accuracy(cells: Floats) -> Floats:
    return (_recall(cells) + _specificity(cells)) / 2


def _youden(cells: Floats) -> Floats:
    return _recall(cells) + _specificity(cells) - 1


def _f(beta: float) -> Callable[[Floats], Floats]:
    weight = beta * beta

    def f_beta(cells: Floats) -> Floats:
        hits = (1 + weight) * cells[..., 3]
        return ratio(hits, hits + weight * cells[..., 2] + cells[..., 1])

    return f_beta


def _matthews_correlation(cells: Floats) -> Floats:
    tn, fp, fn, tp = np.moveaxis(cells, -1, 0)
    both = np.sqrt((tn + fp) * (fn + tp))
    decided = np.sqrt((tn + fn) * (fp + tp))
    covariance = tp * tn - fp * fn
    # Constant decisions carry no information about truth that varies: by convention 0, see `metrics`.
    value = np.where(decided > 0, ratio(covariance, both * np.maximum(decided, 1e-300)), 0.0)
    return np.where(both > 0, np.clip(value, -1.0, 1.0), np.nan)


def _classes(sums: Floats) -> tuple[Floats, Floats, Floats]:
    parts = sums.reshape(*sums.shape[:-1], 3, -1)
    return parts[..., 0, :], parts[..., 1, :], parts[..., 2, :]


def _class_accuracy(sums: Floats) -> Floats:
    true, _, hits = _classes(sums)
    return ratio(hits.sum(axis=-1), true.sum(axis=-1))


def _class_balanced_accuracy(sums: Floats) -> Floats:
    true, _, hits = _classes(sums)
    return _mean_of_known(ratio(hits, true))


def _macro_f1(sums: Floats) -> Floats:
    true, predicted, hits = _classes(sums)
    return _mean_of_known(ratio(2 * hits, true + predicted))


def _mean_of_known(rates: Floats) -> Floats:
    known = np.isfinite(rates)
    return ratio(np.where(known, rates, 0.0).sum(axis=-1), known.sum(axis=-1))


# From counts of shape (..., 4) in the order of `decision_sums` to rates of shape (...).
BINARY_RATES: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {
        "accuracy": _accuracy,
        "balanced_accuracy": _balanced_accuracy,
        "f0.5": _f(0.5),
        "f1": _f(1.0),
        "f2": _f(2.0),
        "matthews_correlation": _matthews_correlation,
        "precision": _precision,
        "recall": _recall,
        "specificity": _specificity,
        "youden": _youden,
    }
)

# From sums of shape (..., 3 * classes) in the order of `class_sums` to rates of shape (...).
CLASS_RATES: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {"accuracy": _class_accuracy, "balanced_accuracy": _class_balanced_accuracy, "macro_f1": _macro_f1}
)
