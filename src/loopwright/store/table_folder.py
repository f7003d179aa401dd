"""The place where the files of one table lie: a local folder, or a folder behind a URL."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
import uuid
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from loopwright.records.record import TableFile
from loopwright.store.durable import force, publish
from loopwright.store.verified import Verified, identity

__all__ = ["LocalTable", "RemoteTable", "TableFolder"]


_LOG = "_delta_log"
_LOG_NAME = re.compile(r"\d{20}\.json")


class TableFolder(Protocol):
    """What a table needs of the place where its files lie."""

    uri: str

    def keep(self, write: Callable[[Path], None]) -> TableFile:
        """Have a file written and keep it under a name that holds the SHA-256 of its bytes."""
        ...

    def remove(self, file: TableFile) -> None:
        """Take out a file that no version needs."""
        ...

    def size(self, file: TableFile) -> int | None:
        """Return the size in bytes of a file; None if it is gone."""
        ...

    def is_whole(self, file: TableFile) -> bool:
        """Say whether the bytes are those that were written."""
        ...

    def newest_version(self) -> int | None:
        """Return the greatest number of a version in the Delta log; None if there is no log."""
        ...

    def log(self, version: int) -> bytes:
        """Return the line of the Delta log that made a version; nothing if it is gone."""
        ...

    def committed(self, version: int) -> None:
        """Force a commit to the disk."""
        ...


class LocalTable:
    """A table in a local folder.

    Parameters
    ----------
    path : Path
    verified : Verified
        Remembers which files were found whole.
    """

    def __init__(self, path: Path, *, verified: Verified) -> None:
        self.uri = str(path.absolute())
        self._path = path
        self._verified = verified

    def keep(self, write: Callable[[Path], None]) -> TableFile:
        """Have a file written and keep it under a name that holds the SHA-256 of its bytes."""
        self._path.mkdir(parents=True, exist_ok=True)
        partial = self._path / f"_partial-{uuid.uuid4().hex}"
        try:
            write(partial)
            name = _name(partial)
            publish(partial, self._path / name)
        finally:
            partial.unlink(missing_ok=True)
        status = (self._path / name).stat()
        self._verified.add(f"{name} {identity(status)}")
        return TableFile(path=name, size=status.st_size)

    def remove(self, file: TableFile) -> None:
        """Take out a file that no version needs."""
        (self._path / file.path).unlink(missing_ok=True)

    def size(self, file: TableFile) -> int | None:
        """Return the size in bytes of a file; None if it is gone or out of reach."""
        try:
            return os.stat(self._path / file.path).st_size
        except OSError:
            return None

    def is_whole(self, file: TableFile) -> bool:
        """Say whether the bytes are those that were written; an unchanged file is hashed only once."""
        path = self._path / file.path
        line = f"{file.path} {identity(path.stat())}"
        if line not in self._verified:
            if not _matches(path):
                return False
            self._verified.add(line)
        return True

    def newest_version(self) -> int | None:
        """Return the greatest number of a version in the Delta log; None if there is no log."""
        try:
            return _newest(path.name for path in (self._path / _LOG).iterdir())
        except FileNotFoundError:
            return None

    def log(self, version: int) -> bytes:
        """Return the line of the Delta log that made a version; nothing if it is gone."""
        try:
            return (self._path / _LOG / _log_name(version)).read_bytes()
        except FileNotFoundError:
            return b""

    def committed(self, version: int) -> None:
        """Force the line that made a version to the disk."""
        force(self._path / _LOG / _log_name(version))
        force(self._path / _LOG)


class RemoteTable:
    """A table behind a URL; object stores check their bytes themselves, so only sizes are compared.

    Parameters
    ----------
    url : str
        As delta-rs, Polars and fsspec all read it: ``s3://bucket/folder``, ``file:///folder``.
    """

    def __init__(self, url: str) -> None:
        from fsspec.core import url_to_fs

        self.uri = url
        self._system, self._root = url_to_fs(url)

    def keep(self, write: Callable[[Path], None]) -> TableFile:
        """Have a file written here and send it under a name that holds the SHA-256 of its bytes."""
        with tempfile.TemporaryDirectory(prefix="loopwright-") as folder:
            partial = Path(folder) / "part.parquet"
            write(partial)
            name = _name(partial)
            self._system.makedirs(self._root, exist_ok=True)
            self._system.put_file(str(partial), f"{self._root}/{name}")
            return TableFile(path=name, size=partial.stat().st_size)

    def remove(self, file: TableFile) -> None:
        """Take out a file that no version needs."""
        with suppress(FileNotFoundError):
            self._system.rm(f"{self._root}/{file.path}")

    def size(self, file: TableFile) -> int | None:
        """Return the size in bytes of a file; None if it is gone."""
        self._system.invalidate_cache(self._root)
        try:
            return int(self._system.info(f"{self._root}/{file.path}")["size"])
        except FileNotFoundError:
            return None

    def is_whole(self, file: TableFile) -> bool:
        """Say that the bytes are those that were written, which the object store sees to."""
        return self.size(file) == file.size

    def newest_version(self) -> int | None:
        """Return the greatest number of a version in the Delta log; None if there is no log."""
        self._system.invalidate_cache(f"{self._root}/{_LOG}")
        try:
            return _newest(
                path.rpartition("/")[2] for path in self._system.ls(f"{self._root}/{_LOG}", detail=False)
            )
        except FileNotFoundError:
            return None

    def log(self, version: int) -> bytes:
        """Return the line of the Delta log that made a version; nothing if it is gone."""
        try:
            content: bytes = self._system.cat_file(f"{self._root}/{_LOG}/{_log_name(version)}")
        except FileNotFoundError:
            return b""
        return content

    def committed(self, version: int) -> None:
        """Do nothing: what an object store has confirmed is kept."""


def _newest(names: Iterable[str]) -> int | None:
    return max((int(name[:20]) for name in names if _LOG_NAME.fullmatch(name)), default=None)


def _log_name(version: int) -> str:
    return f"{version:020}.json"


def _name(partial: Path) -> str:
    # The random part keeps two writers of equal bytes from sharing a file that one may take out again.
    return f"part-{uuid.uuid4().hex[:8]}-{_sha256(partial)}.parquet"


def _matches(path: Path) -> bool:
    return path.stem.rpartition("-")[2] == _sha256(path)


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
