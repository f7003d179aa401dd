"""Says which files are there when the one that was named is not."""

from __future__ import annotations

import difflib
from pathlib import Path

__all__ = ["nearest_files"]

_SHOWN = 3


def nearest_files(name: str, *, folder: Path) -> str:
    """Return a sentence naming the files that come closest to a path or glob that matches nothing.

    Parameters
    ----------
    name : str
        Path or glob, as in the project file.
    folder : Path
        Where relative paths start.

    Returns
    -------
    str
        Empty if there is nothing to name.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     _ = Path(folder, "trips.csv").write_text("fare")
    ...     nearest_files("trip.csv", folder=Path(folder))
    'Nearest: trips.csv.'
    """
    wanted = folder / name
    there = wanted.parent
    while not there.is_dir():
        there = there.parent
    try:
        files = sorted(path.name for path in there.iterdir() if not path.name.startswith("."))
    except OSError:  # A folder that may not be listed has nothing to suggest.
        return ""
    named = wanted.relative_to(there).parts[0]
    close = difflib.get_close_matches(named, files, n=_SHOWN, cutoff=0.5)
    if close:
        return f"Nearest: {', '.join(_shown(there / file, folder) for file in close)}."
    if not files:
        return f"The folder {_shown(there, folder)} is empty."
    more = f" and {len(files) - _SHOWN} more" if len(files) > _SHOWN else ""
    return f"The folder {_shown(there, folder)} holds {', '.join(files[:_SHOWN])}{more}."


def _shown(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)
