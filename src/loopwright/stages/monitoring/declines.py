"""Why predictions moved or became worse, as far as no fault of the input explains it."""

from __future__ import annotations

from collections.abc import Sequence

from loopwright.measures.catalogue import METRIC_TASKS
from loopwright.stages.monitoring.suspicions import Suspicion, largest_change, quality_words, short_fall
from loopwright.stages.monitoring.windows import ColumnReading, QualityReading

__all__ = ["is_worse", "suspect_prediction", "suspect_quality"]


def suspect_prediction(
    reading: ColumnReading, *, columns: Sequence[ColumnReading], qualities: Sequence[QualityReading] = ()
) -> Suspicion:
    """Return the suspected cause of predictions that moved, as far as no fault of an input explains it.

    Parameters
    ----------
    reading : ColumnReading
        Of the predictions.
    columns : sequence of ColumnReading
        Of the inputs in the same window.
    qualities : sequence of QualityReading
        Of the same window.
    """
    moved = sorted((c for c in columns if c.effect > 0.5 * c.accepted), key=lambda c: (-c.effect, c.column))
    names = ", ".join(f"{column.column} ({column.effect:.3g})" for column in moved[:5])
    seen = f"Predictions moved by {reading.effect:.3g} (squared effect; {reading.accepted:.3g} is accepted)"
    if moved:
        return Suspicion(
            cause="population change", title="predictions are distributed differently",
            explanation=f"{seen}{largest_change(reading)}. Inputs that moved: {names}. {quality_words(qualities)}",
            advice="Ask whether the change of the inputs is known and will stay; train again if the quality falls.",
            confidence=0.6, seen=f"{seen}{largest_change(reading)}.",
        )
    return Suspicion(
        cause="unknown", title="predictions moved, and no input did",
        explanation=(
            f"{seen}{largest_change(reading)}, while no single input did. Columns may have changed together, or "
            f"another model answers. {quality_words(qualities)}"
        ),
        advice="Compare rows of this window with the reference; look at which model answered since when.",
        confidence=0.3, seen=f"{seen}{largest_change(reading)}.",
    )


def suspect_quality(reading: QualityReading, *, columns: Sequence[ColumnReading]) -> Suspicion:
    """Return the suspected cause of a quality that fell, as far as no fault of an input explains it.

    Where the metric was estimated from the scores alone, the estimate decides: it knows of other inputs but not
    of another relation between inputs and outcome. If it explains less than half of the loss, the relation
    changed. Without an estimate, inputs that moved a lot are the cause, and if none did, the relation.

    Parameters
    ----------
    reading : QualityReading
    columns : sequence of ColumnReading
        Of the inputs in the same window.
    """
    moved = sorted((c for c in columns if c.alarmed), key=lambda c: (-c.effect, c.column))
    names = ", ".join(f"{column.column} ({column.effect:.3g})" for column in moved[:5])
    if _relation_changed(reading, moved):
        drifted = f"Inputs moved only mildly: {names}" if moved else "No input moved"
        return Suspicion(
            cause="real change", title=_title(reading),
            explanation=f"{_fall(reading)} {drifted}, so what follows from the inputs has changed.",
            advice="Train again on outcomes since the change, and let the new model show that it is better.",
            confidence=0.85 if reading.estimate is not None else 0.65, seen=_fall(reading),
        )
    inputs = f"The inputs moved: {names}." if moved else "No single input moved by much."
    return Suspicion(
        cause="population change" if moved or reading.estimate is not None else "unknown",
        title=_title(reading),
        explanation=f"{_fall(reading)} {inputs} Harder rows come than those the model was judged on.",
        advice="Train again with recent rows; look at which slice is worst.",
        confidence=0.6, seen=_fall(reading),
    )


def _relation_changed(reading: QualityReading, moved: Sequence[ColumnReading]) -> bool:
    if reading.value is None:
        return False
    if reading.estimate is not None and reading.reference is not None:
        loss, expected = (_loss(reading.metric, reading.reference, x) for x in (reading.value, reading.estimate))
        return expected < 0.5 * loss
    return not any(column.effect > 5 * max(column.accepted, 0.02) for column in moved)


def _loss(metric: str, reference: float, value: float) -> float:
    """Return by how much a value is worse than the reference, not negative."""
    down = _is_down(metric)
    return max(0.0, value - reference if down else reference - value)


def _is_down(metric: str) -> bool:
    name = metric.partition("@")[0]
    facts = METRIC_TASKS.get(name)
    return facts.direction == "down" if facts else name.endswith(("_loss", "_error", "_ms", "_mb"))


def is_worse(metric: str, value: float, limit: float) -> bool:
    """Say whether a value of a metric is on the bad side of a limit.

    Examples
    --------
    >>> is_worse("roc_auc", 0.6, 0.7), is_worse("log_loss@payment_type", 0.3, 0.35)
    (True, False)
    """
    return value > limit if _is_down(metric) else value < limit


def _title(reading: QualityReading) -> str:
    return f"{reading.metric} {'rose' if _is_down(reading.metric) else 'fell'}, {short_fall(reading)}"


def _fall(reading: QualityReading) -> str:
    """Return what is known about a quality that fell, as a sentence."""
    parts = [_value(reading)]
    if reading.rows:
        parts.append(f"on {reading.rows:,} outcomes, {reading.pending:,} are pending")
    if reading.reference is not None:
        parts.append(f"it was {reading.reference:.4g}")
    if reading.limit is not None:
        parts.append(f"the limit is {reading.limit:.4g}")
    if reading.estimate is not None:
        parts.append(f"from the scores alone one would expect {reading.estimate:.4g}")
    return "; ".join(parts) + "."


def _value(reading: QualityReading) -> str:
    if reading.value is None:
        return f"{reading.metric} is not known yet"
    if reading.low is None or reading.high is None:
        return f"{reading.metric} is {reading.value:.4g}"
    return f"{reading.metric} is {reading.value:.4g} ({reading.low:.4g} to {reading.high:.4g})"
