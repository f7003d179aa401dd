"""Windows that went bad become alerts: one for each incident of a quantity, grouped by what lies behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite

import polars as pl

from loopwright.records.alert import Alert, Cause, Severity
from loopwright.records.record import Ref
from loopwright.stages.monitoring.breaks import suspect_door, suspect_service
from loopwright.stages.monitoring.causes import suspect
from loopwright.stages.monitoring.declines import is_worse, suspect_prediction, suspect_quality
from loopwright.stages.monitoring.episodes import SERVICE, Episode, episodes, is_about, is_bad
from loopwright.stages.monitoring.examples import examples_of
from loopwright.stages.monitoring.grouping import Case, grouped
from loopwright.stages.monitoring.suspicions import Suspicion, discreet
from loopwright.stages.monitoring.windows import ColumnReading, QualityReading, WindowReport

__all__ = ["Context", "ended_at", "incidents", "ongoing"]

_TITLE = 90
# Faults that show so plainly that they are told even of a column that is known to be bad.
_PLAIN: frozenset[Cause] = frozenset({"schema break", "unit change", "renamed category", "upstream null"})
_CRITICAL: frozenset[Cause] = frozenset({"unit change", "schema break", "missing traffic", "failing requests"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Rows to look at for the cause of what the reports tell; what is missing is done without.

    Attributes
    ----------
    frames : mapping of str to DataFrame
        The live frame of a window, by the window's start.
    refusals : mapping of str to DataFrame
        Its refused rows.
    reference : DataFrame or None
        Rows that the model was judged on, in the source's columns.
    private : collection of str
        Columns with personal data: alerts quote none of their values.
    """

    frames: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    refusals: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    reference: pl.DataFrame | None = None
    private: Collection[str] = ()


def incidents(
    reports: Sequence[WindowReport],
    known: Sequence[Alert] = (),
    *,
    deployment: Ref,
    made_from: tuple[Ref, ...] = (),
    context: Context | None = None,
    at: str = "",
) -> tuple[Alert, ...]:
    """Return an alert for every incident that has none yet.

    An incident of a quantity is a run of windows that are bad in it, with at most one good window in between;
    windows that do not measure it count for neither. What a model says, and how good it is, ends with the model:
    another champion that is as bad makes an incident of its own. So does a column in whose incident another fault
    shows up: values that are renamed while the population drifts must not go unnoticed.

    Each window is judged with what stood in it and in those before it, never after it: so an alert says the same
    whether it is made on the day, or years later from scratch. Reports whose outcomes came late may of course show
    incidents that they did not show before.

    Alerts that begin while another incident that explains them is going on join its group and carry its cause. A
    quality that falls while an input is at fault is not said to be a change of the world.

    Parameters
    ----------
    reports : sequence of WindowReport
        In time order; from the beginning, or at least from before the first window of the oldest incident that
        is not over.
    known : sequence of Alert
        Alerts that were made before; they make no second one.
    deployment : Ref
        For windows in which no deployment answered.
    made_from : tuple of Ref
        What the alerts were made from: the prediction log, the statistics.
    context : Context, optional
        Rows to look at for causes and examples.
    at : str, default=""
        When the alerts are made, ISO 8601.

    Returns
    -------
    tuple of Alert
        New ones, in order of their first bad window; within a window roots come before what follows from them.
    """
    context = context or Context()
    found = episodes(reports)
    cases: list[Case] = []
    new: list[Alert] = []
    for place, report in enumerate(reports):
        starting = [episode for episode in found if episode.first == place]
        told = {episode: alert for episode in starting if (alert := _alert_of(episode, reports, known)) is not None}
        cases = [case for case in cases if place < case.episode.closes]
        turned = [(case, after) for case in cases if (after := _turned(case, place, report, known, context))]
        cases = [case for case in cases if all(case is not before for before, _ in turned)]
        cases += [_recalled(episode, alert, report) for episode, alert in told.items()]
        cases += [after for _, after in turned if after.suspicion is None]
        begun = [_fresh(episode, report, context) for episode in starting if episode not in told]
        fresh = grouped([*begun, *(after for _, after in turned if after.suspicion is not None)], beside=cases)
        cases += fresh
        new += [_made(case, report, context, deployment=deployment, made_from=made_from, at=at) for case in fresh]
    return tuple(new)


