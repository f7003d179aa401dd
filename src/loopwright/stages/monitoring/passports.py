"""Everything behind one prediction, as plain data: back to the rows and rules, forward to what became of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, TypeAlias

import polars as pl

from loopwright.records import Alert, Deployment, Gate, Model, Record
from loopwright.stages.evaluation.explaining import moves
from loopwright.stages.features.computing import compute

if TYPE_CHECKING:
    from loopwright.stages.registry.applying import Applied

__all__ = ["Named", "Passport", "Prediction", "contributions", "features_seen", "let_in", "named", "values_of"]

Value: TypeAlias = str | int | float | bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A record that stands behind a prediction, in words."""

    kind: str
    digest: str
    name: str
    says: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """The logged row.

    Attributes
    ----------
    frame : DataFrame of one row
        The live row: source columns, and ``__id`` and so on.
    """

    frame: pl.DataFrame

    def said(self, name: str) -> object:
        """Return what the log says under a name."""
        return self.frame[f"__{name}"][0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Passport:
    """What stands behind a prediction.

    Attributes
    ----------
    prediction : Prediction
    deployment : Deployment
    model : Model
    other : Model or None
        That was asked too, and not heard.
    features : dict
        What the model saw.
    explanation : list of (feature, value, contribution)
        The largest first.
    lineage : tuple of Named
        Training data, labels, features, run and gate.
    approved : Gate or None
        What let the model in.
    let_in : Deployment
        The transition that made the model champion, or began its trial: who let it answer, and why.
    alerts : tuple of Alert
        Made of windows from that of the prediction on.
    """

    prediction: Prediction
    deployment: Deployment
    model: Model
    other: Model | None
    features: dict[str, Value]
    explanation: list[tuple[str, Value, float]]
    let_in: Deployment
    lineage: tuple[Named, ...] = ()
    approved: Gate | None = None
    alerts: tuple[Alert, ...] = ()

    def data(self, label: Value, *, source: str = "") -> dict[str, object]:
        """Return it as plain data for pages and programs.

        Parameters
        ----------
        label : str, number or None
            What became of it, as people say it.
        source : str
            Who told it.
        """
        said, model, state = self.prediction.said, self.model, self.deployment
        return {
            "id": said("id"), "at": _text(said("at")), "received": _text(said("received")),
            "consumer": said("consumer"), "arm": said("arm"), "propensity": said("propensity"),
            "held_back": said("held_back"), "prediction": said("prediction"),
            "scores": list(self.prediction.frame["__scores"][0]),
            "classes": list(model.classes), "threshold": model.threshold, "latency_ms": said("latency_ms"),
            "flags": list(self.prediction.frame["__flags"][0]), "row": values_of(self._row()),
            "features": self.features,
            "deployment": asdict(named(state, f"state {state.number} of the release", state.why, state.at)),
            "model": asdict(named(model, f"{model.name} v{model.number}", _kind(model), "")),
            **self._other(),
            "explanation": [
                {"feature": name, "value": value, "contribution": by} for name, value, by in self.explanation
            ],
            "explained": "how much the score differs from its mean when one feature at a time takes the values that it "
            "has in other rows",
            "outcome": None if label is None else {"value": label, "at": _text(said("label_at")), "source": source},
            "lineage": [asdict(item) for item in self.lineage],
            "approval": {"by": self.let_in.by, "why": self.let_in.why, "at": self.let_in.at},
            "alerts": [
                {"digest": alert.digest, "title": alert.title, "severity": alert.severity, "at": alert.first_bad}
                for alert in self.alerts
            ],
        }

    def _row(self) -> pl.DataFrame:
        return self.prediction.frame.select(pl.exclude("^__.*$"))

    def _other(self) -> dict[str, object]:
        if self.other is None:
            return {}
        other = named(self.other, f"{self.other.name} v{self.other.number}", "asked too, and not heard", "")
        return {"other_model": asdict(other), "other_scores": list(self.prediction.frame["__other_scores"][0])}


def features_seen(applied: Applied, row: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, Value]]:
    """Return the features that a model saw of a row, as a frame of one row and as plain values."""
    computed, _ = compute(row, applied.made, file="features.py")
    chosen = computed.select(applied.model.features)
    return computed, values_of(chosen)


def contributions(
    applied: Applied, computed: pl.DataFrame, background: pl.DataFrame
) -> list[tuple[str, Value, float]]:
    """Return what each feature did to the score of a row, the largest first.

    Parameters
    ----------
    applied : Applied
    computed : DataFrame of one row
        All features.
    background : DataFrame of n_rows
        Source rows whose feature values stand in for "not known".
    """
    others, _ = compute(background, applied.made, file="features.py")
    found = moves(applied, computed, others)
    values = values_of(computed.select(list(found)))
    return sorted(((name, values[name], by) for name, by in found.items()), key=lambda item: -abs(item[2]))


def values_of(row: pl.DataFrame) -> dict[str, Value]:
    """Return a frame of one row as plain values; moments as ISO 8601."""
    return {name: _plain(value) for name, value in row.row(0, named=True).items()}


def _plain(value: object) -> Value:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, datetime | date) else str(value)


def _text(moment: object) -> str:
    return moment.isoformat() if isinstance(moment, datetime) else ""


def named(record: Record, name: str, says: str, at: str) -> Named:
    """Return a record in words."""
    return Named(kind=record.ref.kind, digest=record.digest, name=name, says=says, at=at)


def let_in(states: Sequence[Deployment], model: Model) -> Deployment:
    """Return the transition that let a model answer for good; or, if it never came to that, that began its trial."""
    champion = [state for state in states if state.champion.digest == model.digest]
    tried = [state for state in states if state.challenger and state.challenger.digest == model.digest]
    return (champion or tried)[0]


def _kind(model: Model) -> str:
    return f"{model.estimator.rpartition('.')[2]}, {model.format}"
