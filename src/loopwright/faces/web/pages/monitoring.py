"""What was watched, window by window, and one window with the distributions behind its numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.errors import UnknownRecord
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.faces.web.watching import (
    MOST,
    ColumnReading,
    DoorFinding,
    DriftSeries,
    TrafficPoint,
    Window,
    alarms,
    door_findings,
    drift_series,
    readings_of,
    traffic,
    watched,
    window_of,
)
from loopwright.records import Alert, Evidence, Record

__all__ = ["MonitoringPage", "WindowPage", "monitoring", "window"]

_IN_HEAT = 30  # columns, unless all are asked for
_IN_LINES = 6
_DOORS = 40
_NEIGHBOURS = 400  # windows that are looked through for those beside one


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringPage:
    """Drift by column, traffic, answer times and the door, over the last windows."""

    template: ClassVar[str] = "monitoring.html"
    place: ClassVar[str] = "/monitoring"
    live: ClassVar[bool] = True

    project: str
    title: str
    points: tuple[TrafficPoint, ...]  # one for each window, oldest first
    series: tuple[DriftSeries, ...]  # those in the picture: with alarms and the largest drift first
    chosen: tuple[DriftSeries, ...]  # those drawn as lines: the one asked for, or the first few
    column: str  # the one asked for, or empty
    calm: int  # columns that are not in the picture
    doors: tuple[DoorFinding, ...]
    lost: int  # windows that cannot be read
    most: int  # windows that were asked for


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowPage:
    """One window: every reading, beside the reference that it was compared with."""

    template: ClassVar[str] = "window.html"
    place: ClassVar[str] = "/monitoring"

    project: str
    title: str
    evidence: Remembered[Evidence]
    window: Window
    readings: tuple[ColumnReading, ...]  # alarms first, then by drift
    alarms: tuple[str, ...]
    alerts: tuple[Remembered[Alert], ...]  # that name this window as their first
    before: str | None  # digest of the window before
    after: str | None
    newer: str | None  # digest of a later reading of the same window, when more outcomes were known
    model: Record | None  # that answered
    deployment: Record | None


def monitoring(library: Library, *, column: str = "", every: bool = False, most: int = MOST) -> MonitoringPage:
    """Look at the last windows.

    Parameters
    ----------
    library : Library
    column : str, optional
        Draw the line of this column only.
    every : bool, default=False
        Put every column into the picture.
    most : int, default=60
        So many windows.
    """
    seen = watched(library, most=most)
    series = drift_series(seen.windows)
    shown = series if every else series[:_IN_HEAT]
    return MonitoringPage(
        project=library.name,
        title="Monitoring",
        points=traffic(seen.windows),
        series=shown,
        chosen=tuple(one for one in series if one.column == column) if column else series[:_IN_LINES],
        column=column,
        calm=len(series) - len(shown),
        doors=door_findings(seen.windows)[:_DOORS],
        lost=seen.lost,
        most=most,
    )


def window(library: Library, record: Evidence) -> WindowPage:
    """Look at one window.

    Raises
    ------
    UnknownRecord
        If the evidence holds no window.
    """
    found = window_of(library, record)
    if found is None:
        raise UnknownRecord(f"the evidence {record.digest[:12]} holds no window that can be read.")
    report, order = found.report, {one.report.start: one.digest for one in watched(library, most=_NEIGHBOURS).windows}
    starts = list(order)
    place = starts.index(report.start) if report.start in order else -1
    return WindowPage(
        project=library.name,
        title=f"Window of {report.start[:16].replace('T', ' ')}",
        evidence=remembered(library, record),
        window=found,
        readings=tuple(sorted(readings_of(report), key=_weight)),
        alarms=alarms(report),
        alerts=tuple(
            remembered(library, one)
            for one in library.all("alert")
            if isinstance(one, Alert) and one.first_bad == report.start
        ),
        before=order[starts[place - 1]] if place > 0 else None,
        after=order[starts[place + 1]] if 0 <= place < len(starts) - 1 else None,
        newer=newest if (newest := order.get(report.start)) != found.digest else None,
        model=_known(library, report.model),
        deployment=_known(library, report.deployment),
    )


def _weight(reading: ColumnReading) -> tuple[bool, float]:
    return not reading.alarmed, -reading.effect


def _known(library: Library, digest: str) -> Record | None:
    try:
        return library.get(digest) if digest else None
    except UnknownRecord:
        return None
