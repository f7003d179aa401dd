"""The command that shows who did what, and how long it took."""

from __future__ import annotations

from typing import Annotated

import typer

from loopwright.faces.cli.console import emit, table
from loopwright.faces.cli.session import AsJson, Folder, project_session

__all__ = ["add_to"]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(activity)


def activity(
    project: Folder = None,
    steps: Annotated[bool, typer.Option("--steps", help="Steps that ran, instead of commands.")] = False,
    limit: Annotated[int, typer.Option(help="Show so many of the newest.")] = 40,
    as_json: AsJson = False,
) -> None:
    """Show the activity log: commands with person and time spent, or steps with the reason they ran."""
    with project_session(project, logged=False) as opened:
        if steps:
            ran = opened.metadata.executions()[-limit:]
            if as_json:
                emit(
                    [
                        {"step": item.step, "at": item.at, "seconds": item.seconds, "why": item.why, "key": item.key}
                        for item in ran
                    ]
                )
            else:
                table(
                    "steps",
                    ("at", "step", "seconds", "why"),
                    [(item.at[:19], item.step, f"{item.seconds:.2f}", item.why) for item in ran],
                    right=(2,),
                    prose=(3,),
                )
            return
        done = opened.metadata.activities()[-limit:]
        if as_json:
            emit(done)
            return
        table(
            f"activity: {sum(item.seconds for item in done):.1f} s",
            ("at", "who", "command", "seconds", "exit"),
            [(item.at[:19], item.who, item.command, f"{item.seconds:.2f}", str(item.exit_code)) for item in done],
            right=(3, 4),
            prose=(2,),
        )
