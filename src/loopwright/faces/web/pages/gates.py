"""One decision about a model, reason by reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.errors import UnknownRecord
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.records import Gate, Model, Ref

__all__ = ["GatePage", "gate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePage:
    """Why a model may become champion, or why not."""

    template: ClassVar[str] = "gate.html"
    place: ClassVar[str] = "/models"

    project: str
    title: str
    gate: Remembered[Gate]
    model: Model | None
    rival: Model | None


def gate(library: Library, record: Gate) -> GatePage:
    """Look at one decision."""
    return GatePage(
        project=library.name,
        title=f"Gate: {'yes' if record.passed else 'no'}",
        gate=remembered(library, record),
        model=_model(library, record.subject),
        rival=_model(library, record.rival),
    )


def _model(library: Library, ref: Ref | None) -> Model | None:
    try:
        record = library.get(ref.digest) if ref else None
    except UnknownRecord:
        return None
    return record if isinstance(record, Model) else None
