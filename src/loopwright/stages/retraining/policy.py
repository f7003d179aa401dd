"""Whether a new model should be trained now, and why: every trigger and every brake says its sentence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from loopwright.measures.catalogue import METRIC_TASKS
from loopwright.records import Alert, Ref
from loopwright.settings import RetrainingSettings
from loopwright.stages.monitoring.windows import WindowReport

__all__ = ["FAULTS", "Decision", "Facts", "Quality", "Reason", "Trigger", "decide", "newest_qualities"]

Trigger = Literal["asked", "decay", "drift", "schedule", "labels", "challenger", "pause", "few_labels"]

FAULTS = frozenset({"unit change", "renamed category", "upstream null", "schema break"})
"""Causes that lie in the source: the rows are wrong, and a model trained on them learns what is wrong."""

_LEARNABLE = frozenset({"real change", "population change", "new category", "unknown"})
_EXPLAINED = _LEARNABLE - {"unknown"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good the newest answers are in one metric.

    Attributes
    ----------
    metric : str
    realised : float or None
        On the newest window with outcomes; None while there is none.
    estimated : float or None
        On the newest window without them, from the scores alone; None where it cannot be estimated.
    limit : float or None
        Where it begins to be too bad; None if nothing is demanded.
    """

    metric: str
    realised: float | None
    estimated: float | None
    limit: float | None

    @property
    def beyond(self) -> tuple[tuple[str, float], ...]:
        """The values beyond the limit, each with the word for how it is known."""
        values = (("realised", self.realised), ("estimated", self.estimated))
        return tuple((word, value) for word, value in values if value is not None and self._is_beyond(value))

    def _is_beyond(self, value: float) -> bool:
        if self.limit is None:
            return False
        return value < self.limit if METRIC_TASKS[self.metric].direction == "up" else value > self.limit


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known when it has to be decided whether to train.

    Attributes
    ----------
    now : datetime
        UTC where it has no zone.
    trained : datetime or None
        When a model was last trained; None if never.
    alerts : tuple of Alert
        Open ones that no training has answered yet.
    qualities : tuple of Quality
        One per watched metric.
    new_labels : int
        Outcomes that have become known since the last training.
    challenger : str
        The model that is being tried beside the champion, as a person calls it (``"v4 as a canary at 25 %"``);
        empty if there is none.
    asked_by : str
        The person who asks for a training now; empty if nobody does.
    """

    now: datetime
    trained: datetime | None
    alerts: tuple[Alert, ...]
    qualities: tuple[Quality, ...]
    new_labels: int
    challenger: str = ""
    asked_by: str = ""

    @property
    def days_since_training(self) -> float | None:
        """Days since the last training; None if there was none, and never below 0, whatever the clock does."""
        if self.trained is None:
            return None
        return max((_utc(self.now) - _utc(self.trained)).total_seconds() / 86_400, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one trigger or one brake says.

    Attributes
    ----------
    trigger : str
        ``"asked"``, ``"decay"``, ``"drift"``, ``"schedule"``, ``"labels"`` speak for a training;
        ``"challenger"``, ``"pause"``, ``"few_labels"`` hold it back.
    says : bool or None
        True: train (a brake: do not). False: no reason to (a brake: nothing against it). None: it is switched off in
        the project file, or cannot be known.
    text : str
        A sentence for people.
    """

    trigger: Trigger
    says: bool | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """Whether to train, and everything that was considered.

    Attributes
    ----------
    retrain : bool
    why : str
        In one or two sentences.
    reasons : tuple of Reason
        Triggers first, then brakes; each is always there.
    alerts : tuple of Ref
        The alerts that a training would answer; they belong in ``made_from`` of its run.
    """

    retrain: bool
    why: str
    reasons: tuple[Reason, ...]
    alerts: tuple[Ref, ...]


def decide(facts: Facts, settings: RetrainingSettings) -> Decision:
    """Decide whether to train a new model now.

    A training needs a trigger that fires and no brake that holds. Alerts whose cause is a fault of the source never
    fire: a model trained on broken rows learns what is broken. A person's wish overrules the pause and the smallest
    number of new outcomes, but not a challenger that is being tried, since there is one place for a challenger.

    Parameters
    ----------
    facts : Facts
    settings : RetrainingSettings

    Returns
    -------
    Decision

    Examples
    --------
    >>> facts = Facts(
    ...     now=datetime(2015, 7, 6), trained=datetime(2015, 4, 1), alerts=(), qualities=(), new_labels=12_000
    ... )
    >>> decide(facts, RetrainingSettings(every_days=90.0)).why
    'Train: the last training was 96 days ago, and every 90 days are asked for.'
    >>> decide(facts, RetrainingSettings()).retrain
    False
    """
    decaying, drifting = _decaying(facts), _drifting(facts)
    triggers = (
        _asked(facts),
        _decay(facts, decaying, settings),
        _drift(facts, drifting, settings),
        _schedule(facts, settings),
        _labels(facts, settings),
    )
    brakes = (_challenger(facts), _pause(facts, settings), _few_labels(facts, settings))
    firing = [reason for reason in triggers if reason.says]
    holding = [reason for reason in brakes if reason.says]
    answered = {"decay": decaying, "drift": drifting}
    alerts = [alert.ref for reason in firing for alert in answered.get(reason.trigger, ())]
    return Decision(
        retrain=bool(firing) and not holding,
        why=_why(triggers, firing, holding),
        reasons=(*triggers, *brakes),
        alerts=tuple(dict.fromkeys(alerts)),
    )


