"""Rows that are added to a table batch by batch, each batch exactly once."""

from __future__ import annotations

import hashlib
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from loopwright.errors import CorruptStore, StoreError
from loopwright.records.record import Table, TableFile
from loopwright.store.delta_log import Next, batch_versions, commit_append, newest_own, version_made
from loopwright.store.table_files import fold_files, kept_schema, write_file

if TYPE_CHECKING:
    import polars as pl

    from loopwright.store.delta_log import Commit
    from loopwright.store.table_folder import TableFolder

__all__ = ["append_batch", "folded_from", "newest_table"]

FOLDED_AT_ONCE = 16
MOST_SMALL = 128
LARGEST_FOLDED = 256 << 20

_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class _Batch:
    """Rows to append, as they are stored, and what is known of them."""

    name: str
    frame: pl.DataFrame
    stored: pl.DataFrame
    sha256: str


def append_batch(folder: TableFolder, name: str, frame: pl.DataFrame, *, sha256: str, batch: str) -> Table:
    """Add rows behind those of the newest version, unless the batch was added before.

    Parameters
    ----------
    folder : TableFolder
    name : str
        Of the table.
    frame : polars.DataFrame
    sha256 : str
        Digest of its rows.
    batch : str
        Names these rows; what has this name is appended once, whoever tries, and however often.

    Returns
    -------
    Table
        The newest version, with all its files.

    Raises
    ------
    StoreError
        If the columns are not those of the table, or other processes commit without a pause.
    CorruptStore
        If files of the newest version are gone or have changed.
    """
    from loopwright.store.delta_columns import packed

    rows = _Batch(name, frame, packed(frame), sha256)
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        done = _append_once(folder, rows, batch)
        if done is not None:
            return done
        time.sleep(random.uniform(0.001, 0.05))  # noqa: S311 - only so that writers do not stay in step
    raise StoreError(
        f"other processes committed versions of the table {name} without a pause for "
        f"{_PATIENCE_SECONDS:g} seconds. Look what writes {folder.uri}, and run again."
    )


def newest_table(folder: TableFolder, name: str) -> Table | None:
    """Return the newest version of a table, or nothing if there is none; versions of other programs are passed over.

    Raises
    ------
    CorruptStore
        If its log or its files cannot be read.
    """
    newest = folder.newest_version()
    found = None if newest is None else newest_own(folder, until=newest)
    return None if found is None else _table(folder, name, found)


