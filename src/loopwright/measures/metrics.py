"""The metrics that can be asked for by name: what each means, which way is better, and its value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite
from types import MappingProxyType
from typing import Literal, TypeAlias, cast

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import LoopwrightError, Undefined, nearest
from loopwright.measures import losses, ranks
from loopwright.measures.calibration import calibration_sums
from loopwright.measures.catalogue import METRIC_TASKS
from loopwright.measures.confusion import BINARY_RATES, CLASS_RATES, class_sums, decision_sums
from loopwright.measures.samples import Floats, Ints, Task, checked
from loopwright.measures.sums import Sums

__all__ = ["METRICS", "Metric", "metric", "score", "sums_of"]

# With more distinct scores than this, resampled rank metrics are computed on bins of neighbouring scores.
_RANK_BINS = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """A number that says how good predictions are.

    Attributes
    ----------
    name : str
        As written in targets and reports; ``*_loss`` and ``*_error`` are better when lower.
    tasks : tuple of str
        Tasks it is defined for.
    direction : {"up", "down"}
        Which way is better.
    needs : {"scores", "decisions", "values"}
        What it looks at: probabilities, classes decided at a threshold, or predicted values.
    summary : str
        What it says, in one line.
    undefined : str
        When it has no value; "" when it has one for any rows.
    bounds : tuple of float, or None
        Smallest and largest value it can take, where both exist.
    """

    name: str
    tasks: tuple[Task, ...]
    direction: Literal["up", "down"]
    needs: Literal["scores", "decisions", "values"]
    summary: str
    undefined: str
    bounds: tuple[float, float] | None


def _metric(
    name: str, needs: Literal["scores", "decisions", "values"], summary: str, *, undefined: str = ""
) -> Metric:
    facts = METRIC_TASKS[name]
    bounded = isfinite(facts.low) and isfinite(facts.high)
    return Metric(
        name=name,
        tasks=cast(tuple[Task, ...], facts.tasks),
        direction=facts.direction,
        needs=needs,
        summary=summary,
        undefined=undefined,
        bounds=(float(facts.low), float(facts.high)) if bounded else None,
    )


_ONE_CLASS = "the rows hold only one class"
_NO_POSITIVES = "no row is positive"
_NOTHING_POSITIVE = "no row is positive or decided positive"

_ALL = (
    _metric("accuracy", "decisions", "Share of rows decided right."),
    _metric("average_precision", "scores", "Mean precision down the ranking, at each positive row found.",
            undefined=_NO_POSITIVES),
    _metric("balanced_accuracy", "decisions", "Mean of the shares found of each class that occurs.",
            undefined=_ONE_CLASS),
    _metric("brier_loss", "scores", "Mean squared distance of probabilities from what happened."),
    _metric("calibration_error", "scores",
            "Typical gap of predicted to observed: root mean square over ten quantile bins, less chance."),
    _metric("f0.5", "decisions", "Harmonic mean of precision and recall in which precision counts double.",
            undefined=_NOTHING_POSITIVE),
    _metric("f1", "decisions", "Harmonic mean of precision and recall.", undefined=_NOTHING_POSITIVE),
    _metric("f2", "decisions", "Harmonic mean of precision and recall in which recall counts double.",
            undefined=_NOTHING_POSITIVE),
    _metric("log_loss", "scores", "Mean surprise at what happened, in nats; punishes confident errors."),
    _metric("macro_f1", "decisions", "Mean of the F1 of each class that occurs or is predicted."),
    _metric("macro_roc_auc", "scores", "Mean over classes of the ROC area of that class against the rest.",
            undefined="a class has no rows, or all of them"),
    _metric("mae", "values", "Mean absolute error, in units of the label."),
    _metric("mape", "values", "Mean absolute error as a share of the truth (0.1 is 10 %).",
            undefined="a true value is 0"),
    _metric("matthews_correlation", "decisions",
            "Correlation of decisions and truth; 0 for constant decisions.", undefined=_ONE_CLASS),
    _metric("median_absolute_error", "values",
            "Absolute error that half of the rows stay below, in units of the label."),
    _metric("precision", "decisions", "Share of the rows decided positive that are.",
            undefined="no row is decided positive"),
    _metric("prediction_bias", "scores",
            "Distance of the mean predicted probability from the share of positive rows."),
    _metric("r2", "values", "Share of the variance of the truth explained; below 0: worse than its mean.",
            undefined="the true values are all the same"),
    _metric("recall", "decisions", "Share of the positive rows found.", undefined=_NO_POSITIVES),
    _metric("rmse", "values", "Root of the mean squared error, in units of the label."),
    _metric("rmsle", "values", "Root mean squared difference of log(1 + value): about the relative error.",
            undefined="a true value is below 0"),
    _metric("roc_auc", "scores", "How often a positive row scores above a negative one.",
            undefined=_ONE_CLASS),
    _metric("specificity", "decisions", "Share of the negative rows left alone.",
            undefined="no row is negative"),
)

METRICS: Mapping[str, Metric] = MappingProxyType({each.name: each for each in _ALL})


@dataclass(frozen=True, slots=True)
class _Options:
    threshold: float
    resampling: bool

    @property
    def bins(self) -> int | None:
        return self.bins_of(1)

    def bins_of(self, classes: int) -> int | None:
        return max(64, _RANK_BINS // classes) if self.resampling else None

    @property
    def noise(self) -> float:
        return 2.0 if self.resampling else 1.0


_ClassRecipe: TypeAlias = Callable[[Ints, Floats, _Options], Sums]
_ValueRecipe: TypeAlias = Callable[[Floats, Floats, _Options], Sums]

_OF_BINARY: dict[str, _ClassRecipe] = {
    "average_precision": lambda t, p, o: ranks.rank_sums(t, p, value=ranks.average_precision, bins=o.bins),
    "brier_loss": lambda t, p, _: losses.mean(losses.brier(t, p)),
    "calibration_error": lambda t, p, o: calibration_sums(t, p, noise=o.noise),
    "log_loss": lambda t, p, _: losses.mean(losses.log_loss(t, p)),
    "prediction_bias": lambda t, p, o: losses.bias(t, p, signed=o.resampling),
    "roc_auc": lambda t, p, o: ranks.rank_sums(t, p, value=ranks.roc_auc, bins=o.bins),
}

_OF_CLASSES: dict[str, _ClassRecipe] = {
    "brier_loss": lambda t, p, _: losses.mean(losses.brier(t, p)),
    "log_loss": lambda t, p, _: losses.mean(losses.log_loss(t, p)),
    "macro_roc_auc": lambda t, p, o: ranks.class_rank_sums(t, p, bins=o.bins_of(p.shape[1])),
}

_OF_VALUES: dict[str, _ValueRecipe] = {
    "mae": lambda t, p, _: losses.mean(np.abs(p - t)),
    "mape": lambda t, p, _: losses.mean(losses.relative(t, p)),
    "median_absolute_error": lambda t, p, o: losses.median(np.abs(p - t), bins=o.bins),
    "r2": lambda t, p, _: losses.r2(t, p),
    "rmse": lambda t, p, _: losses.root_mean((p - t) ** 2),
    "rmsle": lambda t, p, _: losses.root_mean(losses.squared_log(t, p)),
}


def metric(name: str, task: Task) -> Metric:
    """Return the metric of this name, if it is defined for the task.

    Raises
    ------
    LoopwrightError
        If there is none; the message names the nearest one and all that fit the task.

    Examples
    --------
    >>> metric("rmse", "regression").direction
    'down'
    """
    found = METRICS.get(name)
    fitting = [each.name for each in _ALL if task in each.tasks]
    if found is None:
        raise LoopwrightError(
            f"there is no metric {name!r}{nearest(name, fitting) or nearest(name, METRICS)}. "
            f"For the task {task!r} there are: {', '.join(fitting)}."
        )
    if task not in found.tasks:
        raise LoopwrightError(
            f"the metric {name!r} is for the task {' or '.join(map(repr, found.tasks))}, not {task!r}"
            f"{nearest(name, fitting)}. For {task!r} there are: {', '.join(fitting)}."
        )
    return found


def score(name: str, truth: ArrayLike, prediction: ArrayLike, *, task: Task, threshold: float = 0.5) -> float:
    """Return a metric of predictions.

    Values equal scikit-learn's where both are defined. Conventions: binary decisions are positive from the
    threshold on, decisions between several classes take the most probable one (the first of equals);
    ``matthews_correlation`` of constant decisions is 0, since they tell nothing; ``rmsle`` reads predictions
    below 0 as 0; log losses are clipped at the float64 epsilon.

    Parameters
    ----------
    name : str
        A key of ``METRICS``.
    truth : array of shape (n_rows,)
        Class codes (0 and 1; 0 to n_classes - 1), or true values.
    prediction : array of shape (n_rows,), or (n_rows, n_classes) for several classes
        Probability of class 1, probabilities of all classes, or predicted values.
    task : {"binary", "multiclass", "regression"}
    threshold : float, default=0.5
        Probability from which a binary row is decided positive.

    Returns
    -------
    float
        In the unit that the metric's summary names; never NaN.

    Raises
    ------
    EmptySample
        If there are no rows.
    Undefined
        If the metric has no value on these rows.
    DataError
        If the arrays are not as described.
    LoopwrightError
        If the task has no such metric.

    Examples
    --------
    >>> score("roc_auc", [0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8], task="binary")
    0.75
    """
    value = sums_of(name, truth, prediction, task=task, threshold=threshold).whole
    if not np.isfinite(value):
        why = METRICS[name].undefined or "the numbers are too large"
        rows = len(np.asarray(truth))
        raise Undefined(
            f"{name} has no value on these {rows:,} rows: {why}. Take more or other rows, or another metric."
        )
    return value


def sums_of(
    name: str,
    truth: ArrayLike,
    prediction: ArrayLike,
    *,
    task: Task,
    threshold: float = 0.5,
    resampling: bool = False,
) -> Sums:
    """Return a metric of predictions as sums over rows, for a score or (``resampling``) for many resamples.

    Parameters and errors are those of ``score``, except that an undefined metric is NaN here.

    Examples
    --------
    >>> sums_of("rmse", [1.0, 2.0], [1.0, 4.0], task="regression").total
    array([2., 4.])
    """
    metric(name, task)
    known, predicted = checked(truth, prediction, task=task)
    options = _Options(threshold, resampling)
    if task == "regression":
        return _OF_VALUES[name](known.astype(np.float64), predicted, options)
    codes = cast(Ints, known)
    if METRICS[name].needs == "scores":
        return (_OF_BINARY if task == "binary" else _OF_CLASSES)[name](codes, predicted, options)
    if task == "binary":
        return decision_sums(codes, (predicted >= threshold).astype(np.int64), rate=BINARY_RATES[name])
    return class_sums(codes, predicted.argmax(axis=1), predicted.shape[1], rate=CLASS_RATES[name])
