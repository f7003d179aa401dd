"""Reads the answer of an SQL query, from an SQLite file or a PostgreSQL server."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import msgspec
import polars as pl

from loopwright.errors import UnreadableSource
from loopwright.stages.data.json_lines import ValueRows
from loopwright.stages.data.quarantine import quarantine, shortened
from loopwright.stages.data.value_types import Value

__all__ = ["query_rows", "sqlite_path", "without_password"]


def query_rows(url: str, *, query: str | None, folder: Path) -> ValueRows:
    """Return the rows that a database answers a query with.

    Parameters
    ----------
    url : str
        ``sqlite:///shop.db`` (a path from the project folder; four slashes for an absolute path), or
        ``postgresql://user:password@host/database``. SQLite files are opened for reading only.
    query : str or None
        One SELECT statement.
    folder : Path
        The project folder.

    Returns
    -------
    ValueRows
        Lines are the numbers of the rows, from 1.

    Raises
    ------
    UnreadableSource
        If there is no query, no such database, or the database refuses the query.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     shop = sqlite3.connect(f"{folder}/shop.db")
    ...     _ = shop.execute("create table sale (price real)")
    ...     _ = shop.execute("insert into sale values (2.5)")
    ...     shop.commit()
    ...     shop.close()
    ...     query_rows("sqlite:///shop.db", query="select * from sale", folder=Path(folder)).objects
    [{'price': 2.5}]
    """
    if url.startswith("sqlite:"):
        names, rows = _from_sqlite(url, query, folder)
    else:
        names, rows = _from_postgres(url, query)
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnreadableSource(
            f"{without_password(url)}: the query gives the name {twice[0]!r} to several columns. "
            f"Name them apart, for example: select a.id as order_id, b.id as customer_id ..."
        )
    return _value_rows(names, rows, source=without_password(url))


def without_password(url: str) -> str:
    """Return the URL as it may be shown and kept.

    Examples
    --------
    >>> without_password("postgresql://ann:secret@db.example/shop?password=x")
    'postgresql://ann@db.example/shop'
    """
    return re.sub(r"\?.*$", "", re.sub(r"//([^:@/]*):[^@/]*@", r"//\1@", url))


def sqlite_path(url: str, *, folder: Path) -> Path:
    """Return the file that an SQLite URL names.

    Examples
    --------
    >>> sqlite_path("sqlite:///data/shop.db", folder=Path("project")).as_posix()
    'project/data/shop.db'
    """
    return folder / re.sub(r"^sqlite:/{0,3}", "", url)


def _from_sqlite(url: str, query: str | None, folder: Path) -> tuple[list[str], list[Sequence[Value]]]:
    path = sqlite_path(url, folder=folder)
    if not path.is_file():
        raise UnreadableSource(f"[data] source = {url!r}: there is no database file {path}. Mend the path.")
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as database:
            database.text_factory = _utf8
            if not query:
                found = database.execute("select name from sqlite_master where type in ('table', 'view')")
                raise _no_query(url, sorted(str(row[0]) for row in found))
            answer = database.execute(query)
            return [item[0] for item in answer.description or ()], answer.fetchall()
    except sqlite3.Error as error:
        raise UnreadableSource(
            f"[data] source = {url!r}: SQLite says {str(error)!r} to {_one_line(query)}. "
            f"Mend the query or the file."
        ) from error


def _from_postgres(url: str, query: str | None) -> tuple[list[str], list[Sequence[Value]]]:
    try:
        import psycopg
    except ImportError as error:
        raise UnreadableSource(
            f"[data] source = {without_password(url)!r} needs the driver for PostgreSQL. "
            f"Install it with: pip install 'loopwright[postgres]'"
        ) from error
    try:
        with psycopg.connect(url) as connection:
            connection.read_only = True
            if not query:
                found = connection.execute(
                    "select table_name from information_schema.tables where table_schema = current_schema() "
                    "order by table_name"
                )
                raise _no_query(without_password(url), [str(row[0]) for row in found])
            answer = connection.execute(query.encode())
            return [column.name for column in answer.description or ()], list(answer.fetchall())
    except psycopg.Error as error:
        raise UnreadableSource(
            f"[data] source = {without_password(url)!r}: PostgreSQL says {str(error).strip()!r} to "
            f"{_one_line(query)}. Mend the query, or see that the server is up and lets you in."
        ) from error


def _no_query(url: str, tables: list[str]) -> UnreadableSource:
    example = " ".join(["select * from", tables[0] if tables else "trips"])
    return UnreadableSource(
        f"[data] source = {url!r} is a database, so [data] needs a query as well, for example "
        f"one that takes all of a table: {example}. "
        f"Tables there: {', '.join(tables[:20]) or 'none'}."
    )


def _value_rows(names: list[str], rows: Sequence[Sequence[Value]], *, source: str) -> ValueRows:
    wrong = [at for at, row in enumerate(rows) if any(isinstance(value, _NotUtf8) for value in row)]
    skip = set(wrong)
    good = [at for at in range(len(rows)) if at not in skip]
    return ValueRows(
        [dict(zip(names, rows[at], strict=True)) for at in good],
        pl.Series("line", [at + 1 for at in good], dtype=pl.Int64),
        lambda row: _as_json(names, rows[good[row]]),
        quarantine(
            source,
            lines=[at + 1 for at in wrong],
            reasons=[_not_utf8(names, rows[at]) for at in wrong],
            raw=[_as_json(names, rows[at]) for at in wrong],
        ),
    )


class _NotUtf8(bytes):
    """Text of an SQLite column that is not UTF-8."""


def _utf8(raw: bytes) -> str | _NotUtf8:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return _NotUtf8(raw)


def _not_utf8(names: list[str], row: Sequence[Value]) -> str:
    columns = [name for name, value in zip(names, row, strict=True) if isinstance(value, _NotUtf8)]
    return f"text that is not UTF-8 in {', '.join(map(repr, columns))}"


def _as_json(names: list[str], row: Sequence[Value]) -> str:
    shown = [
        value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value for value in row
    ]
    return msgspec.json.encode(dict(zip(names, shown, strict=True)), enc_hook=str).decode()


def _one_line(query: str | None) -> str:
    return shortened(" ".join((query or "").split()), length=200)
