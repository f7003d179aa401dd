"""The SQLite file of a ledger: what lies in it, how it is opened, and what its errors mean."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from loopwright.errors import CorruptStore, StoreError
from loopwright.store.failures import failure

__all__ = ["is_busy", "is_unwritable", "open_file", "prepare", "read_only", "sqlite_failure"]

_VERSION = 1
_APPLICATION = 0x4C6F6F70  # "Loop": tells a ledger from the SQLite file of another program

_SCHEMA = """
CREATE TABLE entry (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    "table" TEXT NOT NULL,
    key TEXT NOT NULL,
    body TEXT NOT NULL,
    at TEXT NOT NULL,
    tags TEXT NOT NULL,
    is_unique INTEGER NOT NULL,
    checksum INTEGER NOT NULL
);
CREATE INDEX entry_key ON entry ("table", key, number);
CREATE TABLE tag (
    "table" TEXT NOT NULL,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    number INTEGER NOT NULL,
    PRIMARY KEY ("table", name, value, number)
) WITHOUT ROWID;
CREATE TRIGGER entry_tags AFTER INSERT ON entry BEGIN
    INSERT INTO tag SELECT new."table", item.key, item.value, new.number FROM json_each(new.tags) AS item;
END;
CREATE TRIGGER entry_keeps BEFORE UPDATE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER entry_stays BEFORE DELETE ON entry BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER tag_keeps BEFORE UPDATE ON tag BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
CREATE TRIGGER tag_stays BEFORE DELETE ON tag BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;
"""

_ERROR, _BUSY, _LOCKED, _READONLY, _IOERR = 1, 5, 6, 8, 10
_CORRUPT, _FULL, _CANTOPEN, _NOTADB = 11, 13, 14, 26


def open_file(path: Path, *, patience_seconds: float, create: bool) -> sqlite3.Connection:
    """Connect to the file; statements commit by themselves unless a transaction is begun."""
    return _connect(path, f"mode={'rwc' if create else 'rw'}", patience_seconds)


def prepare(connection: sqlite3.Connection, *, path: Path, create: bool) -> bool:
    """Make sure that the file holds a ledger of this version; say whether it does.

    Parameters
    ----------
    connection : sqlite3.Connection
    path : Path
        Named in messages.
    create : bool
        Lay the ledger out if the file is still empty. Two processes may do so at once.

    Returns
    -------
    bool
        False if the file is empty and was left so.

    Raises
    ------
    StoreError
        If it belongs to a newer Loopwright or to another program.
    """
    connection.execute("PRAGMA synchronous = FULL")
    if _holds_ledger(connection, path):
        return True
    if not create:
        return False
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    try:
        if not _holds_ledger(connection, path):
            for statement in _statements(_SCHEMA):
                connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {_APPLICATION}")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
    except BaseException:
        connection.rollback()
        raise
    connection.execute("COMMIT")
    return True


@contextmanager
def read_only(path: Path, *, patience_seconds: float) -> Iterator[sqlite3.Connection]:
    """Open a ledger that lies in a folder which may not be written.

    A write-ahead log needs files beside the database even to be read. Where these cannot be made, the
    database is opened as immutable, or, if the log still holds entries, a copy of both is read.
    """
    wal = path.with_name(f"{path.name}-wal")
    if not wal.exists() or wal.stat().st_size == 0:
        with closing(_connect(path, "immutable=1", patience_seconds)) as connection:
            yield connection
        return
    with tempfile.TemporaryDirectory(prefix="loopwright-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(wal, copy.with_name(wal.name))
        with closing(_connect(copy, "mode=rw", patience_seconds)) as connection:
            yield connection


def is_busy(error: sqlite3.Error) -> bool:
    """Say whether another process is in the way for the moment."""
    return _code(error) in (_BUSY, _LOCKED)


def is_unwritable(error: sqlite3.Error) -> bool:
    """Say whether an error can mean that the folder of the file may not be written."""
    return _code(error) in (_READONLY, _CANTOPEN, _IOERR)


def sqlite_failure(error: sqlite3.Error, *, path: Path, patience_seconds: float) -> StoreError:
    """Return the store's error for one of SQLite's."""
    code = _code(error)
    # A plain error of one of the few statements here means that the file is not laid out as it was.
    is_odd = code in (_ERROR, None) and isinstance(error, sqlite3.OperationalError)
    if code in (_CORRUPT, _NOTADB) or is_odd:
        return CorruptStore(
            f"{path} is damaged ({error}). Restore it from a backup; or move it, with the files "
            f"{path.name}-wal and {path.name}-shm, out of the way and run again: "
            f"records are then made anew from the project."
        )
    if code == _FULL or (code in (_IOERR, _CANTOPEN) and _no_space(path)):
        return failure(OSError(errno.ENOSPC, str(error)), doing=f"writing {path}")
    if code == _READONLY or (code == _CANTOPEN and not _may_write(path)):
        return failure(OSError(errno.EROFS, str(error)), doing=f"writing {path}")
    if is_busy(error):
        return StoreError(
            f"another process kept {path} to itself for more than {patience_seconds:g} seconds. Look "
            f"whether a loopwright process hangs (or a backup holds the file), end it, and run "
            f"again; nothing is lost."
        )
    return StoreError(
        f"SQLite cannot use {path}: {error}. Check that it is a file on a local disk that you may open."
    )


def _connect(path: Path, how: str, patience_seconds: float) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{how}",
        uri=True,
        timeout=patience_seconds,
        isolation_level=None,
        check_same_thread=False,
    )


def _holds_ledger(connection: sqlite3.Connection, path: Path) -> bool:
    # Tables first: they come with their marks in one transaction, which may end between these statements.
    if connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone() is None:
        return False
    version, application = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in _MARKS)
    if application != _APPLICATION:
        raise StoreError(
            f"{path} is the SQLite file of another program. Name another file as `metadata` under [stores] "
            f"in loopwright.toml."
        )
    if version > _VERSION:
        raise StoreError(
            f"{path} was written by a newer Loopwright (ledger format {version}; this one knows up to "
            f"{_VERSION}). Upgrade with: pip install --upgrade loopwright"
        )
    return True


_MARKS = ("user_version", "application_id")


def _statements(script: str) -> Iterator[str]:
    """Cut a script into statements: ``executescript`` would commit the transaction that it runs in."""
    lines: list[str] = []
    for line in script.strip().splitlines():
        lines.append(line)
        if sqlite3.complete_statement("\n".join(lines)):
            yield "\n".join(lines)
            lines = []


def _code(error: sqlite3.Error) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF  # the upper bits only refine it


def _no_space(path: Path) -> bool:
    try:
        return shutil.disk_usage(path.parent).free < 65536
    except OSError:
        return False


def _may_write(path: Path) -> bool:
    return os.access(path if path.exists() else path.parent, os.W_OK) and os.access(path.parent, os.W_OK)
