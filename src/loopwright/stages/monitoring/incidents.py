"""Windows that went bad become alerts: one for each incident of a quantity, grouped by what lies behind them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import isfinite

import polars as pl

from loopwright.records.alert import Alert, Cause, Severity
from loopwright.records.record import Ref
from loopwright.stages.monitoring.breaks import suspect_door, suspect_service
from loopwright.stages.monitoring.causes import suspect
from loopwright.stages.monitoring.declines import is_worse, suspect_prediction, suspect_quality
from loopwright.stages.monitoring.examples import examples_of
from loopwright.stages.monitoring.suspicions import FAULTS, Suspicion, discreet
from loopwright.stages.monitoring.windows import ColumnReading, QualityReading, WindowReport

__all__ = ["Context", "by_explanation", "ended_at", "incidents", "ongoing"]

# So many good windows in a row end an incident; with fewer in between it is the same one.
_GOOD_ENDS = 2
# Between the first and the last of several columns that one change of the population moves.
_TOGETHER = 3
_TITLE = 90

_SERVICE = ("traffic", "errors", "latency", "nan", "labels")
_STRENGTH: tuple[Cause, ...] = (
    "schema break", "unit change", "renamed category", "upstream null", "failing requests", "missing traffic",
    "new category", "lost labels", "slow answers", "population change", "real change", "unknown",
)
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Span:
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    """One incident as it looked in its first window.

    Attributes
    ----------
    own : str
        Cause by this quantity alone; ``cause`` is that of the root it follows.
    refuses : bool
        Rows were refused because of it, so that those that are left may look different.
    suspicion : Suspicion or None
        None for an incident that has an alert already.
    """

    span: _Span
    own: Cause
    cause: Cause
    group: str
    title: str
    advice: str
    refuses: bool
    effect: float
    suspicion: Suspicion | None = None

    @property
    def quantity(self) -> str:
        return self.span.quantity

    @property
    def field(self) -> str:
        return self.quantity.partition(":")[2]

    @property
    def is_input(self) -> bool:
        return _kind(self.quantity) <= 1

    @property
    def rank(self) -> tuple[int, int, float, str]:
        """Sorts what explains more before what explains less."""
        return _STRENGTH.index(self.cause), _kind(self.quantity), -self.effect, self.quantity


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
    another champion that is as bad makes an incident of its own.

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
    spans = _spans(reports)
    cases: list[_Case] = []
    new: list[Alert] = []
    for place, report in enumerate(reports):
        starting = [span for span in spans if span.first == place]
        told = {span: alert for span in starting if (alert := _alert_of(span, reports, known)) is not None}
        cases = [case for case in cases if place < case.span.closes]
        cases += [_recalled(span, alert, report) for span, alert in told.items()]
        fresh = _grouped([_fresh(span, report, context) for span in starting if span not in told], beside=cases)
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
    spans = [span for span in _spans(reports) if span.quantity == alert.quantity]
    span = next((span for span in spans if _is_about(alert, span, reports)), None)
    if span is None:
        is_seen = any(report.start == alert.first_bad for report in reports)
        return alert.last_bad if is_seen else None
    return reports[span.last].end if span.closes < len(reports) else None


def by_explanation(alerts: Sequence[Alert]) -> tuple[Alert, ...]:
    """Return the alerts of one group, those that explain before those that follow from them."""
    return tuple(sorted(alerts, key=lambda alert: (
        _STRENGTH.index(alert.cause), _kind(alert.quantity), alert.first_bad, -(alert.value or 0.0), alert.quantity,
    )))


def _kind(quantity: str) -> int:
    """Return how near a quantity is to where a fault begins: a column, the door, the service, answers, quality."""
    if quantity == "drift:prediction":
        return 3
    if quantity in _SERVICE:
        return 2
    return 0 if quantity.startswith("drift:") else 1 if quantity.startswith("schema") else 4


# -- which windows are bad ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Whether a window is bad in each quantity that it measures."""

    states: dict[str, bool]
    came: bool                     # any row, answered or not

    def of(self, quantity: str) -> bool | None:
        """Return whether the window is bad; None if it does not say."""
        # A field that nobody complained of at the door has no reading.
        return self.states.get(quantity, False if quantity.startswith("schema") and self.came else None)


