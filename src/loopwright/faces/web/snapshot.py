"""A library as it is during one request: what was read once is not read again, and cannot change in between."""

from __future__ import annotations

from typing import cast

from loopwright.faces.web.library import Library
from loopwright.records import Record

__all__ = ["snapshot"]


class _Snapshot:
    """Answers as the library does, but reads the records of a kind only once."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._read: dict[str, list[Record]] = {}

    def all(self, kind: str) -> list[Record]:
        if kind not in self._read:
            self._read[kind] = self._library.all(kind)
        return list(self._read[kind])

    def __getattr__(self, name: str) -> object:
        return getattr(self._library, name)


def snapshot(library: Library) -> Library:
    """Return a library for one request.

    A page asks for the same evidence from many sides; reading it from the store each time would cost more than all
    the rest.

    Parameters
    ----------
    library : Library
    """
    return cast(Library, _Snapshot(library))
