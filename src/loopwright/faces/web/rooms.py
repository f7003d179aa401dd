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
from loopwright.faces.web.library import Library
from loopwright.faces.web.names import address
from loopwright.faces.web.numbers import number, share
from loopwright.records import Anomaly, Charter, Evidence, FeatureSet, Gate, LabelSet, Model, Record, Run

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
