"""Checks that training learns what is there, and only that; each answers with a sentence and its numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from loopwright.errors import TrainingError
from loopwright.stages.training.estimators import Task, Value
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.tinybatch import ability, easy_rows, freed

__all__ = [
    "Check",
    "against_chance",
    "overfits_a_tiny_batch",
    "predictions_are_finite",
    "same_seed_same_model",
    "shuffled_labels_give_chance",
]

Labels: TypeAlias = NDArray[np.int64] | NDArray[np.float64]
Predictions: TypeAlias = NDArray[np.float64]

_MAX_ROWS = 5000
_PERMUTATIONS = 999
_STANDARD_DEVIATIONS = 3.29  # Two-sided 99.9 %: one false alarm in a thousand trainings.


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """The outcome of a check.

    Attributes
    ----------
    passed : bool or None
        None if the rows at hand cannot tell.
    claim : str
        One plain sentence with the numbers.
    value : float or None
        What was measured; None if nothing could be.
    limit : str or None
        What was demanded of it.
    low, high : float or None
        Where the value lies by chance alone.
    rows : int
        Rows that the value rests on.
    """

    passed: bool | None
    claim: str
    value: float | None = None
    limit: str | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0


def overfits_a_tiny_batch(
    make_pipeline: Callable[[], Pipeline], frame: pl.DataFrame, labels: Labels, *, task: Task, seed: int
) -> Check:
    """Check that the pipeline can learn a few rows by heart, as it must if features and labels reach it.

    At most 64 rows are taken whose features differ. What keeps the estimator from learning single rows
    (regularisation, least leaf sizes, early stopping, calibration; see ``tinybatch.freed``) is taken out and
    named in the claim. The value is the share of the error of the best constant answer that is gone: error
    rate for classes, squared error for numbers. 0.95 is demanded where learning by heart is possible: of
    trees, neighbours, kernels and networks for any rows, of linear models for rows that are linearly
    independent. Of others (naive Bayes, boosted stumps, discriminants) 0.1 is demanded.

    Parameters
    ----------
    make_pipeline : callable
        Returns a new unfitted pipeline.
    frame : polars.DataFrame of shape (n_rows, n_features)
        The training rows, as ``matrix`` returns them.
    labels : array of shape (n_rows,)
    task : {"binary", "multiclass", "regression"}
    seed : int
        Of the choice of rows.
    """
    made = make_pipeline()
    prepared = np.asarray(made[:-1].fit_transform(frame), dtype=np.float64)
    model, changes = freed(made[-1])
    able = ability(model)
    rows = easy_rows(prepared, labels, independent=able == "independent rows", seed=seed)
    truth = labels[rows] if task == "regression" else _contiguous(labels[rows])
    if len(np.unique(truth)) < 2:
        return Check(passed=None, rows=len(rows), claim="no two training rows differ in features and label")
    batch = Pipeline([("prepare", made[0]), ("model", model)])
    try:
        fitted = fit(batch, frame[rows], truth).pipeline
        gone = _error_gone(truth, np.asarray(fitted.predict(frame[rows])), task)
    except TrainingError as error:
        return Check(passed=False, rows=len(rows), claim=f"{len(rows)} rows could not be learned: {error}")
    return _overfitting(gone, rows=len(rows), least=0.1 if able == "some rows" else 0.95, changes=changes)


def _overfitting(gone: float, *, rows: int, least: float, changes: dict[str, Value]) -> Check:
    changed = ", ".join(f"{name} = {value}" for name, value in changes.items())
    claim = f"fitted to {rows} rows alone{f' (with {changed})' if changed else ''}, the estimator "
    claim += f"removes {gone:.0%} of the error of the best constant answer on them"
    if gone < least:
        claim += ": features or labels do not reach it as they should"
    return Check(passed=gone >= least, claim=claim, value=gone, limit=f">= {least:g}", rows=rows)


def _error_gone(truth: Labels, said: Labels, task: Task) -> float:
    if task == "regression":
        return float(1 - np.sum((said - truth) ** 2) / np.sum((truth - truth.mean()) ** 2))
    constant = 1 - np.bincount(truth.astype(np.int64)).max() / len(truth)
    return float(1 - np.mean(said != truth) / constant)


def shuffled_labels_give_chance(
    make_pipeline: Callable[[], Pipeline],
    frame: pl.DataFrame,
    labels: Labels,
    validation: pl.DataFrame,
    validation_labels: Labels,
    *,
    task: Task,
    seed: int,
) -> Check:
    """Check that nothing can be predicted when labels mean nothing.

    The labels of both parts are shuffled together, the pipeline is fitted to the training part and asked
    about the validation part. If that works better or worse than chance, labels of one part have reached the
    other, or the score is wrong. Validation labels are shuffled too, because a model of meaningless labels
    still ranks rows by their features, and where one feature decides the real label that ranking is far from
    chance in one direction or the other.

    The value and its limits are those of ``against_chance``. At most 5000 rows of each part are used.

    Parameters
    ----------
    make_pipeline : callable
        Returns a new unfitted pipeline.
    frame, validation : polars.DataFrame of shape (n_rows, n_features)
        As ``matrix`` returns them.
    labels, validation_labels : array of shape (n_rows,)
    task : {"binary", "multiclass", "regression"}
    seed : int
        Of the shuffles and the choice of rows.
    """
    generator = np.random.default_rng(seed)
    train, test = _some(len(labels), generator), _some(len(validation_labels), generator)
    shuffled = generator.permutation(np.concatenate([labels[train], validation_labels[test]]))
    if task != "regression":
        shuffled = _contiguous(shuffled)
    learned, truth = shuffled[: len(train)], shuffled[len(train) :]
    if len(np.unique(truth)) < 2 or len(truth) < 20:
        return Check(passed=None, rows=len(truth), claim="too few validation rows to know chance by")
    try:
        fitted = fit(make_pipeline(), frame[train], learned).pipeline
        said = predict(fitted, validation[test], task=task)
    except TrainingError as error:
        return Check(passed=None, rows=len(truth), claim=f"shuffled labels could not be fitted: {error}")
    return against_chance(truth, said, task=task, seed=seed)


def against_chance(truth: Labels, said: Predictions, *, task: Task, seed: int) -> Check:
    """Check that predictions that were made without knowledge agree with the labels no more than by chance.

    The value is the area under the ROC curve, the accuracy, or the correlation. Its distribution under chance
    comes from 999 shuffles of the labels; mean plus and minus 3.29 standard deviations is allowed (two-sided
    99.9 %).

    Parameters
    ----------
    truth : array of shape (n_rows,)
        Class codes or numbers, at least two different ones.
    said : float64 array
        Predictions in the shape of the task.
    task : {"binary", "multiclass", "regression"}
    seed : int
        Of the shuffles.

    References
    ----------
    Ojala & Garriga (2010), Permutation Tests for Studying Classifier Performance, JMLR 11.

    Examples
    --------
    >>> truth = np.array([0, 1] * 50)
    >>> against_chance(truth, truth.astype(float), task="binary", seed=0).passed
    False
    """
    generator = np.random.default_rng(seed)
    orders = generator.permuted(np.tile(np.arange(len(truth)), (_PERMUTATIONS, 1)), axis=1)
    name, value, others = _agreement(truth, said, task, orders)
    middle, reach = float(others.mean()), _STANDARD_DEVIATIONS * float(others.std()) + 1e-9
    low, high = middle - reach, middle + reach
    passed = low <= value <= high
    claim = (
        f"trained on shuffled labels, the {name} on {len(truth)} validation rows is {value:.3f}; "
        f"{'as chance has it' if passed else 'chance does not explain that'} ({low:.3f} to {high:.3f})"
    )
    return Check(
        passed=passed, claim=claim, value=value, limit=f"{low:.3f} to {high:.3f}", low=low, high=high,
        rows=len(truth),
    )


def _agreement(
    truth: Labels, said: Predictions, task: Task, orders: NDArray[np.int64]
) -> tuple[str, float, Predictions]:
    """Return how well predictions agree with the labels, and with the labels in each of the other orders."""
    if task == "multiclass":
        decided = said.argmax(axis=1)
        return "accuracy", float(np.mean(decided == truth)), np.mean(decided == truth[orders], axis=1)
    rows = len(truth)
    if task == "regression":
        numbers = np.stack([truth, said])
        spread = numbers.std(axis=1)
        centred = (numbers - numbers.mean(axis=1, keepdims=True)) / np.where(spread > 0, spread, 1)[:, None]
        return "correlation", float(centred[0] @ centred[1] / rows), centred[0][orders] @ centred[1] / rows
    ranks = _mid_ranks(said)
    positive = int(truth.sum())
    pairs, least = positive * (rows - positive), positive * (positive + 1) / 2
    areas = (truth[orders] @ ranks - least) / pairs
    return "area under the ROC curve", float((truth @ ranks - least) / pairs), areas


def _mid_ranks(values: Predictions) -> Predictions:
    """Return ranks from 1; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse]