def _seen(report: WindowReport) -> _Seen:
    states = {f"drift:{reading.column}": reading.alarmed for reading in report.columns}
    if report.predictions is not None:
        states["drift:prediction"] = report.predictions.alarmed
    for quality in report.qualities:
        if quality.alarmed or quality.value is not None:
            states[f"quality:{quality.metric}"] = quality.alarmed
    for door in report.doors:
        states[_schema(door.field)] = states.get(_schema(door.field), False) or door.alarmed
    traffic = report.traffic
    came = traffic.rows + traffic.refused + traffic.failed > 0
    measured = {
        "traffic": True, "errors": came, "latency": traffic.rows > 0, "nan": traffic.rows > 0,
        "labels": traffic.labels_due > 0,
    }
    states |= {name: name in traffic.alarmed for name in _SERVICE if measured[name] or name in traffic.alarmed}
    return _Seen(states=states, came=came)


def _schema(name: str) -> str:
    return f"schema:{name}" if name else "schema"


def _spans(reports: Sequence[WindowReport]) -> list[_Span]:
    """Return every incident, over all quantities."""
    seen = [_seen(report) for report in reports]
    quantities = sorted({quantity for each in seen for quantity, bad in each.states.items() if bad})
    return [
        span for quantity in quantities
        for start, end in _eras(quantity, reports)
        for span in _runs(quantity, [each.of(quantity) for each in seen[:end]], start=start)
    ]


def _eras(quantity: str, reports: Sequence[WindowReport]) -> list[tuple[int, int]]:
    """Return the runs of windows within which an incident may last: what a model says ends with the model."""
    if _kind(quantity) < 3 or not reports:
        return [(0, len(reports))]
    begins = [0, *(place for place in range(1, len(reports)) if reports[place].model != reports[place - 1].model)]
    return list(pairwise([*begins, len(reports)]))


def _runs(quantity: str, states: Sequence[bool | None], *, start: int) -> list[_Span]:
    """Return the runs of bad windows from a start on, of which two good ones in a row end one."""
    spans: list[_Span] = []
    first, last, good = -1, -1, 0
    for place in range(start, len(states)):
        if states[place]:
            first, last, good = place if first < 0 else first, place, 0
        elif states[place] is not None and first >= 0:
            good += 1
            if good == _GOOD_ENDS:
                spans.append(_Span(quantity=quantity, first=first, last=last, closes=place))
                first = -1
    if first >= 0:
        spans.append(_Span(quantity=quantity, first=first, last=last, closes=len(states)))
    return spans


def _alert_of(span: _Span, reports: Sequence[WindowReport], known: Sequence[Alert]) -> Alert | None:
    return next((alert for alert in known if alert.quantity == span.quantity and _is_about(alert, span, reports)), None)


def _is_about(alert: Alert, span: _Span, reports: Sequence[WindowReport]) -> bool:
    """Say whether an alert was made of these windows."""
    return reports[span.first].start <= alert.first_bad < reports[span.last].end


# -- what lies behind it -----------------------------------------------------------------------------------


def _fresh(span: _Span, report: WindowReport, context: Context) -> _Case:
    """Return an incident by what its own quantity shows."""
    suspicion = _suspicion(span.quantity, report, context)
    return _Case(
        span=span, own=suspicion.cause, cause=suspicion.cause, group=f"{span.quantity}@{report.start}",
        title=suspicion.title, advice=suspicion.advice, refuses=_refuses(span.quantity, report),
        effect=_effect(span.quantity, report), suspicion=suspicion,
    )


def _recalled(span: _Span, alert: Alert, report: WindowReport) -> _Case:
    return _Case(
        span=span, own=alert.cause, cause=alert.cause, group=alert.group, title=alert.title, advice=alert.advice,
        refuses=_refuses(span.quantity, report), effect=_effect(span.quantity, report),
    )


