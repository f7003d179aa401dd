"""What people do on the pages, done to a project."""

from __future__ import annotations

from loopwright.project import Project
from loopwright.stages import monitoring, serving

__all__ = ["ProjectActions"]


class ProjectActions:
    """Changes a project on somebody's behalf; see ``loopwright.faces.web.actions.Actions``.

    Parameters
    ----------
    project : Project
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    def promote(self, *, by: str, why: str) -> None:
        """Make the challenger champion now, whatever the rule says."""
        serving.promote(self.project, by=by, why=why)

    def reject(self, *, by: str, why: str) -> None:
        """Take the challenger out."""
        serving.reject(self.project, by=by, why=why)

    def roll_back(self, *, by: str, why: str) -> None:
        """Let the champion before this one serve again."""
        serving.roll_back(self.project, by=by, why=why)

    def approve(self, *, by: str, why: str) -> None:
        """Agree to the promotion that the rule asks for."""
        serving.approve(self.project, by=by, why=why)

    def acknowledge(self, alert: str, *, by: str, note: str) -> None:
        """Say that somebody has seen an alert."""
        monitoring.acknowledge(self.project, alert, by=by, note=note)

    def silence(self, pattern: str, *, until: str, by: str, why: str) -> None:
        """Let alerts about some quantities be quiet for a time."""
        monitoring.silence(self.project, pattern, until=until, by=by, why=why)