def same_seed_same_model(
    make_pipeline: Callable[[], Pipeline],
    frame: pl.DataFrame,
    labels: Labels,
    validation: pl.DataFrame,
    *,
    task: Task,
    seed: int = 0,
) -> Check:
    """Check that two fits of the same configuration predict the same.

    The value is the largest difference of their predictions; up to 1e-9 of the largest prediction is allowed.
    At most 5000 rows are trained on.

    Parameters
    ----------
    make_pipeline : callable
        Returns a new unfitted pipeline, the same at each call.
    frame, validation : polars.DataFrame of shape (n_rows, n_features)
        As ``matrix`` returns them.
    labels : array of shape (n_rows,)
    task : {"binary", "multiclass", "regression"}
    seed : int, default=0
        Of the choice of rows.

    Raises
    ------
    TrainingError
        If the estimator fails.
    """
    rows = _some(len(labels), np.random.default_rng(seed))
    asked = validation if validation.height else frame[rows]
    first, second = (
        predict(_fitted(make_pipeline(), frame[rows], labels[rows], task), asked, task=task) for _ in range(2)
    )
    largest, allowed = float(np.abs(first - second).max()), 1e-9 * max(1.0, float(np.abs(first).max()))
    passed = largest <= allowed
    claim = f"two fits with the same seed differ by {largest:.2g} at most on {asked.height} rows"
    if not passed:
        claim += ": the estimator uses chance that no seed controls, so a result cannot be repeated"
    return Check(passed=passed, claim=claim, value=largest, limit=f"<= {allowed:.2g}", rows=asked.height)