def _suspicion(quantity: str, report: WindowReport, context: Context) -> Suspicion:
    kind, _, name = quantity.partition(":")
    if kind in _SERVICE:
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


# -- what belongs together ---------------------------------------------------------------------------------


def _grouped(fresh: Sequence[_Case], *, beside: Sequence[_Case]) -> list[_Case]:
    """Return new incidents, roots first, each in the group of the one that explains it."""
    placed: list[_Case] = []
    for case in sorted(fresh, key=lambda case: case.rank):
        roots = _roots([*beside, *placed])
        root = next((root for root in roots if _explains(root, case)), None)
        placed.append(_following(case, root) if root is not None else _heading(case, roots))
    return placed


def _heading(case: _Case, roots: Sequence[_Case]) -> _Case:
    """Return an incident that nothing explains in the group of one that it explains itself, if there is one."""
    later = next((root for root in roots if _comes_after(case, root)), None)
    return case if later is None else replace(case, group=later.group)


def _roots(cases: Sequence[_Case]) -> list[_Case]:
    """Return the most explanatory incident of every group, the most explanatory of all first."""
    roots: dict[str, _Case] = {}
    for case in sorted(cases, key=lambda case: case.rank):
        roots.setdefault(case.group, case)
    return list(roots.values())


def _explains(root: _Case, case: _Case) -> bool:
    """Say whether one incident would bring the other about."""
    if root.cause in FAULTS and root.is_input:
        return _is_faulted(root, case)
    is_shift = case.own in {"population change", "unknown"}
    is_service = case.quantity in {"errors", "nan", "traffic"}
    by_cause: dict[Cause, bool] = {
        "population change": is_shift and case.span.first - root.span.first <= _TOGETHER,
        "missing traffic": is_shift,
        "failing requests": is_shift or is_service,
        "schema break": is_shift or is_service,
        "real change": case.own == "real change",
        "lost labels": case.quantity.startswith("quality:"),
    }
    return by_cause.get(root.cause, False)


def _is_faulted(root: _Case, case: _Case) -> bool:
    """Say whether a fault of an input would bring the other incident about."""
    if case.quantity.startswith("quality:"):
        # Few rows with a new value cannot move the quality of all.
        return root.cause != "new category" or root.effect >= 0.1 or root.refuses
    if case.quantity in {"drift:prediction", "nan"}:
        return True
    if case.is_input:
        is_alike = case.own == root.cause and case.span.first == root.span.first
        return case.field == root.field or is_alike or (root.refuses and case.own in {"population change", "unknown"})
    return root.refuses and case.quantity in {"errors", "traffic"}


def _comes_after(case: _Case, root: _Case) -> bool:
    """Say whether a new incident explains one that was noticed before it, and then had no better cause."""
    was_vague = root.cause in {"population change", "unknown"} and root.own == root.cause
    return was_vague and case.span.first - root.span.first <= _TOGETHER and _explains(case, root)


def _following(case: _Case, root: _Case) -> _Case:
    """Return the incident with its root's group, cause and advice, and saying so."""
    if case.suspicion is None:
        return case
    seen = case.suspicion.seen or case.suspicion.explanation
    told = replace(
        case.suspicion, cause=root.cause, explanation=f"Follows from {root.title}. {seen}", advice=root.advice,
        title=f"{case.title} (follows from {root.field or root.quantity})",
    )
    return replace(case, group=root.group, cause=root.cause, title=told.title, advice=root.advice, suspicion=told)


# -- the alert ---------------------------------------------------------------------------------------------


def _made(
    case: _Case, report: WindowReport, context: Context, *, deployment: Ref, made_from: tuple[Ref, ...], at: str
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


def _severity(case: _Case, report: WindowReport) -> Severity:
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
    value, limit, low, high = (number if number is not None and isfinite(number) else None for number in found)
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
