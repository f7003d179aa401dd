"""Predictions for the rows of a file."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loopwright.errors import EmptySource, LoopwrightError, UnreadableSource
from loopwright.project import Project
from loopwright.records import Model

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Batch", "predict_file"]

_SUFFIXES = (".csv", ".parquet", ".jsonl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of a file of rows."""

    rows: int
    model: int
    output: str
    seconds: float
    quarantined: int = 0
    quarantine: str | None = None
    anomalies: tuple[str, ...] = ()  # what the rows differ in from the schema, as sentences


def predict_file(project: Project, source: str, output: Path, *, model: Model | None) -> Batch:
    """Read rows, apply a model, and write the rows with predictions; the output appears whole or not at all.

    Rows that cannot be read are written beside the output, with line and reason.

    Raises
    ------
    EmptySource, UnreadableSource
        If the rows cannot be read.
    UnknownColumn, ModelError
        If a column of the model is missing, or holds values of another type.
    LoopwrightError
        If the output's kind is unknown, or it cannot be written.
    """
    from loopwright.stages.data import ReadOptions, read_source
    from loopwright.stages.registry import predict

    if output.suffix not in _SUFFIXES:
        raise LoopwrightError(f"--output {output}: write to a file that ends in {', '.join(_SUFFIXES)}.")
    if not output.parent.is_dir():
        raise LoopwrightError(f"--output {output}: there is no folder {output.parent}. Make it, or name another place.")
    start = time.perf_counter()
    try:
        reading = read_source(source, folder=Path.cwd(), options=ReadOptions())
    except (EmptySource, UnreadableSource) as error:
        # The reader speaks of the project file, where most sources are named.
        raise type(error)(str(error).replace("[data] source = ", "--input ")) from error
    said = predict(project, reading.frame, model=model)
    _write(said, output)
    beside = output.with_name(f"{output.stem}.quarantine.csv")
    if reading.quarantine.height:
        _write(reading.quarantine, beside)
    return Batch(
        rows=said.height,
        model=int(str(said["model"][0]).removeprefix("v")) if said.height else 0,
        output=str(output),
        seconds=round(time.perf_counter() - start, 3),
        quarantined=reading.quarantine.height,
        quarantine=str(beside) if reading.quarantine.height else None,
        anomalies=_anomalies(project, reading.frame),
    )


def _anomalies(project: Project, frame: pl.DataFrame) -> tuple[str, ...]:
    """Return what the schema does not allow when serving; columns that the model does not know are carried along."""
    from loopwright.stages.data import SCHEMA_FILE, check

    if not (project.folder / SCHEMA_FILE).is_file():
        return ()
    found = check(project, frame)
    return tuple(f"{item.column}: {item.description}" for item in found if item.type != "SCHEMA_NEW_COLUMN")


def _write(frame: pl.DataFrame, output: Path) -> None:
    draft = output.with_name(f".{output.name}.{os.getpid()}")
    try:
        if output.suffix == ".csv":
            frame.write_csv(draft)
        elif output.suffix == ".parquet":
            frame.write_parquet(draft)
        else:
            frame.write_ndjson(draft)
        draft.replace(output)
    except OSError as error:
        with suppress(OSError):  # where a file cannot be written it may not be removable either; nothing is there then
            draft.unlink(missing_ok=True)
        raise LoopwrightError(
            f"cannot write {output}: {error.strerror or error}. Free space there, get write permission, or "
            f"choose another place."
        ) from error
