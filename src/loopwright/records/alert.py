"""A watched quantity left the range that it may have, and somebody should look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from loopwright.records.record import Record, Ref

__all__ = ["Alert", "Cause", "Severity"]

Severity = Literal["critical", "warning"]
Cause = Literal[
    "unit change", "renamed category", "new category", "upstream null", "population change", "real change",
    "missing traffic", "schema break", "slow answers", "failing requests", "lost labels", "unknown",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert(Record):
    """One incident of one quantity: made once, when its first bad window is seen.

    Whether it is open, acknowledged, silenced or over stands in the marks of the metadata store and in the windows
    that follow; a record does not change.

    Attributes
    ----------
    quantity : str
        What was watched: ``"drift:fare"``, ``"drift:prediction"``, ``"quality:roc_auc"``, ``"schema:fare"``,
        ``"traffic"``, ``"errors"``, ``"latency"``, ``"nan"``, ``"labels"``.
    severity : {"critical", "warning"}
        Critical: the answers are probably wrong or missing. Warning: look at it this week.
    title : str
        One line for a phone.
    explanation : str
        What was seen, with numbers, and why the cause is suspected.
    advice : str
        What to do next.
    value, limit : float or None
        What was measured in the first bad window, and the limit that the alarm rests on.
    low, high : float or None
        Interval of the value.
    first_bad, last_bad : str
        Start of the first and end of the last bad window known when the alert was made, ISO 8601.
    cause : str
        The suspected cause.
    group : str
        Alerts with the same group are one incident: what else moved because of the same cause.
    examples : tuple of str
        Rows that show it, by prediction id.
    """

    circumstances: ClassVar[frozenset[str]] = frozenset({"at"})

    deployment: Ref
    quantity: str
    severity: Severity
    title: str
    explanation: str
    advice: str
    cause: Cause
    group: str
    first_bad: str
    last_bad: str
    value: float | None = None
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int = 0                  # predictions in the first bad window
    examples: tuple[str, ...] = ()
    at: str = ""
