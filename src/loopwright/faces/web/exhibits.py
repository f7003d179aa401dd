"""What there is to see of a piece of evidence besides its numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.errors import CorruptStore, StoreError
from loopwright.faces.web.library import Library
from loopwright.records import Evidence

if TYPE_CHECKING:
    from loopwright.stages.evaluation import Exhibit

__all__ = ["read"]

_LONGEST = 20_000  # characters of an exhibit that cannot be drawn


def read(library: Library, evidence: Evidence) -> Exhibit | str | None:
    """Return what a piece of evidence shows.

    Returns
    -------
    Exhibit, str or None
        The exhibit; its text if it is of a kind that cannot be drawn, or a sentence that says that its bytes
        are lost; None if there is none.
    """
    from loopwright.stages.evaluation import decode_exhibit

    if evidence.exhibit is None:
        return None
    try:
        content = library.artifact(evidence.exhibit)
    except StoreError as error:
        return f"The exhibit cannot be shown: {error}"
    try:
        return decode_exhibit(content)
    except CorruptStore:
        return content[:_LONGEST].decode(errors="replace")
