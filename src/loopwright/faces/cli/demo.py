"""The command that shows the whole loop on taxi trips."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(demo)


def demo(
    folder: Annotated[Path | None, typer.Argument(help="New folder to work in; demo-taxi-… if not given.")] = None,
    real: Annotated[
        bool, typer.Option("--real", help="Real trips of Chicago, 2013-2016, instead of simulated ones.")
    ] = False,
    seed: Annotated[int, typer.Option(help="Seed of the simulated city.")] = 0,
    stop_at_end: Annotated[
        bool, typer.Option("--exit", help="Stop at the end instead of serving until Ctrl-C.")
    ] = False,
) -> None:
    """Do what a user would do by hand on taxi trips, showing each command before it runs."""
    from loopwright.faces.cli.showing import show_taxi

    show_taxi(folder, real=real, seed=seed, stop_at_end=stop_at_end)
