"""Commands of the charter room."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loopwright.faces.cli.console import as_data, emit, plain, say, table
from loopwright.faces.cli.session import AsJson, Folder, project_session

__all__ = ["add_to"]

charter = typer.Typer(help="Why the project exists, and its targets.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(charter, name="charter")


@charter.command()
def show(project: Folder = None, as_json: AsJson = False) -> None:
    """Check the project file and show the charter."""
    from loopwright.stages.charter import adopt

    with project_session(project, logged=False) as opened:
        record = adopt(opened)
    if as_json:
        emit(as_data(record))
        return
    say(f"[bold]{record.project}[/] ({record.task})")
    say(f"decision: {plain(record.decision) or '[dim]not said[/]'}")
    without_ml = plain(record.without_ml or "") or "[dim]not said[/]"
    say(f"without ML: {without_ml}   impact {record.impact} x feasibility {record.feasibility}")
    rows = [("optimize", " + ".join(f"{weight:g} {name}" for name, weight in record.optimize.items()))]
    rows += [("satisfice", str(target)) for target in record.satisfice]
    table("targets", ("", "demand"), rows, prose=(1,))


@charter.command()
def schema(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="File to write; printed if not given.")] = None,
) -> None:
    """Give the JSON Schema of loopwright.toml, for editors."""
    import json

    from loopwright.projectschema import json_schema

    text = json.dumps(json_schema(), indent=2)
    if output:
        output.write_text(text + "\n")
        say(f"[green]✓[/] {plain(str(output))}")
    else:
        typer.echo(text)
