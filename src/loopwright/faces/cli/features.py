"""Commands of the feature room."""

from __future__ import annotations

import typer

from loopwright.errors import UnknownRecord
from loopwright.faces.cli.console import as_data, emit, plain, say, table
from loopwright.faces.cli.session import AsJson, Folder, project_session
from loopwright.records import FeatureSet

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(features)


def features(project: Folder = None, as_json: AsJson = False) -> None:
    """Show the catalogue: what the model sees, where it comes from, and what was left out."""
    with project_session(project, logged=False) as opened:
        record = opened.metadata.newest(FeatureSet)
        if record is None:
            raise UnknownRecord("this project has no features yet. Run `loopwright run`.")
        if as_json:
            emit(as_data(record))
            return
        table(
            f"{len(record.features)} features",
            ("feature", "kind", "from", "description"),
            [
                (
                    item.name,
                    item.kind,
                    ", ".join(item.inputs) if item.origin == "function" else "column",
                    item.description,
                )
                for item in record.features
            ],
            prose=(3,),
        )
        for reason in record.dropped:
            say(f"[dim]left out: {plain(reason)}[/]")
