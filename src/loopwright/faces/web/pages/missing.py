"""What is said where there is nothing, or where something went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

__all__ = ["MissingPage"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingPage:
    """There is no such page, or it cannot be shown."""

    template: ClassVar[str] = "missing.html"
    place: ClassVar[str] = ""

    project: str
    title: str
    status: int
    text: str
