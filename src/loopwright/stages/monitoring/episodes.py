"""Which windows are bad in which quantity, and which bad windows are one incident."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from loopwright.records.alert import Alert
from loopwright.stages.monitoring.verdicts import FEWEST_ROWS
from loopwright.stages.monitoring.windows import WindowReport

__all__ = ["SERVICE", "Episode", "episodes", "is_about", "is_bad", "place_of"]

SERVICE = ("traffic", "errors", "latency", "nan", "labels")
"""Quantities of the service itself, which have no column."""

# So many good windows in a row end an incident; with fewer in between it is the same one.
_GOOD_ENDS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """The windows of one incident, by their positions.

    Attributes
    ----------
    first, last : int
        The first and the last bad one.
    closes : int
        The one that ended it, or the number of windows.
    """

    quantity: str
    first: int
    last: int
    closes: int


def is_bad(report: WindowReport, quantity: str) -> bool | None:
    """Return whether a window is bad in a quantity; None if it does not measure it.

    Parameters
    ----------
    report : WindowReport
    quantity : str
        As in ``Alert``.
    """
    kind, _, name = quantity.partition(":")
    if kind == "drift":
        every = (report.predictions,) if name == "prediction" else report.columns
        found = next((reading for reading in every if reading is not None and reading.column == name), None)
        return found.alarmed if found and (found.alarmed or found.rows >= FEWEST_ROWS) else None
    if kind == "quality":
        known = (quality for quality in report.qualities if quality.alarmed or quality.value is not None)
        return next((quality.alarmed for quality in known if quality.metric == name), None)
    return _at_the_door(report, name) if kind == "schema" else _of_service(report, kind)


def _at_the_door(report: WindowReport, name: str) -> bool | None:
    # A field that nobody complained of has no reading; where nothing came, nobody could.
    said = [door.alarmed for door in report.doors if door.field == name]
    return any(said) if said or _came(report) else None


def _of_service(report: WindowReport, name: str) -> bool | None:
    traffic = report.traffic
    measured = {
        "traffic": True, "errors": _came(report), "latency": traffic.rows > 0, "nan": traffic.rows > 0,
        "labels": traffic.labels_due > 0,
    }
    return name in traffic.alarmed if measured[name] or name in traffic.alarmed else None


def _came(report: WindowReport) -> bool:
    return report.traffic.rows + report.traffic.refused + report.traffic.failed > 0


def _bad_in(report: WindowReport) -> set[str]:
    """Return the quantities in which a window is bad."""
    drifted = {f"drift:{reading.column}" for reading in report.columns if reading.alarmed}
    answers = {"drift:prediction"} if report.predictions is not None and report.predictions.alarmed else set()
    fell = {f"quality:{quality.metric}" for quality in report.qualities if quality.alarmed}
    doors = {f"schema:{door.field}" if door.field else "schema" for door in report.doors if door.alarmed}
    return {*drifted, *answers, *fell, *doors, *report.traffic.alarmed}


def episodes(reports: Sequence[WindowReport], *, only: str = "") -> list[Episode]:
    """Return every incident, over all quantities or of one.

    Parameters
    ----------
    reports : sequence of WindowReport
        In time order.
    only : str, default=""
        The quantity that is asked for; ``""`` for all.
    """
    quantities = [only] if only else sorted({quantity for report in reports for quantity in _bad_in(report)})
    found: list[Episode] = []
    for quantity in quantities:
        states = [is_bad(report, quantity) for report in reports]
        found += [
            episode for start, end in _eras(quantity, reports)
            for episode in _runs(quantity, states[:end], start=start)
        ]
    return found


def _eras(quantity: str, reports: Sequence[WindowReport]) -> list[tuple[int, int]]:
    """Return the runs of windows within which an incident may last: what a model says ends with the model."""
    if place_of(quantity) < 3 or not reports:
        return [(0, len(reports))]
    begins = [0, *(place for place in range(1, len(reports)) if reports[place].model != reports[place - 1].model)]
    return list(pairwise([*begins, len(reports)]))


def _runs(quantity: str, states: Sequence[bool | None], *, start: int) -> list[Episode]:
    """Return the runs of bad windows from a start on, of which two good ones in a row end one."""
    found: list[Episode] = []
    first, last, good = -1, -1, 0
    for place in range(start, len(states)):
        if states[place]:
            first, last, good = place if first < 0 else first, place, 0
        elif states[place] is not None and first >= 0:
            good += 1
            if good == _GOOD_ENDS:
                found.append(Episode(quantity=quantity, first=first, last=last, closes=place))
                first = -1
    if first >= 0:
        found.append(Episode(quantity=quantity, first=first, last=last, closes=len(states)))
    return found


def is_about(alert: Alert, episode: Episode, reports: Sequence[WindowReport]) -> bool:
    """Say whether an alert was made of these windows."""
    return reports[episode.first].start <= alert.first_bad < reports[episode.last].end


def place_of(quantity: str) -> int:
    """Return how near a quantity is to where a fault begins: a column, the door, the service, answers, quality."""
    if quantity == "drift:prediction":
        return 3
    if quantity in SERVICE:
        return 2
    return 0 if quantity.startswith("drift:") else 1 if quantity.startswith("schema") else 4