def ongoing(alert: Alert, reports: Sequence[WindowReport]) -> bool:
    """Say whether the incident of an alert is still going on, as far as the windows tell.

    Parameters
    ----------
    alert : Alert
    reports : sequence of WindowReport
        In time order.
    """
    return ended_at(alert, reports) is None


def ended_at(alert: Alert, reports: Sequence[WindowReport]) -> str | None:
    """Return the end of the last bad window of an alert's incident; None while it may be going on.

    Two good windows in a row end an incident. An incident whose windows are not among the reports is not known to
    be over. One whose first window is no longer bad, because outcomes came late, ended with its first window.

    Parameters
    ----------
    alert : Alert
    reports : sequence of WindowReport
        In time order.
    """
    since = [report for report in reports if report.end > alert.first_bad]
    episode = next((each for each in episodes(since, only=alert.quantity) if is_about(alert, each, since)), None)
    if episode is None:
        turned_good = bool(since) and since[0].start <= alert.first_bad and is_bad(since[0], alert.quantity) is False
        return alert.last_bad if turned_good else None
    return since[episode.last].end if episode.closes < len(since) else None


def _alert_of(episode: Episode, reports: Sequence[WindowReport], known: Sequence[Alert]) -> Alert | None:
    about = [alert for alert in known if alert.quantity == episode.quantity and is_about(alert, episode, reports)]
    return min(about, key=lambda alert: alert.first_bad, default=None)


def _fresh(episode: Episode, report: WindowReport, context: Context) -> Case:
    """Return an incident by what its own quantity shows."""
    suspicion = _suspicion(episode.quantity, report, context)
    return Case(
        episode=episode, own=suspicion.cause, causes=frozenset({suspicion.cause}), cause=suspicion.cause,
        group=f"{episode.quantity}@{report.start}", title=suspicion.title, advice=suspicion.advice,
        refuses=_refuses(episode.quantity, report), effect=_effect(episode.quantity, report), suspicion=suspicion,
    )


def _recalled(episode: Episode, alert: Alert, report: WindowReport) -> Case:
    return Case(
        episode=episode, own=alert.cause, causes=frozenset({alert.cause}), cause=alert.cause, group=alert.group,
        title=alert.title, advice=alert.advice, refuses=_refuses(episode.quantity, report),
        effect=_effect(episode.quantity, report),
    )


def _turned(
    case: Case, place: int, report: WindowReport, known: Sequence[Alert], context: Context
) -> Case | None:
    """Return the incident that begins where another fault shows up in one that is going on; None if none does."""
    if not case.is_input or not is_bad(report, case.quantity):
        return None
    told = [alert for alert in known if alert.quantity == case.quantity and alert.first_bad == report.start]
    episode = replace(case.episode, first=place)
    if told:
        after = _recalled(episode, told[0], report)
    elif report.start in context.frames:
        after = _fresh(episode, report, context)
    else:
        # Without its rows a window may look otherwise than it did with them.
        return None
    can_tell = case.quantity.startswith("drift:") or after.own == "schema break"
    is_new = can_tell and after.own in _PLAIN and after.own not in case.causes
    return replace(after, causes=case.causes | after.causes) if is_new else None


def _suspicion(quantity: str, report: WindowReport, context: Context) -> Suspicion:
    kind, _, name = quantity.partition(":")
    if kind in SERVICE:
        return suspect_service(kind, report)
    if kind == "quality":
        reading = next(quality for quality in report.qualities if quality.metric == name)
        return suspect_quality(reading, columns=report.columns)
    if quantity == "drift:prediction" and report.predictions is not None:
        return suspect_prediction(report.predictions, columns=report.columns, qualities=report.qualities)
    suspicion = _of_input(kind, name, report, context)
    return discreet(suspicion, name) if name in context.private else suspicion


def _of_input(kind: str, name: str, report: WindowReport, context: Context) -> Suspicion:
    reading = next((reading for reading in report.columns if reading.column == name), None)
    doors = [door for door in report.doors if door.field == name]
    frame, others = context.frames.get(report.start), [other for other in report.columns if other is not reading]
    if kind == "schema" or reading is None:
        return suspect_door(
            doors, reading=reading, frame=frame, reference=context.reference, others=others,
            qualities=report.qualities, refusals=context.refusals.get(report.start),
        )
    return suspect(
        reading, frame=frame, reference=context.reference, doors=doors, others=others, qualities=report.qualities
    )


def _refuses(quantity: str, report: WindowReport) -> bool:
    name = quantity.partition(":")[2]
    return any(door.refused for door in report.doors if door.field == name and quantity != "drift:prediction")


