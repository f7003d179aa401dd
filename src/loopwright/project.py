"""A project: a folder, its ``loopwright.toml`` and its three stores. A handle, without verbs."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib import metadata as distributions
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar, cast

from loopwright.codedigest import Code, CodeIndex
from loopwright.errors import ProjectNotFound, UserCodeError, nearest
from loopwright.projectfile import overlay, parse
from loopwright.store.metadata import Metadata

if TYPE_CHECKING:
    import polars as pl

    from loopwright.protocols import ArtifactStore, Engine, Progress, TableStore
    from loopwright.settings import Settings

__all__ = ["PROJECT_FILE", "Outcome", "Project", "Silent", "library_version"]

T = TypeVar("T")

PROJECT_FILE = "loopwright.toml"


class Silent:
    """Progress that nobody watches."""

    def started(self, step: str) -> None:
        """Say nothing."""

    def advanced(self, step: str, *, done: int, total: int, doing: str) -> None:
        """Say nothing."""

    def finished(self, step: str, *, seconds: float, why: str, recalled: bool) -> None:
        """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a step in this process."""

    step: str
    recalled: bool
    why: str
    seconds: float


@dataclass(slots=True)
class _Trace:
    outcomes: list[Outcome] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)


class Project:
    """A handle on a project folder.

    Parameters
    ----------
    folder : Path
        Where ``loopwright.toml`` lies.
    settings : Settings
        What it says.
    progress : Progress, optional
        Who is told how far the work is.
    """

    def __init__(self, folder: Path, settings: Settings, *, progress: Progress | None = None) -> None:
        self.folder = folder
        self.settings = settings
        self.progress: Progress = progress or Silent()
        self._trace = _Trace()
        self._kept: dict[tuple[str, ...], object] = {}
        self._keeping = threading.RLock()

    @classmethod
    def open(
        cls, folder: Path | str | None = None, *, config: Path | str | None = None, progress: Progress | None = None
    ) -> Project:
        """Open the project in a folder or the nearest one above it.

        Parameters
        ----------
        folder : path, default: the current folder
        config : path, optional
            A second project file whose keys win over those of ``loopwright.toml``.
        progress : Progress, optional

        Raises
        ------
        ProjectNotFound
            If neither the folder nor one above it has a ``loopwright.toml``.
        ProjectFileError
            If the file says something that is not allowed.
        """
        start = Path(folder or ".").resolve()
        home = next((place for place in (start, *start.parents) if (place / PROJECT_FILE).is_file()), None)
        if home is None:
            raise ProjectNotFound(
                f"there is no {PROJECT_FILE} in {start} or above it. Make a project with "
                f"`loopwright init NAME --data FILE --label COLUMN`, or go into the folder of one."
            )
        return cls(home, _settings(home, Path(config) if config else None), progress=progress)

    @cached_property
    def metadata(self) -> Metadata:
        """The records of the project."""
        from loopwright.store import open_ledger

        return Metadata(open_ledger(self.settings.stores.metadata, folder=self.folder))

    @cached_property
    def artifacts(self) -> ArtifactStore:
        """Bytes by their SHA-256."""
        from loopwright.store import open_artifacts

        return open_artifacts(self.settings.stores.artifacts, folder=self.folder)

    @cached_property
    def tables(self) -> TableStore:
        """Versions of tables."""
        from loopwright.store import open_tables

        return open_tables(self.settings.stores.tables, folder=self.folder, digest=_rows_digest)

    @cached_property
    def engine(self) -> Engine:
        """Where independent work runs."""
        from loopwright.engines.local import LocalEngine

        return LocalEngine()

    @cached_property
    def code_index(self) -> CodeIndex:
        """Digests of Loopwright's own functions and of the user's."""
        package = Path(__file__).parent
        return CodeIndex({"loopwright": package, "": self.folder}, cache=self.folder / ".loopwright" / "code.json")

    def code(self, place: str) -> Code:
        """Return the user's function ``"file:function"``, or all public ones of ``"file"``, with digests.

        Raises
        ------
        UserCodeError
            If there is no such file or function.
        """
        module, _, name = place.partition(":")
        known = self.code_index.functions(module)
        if name and name not in known:
            raise UserCodeError(
                f"{module}.py has no function {name!r}{nearest(name, known)}. It has: {', '.join(known) or 'none'}."
            )
        functions = (name,) if name else tuple(known)
        digests = self.code_index.closure(module, functions)
        return Code(file=f"{module}.py", functions=functions, digests=digests)

    def has_code(self, module: str) -> bool:
        """Say whether the project has a file ``<module>.py``."""
        return (self.folder / f"{module}.py").is_file()

    @property
    def outcomes(self) -> tuple[Outcome, ...]:
        """What became of each step in this process, in the order they finished."""
        return tuple(self._trace.outcomes)

    def note(self, outcome: Outcome) -> None:
        """Keep what became of a step, and tell whoever watches."""
        with self._trace.lock:
            self._trace.outcomes.append(outcome)
        self.progress.finished(
            outcome.step, seconds=outcome.seconds, why=outcome.why, recalled=outcome.recalled
        )

    def keep(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """Return what was made for a key in this process, making it at the first call only."""
        with self._keeping:
            if key not in self._kept:
                self._kept[key] = make()
            return cast(T, self._kept[key])

    @contextmanager
    def closing(self) -> Iterator[Project]:
        """Let go of stores at the end of a block."""
        try:
            yield self
        finally:
            self.close()

    def close(self) -> None:
        """Let go of stores and keep what was learnt about code."""
        self.code_index.save()
        if "metadata" in self.__dict__:
            self.metadata.ledger.close()


def _settings(home: Path, config: Path | None) -> Settings:
    text = _text(home / PROJECT_FILE)
    if config is None:
        return parse(text, file=PROJECT_FILE)
    if not config.is_file():
        raise ProjectNotFound(f"there is no file {config} to lay over {PROJECT_FILE}.")
    return overlay(text, _text(config), file=PROJECT_FILE, over_file=str(config))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ProjectNotFound(
            f"{path} is not UTF-8 text (byte {error.start} is {error.object[error.start]:#x}); save it as UTF-8."
        ) from error


def _rows_digest(frame: pl.DataFrame) -> str:
    from loopwright.store.row_digest import rows_digest

    return rows_digest(frame)


@cache
def library_version(name: str) -> str:
    """Return the installed version of a distribution, or ``"not installed"``."""
    try:
        return distributions.version(name)
    except distributions.PackageNotFoundError:
        return "not installed"
