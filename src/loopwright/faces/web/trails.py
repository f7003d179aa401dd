"""Back to what a record was made from, and forward to what was made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from loopwright.errors import UnknownRecord
from loopwright.faces.web.library import Library
from loopwright.records import Record, Ref

__all__ = ["Remembered", "Trail", "backward", "first", "forward", "remembered", "trail"]

R_co = TypeVar("R_co", bound=Record, covariant=True)
R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered(Generic[R_co]):
    """A record as the project remembers it: with its address and the time."""

    record: R_co
    ref: Ref
    at: str

    @property
    def digest(self) -> str:
        """SHA-256 of kind and content, in hex."""
        return self.ref.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """A part of the lineage graph around one record.

    Attributes
    ----------
    centre : Ref
    nodes : tuple of Ref
        Records, files and pieces of code; the names are what a person calls them.
    edges : tuple of (str, str)
        Digests: from what was used to what was made of it.
    left_out : int
        Nodes that were not followed because there would have been too many.
    """

    centre: Ref
    nodes: tuple[Ref, ...]
    edges: tuple[tuple[str, str], ...]
    left_out: int = 0


def remembered(library: Library, record: R) -> Remembered[R]:
    """Return a record with its address and its time."""
    return Remembered(record=record, ref=record.ref, at=library.at(record))


def backward(library: Library, record: Record) -> list[Record]:
    """Return all records that this one was made from, directly or not, nearest first."""

    def parents(of: Record) -> list[Record]:
        return [found for ref in library.parents(of) if (found := _find(library, ref)) is not None]

    return _walk(record, parents)


def forward(library: Library, record: Record) -> list[Record]:
    """Return all records that were made from this one, directly or not, nearest first."""
    return _walk(record, library.children)


def first(records: list[Record], kind: type[R]) -> R | None:
    """Return the first record of a kind, or None."""
    return next((record for record in records if isinstance(record, kind)), None)


def trail(library: Library, record: Record, *, limit: int = 400) -> Trail:
    """Return everything before and after a record, with the links between."""
    before, after = backward(library, record), forward(library, record)
    kept = [record, *before, *after][:limit]
    nodes = {one.digest: one.ref for one in kept}
    edges = set()
    for one in kept:
        for parent in library.parents(one):
            if parent.digest in nodes or _find(library, parent) is None:
                nodes.setdefault(parent.digest, parent)
                edges.add((parent.digest, one.digest))
    return Trail(
        centre=record.ref,
        nodes=tuple(nodes.values()),
        edges=tuple(sorted(edges)),
        left_out=1 + len(before) + len(after) - len(kept),
    )


def _walk(start: Record, neighbours: Callable[[Record], list[Record]]) -> list[Record]:
    seen, found, row = {start.digest}, [], [start]
    while row:
        ahead = []
        for record in row:
            for near in neighbours(record):
                if near.digest not in seen:
                    seen.add(near.digest)
                    ahead.append(near)
        found.extend(ahead)
        row = ahead
    return found


def _find(library: Library, ref: Ref) -> Record | None:
    """Return the record that a ref points at; None for files, code and what was never remembered."""
    try:
        return None if ref.kind in {"file", "code"} else library.get(ref.digest)
    except UnknownRecord:
        return None
