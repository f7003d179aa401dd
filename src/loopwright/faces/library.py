"""A project's records as the pages read them."""

from __future__ import annotations

from collections.abc import Mapping

from loopwright.errors import UnknownRecord
from loopwright.project import PROJECT_FILE, Project
from loopwright.records import KINDS, Artifact, Model, Record, Ref
from loopwright.stages import evaluation, monitoring
from loopwright.stages.evaluation import ScoreCard
from loopwright.store.metadata import Activity, AliasChange, Execution, Mark, now

__all__ = ["ProjectLibrary"]

_SESSION = "session"  # the kind of mark for sessions that somebody has signed out of


class ProjectLibrary:
    """Reads a project for pages and reports.

    Parameters
    ----------
    project : Project
    """

    def __init__(self, project: Project) -> None:
        self.project = project

    @property
    def name(self) -> str:
        """Name of the project."""
        return self.project.settings.project.name

    def newest(self, kind: str) -> Record | None:
        """Return the record of a kind that was remembered last, or None."""
        return self.project.metadata.newest(KINDS[kind])

    def all(self, kind: str) -> list[Record]:
        """Return the records of a kind, oldest first."""
        return list(self.project.metadata.all(KINDS[kind]))

    def get(self, digest: str) -> Record:
        """Return the record whose digest begins so."""
        return self.project.metadata.find(digest)

    def at(self, record: Record) -> str:
        """Return when the record was remembered."""
        return self.project.metadata.at(record)

    def parents(self, record: Record) -> list[Ref]:
        """Return what the record was made from."""
        return list(record.made_from)

    def children(self, record: Record) -> list[Record]:
        """Return the records that were made from this one."""
        return self.project.metadata.children(record.ref)

    def artifact(self, artifact: Artifact) -> bytes:
        """Return the bytes of an artifact."""
        return self.project.artifacts.get(artifact)

    def aliases(self) -> list[AliasChange]:
        """Return the whole history of aliases."""
        return self.project.metadata.alias_history()

    def activity(self) -> list[Activity]:
        """Return the commands that were given."""
        return self.project.metadata.activities()

    def executions(self) -> list[Execution]:
        """Return the steps that ran."""
        return self.project.metadata.executions()

    def score(self) -> ScoreCard | None:
        """Return the ML Test Score as it stands now, or None before the first model."""
        return evaluation.score(self.project) if self.project.metadata.newest(Model) else None

    def settings_text(self) -> str:
        """Return the project file as it is written."""
        return (self.project.folder / PROJECT_FILE).read_text(encoding="utf-8")

    def now(self) -> str:
        """Return the time, UTC, ISO 8601."""
        return now()

    def marks(self, kind: str) -> dict[str, Mark]:
        """Return the newest mark of every key of a kind."""
        return self.project.metadata.marks(kind)

    def log(self, activity: Activity) -> None:
        """Keep in the audit trail that somebody did something."""
        self.project.metadata.log(activity)

    def secret(self) -> bytes:
        """Return 32 random bytes that are this project's own: made at the first call, the same ever after."""
        return bytes.fromhex(self.project.metadata.secret("sessions"))

    def ended(self, session: str) -> bool:
        """Say whether somebody has signed out of a session."""
        return bool(self.project.metadata.mark_history(_SESSION, session))

    def end(self, session: str) -> None:
        """Keep that somebody has signed out of a session."""
        self.project.metadata.mark(_SESSION, session, {"ended": True})

    def passport(self, prediction: str) -> Mapping[str, object]:
        """Return everything that is known of one prediction.

        Raises
        ------
        UnknownRecord
            If the log has no such prediction.
        """
        if self.newest("deployment") is None:
            raise UnknownRecord("nothing was predicted yet: `loopwright serve` lets the champion answer requests.")
        return monitoring.passport(self.project, prediction)
