"""Dataset versions: what the columns hold, part by part, and what does not fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from loopwright.faces.web.findings import (
    champion,
    evidence_about,
    open_anomalies,
    statistics_of,
)
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, backward, first, remembered
from loopwright.records import Anomaly, Charter, DatasetVersion, Evidence, LabelSet, Ref, Schema
from loopwright.records.schema import ColumnSchema
from loopwright.records.statistics import ColumnStatistics, PartStatistics

__all__ = ["ColumnRow", "DatasetPage", "DatasetsPage", "column_rows", "dataset", "datasets"]

PAGE_SIZE = 50
"""Columns on one page; ten thousand at once would be no page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRow:
    """One column, part by part.

    Attributes
    ----------
    name, type : str
    role : str
        ``"key"``, ``"time"``, ``"group"``, ``"label"`` or empty.
    parts : tuple of ColumnStatistics or None
        In the order of the page's parts; None where a part does not have the column.
    schema : ColumnSchema or None
        What people have agreed on.
    anomalies : tuple of Anomaly
    """

    name: str
    type: str
    role: str
    parts: tuple[ColumnStatistics | None, ...]
    schema: ColumnSchema | None = None
    anomalies: tuple[Anomaly, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetsPage:
    """All dataset versions, newest first."""

    template: ClassVar[str] = "datasets.html"
    place: ClassVar[str] = "/datasets"

    project: str
    title: str
    versions: tuple[Remembered[DatasetVersion], ...]
    anomalies: tuple[int, ...]  # per version


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetPage:
    """One dataset version."""

    template: ClassVar[str] = "dataset.html"
    place: ClassVar[str] = "/datasets"

    project: str
    title: str
    version: Remembered[DatasetVersion]
    charter: Charter | None
    label: LabelSet | None
    parts: tuple[PartStatistics, ...]  # without their columns, which are in `columns`
    divided: DatasetVersion | None  # the split, if there is one
    columns: tuple[ColumnRow, ...]
    columns_in_all: int
    columns_found: int
    first_column: int  # position of the first one shown among those found, from 0
    find: str
    anomalies: tuple[Remembered[Anomaly], ...]
    evidence: tuple[Remembered[Evidence], ...]
    schema: Ref | None
    sources: tuple[Ref, ...]
    others: tuple[Remembered[DatasetVersion], ...]
    unknown: tuple[str, ...]  # what nobody has said or looked at


def datasets(library: Library) -> DatasetsPage:
    """List the dataset versions."""
    versions = _versions(library)
    return DatasetsPage(
        project=library.name,
        title="Datasets",
        versions=tuple(remembered(library, one) for one in versions),
        anomalies=tuple(len(open_anomalies(library, one)) for one in versions),
    )


def dataset(
    library: Library, version: DatasetVersion, *, find: str = "", start: int = 0, size: int = PAGE_SIZE
) -> DatasetPage:
    """Look at one dataset version.

    Parameters
    ----------
    library : Library
    version : DatasetVersion
        A division is shown as the version that it divides.
    find : str, optional
        Only columns whose name contains this, in upper or lower case.
    start, size : int
        Position of the first column shown, and how many are.
    """
    whole = _undivided(library, version)
    statistics = statistics_of(library, whole)
    label = _label(library, whole)
    anomalies = open_anomalies(library, whole)
    parts = statistics.parts if statistics else ()
    schema = _schema(library)
    everything = column_rows(whole, parts, label=label, schema=schema, anomalies=anomalies)
    found = [row for row in everything if find.casefold() in row.name.casefold()]
    charter = _charter(library)
    divided = next(
        (one for one in reversed(library.children(whole)) if isinstance(one, DatasetVersion)), None
    )
    others = [one for one in _versions(library) if one.name == whole.name]
    return DatasetPage(
        project=library.name,
        title=f"{whole.name} v{whole.number}",
        version=remembered(library, whole),
        charter=charter,
        label=label,
        parts=tuple(PartStatistics(part=part.part, rows=part.rows, columns=()) for part in parts),
        divided=divided,
        columns=tuple(found[start : start + size]),
        columns_in_all=len(everything),
        columns_found=len(found),
        first_column=start,
        find=find,
        anomalies=tuple(remembered(library, one) for one in anomalies),
        evidence=tuple(remembered(library, one) for one in evidence_about(library, whole)),
        schema=schema.ref if schema else None,
        sources=tuple(library.parents(whole)),
        others=tuple(remembered(library, one) for one in others),
        unknown=_unknown(whole, charter, bool(parts), schema),
    )


def column_rows(
    version: DatasetVersion,
    parts: Sequence[PartStatistics],
    *,
    label: LabelSet | None = None,
    schema: Schema | None = None,
    anomalies: Sequence[Anomaly] = (),
) -> list[ColumnRow]:
    """Return the columns in the order of the data, side by side by part."""
    by_part = [{column.name: column for column in part.columns} for part in parts]
    types = {column.name: column.type for column in version.columns}
    for columns in by_part:
        types.update({name: column.type for name, column in columns.items() if name not in types})
    agreed = {column.name: column for column in schema.columns} if schema else {}
    wrong: dict[str, list[Anomaly]] = {}
    for anomaly in anomalies:
        wrong.setdefault(anomaly.column, []).append(anomaly)
    roles = {version.key: "key", version.time: "time", version.group: "group"} | (
        {label.name: "label"} if label else {}
    )
    return [
        ColumnRow(
            name=name,
            type=kind,
            role=roles.get(name, ""),
            parts=tuple(columns.get(name) for columns in by_part),
            schema=agreed.get(name),
            anomalies=tuple(wrong.get(name, ())),
        )
        for name, kind in types.items()
    ]


def _versions(library: Library) -> list[DatasetVersion]:
    """Return the dataset versions that are no divisions, newest first."""
    found = [one for one in library.all("dataset_version") if isinstance(one, DatasetVersion)]
    return [one for one in reversed(found) if not one.parts]


def _undivided(library: Library, version: DatasetVersion) -> DatasetVersion:
    """Return the version that a division divides; any other as it is."""
    if not version.parts:
        return version
    return next((one for one in backward(library, version) if isinstance(one, DatasetVersion)), version)


def _charter(library: Library) -> Charter | None:
    charter = library.newest("charter")
    return charter if isinstance(charter, Charter) else None


def _label(library: Library, version: DatasetVersion) -> LabelSet | None:
    found = [one for one in library.children(version) if isinstance(one, LabelSet)]
    return found[-1] if found else None


def _schema(library: Library) -> Schema | None:
    model = champion(library)
    found = first(backward(library, model), Schema) if model else None
    newest = library.newest("schema")
    return found or (newest if isinstance(newest, Schema) else None)


def _unknown(
    version: DatasetVersion, charter: Charter | None, described: bool, schema: Schema | None
) -> tuple[str, ...]:
    """Return, in sentences, what nobody has said or looked at."""
    empty = "is empty in the section [data] of loopwright.toml."
    known = {
        f"How the data were collected: collection {empty}": charter and charter.collection,
        f"What the data may be used for: licence {empty}": charter and charter.licence,
        f"Who answers for the data: owner {empty}": charter and charter.owner,
        "What the columns hold: no statistics were made of this version.": described,
        "What the columns should hold: nobody has reviewed a schema.": schema,
        "When the rows happened: no column is named as their time, so change cannot be seen.": version.time,
    }
    return tuple(sentence for sentence, fact in known.items() if not fact)
