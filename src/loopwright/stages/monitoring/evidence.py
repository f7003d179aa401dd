"""What watching has shown, as evidence: pages, gates and the ML Test Score are views of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from loopwright.protocols import Predictor
from loopwright.records import Artifact, DatasetVersion, Evidence, Ref, Run
from loopwright.settings import MonitorSettings
from loopwright.stages.monitoring.quality import scored_estimates
from loopwright.stages.monitoring.skew import SkewReading, replayed
from loopwright.stages.monitoring.spans import naive
from loopwright.stages.monitoring.windows import QualityReading, WindowReport

__all__ = [
    "age_evidence", "alarms_of", "dependency_evidence", "door_evidence", "quality_evidence", "skew_evidence",
    "window_evidence",
]

_REPLAYED_ROWS = 500               # enough to show a path that computes something else, and cheap with every look


def alarms_of(report: WindowReport) -> tuple[str, ...]:
    """Return the quantities that are out of their range in a window."""
    return (
        *(f"drift:{item.column}" for item in report.columns if item.alarmed),
        *(("drift:prediction",) if report.predictions and report.predictions.alarmed else ()),
        *(f"quality:{item.metric}" for item in report.qualities if item.alarmed),
        *report.traffic.alarmed,
        *dict.fromkeys(f"schema:{item.field}" for item in report.doors if item.alarmed),
    )


def window_evidence(report: WindowReport, *, log: Ref, artifact: Artifact, at: str) -> Evidence:
    """Return the evidence of one window; its exhibit is the whole report."""
    alarmed = alarms_of(report)
    subject = Ref(kind="deployment", digest=report.deployment) if report.deployment else log
    said = f"out of range: {', '.join(alarmed)}" if alarmed else "nothing out of range"
    return Evidence(
        made_from=(log,), check="watch.window", subject=subject, passed=not alarmed, rows=report.rows, exhibit=artifact,
        claim=f"{report.start[:16]} to {report.end[:16]}: {report.rows:,} predictions, {said}", at=at,
    )


def door_evidence(reports: Sequence[WindowReport], *, subject: Ref, log: Ref, at: str) -> Evidence:
    """Return the evidence that every row that came in was held against the schema."""
    came = sum(item.rows + item.traffic.refused for item in reports)
    odd = sum(door.rows for item in reports for door in item.doors)
    bad = tuple(dict.fromkeys(door.field for item in reports for door in item.doors if door.alarmed))
    return Evidence(
        made_from=(subject, log), check="serving.schema", subject=subject, passed=not bad, rows=came, at=at,
        value=odd / came if came else 0.0,
        claim=f"each of {came:,} rows was held against the schema before it was answered; {odd:,} findings"
        + (f", too many of {', '.join(field or 'the row as a whole' for field in bad)}" if bad else ""),
    )


def quality_evidence(reports: Sequence[WindowReport], *, subject: Ref, log: Ref, at: str) -> list[Evidence]:
    """Return the newest quality on outcomes for each metric, and how good the estimates before them were."""
    newest: dict[str, tuple[WindowReport, QualityReading]] = {}
    for report in reports:
        newest |= {item.metric: (report, item) for item in report.qualities if item.mature and item.value is not None}
    found = [
        Evidence(
            made_from=(subject, log), check=f"quality.{metric}", subject=subject, passed=not reading.alarmed,
            value=reading.value, low=reading.low, high=reading.high, rows=reading.rows, at=at,
            limit=None if reading.limit is None else f"{reading.limit:.6g}",
            claim=f"on {reading.rows:,} served rows with outcome, {report.start[:10]} to {report.end[:10]}, {metric} "
            f"is {reading.value:.4f}"
            + (f" (judged before serving: {reading.reference:.4f})" if reading.reference else ""),
        )
        for metric, (report, reading) in newest.items()
    ]
    return [*found, *_estimate_evidence(reports, subject=subject, log=log, at=at)]


def _estimate_evidence(reports: Sequence[WindowReport], *, subject: Ref, log: Ref, at: str) -> list[Evidence]:
    scored = scored_estimates(item for report in reports for item in report.qualities)
    return [
        Evidence(
            made_from=(subject, log), check=f"estimate.{item.metric}", subject=subject, passed=None,
            value=item.mean_absolute_error, rows=item.windows, at=at,
            claim=f"estimates of {item.metric} without outcomes were off by {item.mean_absolute_error:.4f} on average "
            f"over {item.windows} windows; {item.coverage:.0%} of the outcomes lay in their range",
        )
        for item in scored
    ]


def age_evidence(
    parts: DatasetVersion, *, model: Ref, monitor: MonitorSettings, at: str, seen: str
) -> Evidence:
    """Return how old the newest row is that the model learned from, seen from the newest traffic."""
    last = max((part.last for part in parts.parts if part.name == "train" and part.last), default=None)
    limit = monitor.max_age_days
    if last is None:
        return Evidence(
            made_from=(model, parts.ref), check="age.data", subject=model, passed=None, at=at,
            claim="how old the training data are cannot be known: [data] names no time column",
        )
    days = max((naive(seen) - naive(last)).total_seconds() / 86_400, 0.0)
    return Evidence(
        made_from=(model, parts.ref), check="age.data", subject=model, value=days, at=at,
        passed=None if limit is None else days <= limit, limit=None if limit is None else f"<= {limit:g}",
        claim=f"the model learned from rows up to {last[:10]}, {days:.0f} days before the newest traffic"
        + (f"; {limit:g} are allowed" if limit is not None else ""),
    )


def dependency_evidence(run: Run, *, installed: Mapping[str, str], model: Ref, at: str) -> Evidence:
    """Return whether the libraries that serve are those that trained."""
    changed = {
        name: (version, installed[name]) for name, version in run.libraries.items() if installed[name] != version
    }
    told = ", ".join(f"{name} went from {old} to {new}" for name, (old, new) in changed.items())
    return Evidence(
        made_from=(model, run.ref), check="dependencies.libraries", subject=model, passed=not changed, at=at,
        claim=told or f"the model is watched with the versions that trained it: {_versions(run)}",
    )


def skew_evidence(frame: pl.DataFrame, predictor: Predictor, *, model: Ref, at: str) -> list[Evidence]:
    """Return whether logged rows, answered again by the batch path, get the answers that were served."""
    if frame.is_empty():
        return []
    rows = frame.tail(_REPLAYED_ROWS)
    found = replayed(rows, predictor=predictor)
    return [
        Evidence(
            made_from=(model,), check="skew.replay", subject=model, passed=found.differing == 0, rows=found.rows,
            value=found.largest_difference, at=at,
            claim=f"{found.rows:,} logged rows were answered again by the batch path: "
            + ("every answer is the one that was served" if found.differing == 0
               else f"{found.differing:,} answers differ{_by_how_much(found)}"),
        )
    ]


def _by_how_much(found: SkewReading) -> str:
    # Where a number stands against none, nothing can be subtracted.
    return "" if found.largest_difference is None else f", by up to {found.largest_difference:.3g}"


def _versions(run: Run) -> str:
    return ", ".join(f"{name} {version}" for name, version in sorted(run.libraries.items()))
