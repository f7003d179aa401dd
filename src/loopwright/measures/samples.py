"""The door of the room: what a sample of truths and predictions must look like before it is measured."""

from __future__ import annotations

from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loopwright.errors import DataError, EmptySample

__all__ = ["TASKS", "Floats", "Ints", "Task", "checked", "counts"]

Task: TypeAlias = Literal["binary", "multiclass", "regression"]
Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]

TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")

# Probabilities computed in float32 add up to 1 only to about 1e-6 per class.
_SUM_TOLERANCE = 1e-3


def checked(truth: ArrayLike, prediction: ArrayLike, *, task: Task) -> tuple[Floats | Ints, Floats]:
    """Return truth and prediction as arrays that every measure can trust.

    Parameters
    ----------
    truth : array of shape (n_rows,)
        Class codes (0 and 1; 0 to n_classes - 1), or the true values of a regression.
    prediction : array of shape (n_rows,), or (n_rows, n_classes) for several classes
        Probability of class 1, probabilities of all classes, or predicted values.
    task : {"binary", "multiclass", "regression"}
        What the numbers mean.

    Returns
    -------
    truth : int64 array (classification) or float64 array (regression) of shape (n_rows,)
    prediction : float64 array, shape as given

    Raises
    ------
    EmptySample
        If there are no rows.
    DataError
        If shapes differ, a number is missing or infinite, a code is no class, or a probability is none.

    Examples
    --------
    >>> truth, probability = checked([0, 1], [0.2, 0.9], task="binary")
    >>> truth.dtype, probability.dtype
    (dtype('int64'), dtype('float64'))
    """
    if task not in TASKS:
        raise DataError(f"the task {task!r} is unknown; it must be one of {', '.join(map(repr, TASKS))}.")
    values = _finite(prediction, "prediction")
    rows = len(values) if values.ndim else 0
    _check_shapes(np.shape(truth), values.shape, task)
    if rows == 0:
        raise EmptySample("there are no rows to measure. Give at least one row of truth and prediction.")
    if task == "regression":
        return _finite(truth, "truth"), values
    _check_probabilities(values)
    return _codes(truth, values.shape[1] if task == "multiclass" else 2), values


def counts(values: ArrayLike, *, name: str) -> Ints:
    """Return row counts per bin as integers.

    Parameters
    ----------
    values : array of shape (n_bins,)
        Counts, none negative.
    name : str
        What the histogram is called in a message.

    Raises
    ------
    EmptySample
        If the counts add up to nothing: unknown is not zero.
    DataError
        If they are no whole numbers, or negative.

    Examples
    --------
    >>> counts([3, 0, 5], name="reference")
    array([3, 0, 5])
    """
    given = _finite(values, name)
    if given.ndim != 1 or np.any(given < 0) or np.any(given != np.floor(given)):
        raise DataError(
            f"{name} must be one row of counts (0, 1, 2 ...), one per bin; found {values!r:.200}. "
            f"Count the rows first."
        )
    if given.sum() == 0:
        raise EmptySample(f"{name} holds no rows, so it says nothing. Give at least one row on each side.")
    return given.astype(np.int64)


def _finite(values: ArrayLike, name: str) -> Floats:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} must be numbers ({error}). Encode classes as codes 0, 1, 2 ...") from error
    if not np.all(np.isfinite(numbers)):
        table = np.atleast_1d(numbers)
        bad = np.flatnonzero(~np.isfinite(table.reshape(len(table), -1)).all(axis=1))
        raise DataError(
            f"{name} has a missing or infinite number in {len(bad):,} of {len(table):,} rows, "
            f"first in row {bad[0]}. Remove these rows, or repair what made them."
        )
    return numbers


def _check_shapes(truth: tuple[int, ...], prediction: tuple[int, ...], task: Task) -> None:
    wanted, axes = ("(n_rows, n_classes)", 2) if task == "multiclass" else ("(n_rows,)", 1)
    if len(truth) != 1 or len(prediction) != axes or truth[0] != prediction[0]:
        raise DataError(
            f"for the task {task!r} truth must have the shape (n_rows,) and prediction {wanted}; "
            f"found {truth} and {prediction}."
        )


def _codes(truth: ArrayLike, classes: int) -> Ints:
    numbers = _finite(truth, "truth")
    codes = numbers.astype(np.int64)
    bad = (codes != numbers) | (codes < 0) | (codes >= classes)
    if bad.any():
        raise DataError(
            f"truth must hold class codes from 0 to {classes - 1}; {bad.sum():,} rows do not, for example "
            f"{numbers[bad][0]:g} in row {np.flatnonzero(bad)[0]}. Encode classes in the columns' order."
        )
    return codes


def _check_probabilities(values: Floats) -> None:
    outside = (values < 0) | (values > 1)
    if outside.any():
        raise DataError(
            f"a probability must lie between 0 and 1; {outside.sum():,} do not, for example "
            f"{values[outside][0]:g}. Give the output of predict_proba, not of decision_function."
        )
    if values.ndim == 1:
        return
    totals = values.sum(axis=1)
    row = int(np.argmax(np.abs(totals - 1)))
    if abs(totals[row] - 1) > _SUM_TOLERANCE:
        raise DataError(
            f"the probabilities of a row must add up to 1; in row {row} they add up to {totals[row]:g}. "
            f"Give one column for every class, the output of predict_proba."
        )
