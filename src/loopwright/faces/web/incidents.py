"""Alerts as people look at them: grouped by incident, each with how it stands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.faces.web.watching import Watched
from loopwright.records import Alert

if TYPE_CHECKING:
    from loopwright.stages.monitoring import Standing

__all__ = ["AlertRow", "Incident", "incidents", "is_open", "open_alerts", "rows_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertRow:
    """One alert, how it stands, and the window in which it began (None if that is not kept any more)."""

    alert: Remembered[Alert]
    standing: Standing
    window: str | None  # digest of the window's evidence


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """What moved because of one cause.

    Attributes
    ----------
    group : str
    rows : tuple of AlertRow
        The critical ones first, then the oldest.
    """

    group: str
    rows: tuple[AlertRow, ...]

    @property
    def head(self) -> AlertRow:
        """The alert that speaks for the incident."""
        return self.rows[0]

    @property
    def open(self) -> int:
        """How many of its alerts nobody has seen to."""
        return sum(is_open(row.standing) for row in self.rows)

    @property
    def severity(self) -> str:
        """The worst of its alerts'."""
        return "critical" if any(row.alert.record.severity == "critical" for row in self.rows) else "warning"

    @property
    def over(self) -> bool:
        """All of it is over."""
        return all(row.standing.state == "over" for row in self.rows)


def incidents(library: Library, seen: Watched) -> tuple[Incident, ...]:
    """Return all incidents, the newest first."""
    groups: dict[str, list[AlertRow]] = {}
    for row in rows_of(library, _alerts(library), seen):
        groups.setdefault(row.alert.record.group or row.alert.digest, []).append(row)
    made = [Incident(group=group, rows=_explained(rows)) for group, rows in groups.items()]
    return tuple(sorted(made, key=lambda one: max(row.alert.record.first_bad for row in one.rows), reverse=True))


def _explained(rows: Sequence[AlertRow]) -> tuple[AlertRow, ...]:
    """Return the alerts of an incident, the one that explains the others first."""
    from loopwright.stages.monitoring import by_explanation

    places = {alert.digest: place for place, alert in enumerate(by_explanation([row.alert.record for row in rows]))}
    return tuple(sorted(rows, key=lambda row: places[row.alert.record.digest]))


def open_alerts(library: Library, seen: Watched) -> list[AlertRow]:
    """Return the alerts that nobody has seen to, the critical ones first."""
    rows = rows_of(library, _alerts(library), seen)
    return sorted((row for row in rows if is_open(row.standing)), key=_urgency)


def is_open(found: Standing) -> bool:
    """Say whether somebody still has to look."""
    return found.state == "open"


def rows_of(library: Library, alerts: Sequence[Alert], seen: Watched) -> list[AlertRow]:
    """Return alerts with how each stands."""
    if not alerts:
        return []
    # It takes a dataframe library along, which a project without alerts need not load.
    from loopwright.stages.monitoring import standing_of

    now, reports = library.now(), [window.report for window in seen.windows]
    marks = [*library.marks("alert").values(), *library.marks("silence").values()]
    windows = {window.report.start: window.digest for window in seen.windows}
    return [
        AlertRow(
            alert=remembered(library, one),
            standing=standing_of(one, reports, marks, now),
            window=windows.get(one.first_bad),
        )
        for one in alerts
    ]


def _alerts(library: Library) -> list[Alert]:
    return [one for one in library.all("alert") if isinstance(one, Alert)]


def _urgency(row: AlertRow) -> tuple[bool, str]:
    return row.alert.record.severity != "critical", row.alert.record.first_bad
