"""When a new model was trained and when not, why, on what, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

import msgspec

from loopwright.errors import StoreError
from loopwright.faces.web.findings import gates_of
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.records import Alert, Deployment, Evidence, Gate, Model, Run

__all__ = ["Choice", "DecisionExhibit", "DecisionRow", "Reason", "RetrainingPage", "Training", "retraining"]

_CHECK = "retraining.decision"
_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """What one trigger says: for training, against it, or nothing because it is off."""

    trigger: str
    says: bool | None = None
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Data that may be trained on, with what a back-test says of them."""

    name: str
    score: float | None = None
    low: float | None = None
    high: float | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionExhibit:
    """What a decision rests on, as the evidence's exhibit holds it."""

    retrain: bool | None = None
    reasons: tuple[Reason, ...] = ()
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """One decision; ``exhibit`` is None if there is none or it cannot be read."""

    evidence: Remembered[Evidence]
    exhibit: DecisionExhibit | None

    @property
    def retrain(self) -> bool:
        """Whether it said to train."""
        said = self.exhibit.retrain if self.exhibit else None
        return bool(self.evidence.record.passed if said is None else said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """A run that an alert or a decision led to, and what became of it."""

    run: Remembered[Run]
    alerts: tuple[Remembered[Alert], ...]
    decision: Remembered[Evidence] | None
    models: tuple[Remembered[Model], ...]
    gates: tuple[Gate | None, ...]  # the newest decision about each model
    deployments: tuple[Remembered[Deployment], ...]  # in which one of them served or was tried


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingPage:
    """Trainings that watching led to, and every decision, newest first."""

    template: ClassVar[str] = "retraining.html"
    place: ClassVar[str] = "/retraining"
    live: ClassVar[bool] = True

    project: str
    title: str
    decisions: tuple[DecisionRow, ...]
    trainings: tuple[Training, ...]


def retraining(library: Library) -> RetrainingPage:
    """Look back at the retraining."""
    decisions = [one for one in library.all("evidence") if isinstance(one, Evidence) and one.check == _CHECK]
    newest = sorted(decisions, key=lambda one: one.at, reverse=True)[:_SHOWN]
    return RetrainingPage(
        project=library.name,
        title="Retraining",
        decisions=tuple(
            DecisionRow(evidence=remembered(library, one), exhibit=_exhibit(library, one)) for one in newest
        ),
        trainings=tuple(_trainings(library, decisions)),
    )


def _trainings(library: Library, decisions: Iterable[Evidence]) -> list[Training]:
    """Return the final runs that were made from an alert or a decision, newest first."""
    alerts = {one.digest: one for one in library.all("alert") if isinstance(one, Alert)}
    causes = {one.digest: one for one in decisions}
    runs = [one for one in library.all("run") if isinstance(one, Run) and one.role == "final"]
    found = []
    for run in reversed(runs):
        parents = [parent.digest for parent in library.parents(run)]
        because = [alerts[digest] for digest in parents if digest in alerts]
        decided = next((causes[digest] for digest in parents if digest in causes), None)
        if because or decided:
            found.append(_training(library, run, because, decided or _about(because, causes.values())))
    return found


def _training(library: Library, run: Run, alerts: list[Alert], decision: Evidence | None) -> Training:
    models = [one for one in library.children(run) if isinstance(one, Model)]
    digests = {one.digest for one in models}
    served = [
        one
        for one in library.all("deployment")
        if isinstance(one, Deployment)
        and (one.champion.digest in digests or (one.challenger is not None and one.challenger.digest in digests))
    ]
    return Training(
        run=remembered(library, run),
        alerts=tuple(remembered(library, one) for one in alerts),
        decision=remembered(library, decision) if decision else None,
        models=tuple(remembered(library, one) for one in models),
        gates=tuple(next(iter(gates_of(library, one)), None) for one in models),
        deployments=tuple(remembered(library, one) for one in served),
    )


def _about(alerts: list[Alert], decisions: Iterable[Evidence]) -> Evidence | None:
    """Return the decision that was made from the same alerts."""
    wanted = {one.digest for one in alerts}
    same = [one for one in decisions if one.passed and wanted & {ref.digest for ref in one.made_from}]
    return same[-1] if same else None


def _exhibit(library: Library, evidence: Evidence) -> DecisionExhibit | None:
    if evidence.exhibit is None:
        return None
    try:
        return msgspec.json.decode(library.artifact(evidence.exhibit), type=DecisionExhibit)
    except (StoreError, msgspec.DecodeError, UnicodeDecodeError):
        return None
