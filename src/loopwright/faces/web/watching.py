"""What the watching has seen, as the pages show it: windows in order, and one series for each thing watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock

from loopwright.errors import StoreError
from loopwright.faces.web.library import Library
from loopwright.records import Artifact, Evidence
from loopwright.stages.monitoring import (
    ColumnReading,
    DoorReading,
    Histogram,
    QualityReading,
    TrafficReading,
    WindowReport,
    decoded,
)

__all__ = [
    "CHECK",
    "ColumnReading",
    "DoorFinding",
    "DriftPoint",
    "DriftSeries",
    "EstimateRecord",
    "Histogram",
    "QualityPoint",
    "QualitySeries",
    "TrafficPoint",
    "Watched",
    "Window",
    "WindowReport",
    "alarms",
    "door_findings",
    "drift_series",
    "estimate_record",
    "quality_series",
    "readings_of",
    "traffic",
    "watched",
    "window_of",
]

CHECK = "watch.window"
"""The check of the evidence that holds a window."""

MOST = 60
"""Windows on a page unless more are asked for."""

_KEPT = 512  # reports in memory: pages ask for the same ones every few seconds
_REPORTS: dict[str, WindowReport] = {}
_KEEPING = Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """One window as it was last read.

    Attributes
    ----------
    digest : str
        Of the evidence: the window's page is ``/monitoring/<digest>``.
    at : str
        When it was read; outcomes that came later are not in it.
    report : WindowReport
    """

    digest: str
    at: str
    claim: str
    report: WindowReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The windows, oldest first, and how many could not be read because their bytes are lost."""

    windows: tuple[Window, ...]
    lost: int = 0

    @property
    def newest(self) -> Window | None:
        """The last window, or None if none was read."""
        return self.windows[-1] if self.windows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftPoint:
    """How far one column was from its reference in one window."""

    start: str
    digest: str
    rows: int
    effect: float
    accepted: float
    alarmed: bool

    @property
    def ratio(self) -> float:
        """The effect as a multiple of what is accepted; never negative."""
        return max(0.0, self.effect) / self.accepted if self.accepted > 0 else float(self.effect > 0) * 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DriftSeries:
    """One column (or the prediction), window by window."""

    column: str
    kind: str
    points: tuple[DriftPoint, ...]

    @property
    def weight(self) -> tuple[int, float]:
        """What the columns are ordered by: alarms, then the largest ratio."""
        return sum(point.alarmed for point in self.points), max((point.ratio for point in self.points), default=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPoint:
    """One metric in one window."""

    start: str
    digest: str
    reading: QualityReading

    @property
    def pending(self) -> float | None:
        """Share of the rows whose outcome is not known yet; None if there were no rows."""
        rows = self.reading.rows + self.reading.pending
        return self.reading.pending / rows if rows else None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualitySeries:
    """One metric, window by window."""

    metric: str
    points: tuple[QualityPoint, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateRecord:
    """How well the estimates made before outcomes did, over the windows whose outcomes have all come.

    Attributes
    ----------
    windows : int
        That have both a value and an estimate.
    within : int or None
        Of ``intervals`` windows, those whose value lies in the estimate's interval.
    mean_error : float
        Mean distance between estimate and value.
    bias : float
        Mean of estimate less value.
    """

    windows: int
    intervals: int
    within: int
    mean_error: float
    bias: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrafficPoint:
    """What came in one window."""

    start: str
    end: str
    digest: str
    reading: TrafficReading
    alarms: tuple[str, ...]  # everything in the window that raised an alarm, as an alert would call it

    @property
    def came(self) -> int:
        """All rows: answered, refused and failed."""
        return self.reading.rows + self.reading.refused + self.reading.failed


@dataclass(frozen=True, slots=True, kw_only=True)
class DoorFinding:
    """One oddity at the door, over the windows that had it.

    Attributes
    ----------
    windows, alarms : int
        That had it, and that it raised an alarm in.
    first, last : str
        Start of the first and the last of them.
    digest : str
        Of the evidence of the last.
    reading : DoorReading
        Of the last.
    """

    windows: int
    alarms: int
    first: str
    last: str
    digest: str
    reading: DoorReading


def watched(library: Library, *, most: int = MOST) -> Watched:
    """Return the last windows, each as it was read last.

    Parameters
    ----------
    library : Library
    most : int, default=60
        So many windows at most.
    """
    found: dict[str, Window] = {}
    lost = 0
    for evidence in _newest_first(library):
        window = window_of(library, evidence)
        if window is None:
            lost += 1
        elif window.report.start not in found:
            found[window.report.start] = window
            if len(found) == most:
                break
    return Watched(windows=tuple(found[start] for start in sorted(found)), lost=lost)


def window_of(library: Library, evidence: Evidence) -> Window | None:
    """Return the window that a piece of evidence holds; None if it holds none or its bytes are lost."""
    if evidence.check != CHECK or evidence.exhibit is None:
        return None
    try:
        report = _report(library, evidence.exhibit)
    except StoreError:
        return None
    return Window(digest=evidence.digest, at=evidence.at or library.at(evidence), claim=evidence.claim, report=report)


def readings_of(report: WindowReport) -> tuple[ColumnReading, ...]:
    """Return the readings of a window: the prediction's first, if there is one, then the columns."""
    return (*(() if report.predictions is None else (report.predictions,)), *report.columns)


def alarms(report: WindowReport) -> tuple[str, ...]:
    """Return what raised an alarm in a window, called as alerts call it: ``"drift:fare"``, ``"traffic"``."""
    return (
        *report.traffic.alarmed,
        *dict.fromkeys(f"schema:{door.field}" for door in report.doors if door.alarmed),
        *(f"drift:{one.column}" for one in readings_of(report) if one.alarmed),
        *(f"quality:{one.metric}" for one in report.qualities if one.alarmed),
    )


def drift_series(windows: Sequence[Window]) -> tuple[DriftSeries, ...]:
    """Return one series for each column, those with alarms and the largest drift first."""
    points: dict[str, list[DriftPoint]] = {}
    kinds: dict[str, str] = {}
    for window in windows:
        for one in readings_of(window.report):
            kinds[one.column] = one.kind
            points.setdefault(one.column, []).append(
                DriftPoint(
                    start=window.report.start, digest=window.digest, rows=one.rows, effect=one.effect,
                    accepted=one.accepted, alarmed=one.alarmed,
                )
            )
    series = [DriftSeries(column=name, kind=kinds[name], points=tuple(each)) for name, each in points.items()]
    return tuple(sorted(series, key=lambda one: one.weight, reverse=True))


def quality_series(windows: Sequence[Window]) -> tuple[QualitySeries, ...]:
    """Return one series for each metric, in the order of the charter."""
    points: dict[str, list[QualityPoint]] = {}
    for window in windows:
        for one in window.report.qualities:
            point = QualityPoint(start=window.report.start, digest=window.digest, reading=one)
            points.setdefault(one.metric, []).append(point)
    return tuple(QualitySeries(metric=metric, points=tuple(each)) for metric, each in points.items())


def estimate_record(series: QualitySeries) -> EstimateRecord | None:
    """Return how well the estimates of a metric did; None before the first window that can tell."""
    readings = (point.reading for point in series.points)
    both = [one for one in readings if one.mature and one.value is not None and one.estimate is not None]
    if not both:
        return None
    gaps = [one.estimate - one.value for one in both]  # type: ignore[operator]
    bounded = [one for one in both if one.estimate_low is not None and one.estimate_high is not None]
    return EstimateRecord(
        windows=len(both),
        intervals=len(bounded),
        within=sum(one.estimate_low <= one.value <= one.estimate_high for one in bounded),  # type: ignore[operator]
        mean_error=sum(map(abs, gaps)) / len(gaps),
        bias=sum(gaps) / len(gaps),
    )


def traffic(windows: Sequence[Window]) -> tuple[TrafficPoint, ...]:
    """Return what came, window by window."""
    return tuple(
        TrafficPoint(
            start=window.report.start, end=window.report.end, digest=window.digest, reading=window.report.traffic,
            alarms=alarms(window.report),
        )
        for window in windows
    )


def door_findings(windows: Sequence[Window]) -> tuple[DoorFinding, ...]:
    """Return what was odd at the door: what raised an alarm first, then what was seen last."""
    seen: dict[tuple[str, str], list[tuple[Window, DoorReading]]] = {}
    for window in windows:
        for one in window.report.doors:
            seen.setdefault((one.field, one.problem), []).append((window, one))
    found = [_finding(each) for each in seen.values()]
    return tuple(sorted(found, key=lambda one: (bool(one.alarms), one.last, one.reading.rows), reverse=True))


def _finding(seen: Sequence[tuple[Window, DoorReading]]) -> DoorFinding:
    window, reading = seen[-1]
    return DoorFinding(
        windows=len(seen), alarms=sum(one.alarmed for _, one in seen), first=seen[0][0].report.start,
        last=window.report.start, digest=window.digest, reading=reading,
    )


def _newest_first(library: Library) -> list[Evidence]:
    """Return the evidence that holds windows, that which was written last first."""
    found = [one for one in library.all("evidence") if isinstance(one, Evidence) and one.check == CHECK]
    # A record that is remembered again keeps its place among the others, but not its time.
    order = sorted(range(len(found)), key=lambda place: (found[place].at, place), reverse=True)
    return [found[place] for place in order]


def _report(library: Library, artifact: Artifact) -> WindowReport:
    """Return the report that an artifact holds; its bytes never change, so it is read once."""
    known = _REPORTS.get(artifact.sha256)
    if known is None:
        known = decoded(library.artifact(artifact))
        with _KEEPING:
            while len(_REPORTS) >= _KEPT:
                _REPORTS.pop(next(iter(_REPORTS)))
            _REPORTS[artifact.sha256] = known
    return known