def newest_qualities(reports: Sequence[WindowReport]) -> tuple[Quality, ...]:
    """Return how good the newest answers are in every metric that was watched.

    Parameters
    ----------
    reports : sequence of WindowReport
        In any order.

    Returns
    -------
    tuple of Quality
        The realised value is of the newest window that has one, the estimate of the newest that has one, unless
        outcomes are known of a newer window, or of the same; the limit is the newest.
    """
    ordered = sorted(reports, key=lambda report: report.start, reverse=True)
    readings = [reading for report in ordered for reading in report.qualities]
    found: dict[str, Quality] = {}
    for metric in dict.fromkeys(reading.metric for reading in readings):
        mine = [reading for reading in readings if reading.metric == metric]
        known = next((place for place, reading in enumerate(mine) if reading.value is not None), len(mine))
        found[metric] = Quality(
            metric=metric,
            realised=mine[known].value if known < len(mine) else None,
            estimated=next((reading.estimate for reading in mine[:known] if reading.estimate is not None), None),
            limit=next((reading.limit for reading in mine if reading.limit is not None), None),
        )
    return tuple(found.values())


def _decaying(facts: Facts) -> tuple[Alert, ...]:
    """Return the quality alerts that a training could answer."""
    return tuple(
        alert for alert in facts.alerts
        if alert.quantity.startswith("quality:") and alert.cause in _LEARNABLE and not _faults_behind(alert, facts)
    )


def _drifting(facts: Facts) -> tuple[Alert, ...]:
    """Return the drift alerts that a training could answer; an unexplained one has to be looked at first."""
    return tuple(
        alert for alert in facts.alerts
        if alert.quantity.startswith("drift:") and alert.cause in _EXPLAINED and not _faults_behind(alert, facts)
    )


def _faults_behind(alert: Alert, facts: Facts) -> list[Alert]:
    """Return the faults that may explain an alert: of the same incident, or any if its own cause is unknown."""
    return [
        fault for fault in facts.alerts
        if fault.cause in FAULTS and fault is not alert and (alert.cause == "unknown" or fault.group == alert.group)
    ]


def _asked(facts: Facts) -> Reason:
    if facts.asked_by:
        return Reason(trigger="asked", says=True, text=f"{facts.asked_by} asks for a training")
    return Reason(trigger="asked", says=False, text="nobody asks for a training")


def _decay(facts: Facts, decaying: tuple[Alert, ...], settings: RetrainingSettings) -> Reason:
    if not settings.on_decay:
        return Reason(trigger="decay", says=None, text="decay is no trigger: [retraining] on_decay = false")
    if decaying:
        return Reason(trigger="decay", says=True, text=f"the answers have become worse: {_told(decaying)}")
    worse = [alert for alert in facts.alerts if alert.quantity.startswith("quality:")]
    if not worse:
        return Reason(trigger="decay", says=False, text="no alert about quality is open")
    faults = [alert for each in worse for alert in _faults_behind(each, facts)]
    faults += [alert for alert in worse if alert.cause in FAULTS]
    if faults:
        return Reason(
            trigger="decay", says=False,
            text=f"the answers have become worse, but {_told(faults)} explains it: {_MEND}",
        )
    return Reason(
        trigger="decay", says=False, text=f"the answers have become worse ({_told(worse)}), which no training mends"
    )


def _drift(facts: Facts, drifting: tuple[Alert, ...], settings: RetrainingSettings) -> Reason:
    if not settings.on_drift:
        return Reason(trigger="drift", says=None, text="drift is no trigger: [retraining] on_drift = false")
    if drifting:
        return _harm(facts, drifting)
    moved = [alert for alert in facts.alerts if alert.quantity.startswith(("drift:", "schema:"))]
    if not moved:
        return Reason(trigger="drift", says=False, text="no alert about drift is open")
    faults = [alert for alert in moved if alert.cause in FAULTS]
    faults += [alert for each in moved for alert in _faults_behind(each, facts) if alert not in faults]
    if faults:
        return Reason(trigger="drift", says=False, text=f"{_told(faults)} is a fault of the source: {_MEND}")
    return Reason(
        trigger="drift", says=False,
        text=f"nobody knows yet why rows are different ({_told(moved)}): look, and ask for a training if it is real",
    )


