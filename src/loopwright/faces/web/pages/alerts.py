"""Alerts: incident by incident, and each with what it rests on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.faces.web.incidents import AlertRow, Incident, incidents, rows_of
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.faces.web.watching import (
    DriftSeries,
    QualitySeries,
    drift_series,
    quality_series,
    watched,
)
from loopwright.records import Alert, Record, Ref
from loopwright.store.metadata import Mark

__all__ = ["AlertPage", "AlertsPage", "alert", "alerts"]

_MOST = 400  # windows that are looked at for how an alert stands


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPage:
    """All incidents, newest first."""

    template: ClassVar[str] = "alerts.html"
    place: ClassVar[str] = "/alerts"
    live: ClassVar[bool] = True

    project: str
    title: str
    incidents: tuple[Incident, ...]
    counts: dict[str, int]  # standing -> alerts
    standing: str  # only alerts that stand so, if not empty
    watched: bool  # a window was read at all
    silences: tuple[Mark, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage:
    """One alert, what it rests on, and what was done about it."""

    template: ClassVar[str] = "alert.html"
    place: ClassVar[str] = "/alerts"
    live: ClassVar[bool] = True

    project: str
    title: str
    row: AlertRow
    drift: DriftSeries | None
    quality: QualitySeries | None
    others: tuple[AlertRow, ...]  # of the same incident
    deployment: Ref
    made_from: tuple[Ref, ...]
    answered: tuple[Remembered[Record], ...]  # what was made because of it: decisions, runs


def alerts(library: Library, *, standing: str = "") -> AlertsPage:
    """List the incidents.

    Parameters
    ----------
    library : Library
    standing : str, optional
        Only incidents with an alert that stands so.
    """
    seen = watched(library, most=_MOST)
    found = incidents(library, seen)
    counts: dict[str, int] = {}
    for row in (row for one in found for row in one.rows):
        counts[row.standing.state] = counts.get(row.standing.state, 0) + 1
    shown = [one for one in found if not standing or any(row.standing.state == standing for row in one.rows)]
    now = library.now()
    silences = [mark for mark in library.marks("silence").values() if str(mark.body.get("until") or "") > now]
    return AlertsPage(
        project=library.name,
        title="Alerts",
        incidents=tuple(shown),
        counts=counts,
        standing=standing,
        watched=bool(seen.windows),
        silences=tuple(silences),
    )


def alert(library: Library, record: Alert) -> AlertPage:
    """Look at one alert."""
    seen = watched(library, most=_MOST)
    kind, _, name = record.quantity.partition(":")
    group = [one for one in incidents(library, seen) if one.group == (record.group or record.digest)]
    drift = (one for one in drift_series(seen.windows) if kind == "drift" and one.column == name)
    quality = (one for one in quality_series(seen.windows) if kind == "quality" and one.metric == name)
    return AlertPage(
        project=library.name,
        title=record.title,
        row=rows_of(library, [record], seen)[0],
        drift=next(drift, None),
        quality=next(quality, None),
        others=tuple(row for one in group for row in one.rows if row.alert.digest != record.digest),
        deployment=record.deployment,
        made_from=tuple(library.parents(record)),
        answered=tuple(remembered(library, one) for one in library.children(record) if not isinstance(one, Alert)),
    )
