"""Everything a plug-in may supply: small promises, each with a contract test in ``loopwright.testing``.

The parts that come with Loopwright are found through the same door (see ``loopwright.plugins``).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar, runtime_checkable

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

    from loopwright.records.alert import Alert
    from loopwright.records.record import Artifact, Table

__all__ = ["ArtifactStore", "Engine", "Entry", "Ledger", "Notifier", "Predictor", "Progress", "TableStore"]

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of an append-only ledger.

    Attributes
    ----------
    table : str
        Which list the line belongs to: ``"record"``, ``"link"``, ``"execution"``, ``"alias"`` or ``"activity"``.
    key : str
        What the line is about; several lines may have one key, the newest counts.
    body : str
        JSON text.
    tags : mapping of str to str
        What the line can be found by, besides its key.
    at : str
        When it was written, UTC, ISO 8601 with microseconds; given by the ledger's caller.
    unique : bool
        The key may stand in the table once only: if any entry with this key is there, unique or not, appending
        this one changes nothing.
    number : int
        Position in the ledger, counted up by the ledger itself; 0 until it is appended.
    """

    table: str
    key: str
    body: str
    at: str
    tags: Mapping[str, str] = field(default_factory=dict)
    unique: bool = False
    number: int = 0


@runtime_checkable
class Ledger(Protocol):
    """Keeps small lines of text for ever, in the order they came; nothing is changed or taken out.

    Several threads and processes may use one ledger at once.
    """

    def append(self, entries: Sequence[Entry]) -> None:
        """Write all entries or none; what was appended survives a crash of the process that did it.

        Raises
        ------
        StoreFull, StoreReadOnly, CorruptStore, StoreError
        """
        ...

    def select(
        self,
        table: str,
        *,
        key: str | None = None,
        prefix: str | None = None,
        tags: Mapping[str, str] | None = None,
        newest: int | None = None,
    ) -> list[Entry]:
        """Return the entries that match everything given, oldest first.

        Parameters
        ----------
        table : str
        key : str, optional
            The exact key.
        prefix : str, optional
            What the key begins with.
        tags : mapping, optional
            Tags that the entry must carry with these values.
        newest : int, optional
            Only the last so many of those that match, still oldest first.
        """
        ...

    def hold(self, name: str) -> AbstractContextManager[None]:
        """Let one holder at a time in, over all processes; a holder that dies lets go."""
        ...

    def close(self) -> None:
        """Let go of connections and files."""
        ...


@runtime_checkable
class ArtifactStore(Protocol):
    """Keeps bytes by their SHA-256; written once, verified when read."""

    def put(self, content: bytes | Path, *, name: str, media_type: str = "application/octet-stream") -> Artifact:
        """Keep bytes (or the bytes of a file); nothing half-written is ever visible."""
        ...

    def get(self, artifact: Artifact) -> bytes:
        """Return the bytes.

        Raises
        ------
        CorruptStore
            If they are gone or are not what was written.
        """
        ...

    def intact(self, artifact: Artifact) -> bool:
        """Say whether the bytes are there and whole; an unchanged local file is hashed only once."""
        ...


@runtime_checkable
class TableStore(Protocol):
    """Keeps versions of tables; a committed version never changes."""

    def write(self, name: str, frame: pl.DataFrame) -> Table:
        """Commit the frame as the next version of a table; if the newest version holds the same rows, return that."""
        ...

    def append(self, name: str, frame: pl.DataFrame, *, batch: str) -> Table:
        """Add rows behind those of the newest version, unless a batch of this name was appended before.

        Whoever tries, however often and however many at once: a batch is appended exactly once, or (if this
        raises) not at all.

        Returns
        -------
        Table
            The newest version, with all rows in the order in which they were appended.

        Raises
        ------
        StoreError
            If the rows have other columns than the table.
        """
        ...

    def newest(self, name: str) -> Table | None:
        """Return the newest version of a table, or nothing if there is none."""
        ...

    def appended(self, name: str, *, batches: Collection[str]) -> dict[str, int]:
        """Return, for each of these batches that was appended, the number of the version that it came with."""
        ...

    def read(self, table: Table, *, columns: Sequence[str] | None = None) -> pl.LazyFrame:
        """Return the rows of a version.

        Raises
        ------
        CorruptStore
            If files of the version are gone or have changed.
        """
        ...

    def intact(self, table: Table) -> bool:
        """Say whether all files of the version are there and whole; an unchanged local file is hashed only once."""
        ...


class Engine(Protocol):
    """Runs independent work at the same time; the answers come in the order of the questions."""

    def map(self, function: Callable[[S], T], items: Iterable[S]) -> list[T]:
        """Return ``[function(item) for item in items]``; the first error stops the rest and is raised."""
        ...


class Progress(Protocol):
    """Is told how far the work is; must never raise."""

    def started(self, step: str) -> None:
        """A step begins to compute."""
        ...

    def advanced(self, step: str, *, done: int, total: int, doing: str) -> None:
        """A step has done so many parts of its work."""
        ...

    def finished(self, step: str, *, seconds: float, why: str, recalled: bool) -> None:
        """A step is done: computed (and why it had to be), or recalled."""
        ...


@runtime_checkable
class Predictor(Protocol):
    """Answers source rows; whatever stands behind it, the same row gets the same answer."""

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Return the predictions for source rows.

        Parameters
        ----------
        frame : DataFrame of shape (n_rows, n_columns)
            Holds at least the model's inputs, in the types of the schema.

        Returns
        -------
        float64 array
            Probability of the positive class (n_rows,), probabilities (n_rows, n_classes), or values (n_rows,).

        Raises
        ------
        LoopwrightError
            If the rows cannot be answered.
        """
        ...


@runtime_checkable
class Notifier(Protocol):
    """Tells people outside of this process of alerts."""

    name: str

    def notify(self, alerts: Sequence[Alert]) -> None:
        """Tell of alerts that have just been made, which belong to one incident.

        Raises
        ------
        LoopwrightError
            If they could not be told; the caller says so and tries again with the next tick.
        """
        ...
