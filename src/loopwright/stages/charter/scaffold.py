"""Writes the folder of a new project that runs at once, from a look at its rows."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from loopwright.errors import ProjectError
from loopwright.projectfile import overlay, parse
from loopwright.stages.charter.describing import sentences
from loopwright.stages.charter.looking import Said, look
from loopwright.stages.charter.rendering import Named, project_files
from loopwright.store.failures import failure

__all__ = ["Written", "initialise", "seen_from"]

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_MAX_UP = 3                        # steps up to a source, beyond which an absolute path is easier to read


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A new project.

    Attributes
    ----------
    folder : Path
    files : tuple of str
        Paths in the folder.
    found : tuple of str
        What was found and decided, one sentence each.
    """

    folder: Path
    files: tuple[str, ...]
    found: tuple[str, ...]


def initialise(  # noqa: PLR0913 -- one argument for each option of `loopwright init`
    folder: Path,
    *,
    name: str,
    frame: pl.DataFrame,
    source: str,
    label: str,
    task: str | None = None,
    time: str | None = None,
    key: str | None = None,
    group: str | None = None,
    known_after: tuple[str, ...] = (),
    positive: str | None = None,
    query: str | None = None,
    delimiter: str | None = None,
    description: str = "",
) -> Written:
    """Look at the rows of a source and write a project folder that runs without editing.

    The folder appears whole or not at all.

    Parameters
    ----------
    folder : Path
        New or empty.
    name : str
        Of the project.
    frame : polars.DataFrame of shape (n_rows, n_columns)
        The rows of the source.
    source : str
        What the rows were read from, as seen from the current folder.
    label : str
        A column, or a rule such as ``tips > 0.2 * fare``.
    task : {"binary", "multiclass", "regression"}, optional
        Found from the label if not given.
    time, key, group : str, optional
        Columns; time and key are found if not given, group is not.
    known_after : tuple of str, optional
        Columns known only after the outcome; those that were found are added.
    positive : str, optional
        Of two label values the one that is looked for.
    query : str, optional
        SQL, if the source is a database.
    delimiter : str, optional
        Of a CSV file.
    description : str, optional
        One sentence for people.

    Returns
    -------
    Written

    Raises
    ------
    ProjectError
        If the name is not allowed, or the folder is not empty.
    EmptySource, UnknownColumn, UnusableLabel
        If the rows or the label cannot be used.
    StoreError
        If the folder cannot be written.

    Examples
    --------
    >>> with tempfile.TemporaryDirectory() as home:
    ...     rows = pl.DataFrame({"tips": [2.0, 0.0] * 50, "fare": [5.0, 5.0, 9.0, 9.0] * 25})
    ...     written = initialise(
    ...         Path(home, "trips"), name="trips", frame=rows, source="trips.csv", label="tips > 0.2 * fare"
    ...     )
    >>> written.files[:3]
    ('loopwright.toml', 'features.py', 'labeling.py')
    """
    _check_name(name)
    _check_folder(folder)
    seen = look(
        frame,
        Said(
            label=label, task=task, positive=positive, time=time, key=key, group=group,
            known_after=tuple(dict.fromkeys(known_after)),
        ),
    )
    named = Named(
        name=name, source=seen_from(folder, source), query=query, delimiter=delimiter, description=description
    )
    files = project_files(seen, named)
    _check_files(files)
    try:
        _place(files, folder)
    except OSError as error:
        raise failure(error, doing=f"writing the project folder {folder}") from error
    return Written(folder=folder, files=tuple(files), found=sentences(seen))


def seen_from(folder: Path, source: str) -> str:
    """Return a source as a project folder names it: URLs as they are, near files relative, others absolute.

    Parameters
    ----------
    folder : Path
        The project folder; need not exist.
    source : str
        A URL, or a path or glob as seen from the current folder.

    Examples
    --------
    >>> seen_from(Path("tips"), "data/trips.csv"), seen_from(Path("tips"), "s3://bucket/trips.csv")
    ('../data/trips.csv', 's3://bucket/trips.csv')
    """
    if "://" in source:
        return source
    # Not resolved, so that a link to the newest file stays a link.
    place, home = Path(os.path.abspath(os.path.expanduser(source))), Path(os.path.abspath(folder))
    try:
        near = Path(os.path.relpath(place, home))
    except ValueError:
        return place.as_posix()  # Another drive on Windows: there is no relative path.
    return (place if near.parts[: _MAX_UP + 1].count("..") > _MAX_UP else near).as_posix()


def _check_name(name: str) -> None:
    if _NAME.fullmatch(name):
        return
    better = re.sub(r"[^a-z0-9_-]+", "-", name.lower()).strip("-_")[:63]
    advice = f" Take {better!r}, say." if _NAME.fullmatch(better) else ""
    raise ProjectError(
        f"{name!r} cannot be the name of a project. A name has 1 to 63 letters a to z, digits, - and _, and "
        f"begins with a letter or a digit.{advice}"
    )


def _check_folder(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise ProjectError(f"the folder {folder} is not empty; nothing in it was touched. Name a new folder.")
    if folder.exists() and not folder.is_dir():
        raise ProjectError(f"{folder} is a file, so that it cannot become a folder. Name a new folder.")


def _check_files(files: Mapping[str, str]) -> None:
    """Make sure that what is about to be written can be read: this is the last moment to say no."""
    project = files["loopwright.toml"]
    parse(project, file="loopwright.toml")
    overlay(project, files["configs/quick.toml"], file="loopwright.toml", over_file="configs/quick.toml")
    for file, text in files.items():
        if file.endswith(".py"):
            compile(text, file, "exec", dont_inherit=True)


def _place(files: Mapping[str, str], folder: Path) -> None:
    """Write files beside the folder and give it its name when all of them are there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        for file, text in files.items():
            place = draft / file
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8", newline="\n")
            if text.startswith("#!"):
                place.chmod(0o755)
        draft.chmod(0o755)          # mkdtemp makes a folder that only its owner may enter
        draft.replace(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
