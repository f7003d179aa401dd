"""What stands out among the records: the champion, open anomalies, suspicions, the evidence about a model."""

from __future__ import annotations

from collections.abc import Iterable

from loopwright.errors import UnknownRecord
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import backward
from loopwright.records import Anomaly, DatasetVersion, Evidence, Gate, Model, Record, Statistics
from loopwright.store.metadata import AliasChange

__all__ = [
    "champion",
    "current_aliases",
    "evidence_about",
    "gates_of",
    "newest_dataset",
    "newest_of_each",
    "open_anomalies",
    "open_suspicions",
    "statistics_of",
    "suspicions",
]


def current_aliases(library: Library) -> dict[str, AliasChange]:
    """Return what each alias names now."""
    newest = {change.alias: change for change in library.aliases()}
    return {alias: change for alias, change in newest.items() if not change.withdrawn}


def champion(library: Library) -> Model | None:
    """Return the model that the alias ``champion`` names, or None."""
    change = current_aliases(library).get("champion")
    if change is None:
        return None
    try:
        record = library.get(change.target.digest)
    except UnknownRecord:
        return None
    return record if isinstance(record, Model) else None


def newest_dataset(library: Library) -> DatasetVersion | None:
    """Return the dataset version that was ingested last; divisions of one do not count."""
    versions = (one for one in reversed(library.all("dataset_version")) if isinstance(one, DatasetVersion))
    return next((one for one in versions if not one.parts), None)


def statistics_of(library: Library, version: DatasetVersion) -> Statistics | None:
    """Return the statistics of a dataset version: by part if it was divided, otherwise of all rows."""
    splits = [one for one in library.children(version) if isinstance(one, DatasetVersion)]
    for owner in [*reversed(splits), version]:
        found = [one for one in library.children(owner) if isinstance(one, Statistics)]
        if found:
            return max(found, key=lambda one: len(one.parts))
    return None


def open_anomalies(library: Library, version: DatasetVersion | None = None) -> list[Anomaly]:
    """Return the anomalies of a dataset version (the newest if not given), errors before warnings."""
    version = version or newest_dataset(library)
    if version is None:
        return []
    near = {version.digest} | {one.digest for one in library.children(version)}
    found = [
        one
        for one in library.all("anomaly")
        if isinstance(one, Anomaly) and near & {parent.digest for parent in library.parents(one)}
    ]
    return sorted(found, key=lambda one: (one.severity != "error", one.column, one.part))


def evidence_about(library: Library, record: Record) -> list[Evidence]:
    """Return the newest evidence of each check about a record and what it was made from, by name."""
    subjects = {record.digest} | {one.digest for one in backward(library, record)}
    return newest_of_each(
        one for one in library.all("evidence") if isinstance(one, Evidence) and one.subject.digest in subjects
    )


def newest_of_each(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return the last of those that answer the same question about the same subject, by name of the check."""
    newest = {(one.check, one.subject.digest, one.part, one.slice): one for one in evidence}
    return sorted(newest.values(), key=lambda one: (one.check, one.part or "", one.slice or ""))


def suspicions(evidence: Iterable[Evidence]) -> list[Evidence]:
    """Return the leakage checks that did not pass, the strongest first."""
    found = [one for one in evidence if one.check.startswith("leakage.") and one.passed is not True]
    return sorted(found, key=lambda one: -(one.value or 0.0))


def open_suspicions(library: Library) -> list[Evidence]:
    """Return the leakage checks that did not pass on what the project works with now."""
    kinds = ("model", "feature_set", "dataset_version", "label_set")
    current = [record for kind in kinds if (record := library.newest(kind)) is not None]
    subjects = {one.digest for record in current for one in (record, *backward(library, record))}
    everything = (one for one in library.all("evidence") if isinstance(one, Evidence))
    return suspicions(newest_of_each(one for one in everything if one.subject.digest in subjects))


def gates_of(library: Library, model: Model) -> list[Gate]:
    """Return the decisions about a model, newest first."""
    digest = model.digest
    gates = [one for one in library.all("gate") if isinstance(one, Gate) and one.subject.digest == digest]
    return gates[::-1]
