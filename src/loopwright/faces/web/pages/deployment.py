"""What serves now, what is tried beside it, and how it came to be so."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.faces.web.library import Library
from loopwright.faces.web.releases import Release, offers, release
from loopwright.records import Model

__all__ = ["DeploymentPage", "deployment"]

@dataclass(frozen=True, slots=True, kw_only=True)
class DeploymentPage:
    """The release as it stands, and its history."""

    template: ClassVar[str] = "deployment.html"
    place: ClassVar[str] = "/deployment"
    live: ClassVar[bool] = True

    project: str
    title: str
    release: Release | None
    models: dict[str, Model]  # by digest: those of the history that are known here
    offers: dict[str, str]  # verb -> why it cannot be done now; empty if it can

    @property
    def shares(self) -> list[tuple[str, float, str]]:
        """Who answers which share, for the bar."""
        if self.release is None:
            return []
        now = self.release.deployment.record
        parts = [("champion", self.release.share, "champion"), ("challenger", now.share, "challenger"),
                 ("held back", now.held_back, "held-back")]
        return [part for part in parts if part[1] > 0]


def deployment(library: Library) -> DeploymentPage:
    """Look at what serves now."""
    found = release(library)
    return DeploymentPage(
        project=library.name,
        title="Deployment",
        release=found,
        models={one.digest: one for one in library.all("model") if isinstance(one, Model)} if found else {},
        offers=offers(found),
    )
