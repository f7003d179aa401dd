"""The ledger in a PostgreSQL database, for projects that several machines work on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from threading import RLock
from typing import TYPE_CHECKING, TypeVar

from loopwright.errors import PluginError
from loopwright.protocols import Entry
from loopwright.store.postgres_database import connect, database_name, is_dead, postgres_failure, prepare
from loopwright.store.rows import COLUMNS, Row, after_prefix, checked_newest, entry_of, row_of

if TYPE_CHECKING:
    import psycopg

__all__ = ["PostgresLedger"]

T = TypeVar("T")

_INSERT = """
INSERT INTO loopwright_entry ("table", key, body, at, tags, is_unique, checksum)
SELECT %(table)s, %(key)s, %(body)s, %(at)s, %(tags)s::jsonb, %(unique)s, %(checksum)s
WHERE NOT EXISTS (
    SELECT 1 FROM loopwright_entry
    WHERE "table" = %(table)s AND key = %(key)s AND (is_unique OR %(unique)s)
)
"""

# Writers come one after the other, so that the numbers of entries follow the order of their commits and a
# reader that has seen number n will never find a new entry below it.
_WRITER = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.loopwright_entry', 0))"


_HOLD = "SELECT pg_advisory_lock(hashtextextended(current_schema() || '.loopwright_hold.' || %s::text, 0))"


class PostgresLedger:
    """Entries in the table ``loopwright_entry`` of a PostgreSQL database.

    The table is made by the first append; until then the ledger is empty. A connection that was lost is
    opened once more. The password in the URL is shown in no message.

    Parameters
    ----------
    url : str
        ``postgresql://user@host/database``, as libpq reads it; what the URL leaves out is taken from the
        environment (``PGPASSWORD``, ``~/.pgpass``).

    Raises
    ------
    PluginError
        If psycopg is not installed.
    StoreError
        If this is not the URL of a PostgreSQL database.
    """

    def __init__(self, url: str) -> None:
        _require_psycopg()
        self._url = url
        self._database = database_name(url)
        self._lock = RLock()
        self._process = os.getpid()
        self._connection: psycopg.Connection | None = None
        self._is_prepared = False

    def __repr__(self) -> str:
        return f"PostgresLedger({self._database!r})"

    def append(self, entries: Sequence[Entry]) -> None:
        """Write all entries or none; what was appended survives a crash.

        Raises
        ------
        StoreFull, StoreReadOnly, CorruptStore, StoreError
        """
        rows = [row_of(entry) for entry in entries]
        if rows:
            writing = _Writing(rows)
            self._reliably(lambda: self._write(writing))

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
        sql = (
            f"SELECT number, {COLUMNS.replace('tags', 'tags::text')} FROM loopwright_entry "  # noqa: S608
            f"WHERE {conditions} ORDER BY number DESC LIMIT %s"
        )
        found = self._reliably(lambda: self._read(sql, [*values, checked_newest(newest)]))
        return [entry_of(number, row) for number, *row in reversed(found)]  # type: ignore[arg-type]

    @contextmanager
    def hold(self, name: str) -> Iterator[None]:
        """Let one holder at a time in, over all machines; the server lets go when a holder is gone.

        Raises
        ------
        StoreError
        """
        import psycopg

        key = hashlib.sha256(name.encode()).hexdigest()
        try:
            connection = connect(self._url)
            connection.execute(_HOLD, [key])
        except psycopg.Error as error:
            raise postgres_failure(error, database=self._database) from error
        try:
            yield
        finally:
            # Closing lets go. A connection lost meanwhile has let go before, and two may then have worked
            # on the same step: that is wasted time but no harm, since both remember the same record.
            connection.close()

    def close(self) -> None:
        """Let go of the connection; the ledger may be used again afterwards."""
        with self._lock:
            self._drop()

    def _reliably(self, action: Callable[[], T]) -> T:
        """Do it, once more if the connection was lost."""
        import psycopg

        self._leave_the_parent_process()
        with self._lock:
            had_connection = self._connection is not None
            try:
                try:
                    return action()
                except psycopg.Error as error:
                    if not (had_connection and is_dead(self._connection, error)):
                        raise
                    self._drop()
                    return action()
            except psycopg.Error as error:
                self._drop()
                raise postgres_failure(error, database=self._database) from error

    def _write(self, writing: _Writing) -> None:
        connection = self._connected(create=True)
        if writing.is_committed(connection):
            return
        with connection.transaction():
            connection.execute(_WRITER)
            writing.begun_in(connection)
            with connection.cursor() as cursor:
                cursor.executemany(_INSERT, writing.rows)

    def _read(self, sql: str, values: Sequence[str | int | None]) -> list[tuple[int, *Row]]:
        connection = self._connected(create=False)
        if not self._is_prepared:
            return []
        # The text of the statement is put together from constants; values are parameters.
        return connection.execute(sql, values).fetchall()  # type: ignore[no-any-return]

    def _connected(self, *, create: bool) -> psycopg.Connection:
        if self._connection is None:
            self._connection = connect(self._url)
        if not self._is_prepared:
            self._is_prepared = prepare(self._connection, database=self._database, create=create)
        return self._connection

    def _drop(self) -> None:
        if self._connection is not None:
            with suppress(Exception):  # closing what is broken may fail, and there is nothing to save
                self._connection.close()
        self._connection = None
        self._is_prepared = False

    def _leave_the_parent_process(self) -> None:
        """After a fork, share neither the connection nor a lock that a lost thread may hold."""
        if self._process != os.getpid():
            self._lock, self._process = RLock(), os.getpid()
            if self._connection is not None:
                _ABANDONED.append(self._connection)
            self._connection, self._is_prepared = None, False


# Closing the connection of a parent process would end the parent's session; it is kept for ever instead.
_ABANDONED: list[psycopg.Connection] = []


class _Writing:
    """Rows on their way, which must be written once even if the answer to COMMIT gets lost."""

    def __init__(self, rows: Sequence[Row]) -> None:
        names = ("table", "key", "body", "at", "tags", "unique", "checksum")
        self.rows = [dict(zip(names, row, strict=True)) for row in rows]
        self._transaction: str | None = None

    def begun_in(self, connection: psycopg.Connection) -> None:
        """Note the number that the server gave the transaction."""
        found = connection.execute("SELECT pg_current_xact_id()::text").fetchone()
        self._transaction = found[0] if found else None

    def is_committed(self, connection: psycopg.Connection) -> bool:
        """Ask the server how an earlier attempt ended."""
        if self._transaction is None:
            return False
        connection.execute(_WRITER)  # waits until the earlier attempt is over
        found = connection.execute("SELECT pg_xact_status(%s::xid8)", [self._transaction]).fetchone()
        return found is not None and found[0] == "committed"


def _require_psycopg() -> None:
    try:
        import psycopg  # noqa: F401
    except ImportError as error:
        raise PluginError(
            f"a PostgreSQL metadata store needs psycopg, which cannot be imported ({error}). "
            f'Install it with: pip install "loopwright[postgres]"'
        ) from error


def _conditions(
    table: str, key: str | None, prefix: str | None, tags: Mapping[str, str]
) -> tuple[str, list[str | int]]:
    """Return the SQL condition and the values in it."""
    import json

    conditions, values = ['"table" = %s'], [table]
    if key is not None:
        conditions.append("key = %s")
        values.append(key)
    if prefix:
        conditions.append("key >= %s")
        values.append(prefix)
        behind = after_prefix(prefix)
        if behind is not None:
            conditions.append("key < %s")
            values.append(behind)
    if tags:
        conditions.append("tags @> %s::jsonb")
        values.append(json.dumps(dict(tags)))
    return " AND ".join(conditions), list(values)
