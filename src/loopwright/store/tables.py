"""Versions of tables in Delta Lake: a committed version never changes."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
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

_PATIENCE_SECONDS = 60.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*(/[A-Za-z0-9][A-Za-z0-9_-]*)*")


class DeltaTables:
    """Tables as Delta Lake folders below one folder.

    A version that was written is one Parquet file, whose name holds the SHA-256 of its bytes. A version that was
    appended to has some more: whenever 16 small files have gathered, the commit of the next batch folds them into one
    with it, so that neither the files nor the cost of a commit grow with the number of appends (``appends.py``). Files
    of older versions stay. Types and names that Delta lacks are restored when the version is read. Several threads and
    processes may write a table at once; each gets a version of its own.

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

    A batch is appended once, however often it is tried:

    >>> with TemporaryDirectory() as folder:
    ...     tables = DeltaTables(folder, digest=digest)
    ...     for _ in range(3):
    ...         table = tables.append("trips", pl.DataFrame({"fare": [4.5, 9.0]}), batch="monday")
    ...     table.version, table.rows
    (0, 2)
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

    def append(self, name: str, frame: pl.DataFrame, *, batch: str) -> Table:
        """Add rows behind those of the newest version, unless the batch was appended before.

        That a batch was appended is part of the commit itself, so no crash and no other writer comes between.

        Parameters
        ----------
        name : str
            Letters, digits, ``_`` and ``-``, in parts with ``/`` between.
        frame : polars.DataFrame
            Has the columns of the table, if there is one.
        batch : str
            Names these rows. Batches are remembered for ever, also if the table is written anew.

        Returns
        -------
        Table
            The newest version, with all rows. Its ``sha256`` is the digest of the rows of the first batch, and after
            that the SHA-256 over the one before, a space and the digest of the batch's rows.

        Raises
        ------
        StoreFull, StoreReadOnly, CorruptStore, StoreError
        """
        from loopwright.store.appends import append_batch

        folder = self._folder(name)
        sha256 = self._digest(frame)
        with self._failures(f"appending to the table {name} in {self._root}"):
            return append_batch(folder, name, frame, sha256=sha256, batch=batch)

    def newest(self, name: str) -> Table | None:
        """Return the newest version of a table, or nothing if there is none; those of other programs are passed over.

        Raises
        ------
        CorruptStore
            If its log or its files cannot be read.
        """
        from loopwright.store.appends import newest_table

        folder = self._folder(name)
        with self._failures(f"looking for the table {name} in {self._root}"):
            return newest_table(folder, name)

    def appended(self, name: str, *, batches: Collection[str]) -> dict[str, int]:
        """Return for each batch that was appended the number of the version that it came with.

        Parameters
        ----------
        name : str
        batches : collection of str
            What to look for; those that were not appended are not in the answer.
        """
        from loopwright.store.delta_log import batch_versions

        folder = self._folder(name)
        with self._failures(f"looking for batches in the table {name} in {self._root}"):
            return batch_versions(folder, batches)

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
    from loopwright.store.delta_columns import packed
    from loopwright.store.delta_log import commit, version_made
    from loopwright.store.table_files import write_file

    stored = packed(frame)
    before = folder.newest_version()
    file = folder.keep(lambda path: write_file(stored, path, schema=frame.schema))
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        version = version_made(
            lambda: commit(folder, schema=stored.schema, file=file, rows=stored.height, sha256=sha256),
            file=file, folder=folder, after=-1 if before is None else before,
        )
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


def _schema_of(path: str, table: Table) -> pl.Schema:
    """Return the names and types that the frame had when it was written."""
    from loopwright.store.table_files import kept_schema

    schema = kept_schema(path)
    if schema is None:
        raise _damaged(table, where=path, how="was not written by Loopwright")
    return schema


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
