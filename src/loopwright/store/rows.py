"""The row that a ledger entry becomes in SQL, and the conditions that find it again, for both databases."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from itertools import chain

from loopwright.errors import CorruptStore, StoreError
from loopwright.protocols import Entry

__all__ = ["COLUMNS", "Row", "after_prefix", "checked_newest", "entry_of", "row_of"]

Row = tuple[str, str, str, str, str, bool, int]

COLUMNS = '"table", key, body, at, tags, is_unique, checksum'
"""The columns of a row, in the order of ``row_of``; a stored row has its number in front."""


def row_of(entry: Entry) -> Row:
    """Return the entry as a row.

    Raises
    ------
    StoreError
        If a text holds what no database keeps: NUL, or half of a surrogate pair.

    Examples
    --------
    >>> row_of(Entry(table="alias", key="champion", body="{}", at="2026-05-03", tags={"model": "m1"}))
    ('alias', 'champion', '{}', '2026-05-03', '{"model": "m1"}', False, 1604745522)
    """
    for text in chain((entry.table, entry.key, entry.body, entry.at), entry.tags.keys(), entry.tags.values()):
        _refuse_unkeepable(text, entry)
    tags = json.dumps(dict(entry.tags), sort_keys=True, ensure_ascii=False)
    return entry.table, entry.key, entry.body, entry.at, tags, entry.unique, _checksum(entry)


def entry_of(number: int, row: Row) -> Entry:
    """Return the entry that a stored row holds.

    Raises
    ------
    CorruptStore
        If it is not the row that was written: neither database looks at its own pages by default.
    """
    table, key, body, at, tags, unique, checksum = row
    entry = Entry(
        table=table, key=key, body=body, at=at, tags=_tags_of(tags), unique=bool(unique), number=number
    )
    if _checksum(entry) != checksum:
        raise _damaged(f"entry {number} ({table} {key}) is not what was written")
    return entry


def after_prefix(prefix: str) -> str | None:
    """Return the first text, in order of code points, behind all texts that begin with the prefix.

    None means that there is none: every text from the prefix on begins with it.

    Examples
    --------
    >>> after_prefix("ab")
    'ac'
    >>> after_prefix("") is None
    True
    """
    head = prefix.rstrip("\U0010ffff")
    if not head:
        return None
    following = ord(head[-1]) + 1
    # Half a surrogate pair is no text; the next character behind U+D7FF is U+E000.
    return head[:-1] + chr(0xE000 if following == 0xD800 else following)


def checked_newest(newest: int | None) -> int | None:
    """Return the number of entries wanted, refusing a negative one.

    Raises
    ------
    ValueError
        If it is negative: a database would take that for "all".
    """
    if newest is not None and newest < 0:
        raise ValueError(f"newest must be 0 or more, or None for all; it is {newest}")
    return newest


def _tags_of(text: str) -> Mapping[str, str]:
    try:
        tags: dict[str, str] = json.loads(text)
    except ValueError as error:
        raise _damaged(f"the tags of an entry cannot be read ({error})") from error
    return tags


def _checksum(entry: Entry) -> int:
    """Return the CRC-32 of everything that was written."""
    parts = [entry.table, entry.key, entry.body, entry.at, str(int(entry.unique))]
    parts += chain.from_iterable(sorted(entry.tags.items()))
    return zlib.crc32("\0".join(parts).encode())


def _damaged(what: str) -> CorruptStore:
    return CorruptStore(
        f"the metadata store is damaged: {what}. Restore it from a backup, or move it out of the way and run "
        f"again: records are then made anew from the project."
    )


def _refuse_unkeepable(text: str, entry: Entry) -> None:
    if "\0" in text or any("\ud800" <= character <= "\udfff" for character in text):
        raise StoreError(
            f"the {entry.table!r} entry {entry.key!r} holds text that no database keeps (a NUL character or "
            f"half of a surrogate pair): {text[:80]!r}. Take these characters out of the name or value that "
            f"it came from."
        )
