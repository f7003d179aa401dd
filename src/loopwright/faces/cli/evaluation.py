"""Commands of the evaluation room: gate, score, attest, card, datasheet."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from loopwright.errors import UnknownRecord
from loopwright.faces.cli.console import as_data, emit, plain, say, short, table, verdict
from loopwright.faces.cli.session import REFUSED, AsJson, Folder, project_session, whoami
from loopwright.records import Gate

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    for command in (gate, score, attest, card, datasheet):
        app.command()(command)


def gate(project: Folder = None, as_json: AsJson = False) -> None:
    """Show the newest gate decision with every demand; exit 20 if it said no."""
    with project_session(project, logged=False) as opened:
        record = opened.metadata.newest(Gate)
        if record is None:
            raise UnknownRecord("no model has been judged yet. Run `loopwright run`.")
        if as_json:
            emit(as_data(record))
        else:
            say(f"gate {short(record.digest)} on {record.subject}: {verdict(record.passed)}")
            table(
                "",
                ("", "demand", "what was found"),
                [(verdict(item.passed), item.demand, item.explanation) for item in record.reasons],
                prose=(1, 2),
                marked=(0,),
            )
        if not record.passed:
            raise typer.Exit(REFUSED)


def score(project: Folder = None, as_json: AsJson = False) -> None:
    """Compute the ML Test Score from evidence: 28 tests, the lowest of four sections counts."""
    from loopwright.stages import evaluation

    with project_session(project, logged=False) as opened:
        found = evaluation.score(opened)
    if as_json:
        emit(found)
        return
    for section in found.sections:
        table(
            f"{section.title}: {section.points:g} of 7",
            ("", "points", "test", "why"),
            [(item.id, f"{item.points:g}", item.asks, item.why) for item in section.tests],
            right=(1,),
            prose=(2, 3),
        )
    say(f"[bold]ML Test Score {found.score:g}[/]: {found.bracket}")
    if found.open_failures:
        say(f"[yellow]{len(found.open_failures)} checks fail[/]:")
        for failure in found.open_failures[:8]:
            say(f"  [yellow]![/] {plain(failure)}")
    if found.cheapest:
        say(f"cheapest next point, {found.cheapest.test} (+{found.cheapest.gain:g}): {plain(found.cheapest.action)}")


def attest(
    test: Annotated[str, typer.Argument(help="One of the 28 tests, such as D5.")],
    note: Annotated[str, typer.Option(help="What was done, in a sentence.")],
    by: Annotated[str | None, typer.Option(help="Who signs; you if not given.")] = None,
    link: Annotated[str, typer.Option(help="Where the document lies.")] = "",
    expires: Annotated[str | None, typer.Option(help="ISO date from which it no longer counts.")] = None,
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Sign that something the machine cannot see has been done; worth half a point."""
    from loopwright.stages import evaluation

    with project_session(project) as opened:
        signed = evaluation.attest(opened, test, by=by or whoami(), note=note, link=link, expires=expires)
        if as_json:
            emit(as_data(signed))
        else:
            say(f"[green]✓[/] {plain(signed.by)} attests {test.upper()}: {plain(signed.claim)}")


def card(
    model: Annotated[
        str | None, typer.Argument(help="v3, a digest or an alias; the newest model if not given.")
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="HTML file to write.")] = None,
    project: Folder = None,
) -> None:
    """Write the model card, one HTML file made from evidence."""
    from loopwright.faces.reports import write_model_card

    with project_session(project, logged=False) as opened:
        say(f"[green]✓[/] {plain(str(write_model_card(opened, model, output)))}")


def datasheet(
    output: Annotated[Path | None, typer.Option("--output", "-o", help="HTML file to write.")] = None,
    project: Folder = None,
) -> None:
    """Write the datasheet of the newest dataset version, one HTML file made from evidence."""
    from loopwright.faces.reports import write_datasheet

    with project_session(project, logged=False) as opened:
        say(f"[green]✓[/] {plain(str(write_datasheet(opened, output)))}")
