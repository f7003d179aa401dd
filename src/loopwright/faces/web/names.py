"""What people call the records, and under which address each has its page."""

from __future__ import annotations

from loopwright.records import (
    Alert,
    Anomaly,
    Charter,
    DatasetVersion,
    Deployment,
    Evidence,
    FeatureSet,
    Gate,
    LabelSet,
    Model,
    PredictionLog,
    Record,
    Ref,
    Run,
    Schema,
    Statistics,
)
from loopwright.records.deployment import Event

__all__ = ["address", "event_of", "name_of", "noun"]

_ROOMS = {
    "dataset_version": "datasets",
    "run": "runs",
    "model": "models",
    "evidence": "evidence",
    "gate": "gates",
    "alert": "alerts",
}


_EVENTS: dict[Event, str] = {
    "deploy": "deployed", "shadow": "shadow begun", "canary": "canary begun", "advance": "advanced",
    "ask": "approval asked for", "promote": "promoted", "reject": "rejected", "roll_back": "rolled back",
}


def address(ref: Ref) -> str | None:
    """Return the address of a record's page; None for files and code, which have none.

    Examples
    --------
    >>> address(Ref(kind="model", digest="ab12"))
    '/models/ab12'
    >>> address(Ref(kind="file", digest="ab12")) is None
    True
    """
    if ref.kind in {"file", "code"}:
        return None
    return f"/{_ROOMS.get(ref.kind, 'records')}/{ref.digest}"


def noun(kind: str) -> str:
    """Return a kind as a word.

    Examples
    --------
    >>> noun("dataset_version")
    'dataset version'
    """
    return kind.replace("_", " ")


def event_of(deployment: Deployment) -> str:
    """Return how a state of the release came about, in a word or two."""
    return _EVENTS[deployment.event]


def name_of(record: Record) -> str:  # noqa: C901, PLR0911, PLR0912 - one case per noun
    """Return what a person would call a record.

    Examples
    --------
    >>> name_of(Schema(columns=()))
    'schema of 0 columns'
    """
    match record:
        case Charter():
            return f"charter of {record.project}"
        case DatasetVersion() if record.parts:
            return f"{record.name} split in {len(record.parts)}"
        case DatasetVersion():
            return f"{record.name} v{record.number}"
        case Statistics():
            return "statistics"
        case Schema():
            return f"schema of {len(record.columns)} columns"
        case Anomaly():
            return f"{record.column}: {record.type}"
        case LabelSet():
            return f"label {record.name}"
        case FeatureSet():
            return f"{len(record.features)} features"
        case Run():
            return record.name
        case Model():
            return f"{record.name} v{record.number}"
        case Evidence():
            return record.check
        case Gate():
            return f"gate: {'yes' if record.passed else 'no'}"
        case Deployment():
            return f"deployment {record.number}: {_EVENTS[record.event]}"
        case PredictionLog():
            return f"log of {record.rows:,} predictions"
        case Alert():
            return record.title
        case _:
            return noun(record.ref.kind)
