"""How good the answers are: on outcomes as they come, and estimated before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.faces.web.library import Library
from loopwright.faces.web.watching import (
    MOST,
    EstimateRecord,
    QualityPoint,
    QualitySeries,
    estimate_record,
    quality_series,
    watched,
)

__all__ = ["MetricView", "QualityPage", "latest", "quality"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricView:
    """One metric: its series, where it stands now, and how well its estimates did."""

    series: QualitySeries
    known: QualityPoint | None  # the newest window with a value
    newest: QualityPoint
    estimates: EstimateRecord | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityPage:
    """Every metric of the charter over the last windows."""

    template: ClassVar[str] = "quality.html"
    place: ClassVar[str] = "/quality"
    live: ClassVar[bool] = True

    project: str
    title: str
    metrics: tuple[MetricView, ...]
    windows: int
    pending: int  # outcomes that are still to come, over the windows shown
    lost: int
    most: int


def quality(library: Library, *, most: int = MOST) -> QualityPage:
    """Look at how good the answers are.

    Parameters
    ----------
    library : Library
    most : int, default=60
        So many windows.
    """
    seen = watched(library, most=most)
    series = quality_series(seen.windows)
    return QualityPage(
        project=library.name,
        title="Quality",
        metrics=tuple(latest(one) for one in series),
        windows=len(seen.windows),
        pending=sum(point.reading.pending for point in series[0].points) if series else 0,
        lost=seen.lost,
        most=most,
    )


def latest(series: QualitySeries) -> MetricView:
    """Return a metric with where it stands now."""
    known = [point for point in series.points if point.reading.value is not None]
    return MetricView(
        series=series,
        known=known[-1] if known else None,
        newest=series.points[-1],
        estimates=estimate_record(series),
    )
