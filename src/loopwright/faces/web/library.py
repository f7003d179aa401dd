"""What the pages need to read: one small promise that a project's stores keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from loopwright.records import Artifact, Record, Ref
from loopwright.store.metadata import Activity, AliasChange, Execution, Mark

if TYPE_CHECKING:
    from loopwright.stages.evaluation import ScoreCard

__all__ = ["Library"]


class Library(Protocol):
    """A project's records, to be read by pages and reports.

    Every answer may change from one call to the next, because a run may be going on.
    """

    @property
    def name(self) -> str:
        """Name of the project."""
        ...

    def newest(self, kind: str) -> Record | None:
        """Return the record of a kind (``"model"``) that was remembered last, or None."""
        ...

    def all(self, kind: str) -> list[Record]:
        """Return the records of a kind, oldest first."""
        ...

    def get(self, digest: str) -> Record:
        """Return the record with this digest, or the only one whose digest begins so.

        Raises
        ------
        UnknownRecord
            If there is none, or more than one.
        """
        ...

    def at(self, record: Record) -> str:
        """Return when the record was remembered, UTC, ISO 8601."""
        ...

    def parents(self, record: Record) -> list[Ref]:
        """Return what the record was made from: records, files and code."""
        ...

    def children(self, record: Record) -> list[Record]:
        """Return the records that were made from this one, oldest first."""
        ...

    def artifact(self, artifact: Artifact) -> bytes:
        """Return the bytes of an artifact.

        Raises
        ------
        CorruptStore
            If they are lost, or not what was written.
        """
        ...

    def aliases(self) -> list[AliasChange]:
        """Return the whole history of aliases, oldest first."""
        ...

    def activity(self) -> list[Activity]:
        """Return the commands that were given, oldest first."""
        ...

    def executions(self) -> list[Execution]:
        """Return the steps that ran, oldest first."""
        ...

    def score(self) -> ScoreCard | None:
        """Return the ML Test Score as it stands now, or None before the first model."""
        ...

    def settings_text(self) -> str:
        """Return the project file as it is written."""
        ...

    def now(self) -> str:
        """Return the time, UTC, ISO 8601."""
        ...

    def marks(self, kind: str) -> dict[str, Mark]:
        """Return the newest mark of every key of a kind: ``"user"``, ``"alert"``, ``"silence"``."""
        ...

    def log(self, activity: Activity) -> None:
        """Keep in the audit trail that somebody did something."""
        ...

    def secret(self) -> bytes:
        """Return 32 random bytes that are this project's own: made at the first call, the same ever after."""
        ...

    def ended(self, session: str) -> bool:
        """Say whether somebody has signed out of a session."""
        ...

    def end(self, session: str) -> None:
        """Keep that somebody has signed out of a session."""
        ...

    def passport(self, prediction: str) -> Mapping[str, object]:
        """Return everything that is known of one prediction, as plain data.

        Parameters
        ----------
        prediction : str
            Its id.

        Returns
        -------
        mapping
            With the keys of ``loopwright.faces.web.passports.Passport``; what is not known is left out.

        Raises
        ------
        UnknownRecord
            If the log has no such prediction.
        """
        ...