def folded_from(sizes: Sequence[int]) -> int:
    """Say from which file on the files of a version are folded into one, with the next that comes.

    Files are of one tier if their sizes have the same number of hexadecimal digits. As soon as 16 files of a tier have
    gathered behind the last file of a higher one, they become one, and so does whatever smaller lies between. So a
    table has at most 15 files of each of its few tiers, and a row is written again about once for each tier, however
    many appends there are. Files of odd sizes in odd orders never become more than 128, but for those beyond 256
    megabytes, which are left alone.

    Parameters
    ----------
    sizes : sequence of int
        In bytes; the last is that of the file that comes.

    Returns
    -------
    int
        Position of the first; that of the last if nothing is folded.

    Examples
    --------
    >>> folded_from([300_000] + [5_000] * 15), folded_from([300_000] + [5_000] * 16)
    (15, 1)
    """
    tiers = [(size.bit_length() - 1) // 4 for size in sizes]
    for tier in sorted(set(tiers)):
        first = _behind(tier, tiers, sizes)
        if tiers[first:].count(tier) >= FOLDED_AT_ONCE or len(sizes) - first > MOST_SMALL:
            return first
    return len(sizes) - 1


def _behind(tier: int, tiers: Sequence[int], sizes: Sequence[int]) -> int:
    """Return the position behind the last file of a higher tier, or of one that is left alone."""
    positions = range(len(tiers) - 1, -1, -1)
    return next((at for at in positions if tiers[at] > tier or sizes[at] > LARGEST_FOLDED), -1) + 1


def _append_once(folder: TableFolder, rows: _Batch, batch: str) -> Table | None:
    """Try once; None if another writer came first."""
    onto = folder.newest_version()
    before = None if onto is None else newest_own(folder, until=onto)
    if before is not None and batch_versions(folder, [batch], until=onto):
        return _table(folder, rows.name, before)
    if before is not None:
        _check_columns(folder, rows, before)
    version = _next(folder, rows, before)
    number = version_made(
        lambda: commit_append(folder, schema=rows.stored.schema, next_version=version, batch=batch, onto=onto),
        file=version.file, folder=folder, after=-1 if onto is None else onto,
    )
    if number is None:
        folder.remove(version.file)
        return None
    folder.committed(number)
    return Table(
        name=rows.name, version=number, rows=version.rows, columns=tuple(rows.frame.columns), sha256=version.sha256,
        files=version.files,
    )


def _next(folder: TableFolder, rows: _Batch, before: Commit | None) -> Next:
    """Write the file of the next version: the new rows, and those of small files that are folded."""
    old = () if before is None else before.files
    file = folder.keep(lambda path: write_file(rows.stored, path, schema=rows.frame.schema))
    first = folded_from([*(item.size for item in old), file.size])
    folded = old[first:]
    if folded:
        folder.remove(file)
        file = folder.keep(lambda path: _fold(folder, rows, folded, path))
    return Next(
        file=file,
        file_rows=rows.stored.height + _rows(folder, folded),
        files=(*old[:first], file),
        rows=rows.stored.height + (0 if before is None else _all_rows(folder, before)),
        sha256=rows.sha256 if before is None else _chained(str(before.sha256), rows.sha256),
        folded=folded,
    )


def _fold(folder: TableFolder, rows: _Batch, folded: Sequence[TableFile], path: Path) -> None:
    for file in folded:
        # A damaged file must not come to look whole under the name of a new one.
        if folder.size(file) != file.size or not folder.is_whole(file):
            raise _damaged(folder, rows.name, file)
    fold_files([f"{folder.uri}/{file.path}" for file in folded], rows.stored, path, schema=rows.frame.schema)


def _chained(before: str, added: str) -> str:
    return hashlib.sha256(f"{before} {added}".encode()).hexdigest()


def _check_columns(folder: TableFolder, rows: _Batch, before: Commit) -> None:
    schema = _schema(folder, rows.name, before)
    if schema != rows.frame.schema:
        raise StoreError(
            f"rows with the columns {_told(rows.frame.schema)} cannot be appended to the table {rows.name}, which has "
            f"{_told(schema)}. Give them the table's columns and types, or append to a table of another name."
        )


def _told(schema: pl.Schema) -> str:
    shown = ", ".join(f"{name} ({dtype})" for name, dtype in list(schema.items())[:20])
    return shown + (f" and {len(schema) - 20} more" if len(schema) > 20 else "")


def _table(folder: TableFolder, name: str, found: Commit) -> Table:
    return Table(
        name=name,
        version=found.version,
        rows=_all_rows(folder, found),
        columns=tuple(_schema(folder, name, found)),
        sha256=str(found.sha256),
        files=found.files,
    )


def _schema(folder: TableFolder, name: str, found: Commit) -> pl.Schema:
    """Return the names and types of the newest file, which are those of all files."""
    file = found.files[-1]
    schema = kept_schema(f"{folder.uri}/{file.path}") if folder.size(file) == file.size else None
    if schema is None:
        raise _damaged(folder, name, file)
    return schema


def _all_rows(folder: TableFolder, found: Commit) -> int:
    return found.rows if found.rows is not None else _rows(folder, found.files)


def _rows(folder: TableFolder, files: Sequence[TableFile]) -> int:
    import polars as pl

    if not files:
        return 0
    paths = [f"{folder.uri}/{file.path}" for file in files]
    return int(pl.scan_parquet(paths).select(pl.len()).collect().item())


def _damaged(folder: TableFolder, name: str, file: TableFile) -> CorruptStore:
    return CorruptStore(
        f"the newest version of the table {name} is damaged: {folder.uri}/{file.path} is gone or not what was written. "
        f"Restore the file from a backup; nothing is appended until then."
    )
