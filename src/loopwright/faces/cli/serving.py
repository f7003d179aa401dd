"""Commands of serving: serve, outcomes."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from loopwright.errors import LoopwrightError
from loopwright.faces.cli.console import emit, plain, say
from loopwright.faces.cli.session import AsJson, Folder, project_session, whoami
from loopwright.project import Project

__all__ = ["add_to"]

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(serve)
    app.command()(outcomes)


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen at; the project file's if not given.")] = None,
    port: Annotated[int | None, typer.Option(help="Port; 0 takes any that is free.")] = None,
    anyone: Annotated[
        bool, typer.Option("--anyone", help="Answer whoever asks on this machine, without a key; for trying out.")
    ] = False,
    project: Folder = None,
) -> None:
    """Answer requests for predictions until Ctrl-C; deploys the champion if nothing is deployed yet."""
    from loopwright.stages import serving

    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    with project_session(project) as opened:
        settings = opened.settings.serving
        where = host or settings.host
        _let_in(opened, where, anyone=anyone)
        if serving.current(opened) is None:
            serving.deploy(opened, by=whoami(), why="the first model to serve")
        made = serving.server(opened, is_open=anyone)
        serving.serve(
            made.application, host=where, port=settings.port if port is None else port,
            drain_seconds=settings.drain_seconds, ready=lambda address: _ready(opened, address), closing=made.close,
        )


def _let_in(project: Project, host: str, *, anyone: bool) -> None:
    """Make sure that somebody is let in, and nobody who is not declared."""
    from loopwright.stages import serving

    if anyone and host not in _LOOPBACK:
        raise LoopwrightError(
            f"--anyone is for this machine only, and {host} can be reached from others. Declare who may ask: "
            f"`loopwright consumers add NAME --owner WHO --purpose WHY`."
        )
    if not anyone and not serving.declared_consumers(project):
        say(
            "[yellow]![/] no consumer is declared yet, so every request is refused. Declare one, also while this runs: "
            "[bold]loopwright consumers add NAME --owner WHO --purpose WHY[/]; or try with [bold]--anyone[/]"
        )


def _ready(project: Project, address: str) -> None:
    from loopwright.faces.cli.release import told
    from loopwright.stages import serving

    state = serving.current(project)
    says = told(project, state) if state else ""
    say(f"[green]✓[/] {project.settings.project.name} at [bold]{address}[/]: {says}  (Ctrl-C stops it)")
    say(f"  how to ask: {address}/docs   metrics: {address}/metrics")


def outcomes(
    file: Annotated[
        str, typer.Argument(help="CSV, JSON-lines or Parquet: id (or the key column), what became known, and at.")
    ],
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Tell what became of predictions; duplicates do no harm, and outcomes may come before their predictions."""
    from loopwright.stages import serving

    with project_session(project) as opened:
        found = serving.report_outcomes(opened, file)
    if as_json:
        emit({"kept": found.kept, "duplicates": found.duplicates, "unknown": found.unknown})
        return
    say(f"[green]✓[/] {found.kept:,} outcomes are kept, {found.duplicates:,} said nothing new")
    if found.unknown:
        say(
            f"[yellow]![/] {found.unknown:,} are of ids that nobody has asked about yet; they are joined when somebody "
            f"does ({plain(file)})"
        )
