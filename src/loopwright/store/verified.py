"""Remembers which files were found whole, so that an unchanged file is hashed only once."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from threading import Lock

__all__ = ["Verified", "identity"]


class Verified:
    """A growing set of lines in a small file.

    It only saves time: where it cannot be written, or a crash tore its last line, files are hashed again.

    Parameters
    ----------
    path : Path or None
        The file; None remembers for the life of this object only.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._lock = Lock()
        self._lines: set[str] | None = None

    def __contains__(self, line: str) -> bool:
        with self._lock:
            return line in self._known()

    def add(self, line: str) -> None:
        """Remember a line; it may hold no line break."""
        with self._lock:
            known = self._known()
            if line in known:
                return
            known.add(line)
            if self._path is not None:
                # The leading break ends a line that a crash may have torn.
                with suppress(OSError):  # a read-only or full disk costs hashing again, nothing else
                    _append(self._path, f"\n{line}\n")

    def _known(self) -> set[str]:
        if self._lines is None:
            self._lines = set()
            if self._path is not None:
                with suppress(OSError):
                    self._lines = set(self._path.read_text("utf-8", errors="replace").splitlines())
        return self._lines


def identity(status: os.stat_result) -> str:
    """Return what changes when a local file is written or replaced: size, time in nanoseconds, inode."""
    return f"{status.st_size} {status.st_mtime_ns} {status.st_ino}"


def _append(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    number = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        os.write(number, text.encode())
    finally:
        os.close(number)
