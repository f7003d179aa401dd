"""The data room's verbs: ingest, split, describe, infer, review, validate."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from loopwright.errors import SchemaError, UnknownColumn
from loopwright.project import Project
from loopwright.records import Anomaly, DatasetVersion, Evidence, LabelSet, Ref, Schema, Statistics
from loopwright.settings import DataSettings, SplitSettings, TargetSettings
from loopwright.step import step
from loopwright.store.metadata import now

if TYPE_CHECKING:
    import polars as pl

__all__ = ["ROW", "SCHEMA_FILE", "check", "describe", "infer", "ingest", "read", "review", "split", "validate"]

ROW = "__row"  # position of a row in its dataset version, in every table made from it
SCHEMA_FILE = "schema.toml"


def ingest(project: Project) -> DatasetVersion:
    """Read the source of the project file into a new dataset version, unless it is the newest one already.

    Bad rows go to the version's quarantine table with line, reason and raw text; columns that the project file
    redacts are dropped before anything is kept.

    Parameters
    ----------
    project : Project

    Returns
    -------
    DatasetVersion

    Raises
    ------
    UnreadableSource, EmptySource, UnknownColumn
    """
    from loopwright.stages.data.sources import fingerprints

    settings = project.settings.data
    cache = project.folder / ".loopwright" / "files.json"
    dataset = _ingest(
        project, sources=fingerprints(settings.source, folder=project.folder, cache=cache), data=_read_by(settings)
    )
    _require_slices(project.settings.targets, dataset)
    return dataset


def _require_slices(targets: TargetSettings, dataset: DatasetVersion) -> None:
    """Raise if a column to slice by is not there, before anything is trained."""
    known = [column.name for column in dataset.columns]
    limited = [key.partition("@")[2] for key in targets.satisfice if "@" in key]
    for column in (*targets.slices, *limited):
        if column not in known:
            raise UnknownColumn(column, known=known, where="[targets] in loopwright.toml")


@step(uses=("polars",))
def _ingest(project: Project, *, sources: tuple[Ref, ...], data: DataSettings) -> DatasetVersion:
    from loopwright.records.dataset_version import Column
    from loopwright.stages.data.column_types import type_name
    from loopwright.stages.data.ingesting import redact, require_columns, with_rows
    from loopwright.stages.data.reading import ReadOptions, read
    from loopwright.stages.data.sql import without_password

    reading = read(
        data.source,
        folder=project.folder,
        options=ReadOptions(delimiter=data.delimiter, encoding=data.encoding, query=data.query),
    )
    frame = redact(require_columns(reading.frame, data), data.privacy.redact)
    name = project.settings.project.name
    quarantine = project.tables.write(f"{name}-quarantine", reading.quarantine) if reading.quarantine.height else None
    return DatasetVersion(
        made_from=sources,
        name=name,
        table=project.tables.write(name, with_rows(frame, ROW)),
        source=without_password(data.source),
        files=reading.files,
        key=data.key,
        time=data.time,
        group=data.group,
        columns=tuple(Column(name=column, type=type_name(kind)) for column, kind in frame.schema.items()),
        quarantined=reading.quarantine.height,
        quarantine=quarantine,
    )


@step(uses=("polars",))
def split(project: Project, dataset: DatasetVersion, labels: LabelSet, *, rule: SplitSettings) -> DatasetVersion:
    """Divide the labelled rows into train, validation and test before anything is fitted.

    Parameters
    ----------
    project : Project
    dataset : DatasetVersion
    labels : LabelSet
        Rows without a label belong to no part.
    rule : SplitSettings

    Returns
    -------
    DatasetVersion
        A table of ``__row`` and ``part``.
    """
    from loopwright.stages.data.splitting import SplitRule, parts_of
    from loopwright.stages.data.splitting import split as divide

    frame = read(project, dataset).with_columns(project.tables.read(labels.table).collect()["label"].alias("__label"))
    divided = divide(
        frame, SplitRule.of(rule), key=dataset.key, time=dataset.time, group=dataset.group, label="__label"
    )
    return DatasetVersion(
        made_from=(dataset.ref, labels.ref),
        name=f"{dataset.name}-split",
        table=project.tables.write(f"{dataset.name}-split", divided),
        source=f"split of {dataset.name} v{dataset.number} by {rule.by}",
        key=dataset.key,
        time=dataset.time,
        group=dataset.group,
        parts=parts_of(frame, divided, time=dataset.time),
    )


@step(uses=("polars",))
def describe(project: Project, dataset: DatasetVersion, parts: DatasetVersion) -> Statistics:
    """Compute the statistics of every column, part by part.

    Parameters
    ----------
    project : Project
    dataset : DatasetVersion
    parts : DatasetVersion
        The split.

    Returns
    -------
    Statistics
    """
    from loopwright.stages.data.describing import describe_parts

    described, partials = describe_parts(read(project, dataset, parts=parts).drop(ROW))
    artifact = project.artifacts.put(partials, name="partials.arrow", media_type="application/vnd.apache.arrow.file")
    return Statistics(made_from=(dataset.ref, parts.ref), parts=described, partials=artifact)


def infer(project: Project, dataset: DatasetVersion, statistics: Statistics, *, data: DataSettings) -> Schema:
    """Propose a schema from the training part alone.

    Parameters
    ----------
    project : Project
    dataset : DatasetVersion
    statistics : Statistics
    data : DataSettings
        Tells the label, the key and what is known only after the outcome.

    Returns
    -------
    Schema
        A proposal; what counts is the reviewed file, see ``review``.
    """
    meanings = DataSettings(source="-", label=data.label, key=data.key, time=data.time, known_after=data.known_after)
    return _infer(project, dataset, statistics, data=meanings)


@step(uses=("polars",))
def _infer(
    project: Project,  # noqa: ARG001 -- every step takes the project
    dataset: DatasetVersion,
    statistics: Statistics,
    *,
    data: DataSettings,
) -> Schema:
    from loopwright.stages.data.inference import infer as propose

    train = next(part for part in statistics.parts if part.part == "train")
    label = data.label if ":" not in data.label else None
    schema = propose(train, label=label, known_after=data.known_after, key=data.key, time=data.time)
    return Schema(made_from=(statistics.ref, dataset.ref), columns=schema.columns, environments=schema.environments)


def review(project: Project, proposal: Schema) -> Schema:
    """Return the schema that people have agreed on: the file ``schema.toml`` in the project.

    Where there is none yet the proposal is written there, to be read, mended and committed.

    Parameters
    ----------
    project : Project
    proposal : Schema

    Returns
    -------
    Schema

    Raises
    ------
    SchemaError
        If the file says something that is not allowed.
    """
    from loopwright.stages.data.sources import fingerprint

    path = project.folder / SCHEMA_FILE
    if not path.exists():
        from loopwright.stages.data.schema_file import render

        _write_whole(path, render(proposal))
    return _review(project, file=fingerprint(path, name=SCHEMA_FILE))


@step()
def _review(project: Project, *, file: Ref) -> Schema:
    from loopwright.stages.data.schema_file import parse

    schema = parse(_text(project.folder / SCHEMA_FILE), file=SCHEMA_FILE)
    return Schema(made_from=(file,), columns=schema.columns, environments=schema.environments)


def validate(
    project: Project, dataset: DatasetVersion, parts: DatasetVersion, statistics: Statistics, schema: Schema
) -> tuple[tuple[Anomaly, ...], Evidence]:
    """Compare every part of a dataset version with the schema.

    Parameters
    ----------
    project : Project
    dataset, parts : DatasetVersion
    statistics : Statistics
    schema : Schema

    Returns
    -------
    anomalies : tuple of Anomaly
        Errors first.
    evidence : Evidence
        That the check was made, and how it came out.
    """
    found = _validate(project, dataset, parts, statistics, schema)
    anomalies = tuple(item for item in found if isinstance(item, Anomaly))
    return anomalies, next(item for item in found if isinstance(item, Evidence))


@step(uses=("polars",))
def _validate(
    project: Project, dataset: DatasetVersion, parts: DatasetVersion, statistics: Statistics, schema: Schema
) -> tuple[Anomaly | Evidence, ...]:
    from loopwright.stages.data.validating import validate_parts, validated

    made_from = (dataset.ref, parts.ref, statistics.ref, schema.ref)
    rows = read(project, dataset, parts=parts)
    found = validate_parts(rows, schema, statistics=statistics, key=dataset.key, row=ROW, made_from=made_from)
    return (*found, validated(found, schema, dataset=dataset, made_from=made_from, at=now()))


def check(
    project: Project, frame: pl.DataFrame, *, environment: str = "serving", key: str | None = None
) -> tuple[Anomaly, ...]:
    """Compare rows from elsewhere, such as those to be predicted, with the reviewed schema; nothing is remembered.

    Parameters
    ----------
    project : Project
    frame : DataFrame of shape (n_rows, n_columns)
    environment : str, default="serving"
        What the rows are for: when serving, the label and what is known only after the outcome are not expected.
    key : str, optional
        Column that names example rows.

    Returns
    -------
    tuple of Anomaly
        Errors first.

    Raises
    ------
    SchemaError
        If there is no schema yet, or it has no such environment.
    """
    from loopwright.stages.data.anomalies import find
    from loopwright.stages.data.schema_file import parse

    path = project.folder / SCHEMA_FILE
    if not path.is_file():
        raise SchemaError(f"there is no {SCHEMA_FILE} in {project.folder} yet. `loopwright run` proposes one.")
    schema = parse(path.read_text(encoding="utf-8"), file=SCHEMA_FILE)
    if environment not in schema.environments:
        raise SchemaError(
            f"{SCHEMA_FILE} knows no environment {environment!r}; it has {', '.join(schema.environments)}."
        )
    found = find(frame, schema, part="all", environment=environment, key=key)
    return tuple(sorted(found, key=lambda item: item.severity != "error"))


def read(project: Project, dataset: DatasetVersion, *, parts: DatasetVersion | None = None) -> pl.DataFrame:
    """Return the rows of a dataset version, with a column ``__part`` if a split is given.

    Rows come in order, with their position in the column ``__row``; rows that belong to no part have null there.
    """
    frame = project.tables.read(dataset.table).collect()
    if parts is None:
        return frame
    return frame.join(
        project.tables.read(parts.table).collect().rename({"part": "__part"}), on=ROW, how="left", maintain_order="left"
    )


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise SchemaError(
            f"{path.name} is not UTF-8 text (byte {error.start} is {error.object[error.start]:#x}). Save it as UTF-8, "
            f"or remove it and run again: then it is proposed anew."
        ) from error


def _write_whole(path: Path, text: str) -> None:
    """Write a file that is there whole or not at all: half a schema would be a looser one."""
    from loopwright.store.durable import publish
    from loopwright.store.failures import failure

    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        publish(draft, path, mode=0o644)
    except OSError as error:
        raise failure(error, doing=f"writing {path}") from error


def _read_by(data: DataSettings) -> DataSettings:
    """Return only what reading depends on, so that a new owner or label does not read the data again."""
    return DataSettings(
        source=data.source,
        label="-",
        query=data.query,
        key=data.key,
        time=data.time,
        group=data.group,
        delimiter=data.delimiter,
        encoding=data.encoding,
        privacy=data.privacy,
    )
