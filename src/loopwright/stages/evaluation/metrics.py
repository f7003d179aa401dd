"""How good a model is, on all rows and on every slice, as evidence with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from loopwright.errors import Undefined
from loopwright.measures.catalogue import METRIC_TASKS, metrics_of
from loopwright.measures.intervals import bootstrap
from loopwright.measures.metrics import METRICS, score
from loopwright.measures.samples import Floats, Ints
from loopwright.records.charter import Charter, Target
from loopwright.records.evidence import Evidence
from loopwright.records.record import Ref
from loopwright.stages.evaluation.slicing import Slice, is_slice_of, slices_of
from loopwright.stages.evaluation.wording import counted, holds, measured

__all__ = ["charter_metrics", "metric_evidence"]

_RESAMPLES = 1000
_SLICE_RESAMPLES = 200            # between seeds, the ends then move by a tenth of the width


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scored:
    """What the model said of a part, and what is the same for all evidence about it."""

    truth: Ints | Floats
    prediction: Floats
    subject: Ref
    charter: Charter
    part: str
    threshold: float
    at: str


def metric_evidence(
    truth: Ints | Floats,
    prediction: Floats,
    *,
    subject: Ref,
    charter: Charter,
    part: str,
    threshold: float | None = None,
    slices: Mapping[str, pl.Series] | None = None,
    at: str = "",
) -> tuple[Evidence, ...]:
    """Score a model: every metric of the task on all rows, and the charter's metrics on every slice.

    Parameters
    ----------
    truth : array of shape (n_rows,)
        Class codes (int), or true values (float).
    prediction : float64 array of shape (n_rows,), or (n_rows, n_classes) for several classes
        Probability of class 1, probabilities of all classes, or predicted values.
    subject : Ref
        The model.
    charter : Charter
        For the task, the metrics that matter, the limits, the level of intervals and the rows a slice needs.
    part : str
        ``"train"``, ``"validation"`` or ``"test"``.
    threshold : float, optional
        Probability from which a binary row is called positive; 0.5 if not given.
    slices : mapping of str to polars.Series of length n_rows, optional
        Columns whose values are scored one by one; see `slices_of`.
    at : str, default=""
        When, UTC, ISO 8601.

    Returns
    -------
    tuple of Evidence
        ``metric.<name>``: first on all rows, then by column and slice. ``passed`` says whether the value
        keeps the charter's limit, if there is one for this metric on all rows or on slices of this column;
        it is None on slices with fewer than ``min_slice_rows`` rows. A metric without a value on these rows
        has ``value`` None and the reason in its claim; on all rows such metrics are left out unless the
        charter names them.

    Raises
    ------
    EmptySample
        If there are no rows.
    DataError
        If the arrays are not as described, or a column cannot be cut into slices.
    """
    scored = _Scored(
        truth=truth, prediction=prediction, subject=subject, charter=charter, part=part, at=at,
        threshold=0.5 if threshold is None else threshold,
    )
    named = charter_metrics(charter)
    whole = [_on(scored, name, None) for name in metrics_of(charter.task)]
    return (
        *(each for each in whole if each.value is not None or each.check.removeprefix("metric.") in named),
        *(
            _on(scored, name, piece)
            for column, values in (slices or {}).items()
            for piece in slices_of(values.alias(column))
            for name in named
        ),
    )


def charter_metrics(charter: Charter) -> tuple[str, ...]:
    """Return the metrics that the charter optimizes or limits, each once, the optimized first.

    What a model costs as a whole (``latency_p99_ms``) is no metric of predictions, and is left out.
    """
    named = [*charter.optimize, *(target.metric for target in charter.satisfice)]
    return tuple(name for name in dict.fromkeys(named) if name in METRIC_TASKS)


def _on(scored: _Scored, name: str, piece: Slice | None) -> Evidence:
    """Return one metric on all rows, or on a slice."""
    rows = len(scored.truth) if piece is None else len(piece.rows)
    value, low, high = _valued(scored, name, piece)
    target = _target(scored.charter, name, piece)
    passed = holds(value, target.comparison, target.limit) if target and value is not None else None
    is_judged = piece is None or rows >= scored.charter.min_slice_rows
    return Evidence(
        made_from=(scored.subject,),
        check=f"metric.{name}",
        subject=scored.subject,
        claim=_claim(scored, name, piece, (value, low, high)),
        passed=passed if is_judged else None,
        value=value, low=low, high=high,
        level=scored.charter.confidence if low is not None else None,
        limit=f"{target.comparison} {target.limit:g}" if target else None,
        rows=rows,
        part=scored.part,
        slice=piece.name if piece else None,
        at=scored.at,
    )


def _valued(
    scored: _Scored, name: str, piece: Slice | None
) -> tuple[float | None, float | None, float | None]:
    """Return value, low and high; None for what cannot be known."""
    truth, prediction = scored.truth, scored.prediction
    if piece is not None:
        truth, prediction = truth[piece.rows], prediction[piece.rows]
    task, threshold = scored.charter.task, scored.threshold
    try:
        found = bootstrap(
            name, truth, prediction, task=task, threshold=threshold, level=scored.charter.confidence,
            resamples=_RESAMPLES if piece is None else _SLICE_RESAMPLES,
        )
    except Undefined:
        return _value_alone(name, truth, prediction, scored), None, None
    return found.value, found.low, found.high


def _value_alone(name: str, truth: Ints | Floats, prediction: Floats, scored: _Scored) -> float | None:
    """Return the value where the rows are too few for an interval, or None where there is no value at all."""
    try:
        return score(name, truth, prediction, task=scored.charter.task, threshold=scored.threshold)
    except Undefined:
        return None


def _target(charter: Charter, name: str, piece: Slice | None) -> Target | None:
    """Return the limit that is meant for this metric here; the first, if there are several."""
    for target in charter.satisfice:
        if target.metric == name and _is_meant(target, piece):
            return target
    return None


def _is_meant(target: Target, piece: Slice | None) -> bool:
    if target.column is None or piece is None:
        return target.column is None and piece is None
    return is_slice_of(piece.name, target.column)


def _claim(
    scored: _Scored, name: str, piece: Slice | None, found: tuple[float | None, float | None, float | None]
) -> str:
    value, low, high = found
    rows = len(scored.truth) if piece is None else len(piece.rows)
    where = f"on {counted(rows, 'row')} of the {scored.part} part" + (f" where {piece.name}" if piece else "")
    if value is None:
        return f"{name} cannot be known {where}: {METRICS[name].undefined or 'the numbers are too large'}."
    few = piece is not None and rows < scored.charter.min_slice_rows
    return f"{name} is {measured(value, low, high)} {where}{', too few to judge' if few else ''}."
