"""From the options of ``loopwright init`` to a project folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loopwright.stages.charter import Written

__all__ = ["make_project"]


def make_project(
    folder: Path,
    *,
    data: str,
    label: str,
    task: str | None = None,
    time: str | None = None,
    key: str | None = None,
    group: str | None = None,
    known_after: tuple[str, ...] = (),
    positive: str | None = None,
    query: str | None = None,
    delimiter: str | None = None,
) -> Written:
    """Read the data once and write a project that fits them.

    Raises
    ------
    DataError
        If the data cannot be read, or the label cannot be learnt.
    ProjectError
        If the folder is not empty, or the name is not allowed.
    """
    from loopwright.stages.charter import initialise
    from loopwright.stages.data import ReadOptions, read_source

    reading = read_source(data, folder=Path.cwd(), options=ReadOptions(delimiter=delimiter, query=query))
    return initialise(
        folder, name=folder.resolve().name, frame=reading.frame, source=data, label=label, task=task, time=time,
        key=key, group=group, known_after=known_after, positive=positive, query=query, delimiter=delimiter,
    )
