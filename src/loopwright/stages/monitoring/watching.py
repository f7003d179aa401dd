"""One window of live traffic put together: drift, quality, traffic and the door, read against the reference."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl

from loopwright.settings import MonitorSettings
from loopwright.stages.monitoring.doors import read_doors
from loopwright.stages.monitoring.drift import read_columns, read_prediction
from loopwright.stages.monitoring.quality import read_qualities
from loopwright.stages.monitoring.references import References, shares
from loopwright.stages.monitoring.spans import Span
from loopwright.stages.monitoring.traffic import read_traffic
from loopwright.stages.monitoring.windows import TrafficReading, WindowReport

__all__ = ["Watch", "window_report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What windows are read by.

    Attributes
    ----------
    references : References
    monitor : MonitorSettings
    model : str
        Digest of the model whose reference it is.
    now : datetime
        UTC without a zone.
    latency_limit_ms : float or None
        Of the charter.
    private : collection of str
        Columns with personal data: none of their values is kept.
    acts_on_outcome : bool
        The decision changes what becomes of a row: only rows that were held back from it show how good answers are.
    """

    references: References
    monitor: MonitorSettings
    model: str
    now: datetime
    latency_limit_ms: float | None
    private: Collection[str] = ()
    acts_on_outcome: bool = False


def window_report(
    frame: pl.DataFrame, refusals: pl.DataFrame, span: Span, *, by: Watch, before: Sequence[WindowReport]
) -> WindowReport:
    """Read one window.

    Parameters
    ----------
    frame, refusals : DataFrame
        Live rows and refusals of the window.
    span : (datetime, datetime)
    by : Watch
    before : sequence of WindowReport
        Earlier windows in order; detectors go on from the last that was compared with the same reference.
    """
    budget = by.references.budget(by.monitor)
    last = before[-1] if before and before[-1].model == by.model else None
    # What the model says, and how good that is, is a matter of the rows that it answered itself.
    own = frame.filter(pl.col("__model") == by.model)
    judged = own.filter("__held_back") if by.acts_on_outcome else own
    return WindowReport(
        start=span[0].isoformat(), end=span[1].isoformat(), rows=frame.height, model=by.model,
        deployment=frame["__deployment"][-1] if frame.height else "",
        columns=read_columns(by.references.columns, frame, budget=budget, previous=last.columns if last else ()),
        predictions=read_prediction(
            by.references.prediction, own, budget=budget, previous=last.predictions if last else None
        ),
        qualities=read_qualities(
            judged, reference=by.references.quality, end=span[1], now=by.now, alpha=budget.quality.window_alpha,
            evidence_limit=budget.quality.detector_limit, previous=last.qualities if last else (),
        ),
        traffic=read_traffic(
            frame, refusals, span=span, now=by.now, alpha=budget.others.window_alpha, history=_history(before),
            latency_limit_ms=by.latency_limit_ms, late_days=by.monitor.late_days,
        ),
        doors=read_doors(
            frame, refusals, budget=budget, reference_rows=by.references.rows, shares=shares(by.references),
            private=by.private,
        ),
    )


def _history(before: Sequence[WindowReport]) -> list[tuple[Span, TrafficReading]]:
    return [
        ((datetime.fromisoformat(report.start), datetime.fromisoformat(report.end)), report.traffic)
        for report in before
    ]
