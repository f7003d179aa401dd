"""Which files a source stands for, and whether they have changed; reads bytes, never rows."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import re
import time
from pathlib import Path

from loopwright.errors import UnreadableSource
from loopwright.projectchecks import is_database
from loopwright.records import Ref
from loopwright.stages.data.nearest_files import nearest_files

__all__ = ["fingerprint", "fingerprints", "paths"]

_REMOTE = re.compile(r"^[a-z][a-z0-9+.-]*://")
_SPAN = re.compile(r"\{[a-z]+\}")
_CHUNK = 1 << 20


def paths(source: str, *, folder: Path) -> tuple[Path, ...]:
    """Return the local files that a path or glob stands for, in order of name.

    Raises
    ------
    UnreadableSource
        If there are none.
    """
    if (folder / source).is_dir():
        raise UnreadableSource(
            f"[data] source = {source!r} is a folder. Name a file in it, or write a glob such as "
            f'"{source.rstrip("/")}/*.csv". {nearest_files(source + "/*", folder=folder)}'
        )
    # Brackets in the name of the folder, or of a file that is called so, stand for themselves.
    pattern = glob.escape(source) if (folder / source).is_file() else _SPAN.sub("*", source)
    names = glob.glob(pattern, root_dir=folder, recursive=True)
    found = tuple(sorted(path for name in names if (path := folder / name).is_file()))
    if not found:
        raise UnreadableSource(
            f"[data] source = {source!r}: there is no such file in {folder}. Put the file there, or mend the path. "
            f"{nearest_files(source, folder=folder)}".rstrip()
        )
    return found


def fingerprint(path: Path, *, name: str) -> Ref:
    """Return a ref to a file by the SHA-256 of its bytes."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return Ref(kind="file", digest=digest.hexdigest(), name=name)


def fingerprints(source: str, *, folder: Path, cache: Path) -> tuple[Ref, ...]:
    """Return a ref per file of a source; a file whose size and time have not changed is not read again.

    A database server cannot be fingerprinted: its ref is new each time, so that the query always runs; rows that
    have not changed then make the same dataset version as before.
    """
    if is_database(source) and not source.startswith("sqlite"):
        return (_unknown(source),)
    if _REMOTE.match(source) and not is_database(source):
        return _remote(source)
    known = _load(cache)
    local = _sqlite_files(source, folder) if is_database(source) else paths(source, folder=folder)
    refs = tuple(_known(path, folder, known) for path in local)
    _store(cache, known)
    return refs


def _known(path: Path, folder: Path, known: dict[str, list[object]]) -> Ref:
    stat = path.stat()
    stamp: list[object] = [stat.st_size, stat.st_mtime_ns, stat.st_ino]
    name = os.path.relpath(path, folder)
    entry = known.get(str(path))
    if entry and entry[:3] == stamp:
        return Ref(kind="file", digest=str(entry[3]), name=name)
    ref = fingerprint(path, name=name)
    # A file written a moment ago may be written again within one tick of the file clock.
    if time.time() - stat.st_mtime > 0.1:
        known[str(path)] = [*stamp, ref.digest]
    return ref


def _sqlite_files(source: str, folder: Path) -> tuple[Path, ...]:
    """Return the database file, and its write-ahead log, where rows committed lately may still lie."""
    path = folder / re.sub(r"^sqlite:///?", "", source)
    if not path.is_file():
        raise UnreadableSource(f"[data] source = {source!r}: there is no database file {path}. Mend the path.")
    log = path.with_name(f"{path.name}-wal")
    return (path, log) if log.is_file() and log.stat().st_size else (path,)


def _remote(source: str) -> tuple[Ref, ...]:
    import fsspec

    try:
        system, path = fsspec.core.url_to_fs(_SPAN.sub("*", source))
        found = sorted(system.glob(path)) if glob.has_magic(path) else [path]
        refs = tuple(
            Ref(
                kind="file",
                digest=hashlib.sha256(str(system.ukey(name)).encode()).hexdigest(),
                name=system.unstrip_protocol(name),
            )
            for name in found
        )
    except (OSError, ImportError, ValueError) as error:
        raise UnreadableSource(f"[data] source = {source!r} cannot be reached: {error}") from error
    if not refs:
        raise UnreadableSource(f"[data] source = {source!r}: nothing there matches.")
    return refs


def _unknown(source: str) -> Ref:
    shown = re.sub(r"//[^@/]*@", "//", source)
    return Ref(kind="file", digest=hashlib.sha256(f"{shown}{time.time_ns()}".encode()).hexdigest(), name=shown)


def _load(cache: Path) -> dict[str, list[object]]:
    try:
        return dict(json.loads(cache.read_text()))
    except (OSError, ValueError, TypeError):
        return {}  # No cache yet, or a damaged one: read the files again.


def _store(cache: Path, known: dict[str, list[object]]) -> None:
    text = json.dumps(known)
    try:
        if cache.is_file() and cache.read_text() == text:
            return
        cache.parent.mkdir(parents=True, exist_ok=True)
        draft = cache.with_suffix(f".{os.getpid()}")
        draft.write_text(text)
        draft.replace(cache)
    except OSError:
        return  # The cache only saves time; stores report a read-only or full disk themselves.
