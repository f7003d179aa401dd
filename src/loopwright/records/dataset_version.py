"""The rows of a source as they were when they were read, or a division of such rows into parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.records.record import Record, Table

__all__ = ["Column", "DatasetVersion", "Part", "SourceFile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file (or query) that rows were read from, as it was then."""

    path: str                      # as a person would write it, without any password
    sha256: str                    # of the bytes as they lie there; of the rows for a query to a server
    size: int                      # bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column and what it holds."""

    name: str
    type: str                      # int, float, string, bool, time, date, duration, binary, list or struct


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One part of a division: how many rows, and from when to when where there is a time."""

    name: str                      # "train", "validation" or "test"
    rows: int
    first: str | None = None       # earliest time, ISO 8601
    last: str | None = None        # latest time, ISO 8601


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetVersion(Record):
    """One version of a dataset.

    A split is a dataset version too: a table of ``__row`` and ``part``, made from the version whose rows it
    divides, with ``parts`` filled.
    """

    circumstances: ClassVar[frozenset[str]] = frozenset({"number"})

    name: str
    table: Table
    source: str                    # what the project file says, without any password
    files: tuple[SourceFile, ...] = ()
    key: str | None = None         # column that names a row
    time: str | None = None        # column that says when it happened
    group: str | None = None       # column whose rows belong together
    columns: tuple[Column, ...] = ()
    quarantined: int = 0           # rows of the source that could not be read
    quarantine: Table | None = None  # columns source, line, reason, raw
    parts: tuple[Part, ...] = ()
    number: int = 0                # counted up per name for people

    @property
    def rows(self) -> int:
        """Rows that could be read."""
        return self.table.rows
