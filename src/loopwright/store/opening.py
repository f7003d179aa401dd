"""Chooses the store for what ``[stores]`` in the project file says: a path, or a URL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import unquote, urlsplit

from loopwright.errors import PluginError
from loopwright.protocols import ArtifactStore, Ledger, TableStore

if TYPE_CHECKING:
    import polars as pl

__all__ = ["is_url", "local_path", "open_artifacts", "open_ledger", "open_tables"]


def open_ledger(place: str | Path, *, folder: Path) -> Ledger:
    """Return the ledger at a place.

    Parameters
    ----------
    place : str or Path
        A SQLite file, relative to the folder or absolute, or a URL that begins with ``postgresql://``.
    folder : Path
        The project's folder.

    Raises
    ------
    PluginError
        If there is no ledger for such a URL, or psycopg is not installed.

    Examples
    --------
    >>> open_ledger(".loopwright/metadata.db", folder=Path("/projects/taxi"))
    SqliteLedger('/projects/taxi/.loopwright/metadata.db')
    """
    scheme = _scheme(place)
    if scheme not in ("", "file"):
        return _plugged_in(scheme, str(place))
    from loopwright.store.sqlite import SqliteLedger

    return SqliteLedger(local_path(place, folder=folder))


def _plugged_in(scheme: str, url: str) -> Ledger:
    from loopwright import plugins

    known = plugins.names("loopwright.ledgers")
    if scheme not in known:
        raise PluginError(
            f"no metadata store for {scheme}:// URLs. Write `metadata` under [stores] in loopwright.toml as "
            f"the path of a SQLite file, or as a URL of {', '.join(f'{name}://' for name in known)}."
        )
    made = cast("Callable[[str], Ledger]", plugins.find("loopwright.ledgers", scheme))
    return made(url)


def open_artifacts(place: str | Path, *, folder: Path) -> ArtifactStore:
    """Return the artifact store at a place.

    Parameters
    ----------
    place : str or Path
        A folder, relative to the project's folder or absolute, or any URL that fsspec knows.
    folder : Path
        The project's folder; which objects of a URL were found whole is remembered in its ``.loopwright``.

    Raises
    ------
    PluginError
        If the package for this kind of URL is not installed.

    Examples
    --------
    >>> open_artifacts("models", folder=Path("/projects/taxi"))
    FolderArtifacts('/projects/taxi/models')
    """
    if _scheme(place) in ("", "file"):
        from loopwright.store.artifacts import FolderArtifacts

        return FolderArtifacts(local_path(place, folder=folder))
    from loopwright.store.fsspec_artifacts import FsspecArtifacts

    name = hashlib.sha256(str(place).encode()).hexdigest()[:16]
    return FsspecArtifacts(str(place), remembered_in=folder / ".loopwright" / f"verified-{name}")


def open_tables(place: str | Path, *, folder: Path, digest: Callable[[pl.DataFrame], str]) -> TableStore:
    """Return the table store at a place.

    Parameters
    ----------
    place : str or Path
        A folder, relative to the project's folder or absolute, or a URL such as ``s3://bucket/tables``.
    folder : Path
        The project's folder.
    digest : callable
        Returns the SHA-256 in hex over column names, types and values in row order.

    Examples
    --------
    >>> open_tables("tables", folder=Path("/projects/taxi"), digest=str)
    DeltaTables('/projects/taxi/tables')
    """
    from loopwright.store.tables import DeltaTables

    is_local = _scheme(place) in ("", "file")
    return DeltaTables(local_path(place, folder=folder) if is_local else str(place), digest=digest)


def is_url(place: str | Path) -> bool:
    """Say whether a place is a URL rather than a path.

    Examples
    --------
    >>> is_url("s3://bucket/tables"), is_url("tables")
    (True, False)
    """
    return bool(_scheme(place))


def local_path(place: str | Path, *, folder: Path) -> Path:
    """Return the path of a ``file://`` URL, or of a path that may be relative to the folder.

    Examples
    --------
    >>> local_path("file:///srv/a%20b", folder=Path("/projects/taxi")).as_posix()
    '/srv/a b'
    """
    if not is_url(place):
        return folder / place
    parts = urlsplit(str(place))
    return folder / unquote(parts.netloc + parts.path)


def _scheme(place: str | Path) -> str:
    """Return what stands before ``://``; nothing for a path, a Windows drive included."""
    head, mark, _ = str(place).partition("://")
    return head.lower() if mark and not isinstance(place, Path) else ""
