"""What people call the records, and under which address each has its page."""

from __future__ import annotations

from loopwright.records import (
    Anomaly,
    Charter,
    DatasetVersion,
    Evidence,
    FeatureSet,
    Gate,
    LabelSet,
    Model,
    Record,
    Ref,
    Run,
    Schema,
    Statistics,
)

__all__ = ["address", "name_of", "noun"]

_ROOMS = {
    "dataset_version": "datasets",
    "run": "runs",
    "model": "models",
    "evidence": "evidence",
    "gate": "gates",
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
        case _:
            return noun(record.ref.kind)
