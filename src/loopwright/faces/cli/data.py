"""Commands of the data room."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loopwright.errors import UnknownRecord
from loopwright.faces.cli.console import as_data, emit, plain, say, short, table
from loopwright.faces.cli.session import AsJson, Folder, project_session
from loopwright.project import Project
from loopwright.records import Anomaly, DatasetVersion, Statistics

__all__ = ["add_to"]

_NOT_RUN = "this project has not been run yet. Run `loopwright run`."

data = typer.Typer(help="Dataset versions, statistics, anomalies, quarantine.", no_args_is_help=True)


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(data, name="data")


@data.command()
def versions(project: Folder = None, as_json: AsJson = False) -> None:
    """List the dataset versions."""
    with project_session(project, logged=False) as opened:
        found = [item for item in opened.metadata.all(DatasetVersion) if not item.parts]
        if as_json:
            emit([as_data(item) for item in found])
            return
        table(
            "dataset versions", ("version", "digest", "rows", "columns", "quarantined", "source", "at"),
            [
                (f"v{item.number}", short(item.digest), f"{item.rows:,}", str(len(item.columns)), f"{item.quarantined:,}",
                 item.source, opened.metadata.at(item)[:19])
                for item in found
            ],
            right=(2, 3, 4),
        )


@data.command()
def statistics(
    part: Annotated[str, typer.Option(help="train, validation or test.")] = "train",
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show the statistics of every column."""
    with project_session(project, logged=False) as opened:
        record = _newest(opened, Statistics)
        found = next((item for item in record.parts if item.part == part), None)
        if found is None:
            raise UnknownRecord(f"there is no part {part!r}; there are {', '.join(item.part for item in record.parts)}.")
        if as_json:
            emit(found)
            return
        table(
            f"{part}: {found.rows:,} rows", ("column", "type", "missing", "unique", "mean", "std", "min", "median", "max", "most frequent"),
            [
                (item.name, item.type, f"{item.missing_share:.1%}", _number(item.unique), _number(item.mean), _number(item.std),
                 _number(item.min), _number(item.median), _number(item.max),
                 f"{item.top_values[0].value} ({item.top_values[0].rows:,})" if item.top_values and item.type == "string" else "")
                for item in found.columns
            ],
            right=(2, 3, 4, 5, 6, 7, 8),
        )


@data.command()
def anomalies(project: Folder = None, as_json: AsJson = False) -> None:
    """List what does not fit the schema, with example rows."""
    from loopwright.stages.registry import find

    with project_session(project, logged=False) as opened:
        statistics = _newest(opened, Statistics)
        children = opened.metadata.children(find(opened, statistics.digest))
        found = [item for item in children if isinstance(item, Anomaly)]
        if as_json:
            emit([as_data(item) for item in found])
            return
        if not found:
            say("[green]✓[/] the newest dataset version fits its schema")
        for item in found:
            color = "red" if item.severity == "error" else "yellow"
            say(f"[{color}]{item.severity}[/] {plain(item.column)} ({item.part}): {plain(item.description)}")
            for example in item.examples:
                say(f"    [dim]row {example.row}{f', {example.key}' if example.key else ''}: {plain(example.value)}[/]")


@data.command()
def quarantine(
    project: Folder = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="CSV file to write them to.")] = None,
    as_json: AsJson = False,
) -> None:
    """Show the rows that could not be read, with line and reason."""
    with project_session(project, logged=False) as opened:
        version = next((item for item in reversed(opened.metadata.all(DatasetVersion)) if not item.parts), None)
        if version is None:
            raise UnknownRecord(_NOT_RUN)
        if version.quarantine is None:
            emit([]) if as_json else say("[green]✓[/] no row of the newest dataset version is in quarantine")
            return
        rows = opened.tables.read(version.quarantine).collect()
        if output:
            rows.write_csv(output)
            say(f"[green]✓[/] {rows.height:,} rows in {output}")
        elif as_json:
            emit(rows.to_dicts())
        else:
            table(
                f"{rows.height:,} rows in quarantine", ("source", "line", "reason", "text"),
                [(str(row["source"]), str(row["line"]), str(row["reason"]), str(row["raw"])[:80]) for row in rows.head(50).to_dicts()],
                right=(1,), prose=(2, 3),
            )


def _newest(project: Project, kind: type[Statistics]) -> Statistics:
    record = project.metadata.newest(kind)
    if record is None:
        raise UnknownRecord(_NOT_RUN)
    return record


def _number(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:,.6g}"
