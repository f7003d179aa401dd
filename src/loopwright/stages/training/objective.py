"""The one number that a search maximises, made from the charter's metrics."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite

from loopwright.errors import TrainingError, nearest
from loopwright.measures.metrics import METRICS

__all__ = ["objective"]


def objective(metrics: Mapping[str, float], optimize: Mapping[str, float]) -> float:
    """Return the weighted sum of the optimized metrics, turned so that up is better.

    Metrics that are better when lower (losses, errors) enter with a minus sign: weights are always positive,
    and ``{"log_loss": 1.0}`` maximises ``-log_loss``. Weights are not normalised.

    Parameters
    ----------
    metrics : mapping of str to float
        What was measured; may hold more than what is optimized.
    optimize : mapping of str to float
        Metric -> weight, as in the charter.

    Returns
    -------
    float
        Finite; up is better.

    Raises
    ------
    TrainingError
        If an optimized metric was not measured or is not finite, or nothing is optimized.

    Examples
    --------
    >>> objective({"roc_auc": 0.9, "log_loss": 0.5, "recall": 0.1}, {"roc_auc": 1.0, "log_loss": 0.2})
    0.8
    """
    if not optimize:
        raise TrainingError("nothing is optimized. Name a metric in `optimize` under [targets].")
    return sum(weight * _upward(name, metrics) for name, weight in optimize.items())


def _upward(name: str, metrics: Mapping[str, float]) -> float:
    if name not in metrics or name not in METRICS:
        raise TrainingError(
            f"the optimized metric {name!r} was not measured{nearest(name, metrics)}; measured were: "
            f"{', '.join(metrics) or 'none'}. Change `optimize` under [targets]."
        )
    value = metrics[name]
    if not isfinite(value):
        raise TrainingError(
            f"the optimized metric {name!r} is {value} here, so trials cannot be ranked by it. "
            f"Check the rows of the validation part, or optimize another metric."
        )
    return value if METRICS[name].direction == "up" else -value
