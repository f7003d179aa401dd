"""Loads the files of a source, here or on object storage, one after the other."""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from loopwright.errors import UnreadableSource
from loopwright.records.dataset_version import SourceFile
from loopwright.stages.data.sources import paths

__all__ = ["Format", "SourceContent", "source_contents"]

Format = Literal["csv", "json", "parquet"]

_SUFFIXES: dict[str, Format] = {
    ".csv": "csv", ".tsv": "csv", ".psv": "csv", ".txt": "csv", ".data": "csv",
    ".jsonl": "json", ".ndjson": "json", ".json": "json",
    ".parquet": "parquet", ".pq": "parquet",
}  # fmt: skip
_REMOTE = re.compile(r"^[a-z][a-z0-9+.-]+://")
_SPAN = re.compile(r"\{[a-z]+\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceContent:
    """One file of a source.

    Attributes
    ----------
    file : SourceFile
        The file as it lies there, compressed or not.
    format : str
        ``"csv"``, ``"json"`` or ``"parquet"``.
    content : bytes
        No longer compressed.
    """

    file: SourceFile
    format: Format
    content: bytes


def source_contents(source: str, *, folder: Path) -> Iterator[SourceContent]:
    """Yield the files of a source in order of their names.

    Parameters
    ----------
    source : str
        A path or glob from the project folder, or an fsspec URL.
    folder : Path
        The project folder.

    Raises
    ------
    UnreadableSource
        If nothing is there, or it may not be read.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "trips.csv").write_text("fare")
    ...     [item.format for item in source_contents("*.csv", folder=Path(folder))]
    ['csv']
    """
    for name, raw in _remote(source) if _REMOTE.match(source) else _local(source, folder):
        content = _unpacked(raw, name=name)
        file = SourceFile(path=name, sha256=hashlib.sha256(raw).hexdigest(), size=len(raw))
        yield SourceContent(file=file, format=_format(name, content), content=content)


def _local(source: str, folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in paths(source, folder=folder):
        try:
            content = path.read_bytes()
        except OSError as error:
            raise UnreadableSource(
                f"{path} cannot be read: {error.strerror}. See that you may read it, or mend the path."
            ) from error
        yield Path(os.path.relpath(path, folder)).as_posix(), content


def _remote(source: str) -> Iterator[tuple[str, bytes]]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(_SPAN.sub("*", source))
        found = sorted(system.glob(path)) if any(mark in path for mark in "*?[") else [path]
        if not found:
            raise UnreadableSource(f"[data] source = {source!r}: nothing there matches. Mend the URL.")
        for name in found:
            yield system.unstrip_protocol(name), system.cat_file(name)
    except ImportError as error:
        raise UnreadableSource(
            f"[data] source = {source!r} needs a driver that is not installed: {error}. "
            f"Install it, for example with: pip install 'loopwright[s3]'"
        ) from error
    except (OSError, ValueError) as error:
        raise UnreadableSource(
            f"[data] source = {source!r} cannot be read: {error}. Mend the URL, or see that you have access."
        ) from error


def _unpacked(raw: bytes, *, name: str) -> bytes:
    if raw[:2] != b"\x1f\x8b":
        return raw
    try:
        return gzip.decompress(raw)
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableSource(f"{name} is a damaged gzip file: {error}. Fetch the file again.") from error


def _format(name: str, content: bytes) -> Format:
    if content[:4] == b"PAR1":
        return "parquet"
    suffixes = [suffix.lower() for suffix in PurePosixPath(name).suffixes if suffix.lower() != ".gz"]
    known = _SUFFIXES.get(suffixes[-1]) if suffixes else None
    if known is None and content[:64].lstrip()[:1] == b"{":
        return "json"
    return known or "csv"
