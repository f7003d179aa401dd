"""The live strip: what serves, what is wrong, what came last, and how good the answers are, in four facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from loopwright.faces.web.incidents import AlertRow, open_alerts
from loopwright.faces.web.library import Library
from loopwright.faces.web.numbers import interval, number, share
from loopwright.faces.web.releases import Release, release
from loopwright.faces.web.watching import QualitySeries, Watched, alarms, quality_series, watched
from loopwright.records import Model

__all__ = ["Fact", "strip", "title_of"]

Tone = Literal["", "good", "warn", "bad"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact of the strip.

    Attributes
    ----------
    name, says, note : str
        What it is, the fact in a few words, and a line below.
    address : str
        Where to read more.
    tone : str
    """

    name: str
    says: str
    note: str
    address: str
    tone: Tone = ""


def strip(library: Library) -> tuple[Fact, ...]:
    """Return the facts, or nothing before the first deployment."""
    found = release(library)
    if found is None:
        return ()
    seen = watched(library)
    return (_serving(found), _alerts(open_alerts(library, seen)), _window(seen), _quality(seen))


def title_of(model: Model | None) -> str:
    """Return a model as one writes it in a few letters.

    Examples
    --------
    >>> title_of(None)
    'unknown model'
    """
    return f"v{model.number}" if model else "unknown model"


def _serving(found: Release) -> Fact:
    now = found.deployment.record
    says = title_of(found.champion)
    beside = f"{now.stage} of {title_of(found.challenger)}" if now.challenger else "alone"
    answers = f", which answers {share(now.share)}" if now.share else ""
    note = "approval is asked for" if now.awaiting else f"{beside}{answers}"
    return Fact(name="Serves", says=says, note=note, address="/deployment", tone="warn" if now.awaiting else "")


def _alerts(rows: Sequence[AlertRow]) -> Fact:
    critical = sum(row.alert.record.severity == "critical" for row in rows)
    note = f"{critical} critical: {rows[0].alert.record.title}" if rows else "nothing to look at"
    tone: Tone = "bad" if critical else "warn" if rows else "good"
    return Fact(name="Open alerts", says=str(len(rows)), note=note, address="/alerts", tone=tone)


def _window(seen: Watched) -> Fact:
    last = seen.newest
    if last is None:
        return Fact(name="Last window", says="none yet", note="loopwright watch", address="/monitoring")
    loud = alarms(last.report)
    note = f"{len(loud)} alarms: {', '.join(loud[:3])}" if loud else "calm"
    return Fact(
        name=f"Window of {last.report.start[:10]}", says=f"{number(last.report.rows)} rows", note=note,
        address=f"/monitoring/{last.digest}", tone="warn" if loud else "good",
    )


def _quality(seen: Watched) -> Fact:
    series = quality_series(seen.windows)
    if not series:
        return Fact(name="Quality", says="not known yet", note="outcomes have to come first", address="/quality")
    return _quality_now(series[0])


def _quality_now(series: QualitySeries) -> Fact:
    """Return the newest value, on outcomes if there are any, else as it is estimated."""
    known = [point.reading for point in series.points if point.reading.value is not None]
    newest = series.points[-1].reading
    bad = any(one.alarmed for one in (newest, *known[-1:]))
    tone: Tone = "bad" if bad else ""
    if known:
        estimate = f"; now estimated {number(newest.estimate)}" if newest.estimate is not None else ""
        note = f"{interval(known[-1].low, known[-1].high)}{estimate}"
        return Fact(name=series.metric, says=number(known[-1].value), note=note, address="/quality", tone=tone)
    if newest.estimate is None:
        note = f"{newest.pending:,} outcomes pending"
        return Fact(name=series.metric, says="not known yet", note=note, address="/quality", tone=tone)
    note = f"estimated; {newest.pending:,} outcomes pending"
    return Fact(name=series.metric, says=number(newest.estimate), note=note, address="/quality", tone=tone)