def predictions_are_finite(
    make_pipeline: Callable[[], Pipeline],
    frame: pl.DataFrame,
    labels: Labels,
    validation: pl.DataFrame,
    *,
    task: Task,
    seed: int = 0,
) -> Check:
    """Check that predictions are numbers and probabilities are probabilities.

    The value is the number of rows of which this is not so: NaN, infinite, outside of 0 to 1, or not summing
    to 1 over the classes. At most 5000 rows are trained on.

    Parameters
    ----------
    make_pipeline : callable
        Returns a new unfitted pipeline.
    frame, validation : polars.DataFrame of shape (n_rows, n_features)
        As ``matrix`` returns them.
    labels : array of shape (n_rows,)
    task : {"binary", "multiclass", "regression"}
    seed : int, default=0
        Of the choice of rows.

    Raises
    ------
    TrainingError
        If the estimator fails.
    """
    rows = _some(len(labels), np.random.default_rng(seed))
    asked = validation if validation.height else frame[rows]
    said = predict(_fitted(make_pipeline(), frame[rows], labels[rows], task), asked, task=task)
    bad = int(_is_bad(said.reshape(asked.height, -1), task).sum())
    what = "finite numbers" if task == "regression" else "probabilities"
    claim = f"{asked.height - bad} of {asked.height} predictions are {what}"
    return Check(passed=bad == 0, claim=claim, value=float(bad), limit="= 0", rows=asked.height)


def _is_bad(said: Predictions, task: Task) -> NDArray[np.bool_]:
    bad = ~np.isfinite(said).all(axis=1)
    if task != "regression":
        bad |= ((said < 0) | (said > 1)).any(axis=1)
    if task == "multiclass":
        bad |= np.abs(said.sum(axis=1) - 1) > 1e-6
    return np.asarray(bad)


def _fitted(made: Pipeline, frame: pl.DataFrame, labels: Labels, task: Task) -> Pipeline:
    return fit(made, frame, labels if task == "regression" else _contiguous(labels)).pipeline


def _some(rows: int, generator: np.random.Generator) -> NDArray[np.int64]:
    """Return all rows, or as many as a check may use, in their order."""
    return np.sort(generator.choice(rows, size=min(rows, _MAX_ROWS), replace=False))


def _contiguous(labels: Labels) -> NDArray[np.int64]:
    """Return codes without gaps: a rare class may have no row among those that were chosen."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)