def _harm(facts: Facts, drifting: tuple[Alert, ...]) -> Reason:
    """Say whether drift matters: whether the answers are, or are estimated to be, worse than they may be."""
    moved = f"rows are different ({_told(drifting)})"
    worse = [
        f"the {word} {each.metric} of {value:.4g} is beyond its limit of {each.limit:.4g}"
        for each in facts.qualities for word, value in each.beyond
    ]
    if not worse:
        return _harmless(moved, facts)
    faults = [alert for alert in facts.alerts if alert.cause in FAULTS]
    if faults:
        text = f"{moved}, and {worse[0]}, but {_told(faults)} may be why: {_MEND}"
        return Reason(trigger="drift", says=False, text=text)
    return Reason(trigger="drift", says=True, text=f"{moved}, and {worse[0]}")


def _harmless(moved: str, facts: Facts) -> Reason:
    within = [
        f"{each.metric} {each.realised if each.realised is not None else each.estimated:.4g}"
        for each in facts.qualities
        if each.limit is not None and (each.realised is not None or each.estimated is not None)
    ]
    if not within:
        text = f"{moved}, but it cannot be known yet whether the answers suffer"
        return Reason(trigger="drift", says=None, text=text)
    text = f"{moved}, but the answers do not suffer: {', '.join(within)} within the limit"
    return Reason(trigger="drift", says=False, text=text)


def _schedule(facts: Facts, settings: RetrainingSettings) -> Reason:
    every, days = settings.every_days, facts.days_since_training
    if every is None:
        return Reason(trigger="schedule", says=None, text="no schedule is set: [retraining] every_days")
    if days is None:
        return Reason(trigger="schedule", says=True, text="no model was trained yet")
    if days >= every:
        return Reason(
            trigger="schedule", says=True,
            text=f"the last training was {_days(days)} ago, and every {_days(every)} are asked for",
        )
    return Reason(
        trigger="schedule", says=False,
        text=f"the last training was {_days(days)} ago, and the next is due after {_days(every)}",
    )


def _labels(facts: Facts, settings: RetrainingSettings) -> Reason:
    wanted, new = settings.every_labels, facts.new_labels
    if wanted is None:
        return Reason(trigger="labels", says=None, text="new outcomes are no trigger: [retraining] every_labels")
    text = f"{new:,} outcomes have become known since the last training, and {wanted:,} are asked for"
    return Reason(trigger="labels", says=new >= wanted, text=text)


def _challenger(facts: Facts) -> Reason:
    if not facts.challenger:
        return Reason(trigger="challenger", says=False, text="no challenger is being tried")
    return Reason(
        trigger="challenger", says=True,
        text=f"a challenger is being tried ({facts.challenger}), and there is room for one: promote or reject it first",
    )


def _pause(facts: Facts, settings: RetrainingSettings) -> Reason:
    days, pause = facts.days_since_training, settings.pause_days
    if days is None or days >= pause:
        return Reason(trigger="pause", says=False, text="no pause after an earlier training is due")
    text = f"the last training was {_days(days)} ago, and {_days(pause)} have to pass"
    if facts.trained is not None and _utc(facts.trained) > _utc(facts.now):
        text = f"by this clock the last training ({facts.trained.isoformat()}) is still to come: set the clock"
    return _overruled(Reason(trigger="pause", says=True, text=text), facts)


def _few_labels(facts: Facts, settings: RetrainingSettings) -> Reason:
    new, least = facts.new_labels, settings.min_labels
    if new >= least:
        return Reason(trigger="few_labels", says=False, text=f"{new:,} new outcomes are enough ({least:,} are needed)")
    text = f"{new:,} outcomes have become known since the last training: {least - new:,} more are needed"
    return _overruled(Reason(trigger="few_labels", says=True, text=text), facts)


def _overruled(brake: Reason, facts: Facts) -> Reason:
    """Release a brake if a person asks for a training."""
    if not facts.asked_by:
        return brake
    return Reason(trigger=brake.trigger, says=False, text=f"{brake.text}, but {facts.asked_by} asks for a training")


_MEND = "mend the source, retraining would learn the fault"


def _why(triggers: Sequence[Reason], firing: Sequence[Reason], holding: Sequence[Reason]) -> str:
    reasons = "; ".join(reason.text for reason in firing)
    if firing and holding:
        return f"Not now: {'; '.join(reason.text for reason in holding)}. Else one would train: {reasons}."
    if firing:
        return f"Train: {reasons}."
    said = [reason.text for reason in triggers if reason.trigger in ("decay", "drift") and reason.says is not None]
    said += [reason.text for reason in triggers if reason.trigger in ("schedule", "labels") and reason.says is False]
    return f"Nothing asks for a training: {'; '.join(said) or 'every trigger is switched off'}."


def _told(alerts: Sequence[Alert]) -> str:
    """Name alerts by what was watched and why it moved: ``drift:fare (unit change)``, each once."""
    names = list(dict.fromkeys(f"{alert.quantity} ({alert.cause})" for alert in alerts))
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _days(days: float) -> str:
    rounded = f"{days:.3g}" if days < 10 else f"{days:.0f}"
    return f"{rounded} day" if rounded == "1" else f"{rounded} days"


def _utc(moment: datetime) -> datetime:
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
