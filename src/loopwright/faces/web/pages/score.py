"""The ML Test Score: the 28 tests, what earned their points, and what to do next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from loopwright.faces.web.library import Library

if TYPE_CHECKING:
    from loopwright.stages.evaluation import ScoreCard

__all__ = ["ScorePage", "score"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePage:
    """The score card as it stands now."""

    template: ClassVar[str] = "score.html"
    place: ClassVar[str] = "/score"

    project: str
    title: str
    card: ScoreCard | None


def score(library: Library) -> ScorePage:
    """Compute the score from the evidence."""
    return ScorePage(project=library.name, title="ML Test Score", card=library.score())
