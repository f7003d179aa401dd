"""Reads a source as a table: files of CSV, JSON lines or Parquet, globs of them, or a database query.

No row is dropped silently: what is no row, or does not fit its column, goes to the quarantine with its line,
the reason and the raw text. Types are found over all rows of all files together (see ``text_types``). Columns
without any value are text. Rows of several files are put one below the other, in order of the files' names;
a column that a file lacks is missing there.
"""

from __future__ import annotations

import hashlib
import os
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from pathlib import Path

import polars as pl

from loopwright.errors import EmptySource, UnreadableSource
from loopwright.projectchecks import is_database
from loopwright.records.dataset_version import SourceFile
from loopwright.stages.data.column_types import normalized
from loopwright.stages.data.delimited import delimited_rows
from loopwright.stages.data.json_lines import ValueRows, json_rows
from loopwright.stages.data.quarantine import quarantine
from loopwright.stages.data.source_files import SourceContent, source_contents
from loopwright.stages.data.sql import query_rows, sqlite_path, without_password
from loopwright.stages.data.text_types import Typed, typed_text
from loopwright.stages.data.value_types import flattened, typed_values
from loopwright.store.row_digest import rows_digest

__all__ = ["ReadOptions", "Reading", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How a source is to be read.

    Attributes
    ----------
    delimiter : str or None
        Column separator of CSV files; found by itself if None.
    encoding : str
        Of CSV files.
    query : str or None
        SQL, if the source is a database.
    types : mapping of str to str
        Columns whose type is known beforehand; a value that is something else quarantines its row.
    """

    delimiter: str | None = None
    encoding: str = "utf-8"
    query: str | None = None
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a source holds.

    Attributes
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        One Polars type per kind of column, see ``column_types.normalized``.
    quarantine : DataFrame
        Rows that could not be read: source, line, reason, raw.
    files : tuple of SourceFile
    """

    frame: pl.DataFrame
    quarantine: pl.DataFrame
    files: tuple[SourceFile, ...]


def read(source: str, *, folder: Path, options: ReadOptions | None = None) -> Reading:
    r"""Return the rows of a source.

    Parameters
    ----------
    source : str
        A path or glob (from the project folder), an fsspec URL such as ``s3://bucket/trips/*.parquet``,
        ``sqlite:///shop.db`` or ``postgresql://...``. Files may be compressed with gzip.
    folder : Path
        The project folder.
    options : ReadOptions, optional

    Returns
    -------
    Reading

    Raises
    ------
    UnreadableSource
        If there is no such file, it is no table, or its header cannot be used.
    EmptySource
        If it holds no rows.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "trips.csv").write_text("fare,paid\n5.5,Cash\n7,Card\n6.5\n")
    ...     reading = read("trips.csv", folder=Path(folder))
    >>> reading.frame.rows(), reading.quarantine["reason"].to_list()
    ([(5.5, 'Cash'), (7.0, 'Card')], ['1 field where the header has 2'])
    """
    options = options or ReadOptions()
    if is_database(source):
        return _read_database(source, folder=folder, options=options)
    files: list[SourceFile] = []
    parsed: list[_Parsed] = []
    for content in source_contents(source, folder=folder):
        files.append(content.file)
        parsed.append(_parsed(content, options))
    frame, rejected = _combined(parsed, source, options)
    return _checked(Reading(frame=frame, quarantine=rejected, files=tuple(files)), source=source)


@dataclass(frozen=True, slots=True)
class _Parsed:
    """The rows of one file before their types are known."""

    name: str
    format: str
    frame: pl.DataFrame | None  # text of a CSV file, columns of a Parquet file
    objects: list[dict[str, object]]
    lines: pl.Series
    raw: Callable[[int], str]
    rejected: pl.DataFrame

    @property
    def rows(self) -> int:
        return len(self.lines)


def _parsed(content: SourceContent, options: ReadOptions) -> _Parsed:
    name = content.file.path
    if content.format == "json":
        return _from_values(json_rows(content.content, source=name), name)
    if content.format == "parquet":
        return _from_parquet(content.content, name)
    rows = delimited_rows(
        content.content, source=name, delimiter=options.delimiter, encoding=options.encoding
    )
    return _Parsed(name, "csv", rows.frame, [], rows.lines, rows.raw.__getitem__, rows.rejected)


def _from_values(rows: ValueRows, name: str) -> _Parsed:
    return _Parsed(name, "json", None, rows.objects, rows.lines, rows.raw, rows.rejected)


def _from_parquet(content: bytes, name: str) -> _Parsed:
    try:
        frame = normalized(pl.read_parquet(content))
    except pl.exceptions.PolarsError as error:
        raise UnreadableSource(
            f"{name} is no Parquet file that can be read: {error}. Write it again."
        ) from error
    lines = pl.Series("line", range(1, frame.height + 1), dtype=pl.Int64)
    return _Parsed(
        name, "parquet", frame, [], lines, lambda row: str(frame.row(row, named=True)), quarantine(name)
    )


def _combined(parsed: list[_Parsed], source: str, options: ReadOptions) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of all files with their types, and what did not fit."""
    formats = sorted({item.format for item in parsed})
    if len(formats) > 1:
        raise UnreadableSource(
            f"[data] source = {source!r} matches files of several formats ({', '.join(formats)}). "
            f"Write a glob that matches files of one."
        )
    typed = _typed(parsed, formats[0], options)
    rejected = pl.concat([*(item.rejected for item in parsed), *_misfits(typed, parsed)])
    if not typed.misfits:
        return typed.frame, rejected
    fits = pl.Series([True]).new_from_index(0, typed.frame.height).scatter(sorted(typed.misfits), False)
    return typed.frame.filter(fits), rejected.sort("source", "line", maintain_order=True)


def _typed(parsed: list[_Parsed], form: str, options: ReadOptions) -> Typed:
    if form == "json":
        return typed_values(
            flattened([item for rows in parsed for item in rows.objects]), types=options.types
        )
    frames = [item.frame for item in parsed if item.frame is not None]
    _require_common_columns(parsed)
    if form == "csv":
        return typed_text(pl.concat(frames, how="diagonal"), types=options.types)
    try:
        return Typed(pl.concat(frames, how="diagonal_relaxed"))
    except pl.exceptions.PolarsError as error:
        raise UnreadableSource(
            f"the Parquet files {', '.join(item.name for item in parsed[:5])} do not fit together: {error}. "
            f"Give each column one type in all of them."
        ) from error


def _require_common_columns(parsed: list[_Parsed]) -> None:
    first = parsed[0]
    for item in parsed[1:]:
        if (
            item.frame is not None
            and first.frame is not None
            and not set(item.frame.columns) & set(first.frame.columns)
        ):
            raise UnreadableSource(
                f"{item.name} has no column in common with {first.name}, so they are no parts of one table. "
                f"Write a glob that leaves one of them out."
            )


def _misfits(typed: Typed, parsed: list[_Parsed]) -> list[pl.DataFrame]:
    """Return a quarantined row, in its file, for every row with a value that does not fit."""
    ends = list(accumulate(item.rows for item in parsed))
    found = []
    for row, complaints in sorted(typed.misfits.items()):
        at = bisect_right(ends, row)
        item, place = parsed[at], row - (ends[at] - parsed[at].rows)
        found.append((item.name, item.lines[place], "; ".join(complaints), item.raw(place)))
    return [pl.DataFrame(found, schema=quarantine("").schema, orient="row")] if found else []


def _read_database(source: str, *, folder: Path, options: ReadOptions) -> Reading:
    rows = query_rows(source, query=options.query, folder=folder)
    frame, rejected = _combined([_from_values(rows, without_password(source))], source, options)
    if source.startswith("sqlite:"):
        path = sqlite_path(source, folder=folder)
        beside = [
            path,
            path.with_name(path.name + "-wal"),
        ]  # what is committed but not yet in the file itself
        files = tuple(_whole_file(item, folder) for item in beside if item.is_file() and item.stat().st_size)
    else:
        size = int(frame.estimated_size())
        files = (SourceFile(path=without_password(source), sha256=rows_digest(frame), size=size),)
    return _checked(Reading(frame=frame, quarantine=rejected, files=files), source=without_password(source))


def _whole_file(path: Path, folder: Path) -> SourceFile:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return SourceFile(
        path=Path(os.path.relpath(path, folder)).as_posix(), sha256=digest, size=path.stat().st_size
    )


def _checked(reading: Reading, *, source: str) -> Reading:
    if reading.frame.height and reading.frame.width:
        return reading
    if reading.quarantine.height:
        line, reason = reading.quarantine.row(0)[1:3]
        raise EmptySource(
            f"[data] source = {source!r}: not one of {reading.quarantine.height:,} rows can be read. "
            f"The first, on line {line}: {reason}. Mend the source or how it is read."
        )
    raise EmptySource(f"[data] source = {source!r} has columns but no rows. Put rows into it.")
