"""The ledger in one SQLite file: no server, several threads and processes at once."""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import RLock
from typing import TypeVar

from loopwright.protocols import Entry
from loopwright.store.failures import failure
from loopwright.store.rows import COLUMNS, Row, after_prefix, checked_newest, entry_of, row_of
from loopwright.store.sqlite_file import is_busy, is_unwritable, open_file, prepare, read_only, sqlite_failure

__all__ = ["SqliteLedger"]

T = TypeVar("T")

_INSERT = """
INSERT INTO entry ("table", key, body, at, tags, is_unique, checksum) SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7
WHERE NOT EXISTS (SELECT 1 FROM entry WHERE "table" = ?1 AND key = ?2 AND (is_unique OR ?6))
"""

# Closing a connection that a parent process opened, or whose file is gone, would harm the log of the one that
# is in use; such connections are kept for ever instead.
_ABANDONED: list[sqlite3.Connection] = []


class SqliteLedger:
    """Entries in a SQLite file with a write-ahead log.

    The file and its folders are made by the first append; until then the ledger is empty. What was
    appended has been forced to the disk. Entries cannot be changed or taken out, not by SQL either.

    Parameters
    ----------
    path : str or Path
        The file. Locks of ``hold`` lie beside it in ``<path>.locks/``.
    patience_seconds : float, default=60.0
        How long to wait for other processes before it is an error.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     ledger = SqliteLedger(f"{folder}/metadata.db")
    ...     ledger.append([Entry(table="alias", key="champion", body='"m1"', at="2026-05-03")])
    ...     [(entry.number, entry.body) for entry in ledger.select("alias", key="champion")]
    ...     ledger.close()
    [(1, '"m1"')]
    """

    def __init__(self, path: str | Path, *, patience_seconds: float = 60.0) -> None:
        self._path = Path(path)
        self._patience_seconds = patience_seconds
        self._lock = RLock()
        self._connection: sqlite3.Connection | None = None
        self._opened = (0, 0)
        self._process = os.getpid()

    def __repr__(self) -> str:
        return f"SqliteLedger({str(self._path)!r})"

    def append(self, entries: Sequence[Entry]) -> None:
        """Write all entries or none; what was appended survives a crash.

        Raises
        ------
        StoreFull, StoreReadOnly, CorruptStore, StoreError
        """
        rows = [row_of(entry) for entry in entries]
        if rows:
            self._make_folder()
            self._patiently(lambda: self._write(rows))

    def select(
        self,
        table: str,
        *,
        key: str | None = None,
        prefix: str | None = None,
        tags: Mapping[str, str] | None = None,
        newest: int | None = None,
    ) -> list[Entry]:
        """Return the entries that match everything given, oldest first; see ``protocols.Ledger``.

        Raises
        ------
        CorruptStore, StoreError
        """
        conditions, values = _conditions(table, key, prefix, tags or {})
        limit = checked_newest(newest)
        sql = f"SELECT number, {COLUMNS} FROM entry WHERE {conditions} ORDER BY number DESC LIMIT ?"  # noqa: S608
        found = self._patiently(lambda: self._read(sql, [*values, -1 if limit is None else limit]))
        return [entry_of(number, row) for number, *row in reversed(found)]  # type: ignore[arg-type]

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Let one holder at a time in, over all threads and processes; a holder that dies lets go.

        Raises
        ------
        StoreReadOnly, StoreFull, StoreError
            If the file that is locked cannot be made.
        """
        from filelock import FileLock

        folder = self._path.with_name(f"{self._path.name}.locks")
        lock = FileLock(folder / f"{hashlib.sha256(name.encode()).hexdigest()}.lock", thread_local=False)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except OSError as error:
            raise failure(error, doing=f"writing {folder}") from error
        try:
            yield
        finally:
            lock.release()

    def close(self) -> None:
        """Let go of the file; the ledger may be used again afterwards."""
        self._leave_the_parent_process()
        with self._lock:
            if self._connection is not None and self._is_stale():
                self._abandon()
            self._drop()

    def _make_folder(self) -> None:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise failure(error, doing=f"making the folder {self._path.parent}") from error

    def _patiently(self, action: Callable[[], T]) -> T:
        """Do it, waiting where SQLite itself does not: switching to the log can answer "locked" at once."""
        self._leave_the_parent_process()
        deadline = time.monotonic() + self._patience_seconds
        with self._lock:
            while True:
                try:
                    return action()
                except sqlite3.Error as error:
                    if not is_busy(error) or time.monotonic() > deadline:
                        self._drop()
                        raise sqlite_failure(
                            error, path=self._path, patience_seconds=self._patience_seconds
                        ) from error
                except OSError as error:
                    raise failure(error, doing=f"reading {self._path}") from error
                time.sleep(0.01)

    def _write(self, rows: Sequence[Row]) -> None:
        connection = self._connected(create=True)
        assert connection is not None  # noqa: S101 - what is created is there
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany(_INSERT, rows)
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                with suppress(sqlite3.Error):  # the error that brought us here tells more
                    connection.execute("ROLLBACK")

    def _read(self, sql: str, values: Sequence[str | int]) -> list[tuple[int, *Row]]:
        try:
            connection = self._connected(create=False)
            return [] if connection is None else connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            if not is_unwritable(error) or not self._path.is_file():
                raise
            self._drop()
            return self._read_without_writing(sql, values)

    def _read_without_writing(self, sql: str, values: Sequence[str | int]) -> list[tuple[int, *Row]]:
        with read_only(self._path, patience_seconds=self._patience_seconds) as connection:
            if not prepare(connection, path=self._path, create=False):
                return []
            return connection.execute(sql, values).fetchall()

    def _connected(self, *, create: bool) -> sqlite3.Connection | None:
        """Return the open connection; None if there is no ledger yet and none shall be made."""
        if self._connection is not None and not self._is_stale():
            return self._connection
        self._abandon()
        if not create and not self._path.exists():
            return None
        connection = open_file(self._path, patience_seconds=self._patience_seconds, create=create)
        try:
            ready = prepare(connection, path=self._path, create=create)
            self._opened = self._identity()
        except BaseException:
            connection.close()
            raise
        if not ready:
            connection.close()
            return None
        self._connection = connection
        return connection

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None

    def _abandon(self) -> None:
        if self._connection is not None:
            _ABANDONED.append(self._connection)
            self._connection = None

    def _is_stale(self) -> bool:
        """Say whether the file that is open is no longer the one at the path."""
        return self._identity() != self._opened

    def _identity(self) -> tuple[int, int]:
        try:
            status = self._path.stat()
        except FileNotFoundError:
            return (0, 0)
        return status.st_dev, status.st_ino

    def _leave_the_parent_process(self) -> None:
        """After a fork, share neither the connection nor a lock that a lost thread may hold."""
        if self._process != os.getpid():
            self._lock, self._process = RLock(), os.getpid()
            self._abandon()


def _conditions(
    table: str, key: str | None, prefix: str | None, tags: Mapping[str, str]
) -> tuple[str, list[str | int]]:
    """Return the SQL condition and the values in it."""
    conditions, values = ['"table" = ?'], [table]
    if key is not None:
        conditions.append("key = ?")
        values.append(key)
    if prefix:
        conditions.append("key >= ?")
        values.append(prefix)
        behind = after_prefix(prefix)
        if behind is not None:
            conditions.append("key < ?")
            values.append(behind)
    for name, value in sorted(tags.items()):
        conditions.append('number IN (SELECT number FROM tag WHERE "table" = ? AND name = ? AND value = ?)')
        values += [table, name, value]
    return " AND ".join(conditions), list(values)
