"""One piece of evidence: the claim, what it rests on, and what there is to see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from loopwright.faces.web.exhibits import read
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.records import Evidence, Ref

if TYPE_CHECKING:
    from loopwright.stages.evaluation import Exhibit

__all__ = ["EvidencePage", "evidence"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidencePage:
    """One piece of evidence, with earlier and later answers to the same question."""

    template: ClassVar[str] = "evidence.html"
    place: ClassVar[str] = ""

    project: str
    title: str
    evidence: Remembered[Evidence]
    exhibit: Exhibit | str | None
    history: tuple[Remembered[Evidence], ...]  # the same check, part and slice, newest first
    made_from: tuple[Ref, ...]


def evidence(library: Library, record: Evidence) -> EvidencePage:
    """Look at one piece of evidence."""
    same = [
        one
        for one in library.all("evidence")
        if isinstance(one, Evidence)
        and (one.check, one.part, one.slice) == (record.check, record.part, record.slice)
    ]
    return EvidencePage(
        project=library.name,
        title=record.check,
        evidence=remembered(library, record),
        exhibit=read(library, record),
        history=tuple(remembered(library, one) for one in reversed(same)),
        made_from=tuple(library.parents(record)),
    )
