"""Whether a model is better than its baselines and the champion, row by row on the same rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loopwright.errors import Undefined
from loopwright.measures.comparisons import Comparison, compare
from loopwright.measures.metrics import METRICS, score
from loopwright.measures.samples import Floats, Ints
from loopwright.records.charter import Charter
from loopwright.records.evidence import Evidence
from loopwright.records.record import Ref
from loopwright.stages.evaluation.wording import about, counted, measured, number

__all__ = ["better_when", "compared"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Improvement:
    """By how much the model is better in what the charter optimizes; above 0 is better for any metric."""

    value: float
    low: float
    high: float
    rows_needed: int | None

    @property
    def is_better(self) -> bool | None:
        if self.low > 0:
            return True
        return False if self.high < 0 else None


def better_when(metric: str) -> int:
    """Return 1 if more of the metric is better, else -1.

    Examples
    --------
    >>> better_when("roc_auc"), better_when("log_loss")
    (1, -1)
    """
    return 1 if METRICS[metric].direction == "up" else -1


def compared(
    truth: Ints | Floats,
    mine: Floats,
    others: Mapping[str, Floats],
    *,
    subject: Ref,
    charter: Charter,
    part: str,
    threshold: float | None = None,
    at: str = "",
) -> tuple[Evidence, ...]:
    """Compare a model with others in the optimized metric, in pairs on the same rows.

    Of a weighted sum of metrics the interval is that of its parts added up by size, which is never too narrow
    however the parts move together.

    Parameters
    ----------
    truth : array of shape (n_rows,)
        Class codes (int), or true values (float).
    mine : float64 array of shape (n_rows,), or (n_rows, n_classes) for several classes
        What the model says: probability of class 1, probabilities of all classes, or values.
    others : mapping of str to arrays shaped like ``mine``
        What ``"majority"``, ``"linear"``, ``"champion"`` and so on say of the same rows.
    subject : Ref
        The model.
    charter : Charter
        For the task, the optimized metric and the level of intervals.
    part : str
        The part that the rows are from.
    threshold : float, optional
        Probability from which a binary row is called positive, for all; 0.5 if not given.
    at : str, default=""
        When, UTC, ISO 8601.

    Returns
    -------
    tuple of Evidence
        ``comparison.<name>`` for each other, in the order given. ``value`` is by how much the model is
        better (above 0, also for metrics that are better when lower). ``passed`` is True if the interval
        lies above 0, False if it lies below, and None if it holds 0, or if the metric has no value on these
        rows; the claim then says how many rows would decide.

    Raises
    ------
    EmptySample, DataError
        If there are no rows, or the arrays are not as described.
    """
    return tuple(
        Evidence(
            made_from=(subject,), check=f"comparison.{name}", subject=subject, part=part, at=at, claim=claim,
            passed=found.is_better if found else None,
            value=found.value if found else None,
            low=found.low if found else None,
            high=found.high if found else None,
            level=charter.confidence if found else None,
            rows=len(truth),
        )
        for name, other in others.items()
        for found, claim in [_one(truth, mine, other, _called(name), charter, threshold)]
    )


def _one(
    truth: Ints | Floats, mine: Floats, other: Floats, name: str, charter: Charter, threshold: float | None
) -> tuple[_Improvement | None, str]:
    """Return by how much the model is better than one other (None if that cannot be known), and the claim."""
    task, level = charter.task, charter.confidence
    threshold = 0.5 if threshold is None else threshold
    try:
        parts = [
            compare(metric, truth, other, mine, task=task, threshold=threshold, level=level)
            for metric in charter.optimize
        ]
        values = [
            tuple(score(metric, truth, each, task=task, threshold=threshold) for each in (mine, other))
            for metric in charter.optimize
        ]
    except Undefined as error:
        return None, f"Whether the model is better than {name} cannot be known: {error}"
    found = _added_up(parts, charter.optimize)
    said = " and ".join(
        f"{metric} {number(a, apart_from=b)} against {number(b, apart_from=a)}"
        for metric, (a, b) in zip(charter.optimize, values, strict=True)
    )
    return found, _claim(found, name, said, rows=len(truth))


def _added_up(parts: list[Comparison], weights: Mapping[str, float]) -> _Improvement:
    signed = [(part, weights[part.metric] * better_when(part.metric)) for part in parts]
    value = sum(weight * part.difference for part, weight in signed)
    ends = [
        sorted((weight * (part.low - part.difference), weight * (part.high - part.difference)))
        for part, weight in signed
    ]
    needed = [part.rows_needed for part in parts if part.rows_needed is not None]
    return _Improvement(
        value=value,
        low=value + sum(low for low, _ in ends),
        high=value + sum(high for _, high in ends),
        rows_needed=max(needed, default=None),
    )


def _claim(found: _Improvement, name: str, said: str, *, rows: int) -> str:
    better = f"{measured(found.value, found.low, found.high)} better in pairs on {counted(rows, 'row')}"
    worse = f"{measured(-found.value, -found.high, -found.low)} worse in pairs on {counted(rows, 'row')}"
    if found.is_better is True:
        return f"The model is better than {name}: {said}, {better}."
    if found.is_better is False:
        return f"The model is worse than {name}: {said}, {worse}."
    if found.rows_needed is None:
        return f"The model and {name} are equally good: {said}, {better}."
    return (
        f"Whether the model is better than {name} is unclear: {said}, {better}. "
        f"If that is the true difference, {about(found.rows_needed, 'row')} would show it."
    )


def _called(name: str) -> str:
    return "the champion" if name == "champion" else f"the {name} baseline"
