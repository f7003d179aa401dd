"""What any model must beat: answers that look at no feature, and the user's rule."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import TrainingError, UserCodeError
from loopwright.stages.training.estimators import Task
from loopwright.stages.training.ladder import BASELINES, LINEAR

__all__ = ["BASELINES", "LINEAR", "baseline", "heuristic"]

Predictions: TypeAlias = NDArray[np.float64]

def baseline(
    name: str,
    labels: NDArray[np.int64] | NDArray[np.float64],
    *,
    rows: int,
    task: Task,
    classes: int = 0,
    seed: int = 0,
) -> Predictions:
    """Return what somebody would say who knows the training labels and looks at no feature.

    ==========  ==============================================================================================
    random      one class for certain, drawn with the shares of the classes; has no ranking at all
    majority    the shares of the classes for every row, so that the most frequent one is decided
    mean        the mean of the labels: the best constant by squared error
    median      their median: the best constant by absolute error
    ==========  ==============================================================================================

    Parameters
    ----------
    name : str
        One of ``BASELINES[task]``.
    labels : array of shape (n_train,)
        Labels of the training part.
    rows : int
        How many predictions are wanted.
    task : {"binary", "multiclass", "regression"}
    classes : int, default=0
        How many classes there are, at least; 0 takes as many as the labels hold.
    seed : int, default=0
        Of ``random``.

    Returns
    -------
    float64 array
        In the shape of the task, as of ``fitting.predict``.

    Raises
    ------
    TrainingError
        If there are no labels, or the task has no such baseline.

    Examples
    --------
    >>> baseline("majority", np.array([0, 0, 0, 1]), rows=2, task="binary").tolist()
    [0.25, 0.25]
    >>> baseline("median", np.array([1.0, 2.0, 9.0]), rows=2, task="regression").tolist()
    [2.0, 2.0]
    """
    if name not in BASELINES[task]:
        raise TrainingError(
            f"{task} has no baseline {name!r}; it has {', '.join(BASELINES[task])}. Take one of them."
        )
    if len(labels) == 0:
        raise TrainingError("there are no training labels for a baseline. Check the label and the split.")
    if task == "regression":
        return np.full(rows, float(np.mean(labels) if name == "mean" else np.median(labels)))
    counts = np.bincount(labels.astype(np.int64), minlength=max(classes, 2))
    shares = counts / counts.sum()
    if name == "majority":
        return _shaped(np.tile(shares, (rows, 1)), task)
    drawn = np.random.default_rng(seed).choice(len(shares), size=rows, p=shares)
    return _shaped(np.eye(len(shares))[drawn], task)


def heuristic(said: pl.Series, *, task: Task, classes: Sequence[str]) -> Predictions:
    """Return a user's rule as predictions, so that it is scored like any model.

    ==========  ==============================================================================================
    binary      False and True (or 0 and 1), a probability of the positive class, or a class
    multiclass  a class; it is predicted for certain
    regression  a number
    ==========  ==============================================================================================

    Text, booleans and whole numbers are taken for classes if all of them are; then 0 and 1 mean the classes
    of that name, whichever of them is positive.

    Parameters
    ----------
    said : polars.Series of shape (n_rows,)
        What the rule said of each row.
    task : {"binary", "multiclass", "regression"}
    classes : sequence of str
        Class values in the order of their codes; empty for regression.

    Returns
    -------
    float64 array
        In the shape of the task, as of ``fitting.predict``.

    Raises
    ------
    UserCodeError
        If the rule said nothing of a row, or something that is no prediction; names a row.

    Examples
    --------
    >>> heuristic(pl.Series([True, False]), task="binary", classes=("no", "yes")).tolist()
    [1.0, 0.0]
    >>> heuristic(pl.Series(["b", "a"]), task="multiclass", classes=("a", "b", "c")).tolist()
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """
    _refuse_silence(said)
    if task == "regression":
        return _numbers(said)
    codes = _codes(said, classes)
    if codes is not None:
        return _shaped(np.eye(len(classes))[codes], task)
    if task == "multiclass" or not (said.dtype.is_numeric() or said.dtype == pl.Boolean):
        known = said.cast(pl.String).is_in(list(classes))
        raise UserCodeError(
            f"the rule must say one of the classes {', '.join(map(repr, classes))}; of row {_first(~known)} "
            f"it says {said.filter(~known)[0]!r}. Return "
            f"{'a class' if task == 'multiclass' else 'a class, a probability, True or False'}."
        )
    return _probabilities(said)


def _refuse_silence(said: pl.Series) -> None:
    silent = said.is_null() | (said.is_nan() if said.dtype.is_float() else False)
    if silent.any():
        raise UserCodeError(
            f"the rule says nothing of {int(silent.sum())} of {len(said)} rows, the first of them row "
            f"{_first(silent)}: a value it looks at is missing there. Say what holds then, for example with "
            f"`.fill_null(False)`."
        )


def _numbers(said: pl.Series) -> Predictions:
    if not said.dtype.is_numeric():
        raise UserCodeError(
            f"the rule must say a number of each row, and it says {said.dtype}. Return a numeric expression."
        )
    values = said.cast(pl.Float64)
    infinite = values.is_infinite()
    if infinite.any():
        raise UserCodeError(
            f"the rule says {values.filter(infinite)[0]} of row {_first(infinite)}. Return finite numbers; "
            f"a division by 0 is often the cause."
        )
    return values.to_numpy()


def _codes(said: pl.Series, classes: Sequence[str]) -> NDArray[np.int64] | None:
    """Return the codes of what was said if all of it is classes; fractions never are."""
    if said.dtype.is_float() or said.dtype.is_nested():
        return None
    text = said.cast(pl.String)
    if not text.is_in(list(classes)).all():
        return None
    codes = range(len(classes))
    return text.replace_strict(list(classes), list(codes), return_dtype=pl.Int64).to_numpy()


def _probabilities(said: pl.Series) -> Predictions:
    values = said.cast(pl.Float64)
    outside = (values < 0) | (values > 1)
    if outside.any():
        raise UserCodeError(
            f"the rule says {values.filter(outside)[0]:g} of row {_first(outside)}, and a probability lies "
            f"between 0 and 1. Return True or False, a class, or a probability."
        )
    return values.to_numpy()


def _first(where: pl.Series) -> int:
    """Return the first row that is meant, counted from 1."""
    return int(where.arg_true()[0]) + 1


def _shaped(probabilities: Predictions, task: Task) -> Predictions:
    return probabilities[:, 1] if task == "binary" else probabilities
