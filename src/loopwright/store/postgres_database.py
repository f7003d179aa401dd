"""The PostgreSQL database of a ledger: what lies in it, how it is reached, and what its errors mean."""

from __future__ import annotations

import errno
from collections.abc import Mapping
from typing import TYPE_CHECKING

from loopwright.errors import CorruptStore, StoreError
from loopwright.store.failures import failure

if TYPE_CHECKING:
    import psycopg

__all__ = ["connect", "database_name", "is_dead", "postgres_failure", "prepare"]

_VERSION = 1

_SCHEMA = """
CREATE TABLE loopwright_entry (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    "table" text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    body text NOT NULL,
    at text NOT NULL,
    tags jsonb NOT NULL,
    is_unique boolean NOT NULL,
    checksum bigint NOT NULL
);
CREATE INDEX loopwright_entry_key ON loopwright_entry ("table", key, number);
CREATE INDEX loopwright_entry_tags ON loopwright_entry USING gin (tags jsonb_path_ops);
CREATE FUNCTION loopwright_refuse() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'the ledger is append-only'; END $$;
CREATE TRIGGER loopwright_entry_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON loopwright_entry
    FOR EACH STATEMENT EXECUTE FUNCTION loopwright_refuse();
CREATE TABLE loopwright_ledger (version integer NOT NULL);
"""

_LEDGER_TABLE = """
SELECT 1 FROM pg_catalog.pg_class
WHERE relname = 'loopwright_ledger' AND relnamespace = to_regnamespace(quote_ident(current_schema()))
"""

_LAYOUT = "SELECT pg_advisory_xact_lock(hashtextextended(current_schema() || '.loopwright_ledger', 0))"


def connect(url: str) -> psycopg.Connection:
    """Open a session in which every statement commits by itself.

    Both sides look after half a minute of silence whether the other is still there, so that a machine that
    lost its power does not hold a lock for hours.
    """
    import psycopg

    connection = psycopg.connect(
        url,
        autocommit=True,
        connect_timeout=15,
        application_name="loopwright",
        keepalives_idle=30,
        keepalives_interval=10,
        keepalives_count=3,
        client_encoding="utf8",
    )
    for setting, value in (("idle", 30), ("interval", 10), ("count", 3)):
        connection.execute(f"SET tcp_keepalives_{setting} = {value}")  # type: ignore[arg-type, unused-ignore]
    return connection


def prepare(connection: psycopg.Connection, *, database: str, create: bool) -> bool:
    """Make sure that the database holds a ledger of this version; say whether it does.

    Raises
    ------
    StoreError
        If it belongs to a newer Loopwright.
    """
    if _holds_ledger(connection, database):
        return True
    if not create:
        return False
    with connection.transaction():
        connection.execute(_LAYOUT)
        if not _holds_ledger(connection, database):
            connection.execute(_SCHEMA)
            connection.execute("INSERT INTO loopwright_ledger VALUES (%s)", [_VERSION])
    return True


def database_name(url: str) -> str:
    """Return what to call the database in messages: everything but the password.

    Raises
    ------
    StoreError
        If this is not a URL that libpq understands; the URL is not quoted, since it may hold a password.
    """
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        parts = {}
    if not parts or _has_stray_password(url, parts):
        raise StoreError(
            "the metadata URL under [stores] in loopwright.toml is not one that PostgreSQL understands. "
            "Write it as postgresql://user:password@host:5432/database, with %40 for @ and %2F for / inside "
            "the password."
        )
    where = parts.get("host") or parts.get("hostaddr") or "localhost"
    port = f":{parts['port']}" if parts.get("port") else ""
    return f"postgresql://{where}{port}/{parts.get('dbname') or ''}"


def is_dead(connection: psycopg.Connection | None, error: psycopg.Error) -> bool:
    """Say whether the session is over, as opposed to a statement having failed."""
    # Classes 57 and 08: the server shut the session down, or the line was cut.
    is_over = (error.sqlstate or "")[:2] in ("57", "08")
    return connection is None or connection.closed or connection.broken or is_over


def postgres_failure(error: psycopg.Error, *, database: str) -> StoreError:
    """Return the store's error for one of PostgreSQL's."""
    state = error.sqlstate or ""
    if state == "53100":
        return failure(OSError(errno.ENOSPC, _line(error)), doing=f"writing {database}")
    if state in ("25006", "42501"):
        return failure(OSError(errno.EACCES, _line(error)), doing=f"using {database}")
    if state.startswith("XX"):
        return CorruptStore(
            f"{database} is damaged ({_line(error)}). Restore it from a backup, or name an empty database as "
            f"`metadata` under [stores] in loopwright.toml and run again to make the records anew."
        )
    if not state:
        return StoreError(
            f"{database} cannot be reached ({_line(error)}). Check that the server runs, that host, port, "
            f"user and password are right, and run again."
        )
    return StoreError(
        f"{database} refused ({state} {_line(error)}). Look at the server's log for the reason, and run "
        f"again."
    )


def _holds_ledger(connection: psycopg.Connection, database: str) -> bool:
    # Not to_regclass, which may answer from a cache that does not know yet what another session just made.
    if connection.execute(_LEDGER_TABLE).fetchone() is None:
        return False
    version = connection.execute("SELECT max(version) FROM loopwright_ledger").fetchone()
    if version is None or version[0] is None:
        raise CorruptStore(
            f"{database} holds a Loopwright ledger that does not say its version. Restore it from a backup."
        )
    if version[0] > _VERSION:
        raise StoreError(
            f"{database} was written by a newer Loopwright (ledger format {version[0]}; this one knows up to "
            f"{_VERSION}). Upgrade with: pip install --upgrade loopwright"
        )
    return True


def _has_stray_password(url: str, parts: Mapping[str, object]) -> bool:
    """Say whether an unescaped character made a part of the password look like host, port or database."""
    is_misread = "@" in url and "user" not in parts
    return url.count("@") > 1 or is_misread or not str(parts.get("port") or "0").replace(",", "").isdigit()


def _line(error: psycopg.Error) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__
