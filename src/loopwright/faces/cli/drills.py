"""The command that tries whether faults are noticed: drill."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from loopwright.errors import LoopwrightError, nearest
from loopwright.faces.cli.console import emit, plain, say, table, verdict
from loopwright.faces.cli.session import REFUSED, AsJson, Folder, project_session

if TYPE_CHECKING:
    from loopwright.drills import DrillResult

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(drill)


def drill(
    name: Annotated[
        str | None,
        typer.Argument(help="rollback, schema-break, unit-change, null-storm, latency or lost-labels."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of them, one after the other.")] = False,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the copy that the drill was held in.")] = False,
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Put a fault into a copy of the project, and see whether it is noticed for what it is; 20 if it is not."""
    from loopwright import drills

    with project_session(project) as opened:
        held = []
        for each in _names(name, everything=everything):
            if not as_json:
                say(f"[dim]{each}: {plain(drills.DRILLS[each])}[/]")
            held.append(drills.drill(opened, each, keep=keep))
        if as_json:
            emit(held)
        else:
            _show(held)
        if any(result.passed is False for result in held):
            raise typer.Exit(REFUSED)


def _names(name: str | None, *, everything: bool) -> list[str]:
    from loopwright.drills import DRILLS

    if name is not None and name not in DRILLS:
        raise LoopwrightError(f"there is no drill {name!r}{nearest(name, DRILLS)}; there are {', '.join(DRILLS)}.")
    if everything == (name is not None):
        raise LoopwrightError(
            "name one drill, or give --all: "
            + "; ".join(f"{each} ({says.rstrip('.')})" for each, says in DRILLS.items()) + "."
        )
    return list(DRILLS) if name is None else [name]


def _show(held: list[DrillResult]) -> None:
    table(
        "",
        ("drill", "passed", "noticed by", "after", "what came of it"),
        [(each.name, verdict(each.passed), each.noticed_by, _after(each), each.explanation) for each in held],
        prose=(2, 4),
        marked=(1,),
    )
    for each in held if len(held) == 1 else ():
        for number, done in enumerate(each.steps, 1):
            say(f"  {number}. {plain(done)}")
    if any(each.passed is not None for each in held):
        say("[dim]kept as evidence of the champion; nothing else of the project was touched[/]")


def _after(result: DrillResult) -> str:
    if result.after_seconds is None:
        return ""
    if result.after_windows is None:
        return f"{result.after_seconds:.2f} s"
    return f"{result.after_rows:,} rows, {result.after_seconds:.1f} s"
