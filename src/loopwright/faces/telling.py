"""Records in a few words, for lists and trees."""

from __future__ import annotations

from loopwright.project import Project
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

__all__ = ["tell", "told"]


def tell(project: Project, ref: Ref) -> str:
    """Say in a few words what a ref points at."""
    if ref.kind in {"file", "code"}:
        return ref.name
    return told(project.metadata.find(f"{ref.kind}:{ref.digest}"))


def told(record: Record) -> str:  # noqa: C901, PLR0911, PLR0912 -- one line for each kind of record
    """Say in a few words what a record is.

    Examples
    --------
    >>> told(Schema(columns=()))
    'a schema of 0 columns'
    """
    match record:
        case Model():
            return f"v{record.number}, {record.estimator.rpartition('.')[2]}, {record.format}"
        case Run():
            return f"{record.name} ({record.role})"
        case DatasetVersion():
            return (
                record.source
                if record.parts
                else f"{record.name} v{record.number}: {record.rows:,} rows of {record.source}"
            )
        case LabelSet():
            return f"label {record.name} of {record.rows:,} rows"
        case FeatureSet():
            return f"{len(record.features)} features"
        case Deployment():
            return f"{record.event}: {record.why}"
        case PredictionLog():
            return f"{record.rows:,} predictions" + (f" up to {record.last[:16]}" if record.last else "")
        case Alert():
            return f"{record.cause}: {record.title}"
        case Charter():
            return f"charter of {record.project}"
        case Gate():
            return "passed" if record.passed else "said no"
        case Evidence():
            return record.claim
        case Anomaly():
            return record.description
        case Schema():
            return f"a schema of {len(record.columns)} columns"
        case Statistics():
            return "statistics"
        case _:
            return ""
