"""The first page: the loop as a picture, what to do next, and what is worth knowing today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from loopwright.faces.web.findings import champion, evidence_about, open_anomalies, open_suspicions
from loopwright.faces.web.library import Library
from loopwright.faces.web.names import name_of
from loopwright.faces.web.rooms import Advice, Room, advice, rooms
from loopwright.faces.web.strip import Fact, strip
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.records import Anomaly, Charter, Evidence, Gate, Model, Record
from loopwright.store.metadata import Activity

if TYPE_CHECKING:
    from loopwright.stages.evaluation import ScoreCard

__all__ = ["HomePage", "home"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    """Where the project stands."""

    template: ClassVar[str] = "home.html"
    place: ClassVar[str] = "/"

    project: str
    title: str
    strip: tuple[Fact, ...]  # empty before the first deployment
    charter: Charter | None
    rooms: tuple[Room, ...]
    advice: Advice
    champion: Remembered[Model] | None
    headline: Evidence | None  # the optimized metric on the test part: of the champion, or the newest model
    gate: Remembered[Gate] | None
    score: ScoreCard | None
    anomalies: tuple[Remembered[Anomaly], ...]  # errors first
    suspicions: tuple[Remembered[Evidence], ...]  # the strongest first
    activity: tuple[Activity, ...]  # newest first

    @property
    def live(self) -> bool:
        """Whether something on the page changes by itself."""
        return bool(self.strip)

    @property
    def centre(self) -> tuple[str, ...]:
        """What stands in the middle of the loop."""
        lines = [name_of(self.champion.record) if self.champion else "no champion yet"]
        if self.headline is not None and self.headline.value is not None:
            lines.append(f"{self.headline.check.removeprefix('metric.')} {self.headline.value:.4g}")
        return tuple(lines)


def home(library: Library) -> HomePage:
    """Look at the project as it stands."""
    charter, gate, best = library.newest("charter"), library.newest("gate"), champion(library)
    model = best or library.newest("model")
    return HomePage(
        project=library.name,
        title="The loop",
        strip=strip(library),
        charter=charter if isinstance(charter, Charter) else None,
        rooms=rooms(library),
        advice=advice(library),
        champion=remembered(library, best) if best else None,
        headline=_headline(library, model, charter),
        gate=remembered(library, gate) if isinstance(gate, Gate) else None,
        score=library.score(),
        anomalies=tuple(remembered(library, one) for one in open_anomalies(library)),
        suspicions=tuple(remembered(library, one) for one in open_suspicions(library)),
        activity=tuple(library.activity()[:-6:-1]),
    )


def _headline(library: Library, model: Record | None, charter: Record | None) -> Evidence | None:
    if not isinstance(model, Model) or not isinstance(charter, Charter):
        return None
    names = {f"metric.{metric}" for metric in charter.optimize}
    found = (
        one
        for one in evidence_about(library, model)
        if one.check in names and one.slice is None and one.part in {"test", None}
    )
    return next(found, None)
