"""Which metrics exist, for which tasks, and which way is better; a table that imports nothing heavy.

The project file is checked against it on every command, so neither NumPy nor any measure is loaded for it;
``loopwright.measures.metrics`` computes them.
"""

from __future__ import annotations

from math import inf
from typing import Final, Literal, NamedTuple

__all__ = ["METRIC_TASKS", "RESOURCES", "MetricFacts", "metrics_of"]

_CLASSES: Final = ("binary", "multiclass")


class MetricFacts(NamedTuple):
    """What must be known of a metric before anything is computed.

    Attributes
    ----------
    tasks : tuple of str
        The tasks it is defined for: ``"binary"``, ``"multiclass"``, ``"regression"``.
    direction : {"up", "down"}
        Which way is better.
    low, high : float
        The smallest and the largest value it can take; infinite where there is no bound.
    """

    tasks: tuple[str, ...]
    direction: Literal["up", "down"]
    low: float
    high: float


METRIC_TASKS: Final[dict[str, MetricFacts]] = {
    "accuracy": MetricFacts(_CLASSES, "up", 0, 1),
    "average_precision": MetricFacts(("binary",), "up", 0, 1),
    "balanced_accuracy": MetricFacts(_CLASSES, "up", 0, 1),
    "brier_loss": MetricFacts(_CLASSES, "down", 0, 2),          # summed over classes it reaches 2
    "calibration_error": MetricFacts(("binary",), "down", 0, 1),
    "f0.5": MetricFacts(("binary",), "up", 0, 1),
    "f1": MetricFacts(("binary",), "up", 0, 1),
    "f2": MetricFacts(("binary",), "up", 0, 1),
    "log_loss": MetricFacts(_CLASSES, "down", 0, inf),
    "macro_f1": MetricFacts(("multiclass",), "up", 0, 1),
    "macro_roc_auc": MetricFacts(("multiclass",), "up", 0, 1),
    "mae": MetricFacts(("regression",), "down", 0, inf),
    "mape": MetricFacts(("regression",), "down", 0, inf),
    "matthews_correlation": MetricFacts(("binary",), "up", -1, 1),
    "median_absolute_error": MetricFacts(("regression",), "down", 0, inf),
    "precision": MetricFacts(("binary",), "up", 0, 1),
    "prediction_bias": MetricFacts(("binary",), "down", 0, 1),
    "r2": MetricFacts(("regression",), "up", -inf, 1),
    "recall": MetricFacts(("binary",), "up", 0, 1),
    "rmse": MetricFacts(("regression",), "down", 0, inf),
    "rmsle": MetricFacts(("regression",), "down", 0, inf),
    "roc_auc": MetricFacts(("binary",), "up", 0, 1),
    "specificity": MetricFacts(("binary",), "up", 0, 1),
}
"""Every metric that a project file may name, sorted by name."""

RESOURCES: Final[dict[str, str]] = {
    "latency_p50_ms": "Time that half of the predictions take at most, milliseconds.",
    "latency_p99_ms": "Time that 99 of 100 predictions take at most, milliseconds.",
    "model_size_mb": "Size of the stored model, megabytes.",
}
"""What a model may cost as a whole, with its meaning; down is better, whatever the task."""


def metrics_of(task: str) -> tuple[str, ...]:
    """Return the names of the metrics that are defined for a task, sorted.

    Examples
    --------
    >>> metrics_of("regression")
    ('mae', 'mape', 'median_absolute_error', 'r2', 'rmse', 'rmsle')
    """
    return tuple(name for name, facts in METRIC_TASKS.items() if task in facts.tasks)