def _effect(quantity: str, report: WindowReport) -> float:
    kind, _, name = quantity.partition(":")
    if kind == "drift":
        return max((reading.effect for reading in report.columns if reading.column == name), default=0.0)
    return max((door.share for door in report.doors if kind == "schema" and door.field == name), default=0.0)


def _made(
    case: Case, report: WindowReport, context: Context, *, deployment: Ref, made_from: tuple[Ref, ...], at: str
) -> Alert:
    suspicion = case.suspicion or _suspicion(case.quantity, report, context)
    answered = report.deployment and report.deployment != deployment.digest
    value, limit, low, high = _numbers(case.quantity, report)
    return Alert(
        deployment=Ref(kind="deployment", digest=report.deployment) if answered else deployment,
        quantity=case.quantity, severity=_severity(case, report), title=_cut(suspicion.title),
        explanation=suspicion.explanation, advice=suspicion.advice, cause=suspicion.cause, group=case.group,
        first_bad=report.start, last_bad=report.end, value=value, limit=limit, low=low, high=high, rows=report.rows,
        examples=examples_of(
            case.quantity, suspicion, report=report, frame=context.frames.get(report.start),
            refusals=context.refusals.get(report.start),
        ),
        made_from=made_from, at=at,
    )


def _severity(case: Case, report: WindowReport) -> Severity:
    """Return critical if the answers are probably wrong or missing."""
    if case.cause in _CRITICAL or case.quantity == "nan":
        return "critical"
    qualities = [quality for quality in report.qualities if case.quantity == f"quality:{quality.metric}"]
    return "critical" if any(_is_below(quality) for quality in qualities) else "warning"


def _is_below(quality: QualityReading) -> bool:
    """Say whether the quality on outcomes is on the bad side of its limit."""
    has_both = quality.value is not None and quality.limit is not None
    return has_both and is_worse(quality.metric, quality.value or 0.0, quality.limit or 0.0)


def _cut(title: str) -> str:
    return title if len(title) <= _TITLE else f"{title[: _TITLE - 1].rstrip()}…"


def _numbers(quantity: str, report: WindowReport) -> tuple[float | None, float | None, float | None, float | None]:
    """Return value, limit, and the interval of the value, as far as they are known and finite."""
    kind, _, name = quantity.partition(":")
    found: tuple[float | None, float | None, float | None, float | None] = (None, None, None, None)
    if kind == "drift":
        every = [*report.columns, *([report.predictions] if report.predictions else [])]
        found = next((_of_drift(reading) for reading in every if reading.column == name), found)
    elif kind == "quality":
        found = next((_of_quality(quality) for quality in report.qualities if quality.metric == name), found)
    elif kind == "schema":
        worst = max((door for door in report.doors if door.field == name), key=lambda door: door.rows)
        found = (worst.share, worst.reference, None, None)
    else:
        found = (*_of_service(kind, report), None, None)
    # Counts become floats: a record that is read back holds them so, and must have the same digest then.
    value, limit, low, high = (float(number) if number is not None and isfinite(number) else None for number in found)
    return value, limit, low, high


def _of_drift(reading: ColumnReading) -> tuple[float, float, None, None]:
    """Return the effect and what is accepted, or the detector's evidence if that is what raised the alarm."""
    if reading.effect > reading.accepted or reading.evidence < reading.limit:
        return reading.effect, reading.accepted, None, None
    return reading.evidence, reading.limit, None, None


def _of_quality(quality: QualityReading) -> tuple[float | None, float | None, float | None, float | None]:
    if quality.value is None:
        return quality.estimate, quality.limit, quality.estimate_low, quality.estimate_high
    return quality.value, quality.limit, quality.low, quality.high


def _of_service(what: str, report: WindowReport) -> tuple[float | None, float | None]:
    traffic = report.traffic
    lost = traffic.refused + traffic.failed
    if what == "traffic":
        above = traffic.expected_high is not None and traffic.rows > traffic.expected_high
        return traffic.rows, traffic.expected_high if above else traffic.expected_low
    return {
        "errors": (lost / max(traffic.rows + lost, 1), None),
        "latency": (traffic.latency_p99_ms, traffic.latency_limit_ms),
        "nan": (float(traffic.odd), 0.0),
        "labels": (traffic.labels_come / max(traffic.labels_due, 1), None),
    }[what]
