"""Bytes by their SHA-256 in a folder: written once, read-only, verified when read."""

from __future__ import annotations

import hashlib
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from loopwright.errors import CorruptStore, StoreError
from loopwright.records.record import Artifact
from loopwright.store.durable import publish
from loopwright.store.failures import failure
from loopwright.store.verified import Verified, identity

__all__ = ["FolderArtifacts", "chunks_of", "damaged"]

_CHUNK = 1 << 20
_FORGOTTEN_AFTER_SECONDS = 24 * 3600


class FolderArtifacts:
    """Artifacts as files ``<two digits>/<the other 62>`` of a folder.

    Several threads and processes may put and get at once. What was put has been forced to the disk.

    Parameters
    ----------
    path : str or Path
        The folder; made by the first ``put``.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     artifacts = FolderArtifacts(folder)
    ...     card = artifacts.put(b"<h1>A model</h1>", name="card.html", media_type="text/html")
    ...     artifacts.intact(card), artifacts.get(card)
    (True, b'<h1>A model</h1>')
    """

    def __init__(self, path: str | Path) -> None:
        self._path = Path(path)
        self._partial = self._path / ".partial"
        self._verified = Verified(self._path / ".verified")
        self._is_swept = False

    def __repr__(self) -> str:
        return f"FolderArtifacts({str(self._path)!r})"

    def put(
        self, content: bytes | Path, *, name: str, media_type: str = "application/octet-stream"
    ) -> Artifact:
        """Keep bytes, or the bytes of a file; nothing half-written is ever visible.

        Raises
        ------
        StoreFull, StoreReadOnly, StoreError
        """
        try:
            with self._partial_file() as partial:
                sha256, size = _copy(content, partial)
                artifact = Artifact(sha256=sha256, size=size, name=name, media_type=media_type)
                if not self.intact(artifact):
                    self._keep(partial, artifact)
        except OSError as error:
            raise failure(error, doing=f"keeping {name} in {self._path}") from error
        return artifact

    def get(self, artifact: Artifact) -> bytes:
        """Return the bytes.

        Raises
        ------
        CorruptStore
            If they are gone or are not what was written.
        StoreError
            If they may not be read.
        """
        file = self._file(artifact)
        try:
            content = file.read_bytes()
        except (FileNotFoundError, NotADirectoryError) as error:
            raise damaged(artifact, where=file, how="is gone") from error
        except OSError as error:
            raise failure(error, doing=f"reading {file}") from error
        if hashlib.sha256(content).hexdigest() != artifact.sha256:
            raise damaged(artifact, where=file, how="is not what was written")
        return content

    def intact(self, artifact: Artifact) -> bool:
        """Say whether the bytes are there and whole; an unchanged file is hashed only once."""
        file = self._file(artifact)
        try:
            status = file.stat()
            if status.st_size != artifact.size:
                return False
            line = f"{artifact.sha256} {identity(status)}"
            if line in self._verified:
                return True
            is_whole = _digest(file) == artifact.sha256
        except OSError:  # what cannot be read is not intact; the step that needs it makes it again
            return False
        if is_whole:
            self._verified.add(line)
        return is_whole

    def _file(self, artifact: Artifact) -> Path:
        return self._path / artifact.sha256[:2] / artifact.sha256[2:]

    def _keep(self, partial: Path, artifact: Artifact) -> None:
        file = self._file(artifact)
        file.parent.mkdir(exist_ok=True)
        publish(partial, file)
        self._verified.add(f"{artifact.sha256} {identity(file.stat())}")

    @contextmanager
    def _partial_file(self) -> Iterator[Path]:
        self._partial.mkdir(parents=True, exist_ok=True)
        self._sweep()
        partial = self._partial / uuid.uuid4().hex
        try:
            yield partial
        finally:
            partial.unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Once per process, remove what writers that were killed long ago left behind."""
        if self._is_swept:
            return
        self._is_swept = True
        for file in self._partial.iterdir():
            with suppress(FileNotFoundError):  # another process sweeps too
                if time.time() - file.stat().st_mtime > _FORGOTTEN_AFTER_SECONDS:
                    file.unlink()


def chunks_of(content: bytes | Path) -> Iterator[bytes]:
    """Return bytes, or the bytes of a file, in parts of at most a mebibyte.

    Raises
    ------
    StoreError
        If the file cannot be read.
    """
    if isinstance(content, bytes):
        yield from (content[start : start + _CHUNK] for start in range(0, len(content), _CHUNK))
        return
    try:
        with content.open("rb") as file:
            while chunk := file.read(_CHUNK):
                yield chunk
    except OSError as error:
        raise StoreError(
            f"{content} cannot be kept, because it cannot be read ({error.strerror}). Check the path and its "
            f"permissions."
        ) from error


def damaged(artifact: Artifact, *, where: str | Path, how: str) -> CorruptStore:
    """Return the error for an artifact that is not there or not whole."""
    return CorruptStore(
        f"the artifact {artifact.name} {how}: {where} should hold {artifact.size} bytes with SHA-256 "
        f"{artifact.sha256[:12]}. Run `loopwright run`, which makes it again, or restore the file from a "
        f"backup."
    )


def _copy(content: bytes | Path, target: Path) -> tuple[str, int]:
    """Write the content to a file; return its SHA-256 in hex and its size in bytes."""
    digest, size = hashlib.sha256(), 0
    with target.open("wb") as file:
        for chunk in chunks_of(content):
            digest.update(chunk)
            size += file.write(chunk)
    return digest.hexdigest(), size


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
