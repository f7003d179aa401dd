"""Where the project stands in the loop, room by room, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loopwright.faces.web.findings import (
    champion,
    gates_of,
    newest_dataset,
    open_anomalies,
    open_suspicions,
)
from loopwright.faces.web.incidents import open_alerts
from loopwright.faces.web.library import Library
from loopwright.faces.web.names import address
from loopwright.faces.web.numbers import day, number, share
from loopwright.faces.web.releases import Release, release
from loopwright.faces.web.strip import title_of
from loopwright.faces.web.watching import watched
from loopwright.records import Alert, Anomaly, Charter, Evidence, FeatureSet, Gate, LabelSet, Model, Record, Run

__all__ = ["Advice", "Room", "State", "advice", "rooms"]

State = Literal["done", "attention", "failed", "not yet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """One room of the loop.

    Attributes
    ----------
    name : str
    state : str
        ``"done"``, ``"attention"`` (done, but somebody should look), ``"failed"`` or ``"not yet"``.
    says : str
        The key number of the room, or what is missing.
    at : str
        When its newest record was remembered; empty if there is none.
    address : str
        Where to read more; empty if there is nothing.
    """

    name: str
    state: State
    says: str
    at: str = ""
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What to do next, in one sentence, with a command to give or a page to read where there is one."""

    text: str
    command: str = ""
    address: str = ""


def rooms(library: Library) -> tuple[Room, ...]:
    """Return the rooms in the order of the loop."""
    return (
        _charter(library),
        _data(library),
        _labels(library),
        _features(library),
        _training(library),
        _evaluation(library),
        _registry(library),
        _serving(library),
        _monitoring(library),
        _retraining(library),
    )


def advice(library: Library) -> Advice:
    """Return the one thing to do next: what is missing or broken first, then doubts, then the next point."""
    model = library.newest("model")
    gates = gates_of(library, model) if isinstance(model, Model) else []
    errors = [one for one in open_anomalies(library) if one.severity == "error"]
    if errors:
        return _about_anomalies(errors)
    if not isinstance(model, Model):
        return Advice(text="Carry the project round the loop for the first time.", command="loopwright run")
    pressing = _about_release(release(library)) or _about_alert(library)
    if pressing is not None:
        return pressing
    if gates and not gates[0].passed:
        return _about_gate(gates[0])
    doubts = open_suspicions(library)
    if doubts:
        return _about_suspicion(doubts)
    return _about_score(library)


def _charter(library: Library) -> Room:
    record = library.newest("charter")
    if not isinstance(record, Charter):
        return _not_yet("charter", "not run yet")
    return _room("charter", library, record, f"optimize {' + '.join(record.optimize)}")


def _data(library: Library) -> Room:
    record = newest_dataset(library)
    if record is None:
        return _not_yet("data", "no rows yet")
    anomalies = open_anomalies(library)
    errors = sum(one.severity == "error" for one in anomalies)
    state: State = "failed" if errors else "attention" if anomalies or record.quarantined else "done"
    return _room("data", library, record, f"{number(record.rows)} rows", state)


def _labels(library: Library) -> Room:
    record = library.newest("label_set")
    if not isinstance(record, LabelSet):
        return _not_yet("labels", "no labels yet")
    says, labelled = f"{len(record.classes)} classes", record.rows - record.missing
    if len(record.classes) == 2 and labelled:
        says = f"{share(record.counts[1], labelled)} {record.classes[1]}"
    elif record.task == "regression":
        says = f"mean {number(record.mean)}"
    return _room("labels", library, record, says)


def _features(library: Library) -> Room:
    record = library.newest("feature_set")
    if not isinstance(record, FeatureSet):
        return _not_yet("features", "no features yet")
    doubts = open_suspicions(library)
    says = f"{len(record.features)} features"
    return _room("features", library, record, says, "attention" if doubts else "done")


def _training(library: Library) -> Room:
    runs = [one for one in library.all("run") if isinstance(one, Run)]
    if not runs:
        return _not_yet("training", "no runs yet")
    good = [one.objective for one in runs if one.objective is not None]
    if not good:
        return _training_room("failed", f"all {len(runs)} runs failed", at=library.at(runs[-1]))
    return _training_room("done", f"{len(runs)} runs, best {number(max(good))}", at=library.at(runs[-1]))


