"""What came of a drill, and the evidence that it was held."""

from __future__ import annotations

from dataclasses import dataclass

from loopwright.records import Evidence, Ref

__all__ = ["DrillResult", "evidence_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DrillResult:
    """What a drill came to.

    Attributes
    ----------
    name : str
        Of the drill: ``"unit-change"``.
    passed : bool or None
        The fault was noticed for what it is, and nothing was said before it began; of a roll-back: everybody was
        answered by the earlier champion within a second. None where the project gives the drill nothing to do.
    noticed_by : str
        What said so first: ``"alert drift:fare: unit change"``, or ``"nothing"``.
    after_rows : int or None
        Rows that were sent from the first bad one until it was noticed.
    after_seconds : float or None
        By the clock on the wall; of a roll-back, until the last answer of the model that was taken back.
    after_windows : int or None
        Windows of traffic that the fault lasted until it was noticed.
    expected_cause : str
        What it should be taken for.
    explanation : str
        One or two sentences with numbers.
    steps : tuple of str
        What was done, in order.
    """

    name: str
    passed: bool | None
    noticed_by: str
    after_rows: int | None
    after_seconds: float | None
    after_windows: int | None
    expected_cause: str
    explanation: str
    steps: tuple[str, ...]


def evidence_of(result: DrillResult, *, model: Ref, at: str) -> Evidence:
    """Return the evidence of a drill.

    Parameters
    ----------
    result : DrillResult
    model : Ref
        The champion that it was held with.
    at : str
        When, UTC, ISO 8601.

    Examples
    --------
    >>> held = DrillResult(
    ...     name="latency", passed=True, noticed_by="alert latency: slow answers", after_rows=250, after_seconds=1.5,
    ...     after_windows=1, expected_cause="slow answers", explanation="slow answers were noticed.", steps=(),
    ... )
    >>> evidence_of(held, model=Ref(kind="model", digest="a"), at="2026-05-03T12:00:00Z").check
    'drill.latency'
    """
    return Evidence(
        made_from=(model,), check=f"drill.{result.name}", subject=model, passed=result.passed,
        claim=result.explanation, value=result.after_seconds, rows=result.after_rows, at=at,
    )
