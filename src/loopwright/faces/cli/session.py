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

from loopwright.errors import StoreError
from loopwright.project import Project
from loopwright.protocols import Progress
from loopwright.store.metadata import Activity, now

__all__ = ["FAILED", "REFUSED", "STOPPED", "AsJson", "Folder", "project_session", "whoami"]

FAILED = 1
REFUSED = 20
"""A gate said no."""

STOPPED = 130
"""Ctrl-C, as shells count it."""

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
    at, start = now(), time.perf_counter()
    failed: BaseException | None = None
    project = Project.open(folder, config=config, progress=progress)
    try:
        yield project
    except BaseException as error:
        failed = error
        raise
    finally:
        if logged:
            command = " ".join(["loopwright", *sys.argv[1:]])
            seconds = round(time.perf_counter() - start, 3)
            line = Activity(command=command, at=at, seconds=seconds, exit_code=_exit_code(failed), who=whoami())
            # A store that stopped the command will not take the line either, and is told of once.
            _log(project, line, silent=isinstance(failed, StoreError))
        project.close()


def whoami() -> str:
    """Return who is at the keyboard, as ``user@host``."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _exit_code(failed: BaseException | None) -> int:
    if failed is None:
        return 0
    if isinstance(failed, KeyboardInterrupt):
        return STOPPED
    return int(getattr(failed, "exit_code", FAILED))


def _log(project: Project, activity: Activity, *, silent: bool) -> None:
    try:
        project.metadata.log(activity)
    except StoreError as error:
        # The command's own outcome matters more than its line in the log; say that the line is missing.
        if not silent:
            typer.echo(f"not logged: {error}", err=True)