def _training_room(state: State, says: str, *, at: str) -> Room:
    return Room(name="training", state=state, says=says, address="/runs", at=at)


def _evaluation(library: Library) -> Room:
    gate = library.newest("gate")
    if not isinstance(gate, Gate):
        return _not_yet("evaluation", "no decision yet")
    says: tuple[str, State] = ("gate said yes", "done") if gate.passed else ("gate said no", "failed")
    return _room("evaluation", library, gate, *says)


def _registry(library: Library) -> Room:
    models = library.all("model")
    best = champion(library)
    if best is not None:
        return _room("registry", library, best, f"champion v{best.number}")
    if not models:
        return _not_yet("registry", "no model yet")
    return _room("registry", library, models[-1], "no champion yet", "attention")


def _serving(library: Library) -> Room:
    found = release(library)
    if found is None:
        return _not_yet("serving", "nothing serves yet")
    now = found.deployment.record
    beside = f", {now.stage} {title_of(found.challenger)}" if now.challenger else ""
    says = f"{title_of(found.champion)}{beside}{f' at {share(now.share)}' if now.share else ''}"
    state: State = "attention" if now.awaiting else "done"
    return Room(name="serving", state=state, says=says, at=found.deployment.at, address="/deployment")


def _monitoring(library: Library) -> Room:
    seen = watched(library)
    if seen.newest is None:
        return _not_yet("monitoring", "no window yet")
    rows = open_alerts(library, seen)
    critical = any(row.alert.record.severity == "critical" for row in rows)
    state: State = "failed" if critical else "attention" if rows else "done"
    calm = f"calm on {day(seen.newest.report.start)}"
    says = f"{len(rows)} open alert{'s' if len(rows) != 1 else ''}" if rows else calm
    return Room(name="monitoring", state=state, says=says, at=seen.newest.at, address="/monitoring")


def _retraining(library: Library) -> Room:
    decisions = [
        one for one in library.all("evidence") if isinstance(one, Evidence) and one.check == "retraining.decision"
    ]
    if not decisions:
        return _not_yet("retraining", "no decision yet")
    newest = max(decisions, key=lambda one: one.at)
    says = "said to train" if newest.passed else "no need to train"
    return Room(name="retraining", state="done", says=says, at=library.at(newest), address="/retraining")


def _room(name: str, library: Library, record: Record, says: str, state: State = "done") -> Room:
    return Room(name=name, state=state, says=says, at=library.at(record), address=address(record.ref) or "")


def _not_yet(name: str, says: str) -> Room:
    return Room(name=name, state="not yet", says=says)


def _about_anomalies(errors: list[Anomaly]) -> Advice:
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return Advice(
        text=f"The data do not fit the schema{more}: {first.description} "
        f"Mend the source, or the schema if it is wrong, and run again.",
        command="loopwright run",
        address=address(first.ref) or "",
    )


def _about_release(found: Release | None) -> Advice | None:
    if found is None or not found.deployment.record.awaiting:
        return None
    text = f"{title_of(found.challenger)} has shown what was demanded and waits for somebody to approve it."
    return Advice(text=text, address="/deployment")


def _about_alert(library: Library) -> Advice | None:
    """Return what to do about the most pressing open alert; None if there is none."""
    if not any(isinstance(one, Alert) for one in library.all("alert")):
        return None
    rows = open_alerts(library, watched(library))
    if not rows:
        return None
    first = rows[0].alert.record
    more = f" (and {len(rows) - 1} more)" if len(rows) > 1 else ""
    return Advice(text=f"{first.title}{more}. {first.advice}", address=address(first.ref) or "")


def _about_gate(gate: Gate) -> Advice:
    first = next((one for one in gate.reasons if one.passed is not True), None)
    text = f"The gate said no: {first.explanation}" if first else "The gate said no."
    return Advice(text=text, address=address(gate.ref) or "")


def _about_suspicion(doubts: list[Evidence]) -> Advice:
    return Advice(
        text=f"A feature may give the label away: {doubts[0].claim}",
        address=address(doubts[0].ref) or "",
    )


def _about_score(library: Library) -> Advice:
    card = library.score()
    if card is None or card.cheapest is None:
        return Advice(text="Nothing is open. When new data arrive, run again.", command="loopwright run")
    text = f"Nothing is broken. The cheapest next point of the ML Test Score: {card.cheapest.action}"
    return Advice(text=text, address="/score")
