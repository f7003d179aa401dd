"""Bytes by their SHA-256 behind any fsspec URL: ``s3://``, ``gs://``, ``sftp://``, ``memory://``."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from loopwright.errors import LoopwrightError, PluginError, StoreError
from loopwright.records.record import Artifact
from loopwright.store.artifacts import chunks_of, damaged
from loopwright.store.failures import failure
from loopwright.store.verified import Verified

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

__all__ = ["FsspecArtifacts"]


class FsspecArtifacts:
    """Artifacts as objects ``<two digits>/<the other 62>`` below a URL.

    An object is written under another name and moved to its own when it is complete.

    Parameters
    ----------
    url : str
        Where the objects lie; credentials come from the environment, as the file system's own package says.
    remembered_in : Path, optional
        A local file that remembers which objects were found whole; otherwise each process reads them once.

    Raises
    ------
    PluginError
        If the package for this kind of URL is not installed.
    StoreError
        If the URL cannot be used.

    Examples
    --------
    >>> artifacts = FsspecArtifacts("memory://example")
    >>> card = artifacts.put(b"<h1>A model</h1>", name="card.html", media_type="text/html")
    >>> artifacts.intact(card), artifacts.get(card)
    (True, b'<h1>A model</h1>')
    """

    def __init__(self, url: str, *, remembered_in: Path | None = None) -> None:
        self._url = url
        self._system, self._root = _opened(url)
        self._verified = Verified(remembered_in)

    def __repr__(self) -> str:
        return f"FsspecArtifacts({self._url!r})"

    def put(
        self, content: bytes | Path, *, name: str, media_type: str = "application/octet-stream"
    ) -> Artifact:
        """Keep bytes, or the bytes of a file; nothing half-written is ever visible.

        Raises
        ------
        StoreFull, StoreReadOnly, StoreError
        """
        with self._failures(f"keeping {name} in {self._url}"):
            partial = f"{self._root}/partial/{uuid.uuid4().hex}"
            self._system.makedirs(f"{self._root}/partial", exist_ok=True)
            try:
                artifact = self._upload(content, partial, name=name, media_type=media_type)
                if not self.intact(artifact):
                    self._keep(partial, artifact)
            finally:
                with suppress(FileNotFoundError):  # it was moved to its place
                    self._system.rm(partial)
        return artifact

    def get(self, artifact: Artifact) -> bytes:
        """Return the bytes.

        Raises
        ------
        CorruptStore
            If they are gone or are not what was written.
        StoreError
            If they cannot be reached.
        """
        where = self._object(artifact)
        with self._failures(f"reading {artifact.name} from {self._url}"):
            try:
                content: bytes = self._system.cat_file(where)
            except FileNotFoundError as error:
                raise damaged(artifact, where=where, how="is gone") from error
        if hashlib.sha256(content).hexdigest() != artifact.sha256:
            raise damaged(artifact, where=where, how="is not what was written")
        return content

    def intact(self, artifact: Artifact) -> bool:
        """Say whether the bytes are there and whole; an unchanged object is read only once.

        Raises
        ------
        StoreError
            If the place cannot be reached, so that it cannot be said.
        """
        where = self._object(artifact)
        with self._failures(f"looking for {artifact.name} in {self._url}"):
            self._system.invalidate_cache(self._system._parent(where))
            try:
                size, key = self._system.info(where)["size"], self._system.ukey(where)
            except FileNotFoundError:
                return False
            line = f"{artifact.sha256} {key}"
            if size != artifact.size:
                return False
            if line in self._verified:
                return True
            is_whole = self._digest(where) == artifact.sha256
        if is_whole:
            self._verified.add(line)
        return is_whole

    def _object(self, artifact: Artifact) -> str:
        return f"{self._root}/{artifact.sha256[:2]}/{artifact.sha256[2:]}"

    def _upload(self, content: bytes | Path, target: str, *, name: str, media_type: str) -> Artifact:
        digest, size = hashlib.sha256(), 0
        with self._system.open(target, "wb") as stream:
            for chunk in chunks_of(content):
                digest.update(chunk)
                size += len(chunk)
                stream.write(chunk)
        return Artifact(sha256=digest.hexdigest(), size=size, name=name, media_type=media_type)

    def _keep(self, partial: str, artifact: Artifact) -> None:
        where = self._object(artifact)
        self._system.makedirs(self._system._parent(where), exist_ok=True)
        self._system.mv(partial, where)

    def _digest(self, where: str) -> str:
        digest = hashlib.sha256()
        with self._system.open(where, "rb") as stream:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
        return digest.hexdigest()

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        try:
            yield
        except LoopwrightError:
            raise
        except Exception as error:  # every file system has exceptions of its own beside OSError
            raise failure(error, doing=doing) from error


def _opened(url: str) -> tuple[AbstractFileSystem, str]:
    """Return the file system and the path in it, without a slash at the end."""
    from fsspec.core import url_to_fs

    try:
        system, root = url_to_fs(url)
    except ImportError as error:
        raise PluginError(
            f"{url} needs a package that is not installed ({error}). Install it, for example with "
            f'pip install "loopwright[s3]" or "loopwright[gcs]".'
        ) from error
    except Exception as error:  # every file system checks its URLs with exceptions of its own
        raise StoreError(
            f"{url} cannot be used as an artifact store ({error}). Write `artifacts` under [stores] in "
            f"loopwright.toml as a folder or as a URL such as s3://bucket/folder."
        ) from error
    return system, root.rstrip("/")
