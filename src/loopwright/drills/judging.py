"""What the alerts after a fault say of the watch: noticed for what it is, taken for something else, or missed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopwright.drills.faults import Fault
from loopwright.drills.results import DrillResult
from loopwright.records import Alert

__all__ = ["Seen", "is_noticed", "judged", "too_early"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What followed a fault.

    Attributes
    ----------
    alerts : tuple of Alert
        Made since it began, oldest first.
    windows, rows : int
        That it lasted, and that were sent in them.
    seconds : float
        Since it began.
    refused : int
        Rows that were turned away at the door.
    problem : str
        What was wrong with the last of them.
    """

    alerts: tuple[Alert, ...]
    windows: int
    rows: int
    seconds: float
    refused: int = 0
    problem: str = ""


def is_noticed(fault: Fault, alerts: Sequence[Alert]) -> bool:
    """Say whether one of the alerts names a cause that the fault should be taken for."""
    return any(alert.cause in fault.causes for alert in alerts)


def judged(fault: Fault, seen: Seen, *, before: str) -> DrillResult:
    """Return the result of a drill in which nothing was said before the fault.

    Parameters
    ----------
    fault : Fault
    seen : Seen
    before : str
        What was done before it, as a sentence.

    Examples
    --------
    >>> fault = Fault(name="lost-labels", says="outcomes stopped coming", causes=("lost labels",))
    >>> missed = judged(fault, Seen(alerts=(), windows=3, rows=900, seconds=2.5), before="4 weeks were answered")
    >>> missed.passed, missed.noticed_by
    (False, 'nothing')
    >>> missed.explanation
    'not noticed: outcomes stopped coming, and 900 rows in 3 windows raised no alarm.'
    """
    right = next((alert for alert in seen.alerts if alert.cause in fault.causes), None)
    first = right or next(iter(seen.alerts), None)
    noticed = f"alert {first.quantity}: {first.cause}" if first else "refusal" if seen.refused else "nothing"
    return DrillResult(
        name=fault.name, passed=right is not None, noticed_by=noticed, expected_cause=" or ".join(fault.causes),
        after_rows=seen.rows if first else None, after_seconds=round(seen.seconds, 2) if first else None,
        after_windows=seen.windows if first else None, explanation=_told(fault, seen, first) + _refusals(seen),
        steps=(before, fault.says, f"{seen.rows:,} more rows were sent, and watching looked after each week"),
    )


def too_early(fault: Fault, alert: Alert, *, before: str) -> DrillResult:
    """Return the result of a drill in which an alarm came before the fault did.

    Parameters
    ----------
    fault : Fault
    alert : Alert
    before : str
        What was done until then, as a sentence.
    """
    return DrillResult(
        name=fault.name, passed=False, noticed_by=f"alert {alert.quantity}: {alert.cause}", after_rows=None,
        after_seconds=None, after_windows=None, expected_cause=" or ".join(fault.causes), steps=(before,),
        explanation=(
            f"an alarm came before the fault: on past rows as they are, {alert.quantity} was put down to "
            f'"{alert.cause}": {alert.title}. {alert.explanation}'
        ),
    )


def _told(fault: Fault, seen: Seen, first: Alert | None) -> str:
    windows = f"{seen.windows} window{'s' if seen.windows > 1 else ''}"
    if first is None:
        return f"not noticed: {fault.says}, and {seen.rows:,} rows in {windows} raised no alarm."
    if first.cause not in fault.causes:
        return f'taken for another fault: {fault.says}, and {first.quantity} was put down to "{first.cause}".'
    return (
        f"noticed: {fault.says}; after {seen.rows:,} rows ({windows}) {first.quantity} raised an alarm, put down to "
        f'"{first.cause}": {first.title}.'
    )


def _refusals(seen: Seen) -> str:
    return f" {seen.refused:,} of {seen.rows:,} rows were refused ({seen.problem})." if seen.refused else ""
