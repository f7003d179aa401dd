"""Versions of tables in Delta Lake: a committed version never changes."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from loopwright.errors import CorruptStore, LoopwrightError, StoreError, UnknownColumn
from loopwright.records.record import Table, TableFile
from loopwright.store.failures import failure, is_denied, is_full
from loopwright.store.table_folder import LocalTable, RemoteTable, TableFolder
from loopwright.store.verified import Verified

if TYPE_CHECKING:
    import polars as pl

__all__ = ["DeltaTables"]

_GROUP_ROWS = 1_000_000
_GROUP_BYTES = 128 << 20
_PATIENCE_SECONDS = 60.0
_SCHEMA_KEY = "loopwright.schema"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*")


class DeltaTables:
    """Tables as Delta Lake folders below one folder.

    Each version is one Parquet file, whose name holds the SHA-256 of its bytes. Types and names that Delta
    lacks are restored when the version is read. Several threads and processes may write a table at once;
    each gets a version of its own.

    Parameters
    ----------
    path : str or Path
        A folder, or a URL that delta-rs, Polars and fsspec all know, such as ``s3://bucket/tables``.
    digest : callable
        Returns the SHA-256 in hex over column names, types and values in row order.

    Examples
    --------
    >>> from hashlib import sha256
    >>> from tempfile import TemporaryDirectory
    >>> import polars as pl
    >>> def digest(frame):
    ...     return sha256(frame.write_ndjson().encode()).hexdigest()
    >>> with TemporaryDirectory() as folder:
    ...     tables = DeltaTables(folder, digest=digest)
    ...     table = tables.write("trips", pl.DataFrame({"fare": [4.5, 9.0]}))
    ...     table.version, table.rows, tables.read(table).collect()["fare"].sum()
    (0, 2, 13.5)
    """

    def __init__(self, path: str | Path, *, digest: Callable[[pl.DataFrame], str]) -> None:
        self._root = path if isinstance(path, str) and "://" in path else Path(path)
        self._digest = digest
        self._verified = Verified(self._root / "_verified" if isinstance(self._root, Path) else None)

    def __repr__(self) -> str:
        return f"DeltaTables({str(self._root)!r})"

    def write(self, name: str, frame: pl.DataFrame) -> Table:
        """Commit the frame as the next version; if the newest version holds the same rows, return that.

        Parameters
        ----------
        name : str
            Letters, digits, ``_`` and ``-``, in parts with ``/`` between.
        frame : polars.DataFrame

        Raises
        ------
        StoreFull, StoreReadOnly, CorruptStore, StoreError
        """
        folder = self._folder(name)
        sha256 = self._digest(frame)
        with self._failures(f"writing the table {name} in {self._root}"):
            found = _same_rows(folder, name, frame, sha256)
            # A version whose files were lost or damaged is no answer; the rows are at hand, so they are kept anew.
            return found if found and self.intact(found) else _commit_next(folder, name, frame, sha256)

    def read(self, table: Table, *, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        """Return the rows of a version, in the order they were written.

        Parameters
        ----------
        table : Table
        columns : sequence of str, optional
            Only these columns, in this order.

        Raises
        ------
        CorruptStore
            If files of the version are gone or have changed.
        UnknownColumn
            If a column is named that the table does not have.
        """
        import polars as pl

        folder = self._folder(table.name)
        self._check(folder, table)
        paths = [f"{folder.uri}/{file.path}" for file in table.files]
        with self._failures(f"reading the table {table.name} in {self._root}"):
            stored = pl.scan_parquet(paths)
            return _restored(stored, _schema_of(paths[0], table), table.name, columns)

    def intact(self, table: Table) -> bool:
        """Say whether all files of the version are there and whole; an unchanged local file is hashed only once."""
        if not table.files:
            return False
        folder = self._folder(table.name)
        with self._failures(f"looking for the table {table.name} in {self._root}"):
            return all(folder.size(file) == file.size and folder.is_whole(file) for file in table.files)

    def _folder(self, name: str) -> TableFolder:
        if not _NAME.fullmatch(name):
            raise StoreError(
                f"{name!r} cannot be the name of a table. Use letters, digits, _ and -, and / between parts."
            )
        if isinstance(self._root, Path):
            return LocalTable(self._root / name, verified=self._verified)
        return RemoteTable(f"{self._root.rstrip('/')}/{name}")

    def _check(self, folder: TableFolder, table: Table) -> None:
        if not table.files:
            raise _damaged(table, where=folder.uri, how="names no files")
        with self._failures(f"reading the table {table.name} in {self._root}"):
            for file in table.files:
                where = f"{folder.uri}/{file.path}"
                size = folder.size(file)
                if size is None:
                    raise _damaged(table, where=where, how="is gone")
                if size != file.size:
                    raise _damaged(table, where=where, how=f"has {size} bytes instead of {file.size}")
                if not folder.is_whole(file):
                    raise _damaged(table, where=where, how="is not what was written")

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        try:
            yield
        except LoopwrightError:
            raise
        except Exception as error:  # Polars, delta-rs and file systems share no type of exception
            raise _table_failure(error, doing=doing, is_local=isinstance(self._root, Path)) from error


def _same_rows(folder: TableFolder, name: str, frame: pl.DataFrame, sha256: str) -> Table | None:
    """Return the newest version if it holds these rows and its files are there."""
    from loopwright.store.delta_log import newest_commit

    newest = newest_commit(folder)
    if newest is None or newest.sha256 != sha256 or not newest.files:
        return None
    if any(folder.size(file) != file.size for file in newest.files):
        return None
    return _table(name, newest.version, frame, sha256, newest.files)


def _commit_next(folder: TableFolder, name: str, frame: pl.DataFrame, sha256: str) -> Table:
    """Write the rows and commit them, again after every version that another writer commits first."""
    from loopwright.store.delta_columns import packed, schema_text

    stored = packed(frame)
    before = folder.newest_version()
    file = folder.keep(lambda path: _write_parquet(stored, path, schema=schema_text(frame.schema)))
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        version = _commit_once(folder, stored, file, sha256, after=-1 if before is None else before)
        if version is not None:
            folder.committed(version)
            return _table(name, version, frame, sha256, (file,))
        time.sleep(random.uniform(0.001, 0.05))  # noqa: S311 - only so that writers do not stay in step
        found = _same_rows(folder, name, frame, sha256)
        if found:
            folder.remove(file)
            return found
    folder.remove(file)
    raise StoreError(
        f"other processes committed versions of the table {name} without a pause for "
        f"{_PATIENCE_SECONDS:g} seconds. Look what writes {folder.uri}, and run again."
    )


def _commit_once(
    folder: TableFolder, stored: pl.DataFrame, file: TableFile, sha256: str, *, after: int
) -> int | None:
    """Return the number of the version that was made; None if another writer was first.

    Whether it was made is read from the log in any case: delta-rs does not say its number, a failure behind
    the commit (of a checkpoint, say) leaves a good version, and an object store may have taken a commit
    that it reported as failed.
    """
    from loopwright.store.delta_log import commit, version_of

    try:
        commit(folder, schema=stored.schema, file=file, rows=stored.height, sha256=sha256)
    except Exception:
        version = version_of(file, folder=folder, after=after)
        if version is None:
            folder.remove(file)
            raise
        return version
    return version_of(file, folder=folder, after=after)


def _write_parquet(stored: pl.DataFrame, path: Path, *, schema: str) -> None:
    stored.write_parquet(path, row_group_size=_rows_per_group(stored), metadata={_SCHEMA_KEY: schema})


def _rows_per_group(stored: pl.DataFrame) -> int:
    """Return a size that readers can hold in memory one group at a time."""
    row_bytes = max(1, int(stored.estimated_size()) // max(1, stored.height))
    return max(1, min(_GROUP_ROWS, _GROUP_BYTES // row_bytes))


def _schema_of(path: str, table: Table) -> pl.Schema:
    """Return the names and types that the frame had when it was written."""
    import polars as pl

    from loopwright.store.delta_columns import schema_from_text

    text = pl.read_parquet_metadata(path).get(_SCHEMA_KEY)
    if text is None:
        raise _damaged(table, where=path, how="was not written by Loopwright")
    return schema_from_text(text)


def _restored(
    stored: pl.LazyFrame, schema: pl.Schema, name: str, columns: Sequence[str] | None
) -> pl.LazyFrame:
    from loopwright.store.delta_columns import unpacked

    for column in columns or ():
        if column not in schema:
            raise UnknownColumn(column, known=schema, where=f"a reader of the table {name}")
    return unpacked(stored, schema=schema, columns=list(schema) if columns is None else columns)


def _table(name: str, version: int, frame: pl.DataFrame, sha256: str, files: tuple[TableFile, ...]) -> Table:
    return Table(
        name=name,
        version=version,
        rows=frame.height,
        columns=tuple(frame.columns),
        sha256=sha256,
        files=files,
    )


def _damaged(table: Table, *, where: str, how: str) -> CorruptStore:
    return CorruptStore(
        f"version {table.version} of the table {table.name} is damaged: {where} {how}. Run "
        f"`loopwright run`, which makes the version again, or restore the file from a backup."
    )


def _table_failure(error: Exception, *, doing: str, is_local: bool) -> StoreError:
    """Return the store's error for one of delta-rs: if not about space or permission, the log is damaged."""
    from deltalake.exceptions import DeltaError

    if not isinstance(error, DeltaError) or is_full(error) or is_denied(error) or not is_local:
        return failure(error, doing=doing)
    return CorruptStore(
        f"{doing} failed, because its Delta log cannot be used ({str(error).splitlines()[0][:300]}). Restore "
        f"the folder of the table from a backup, or move it out of the way and run again, which makes it "
        f"anew."
    )
