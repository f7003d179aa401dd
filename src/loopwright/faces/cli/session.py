"""What every command does around its work: open the project, keep the time, turn errors into sentences."""

from __future__ import annotations

import getpass
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from loopwright.errors import LoopwrightError, StoreError
from loopwright.project import Project
from loopwright.protocols import Progress
from loopwright.store.metadata import Activity, now

__all__ = ["FAILED", "REFUSED", "AsJson", "Folder", "project_session", "whoami"]

FAILED = 1
REFUSED = 20
"""A gate said no."""

Folder = Annotated[
    Path | None,
    typer.Option("--project", "-p", help="Project folder; the nearest one above the current folder if not given."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@contextmanager
def project_session(
    folder: Path | None, *, config: Path | None = None, progress: Progress | None = None, logged: bool = True
) -> Iterator[Project]:
    """Open a project for one command, and keep in its activity log who ran what for how long.

    Parameters
    ----------
    folder : Path or None
    config : Path, optional
        A second project file laid over the first.
    progress : Progress, optional
    logged : bool
        Commands that only look are not logged.
    """
    at, start, code = now(), time.perf_counter(), 0
    project = Project.open(folder, config=config, progress=progress)
    try:
        yield project
    except LoopwrightError as error:
        code = getattr(error, "exit_code", FAILED)
        raise
    except typer.Exit as leaving:
        code = leaving.exit_code
        raise
    finally:
        if logged:
            command = " ".join(["loopwright", *sys.argv[1:]])
            seconds = round(time.perf_counter() - start, 3)
            _log(project, Activity(command=command, at=at, seconds=seconds, exit_code=code, who=whoami()))
        project.close()


def whoami() -> str:
    """Return who is at the keyboard, as ``user@host``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _log(project: Project, activity: Activity) -> None:
    try:
        project.metadata.log(activity)
    except StoreError as error:
        # The command's own outcome matters more than its line in the log; say that the line is missing.
        typer.echo(f"not logged: {error}", err=True)
