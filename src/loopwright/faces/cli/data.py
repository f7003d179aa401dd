"""Commands of the data room."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from loopwright.errors import UnknownRecord
from loopwright.faces.cli.console import as_data, emit, plain, say, short, table
from loopwright.faces.cli.session import REFUSED, AsJson, Folder, project_session
from loopwright.project import Project
from loopwright.records import Anomaly, DatasetVersion, Schema, Statistics

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
            "dataset versions",
            ("version", "digest", "rows", "columns", "quarantined", "source", "at"),
            [
                (
                    f"v{item.number}",
                    short(item.digest),
                    f"{item.rows:,}",
                    str(len(item.columns)),
                    f"{item.quarantined:,}",
                    item.source,
                    opened.metadata.at(item)[:19],
                )
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
            raise UnknownRecord(
                f"there is no part {part!r}; there are {', '.join(item.part for item in record.parts)}."
            )
        if as_json:
            emit(found)
            return
        table(
            f"{part}: {found.rows:,} rows",
            ("column", "type", "missing", "unique", "mean", "std", "min", "median", "max", "most frequent"),
            [
                (
                    item.name,
                    item.type,
                    f"{item.missing_share:.1%}",
                    _number(item.unique),
                    _number(item.mean),
                    _number(item.std),
                    _number(item.min),
                    _number(item.median),
                    _number(item.max),
                    f"{item.top_values[0].value} ({item.top_values[0].rows:,})"
                    if item.top_values and item.type == "string"
                    else "",
                )
                for item in found.columns
            ],
            right=(2, 3, 4, 5, 6, 7, 8),
        )


@data.command()
def anomalies(project: Folder = None, as_json: AsJson = False) -> None:
    """List what does not fit the schema, with example rows."""
    with project_session(project, logged=False) as opened:
        found = _against_schema(opened, _newest(opened, Statistics))
        if as_json:
            emit([as_data(item) for item in found])
            return
        if not found:
            say("[green]✓[/] the newest dataset version fits its schema")
        _show(found)


@data.command()
def check(
    source: Annotated[str, typer.Argument(help="File or glob to compare with schema.toml.")],
    environment: Annotated[str, typer.Option(help="What the rows are for: training or serving.")] = "serving",
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Compare rows that are not in the project, such as those to be predicted, with the schema; exit 20 on errors."""
    from loopwright.stages import data as room

    with project_session(project) as opened:
        rows = room.read_source(source, folder=Path.cwd(), options=room.ReadOptions()).frame
        key = opened.settings.data.key
        found = room.check(opened, rows, environment=environment, key=key if key in rows.columns else None)
        if as_json:
            emit([as_data(item) for item in found])
        elif not found:
            say(f"[green]✓[/] {rows.height:,} rows fit the schema")
        else:
            _show(found)
        if any(item.severity == "error" for item in found):
            raise typer.Exit(REFUSED)


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
            say(f"[green]✓[/] {rows.height:,} rows in {plain(str(output))}")
        elif as_json:
            emit(rows.to_dicts())
        else:
            table(
                f"{rows.height:,} rows in quarantine",
                ("source", "line", "reason", "text"),
                [
                    (str(row["source"]), str(row["line"]), str(row["reason"]), str(row["raw"])[:80])
                    for row in rows.head(50).to_dicts()
                ],
                right=(1,),
                prose=(2, 3),
            )


def _show(found: Sequence[Anomaly]) -> None:
    for item in found:
        color = "red" if item.severity == "error" else "yellow"
        say(f"[{color}]{item.severity}[/] {plain(item.column)} ({item.part}): {plain(item.description)}")
        for example in item.examples:
            key = f", {example.key}" if example.key else ""
            say(f"    [dim]row {example.row}{plain(key)}: {plain(example.value)}[/]")


def _against_schema(project: Project, statistics: Statistics) -> list[Anomaly]:
    """Return what was found by the schema file as it stands, or by the newest one if that has not been run with."""
    from loopwright.stages.data import SCHEMA_FILE, fingerprint

    path = project.folder / SCHEMA_FILE
    file = fingerprint(path, name=SCHEMA_FILE).digest if path.is_file() else ""
    reviewed = [item for item in project.metadata.all(Schema) if any(ref.kind == "file" for ref in item.made_from)]
    current = [item for item in reviewed if file in {ref.digest for ref in item.made_from}] or reviewed
    wanted = {item.digest for item in current[-1:]}
    anomalies = [item for item in project.metadata.children(statistics.ref) if isinstance(item, Anomaly)]
    return [item for item in anomalies if wanted & {ref.digest for ref in item.made_from}]


def _newest(project: Project, kind: type[Statistics]) -> Statistics:
    record = project.metadata.newest(kind)
    if record is None:
        raise UnknownRecord(_NOT_RUN)
    return record


def _number(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:,.6g}"
