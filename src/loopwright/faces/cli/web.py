"""The command that shows the pages."""

from __future__ import annotations

from typing import Annotated

import typer

from loopwright.faces.cli.session import Folder, project_session

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(dashboard)


def dashboard(
    project: Folder = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 takes a free one.")] = 8642,
) -> None:
    """Show the project in a browser until Ctrl-C; whoever has signed in may act. Works offline."""
    from loopwright.faces.acting import ProjectActions
    from loopwright.faces.library import ProjectLibrary
    from loopwright.faces.web import allowed_hosts, app, serve

    with project_session(project, logged=False) as opened:
        library = ProjectLibrary(opened)
        made = app(lambda: library, hosts=allowed_hosts(host), actions=ProjectActions(opened))
        serve(made, host=host, port=port)
