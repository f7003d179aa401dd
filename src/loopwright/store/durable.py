"""Writes that a crash cannot tear: to a temporary file, forced to the disk, then renamed."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["force", "publish"]


def publish(partial: Path, final: Path, *, mode: int = 0o444) -> None:
    """Give a finished temporary file its name, so that it is there whole or not at all.

    Parameters
    ----------
    partial : Path
        The finished file, on the same file system; it is gone afterwards.
    final : Path
        Its name from now on; a file of that name is replaced.
    mode : int, default=0o444
        Permissions: read-only, because what is stored never changes.
    """
    partial.chmod(mode)
    force(partial)
    partial.replace(final)
    force(final.parent)


def force(path: Path) -> None:
    """Have the system write a file, or the names in a folder, to the disk now."""
    number = os.open(path, os.O_RDONLY)
    try:
        os.fsync(number)
    finally:
        os.close(number)
