"""The command ``loopwright``: puts the rooms' commands together and speaks for every error."""

from __future__ import annotations

import os
import sys

import typer

from loopwright import __version__
from loopwright.errors import LoopwrightError
from loopwright.faces.cli import (
    activity,
    charter,
    consumers,
    data,
    demo,
    drills,
    evaluation,
    features,
    line,
    monitoring,
    registry,
    release,
    serving,
    training,
    web,
)
from loopwright.faces.cli.session import FAILED, STOPPED

__all__ = ["app", "main"]

app = typer.Typer(
    name="loopwright",
    help="Carry a machine-learning project round its production loop, with the evidence for every claim.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for room in (
    line, charter, data, features, training, evaluation, registry, serving, release, consumers, monitoring, drills, web,
    activity, demo,
):
    room.add_to(app)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"loopwright {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """Carry a machine-learning project round its production loop, with the evidence for every claim."""


def main() -> None:
    """Run the command line; a user's mistake ends in a sentence, not in a traceback."""
    try:
        app()
    except LoopwrightError as error:
        if os.environ.get("LOOPWRIGHT_DEBUG"):
            raise
        typer.secho("error: ", fg="red", bold=True, nl=False, err=True)
        typer.echo(str(error), err=True)
        sys.exit(getattr(error, "exit_code", FAILED))
    except KeyboardInterrupt:
        typer.echo("\nstopped; what was finished is kept, and the next run goes on from there.", err=True)
        sys.exit(STOPPED)
