"""A pipeline is fitted and asked: failures become sentences, predictions get one shape per task."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter

import numpy as np
import polars as pl
from numpy.typing import NDArray
from sklearn.base import is_classifier
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import has_fit_parameter

from loopwright.errors import TrainingError
from loopwright.stages.training.estimators import Task
from loopwright.stages.training.isolation import isolated

__all__ = ["Fitted", "fit", "predict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """A fitted pipeline and what happened on the way.

    Attributes
    ----------
    pipeline : sklearn.pipeline.Pipeline
        The one that was handed in.
    notes : tuple of str
        Warnings of the estimator, such as ``"ConvergenceWarning: ..."``, each once.
    seconds : float
        Wall-clock time of the fit.
    """

    pipeline: Pipeline
    notes: tuple[str, ...]
    seconds: float


def fit(
    pipeline: Pipeline,
    frame: pl.DataFrame,
    labels: NDArray[np.int64] | NDArray[np.float64],
    *,
    classes: int = 0,
    weights: NDArray[np.float64] | None = None,
) -> Fitted:
    """Fit a pipeline in one thread; the estimator's warnings are kept as notes and never printed.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        As ``pipelines.pipeline`` returns it; it is fitted in place, and forgets an earlier fit.
    frame : polars.DataFrame of shape (n_rows, n_features)
        As ``matrix`` returns it.
    labels : array of shape (n_rows,)
        Of a classifier the class codes from 0 up, of a regressor numbers.
    classes : int, default=0
        How many classes there are; 0 takes as many as the labels hold.
    weights : float64 array of shape (n_rows,), optional
        How much each row counts in the estimator, above 0. What prepares its inputs counts all rows the same.

    Raises
    ------
    TrainingError
        If a class has no row, a label is missing, weights are given that the estimator cannot take, or the
        estimator fails; quotes its own message and names its configuration.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> rows = pl.DataFrame({"miles": [1.0, 2.0, 3.0]})
    >>> fitted = fit(make_pipeline(Ridge(alpha=0.0)), rows, np.array([2.0, 4.0, 6.0]))
    >>> predict(fitted.pipeline, rows, task="regression").round(6).tolist()
    [2.0, 4.0, 6.0]
    """
    _check_labels(frame, labels)
    if is_classifier(pipeline):
        _check_classes(labels.astype(np.int64), classes)
    handed = {} if weights is None else _handed(pipeline, weights, rows=frame.height)
    start = perf_counter()
    with isolated() as notes:
        try:
            pipeline.fit(frame, labels, **handed)
        except Exception as error:
            raise TrainingError(
                f"{_configuration(pipeline)} could not be fitted to {frame.height} rows and {frame.width} "
                f"features: {_first_sentences(error)} Change its parameters under [[candidates]]."
            ) from error
    return Fitted(pipeline=pipeline, notes=tuple(notes), seconds=perf_counter() - start)


def predict(pipeline: Pipeline, frame: pl.DataFrame, *, task: Task) -> NDArray[np.float64]:
    """Return the predictions of a fitted pipeline in the one shape that the task has everywhere.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted.
    frame : polars.DataFrame of shape (n_rows, n_features)
        As ``matrix`` returns it.
    task : {"binary", "multiclass", "regression"}

    Returns
    -------
    float64 array
        binary: probability of class 1, shape (n_rows,); multiclass: probabilities, shape (n_rows, n_classes);
        regression: values, shape (n_rows,).

    Raises
    ------
    TrainingError
        If the estimator fails.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> rows = pl.DataFrame({"miles": [1.0, 2.0, 3.0, 4.0]})
    >>> fitted = fit(make_pipeline(DummyClassifier()), rows, np.array([0, 0, 0, 1]))
    >>> predict(fitted.pipeline, rows, task="binary").tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    if frame.height == 0:
        return np.empty((0, len(pipeline.classes_)) if task == "multiclass" else 0)
    with isolated():
        try:
            answer = pipeline.predict(frame) if task == "regression" else pipeline.predict_proba(frame)
        except Exception as error:
            raise TrainingError(
                f"{_configuration(pipeline)} could not predict {frame.height} rows: "
                f"{_first_sentences(error)} Hand in the features that it was trained on."
            ) from error
    values = np.asarray(answer, dtype=np.float64)
    return values[:, 1] if task == "binary" else values if task == "multiclass" else values.ravel()


def _check_labels(frame: pl.DataFrame, labels: NDArray[np.int64] | NDArray[np.float64]) -> None:
    if len(labels) != frame.height:
        raise TrainingError(f"{frame.height} rows came with {len(labels)} labels. Hand in one label per row.")
    if frame.height == 0:
        raise TrainingError("there are no training rows with a label. Check the label and the split.")
    missing = int((~np.isfinite(labels)).sum())
    if missing:
        raise TrainingError(
            f"{missing} of {len(labels)} labels are missing or infinite. Leave these rows out."
        )


def _check_classes(codes: NDArray[np.int64], classes: int) -> None:
    counts = np.bincount(codes, minlength=max(classes, 2))
    if (counts == 0).any():
        raise TrainingError(
            f"of {len(counts)} classes, number {', '.join(map(str, np.flatnonzero(counts == 0)))} (counted "
            f"from 0) has no row among the {len(codes)} training rows, so nothing can be learned about it. "
            f'Split stratified (`by = "stratified"` under [split]), or join it with another class.'
        )


def _handed(pipeline: Pipeline, weights: NDArray[np.float64], *, rows: int) -> dict[str, NDArray[np.float64]]:
    """Return the weights under the name by which the last step of a pipeline takes them."""
    if weights.shape != (rows,) or not (np.isfinite(weights) & (weights > 0)).all():
        raise TrainingError(f"{rows} rows came with weights that are not one number above 0 for each of them.")
    name, model = pipeline.steps[-1]
    # Calibration around a classifier takes weights in any case, and drops them silently if that one does not.
    inner = model.estimator if isinstance(model, CalibratedClassifierCV) else model
    if not has_fit_parameter(inner, "sample_weight"):
        raise TrainingError(
            f"{type(inner).__name__} cannot let some rows count more than others: its fit takes no weights. Take "
            f'"weighted" out of `data` under [retraining] ("recent" prefers new rows too), or choose another estimator.'
        )
    return {f"{name}__sample_weight": weights}


def _configuration(pipeline: Pipeline) -> str:
    return " ".join(str(pipeline[-1]).split())


def _first_sentences(error: Exception) -> str:
    """Return the estimator's own words, shortened, as a sentence."""
    text = " ".join(str(error).split()) or type(error).__name__
    text = text if len(text) <= 400 else text[:400].rsplit(" ", 1)[0] + " …"
    return text if text.endswith((".", "…", "!", "?")) else text + "."
