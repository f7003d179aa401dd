"""Any record that has no page of its own, field by field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import msgspec

from loopwright.faces.web.library import Library
from loopwright.faces.web.names import name_of
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.records import Record, Ref

__all__ = ["RecordPage", "record"]

_LONGEST = 40_000  # characters of JSON shown


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPage:
    """One record as it is kept."""

    template: ClassVar[str] = "record.html"
    place: ClassVar[str] = ""

    project: str
    title: str
    record: Remembered[Record]
    made_from: tuple[Ref, ...]
    children: tuple[Ref, ...]

    @property
    def text(self) -> str:
        """The content as indented JSON, cut where it is very long."""
        content = msgspec.to_builtins(self.record.record)
        content.pop("made_from")
        text = msgspec.json.format(msgspec.json.encode(content), indent=2).decode()
        rest = f"\n… {len(text) - _LONGEST:,} more characters; ask for this page as JSON."
        return text if len(text) <= _LONGEST else text[:_LONGEST] + rest


def record(library: Library, of: Record) -> RecordPage:
    """Look at one record."""
    return RecordPage(
        project=library.name,
        title=name_of(of),
        record=remembered(library, of),
        made_from=tuple(library.parents(of)),
        children=tuple(child.ref for child in library.children(of)),
    )
