"""What a watcher made of scheduled happenings: what it noticed, after how long, and how often it cried wolf."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from loopwright.records import Alert

__all__ = ["Happening", "Mark", "false_alarms", "marked"]


class Happening(Protocol):
    """Something that was scheduled; see ``examples/taxi/year.py``."""

    name: str
    start: date
    end: date
    what: str
    cause: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """How the watcher did on one happening.

    Attributes
    ----------
    happening : Happening
    alert : Alert or None
        The first that names the right cause.
    days : float or None
        From the start of the happening to the look at the traffic that made the alert.
    rows : int or None
        Predictions in the meantime.
    passed : bool
        Noticed with the right cause; or harmless, and nothing was said.
    """

    happening: Happening
    alert: Alert | None
    days: float | None
    rows: int | None
    passed: bool


def marked(
    happenings: Sequence[Happening],
    alerts: Sequence[Alert],
    *,
    noticed: Mapping[str, datetime],
    times: Sequence[datetime],
) -> tuple[Mark, ...]:
    """Compare what was scheduled with what was said.

    Parameters
    ----------
    happenings : sequence of Happening
    alerts : sequence of Alert
        In the order in which they were made.
    noticed : mapping of str to datetime
        When each alert was made, by its digest.
    times : sequence of datetime
        When each prediction was asked for, in order.
    """
    return tuple(_mark(happening, _of(happening, alerts), noticed, times) for happening in happenings)


def false_alarms(happenings: Sequence[Happening], alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """Return the alerts that no happening explains."""
    right = {
        alert.digest
        for happening in happenings if happening.cause
        for alert in _of(happening, alerts) if _explains(happening, alert)
    }
    return tuple(alert for alert in alerts if alert.digest not in right)


def _mark(
    happening: Happening, alerts: Sequence[Alert], noticed: Mapping[str, datetime], times: Sequence[datetime]
) -> Mark:
    if happening.cause is None:
        return Mark(happening=happening, alert=None, days=None, rows=None, passed=not alerts)
    found = next((alert for alert in alerts if alert.cause == happening.cause), None)
    if found is None:
        return Mark(happening=happening, alert=None, days=None, rows=None, passed=False)
    start, seen = _moment(happening.start), noticed[found.digest]
    rows = sum(start <= time < seen for time in times)
    days = (seen - start).total_seconds() / 86_400
    return Mark(happening=happening, alert=found, days=days, rows=rows, passed=True)


def _of(happening: Happening, alerts: Sequence[Alert]) -> list[Alert]:
    """Return the alerts whose bad windows touch a happening."""
    start, end = _moment(happening.start), _moment(happening.end)
    return [alert for alert in alerts if _read(alert.first_bad) < end and start < _read(alert.last_bad)]


def _explains(happening: Happening, alert: Alert) -> bool:
    """Say whether an alert names the happening's cause, its own or that of the incident it is part of."""
    return alert.cause == happening.cause


def _moment(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)


def _read(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=None)
