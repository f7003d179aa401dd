"""Commands of the release: release and its verbs, rollback, docker."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from loopwright.errors import LoopwrightError
from loopwright.faces.cli.console import as_data, emit, plain, say, short, table
from loopwright.faces.cli.session import AsJson, Folder, project_session, whoami
from loopwright.project import Project
from loopwright.records import Deployment, Gate, Model, Ref

__all__ = ["add_to", "told"]

release = typer.Typer(help="Which model answers whom, since when, and why.", no_args_is_help=False)

Why = Annotated[str, typer.Option("--why", help="The reason, kept in the history.")]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(release, name="release", invoke_without_command=True)
    app.command()(rollback)
    app.command()(docker)


@release.callback()
def state(context: typer.Context, project: Folder = None, as_json: AsJson = False) -> None:
    """Show what is deployed and how it came to that."""
    if context.invoked_subcommand:
        return
    with project_session(project, logged=False) as opened:
        states = opened.metadata.all(Deployment)
        if as_json:
            emit([as_data(item) for item in states])
            return
        if not states:
            say("nothing is deployed yet: [bold]loopwright serve[/] deploys the champion and serves it")
            return
        table(
            "release",
            ("", "since", "event", "champion", "challenger", "share", "by", "why"),
            [_row(opened, item) for item in states],
            right=(0, 5),
            prose=(7,),
        )
        say(told(opened, states[-1]))


def told(project: Project, state: Deployment) -> str:
    """Say in a sentence, with markup, what a deployment means for requests."""
    champion = _name(project, state.champion)
    if state.challenger is None:
        return f"[bold]{champion}[/] answers every request"
    challenger = _name(project, state.challenger)
    if state.stage == "shadow":
        return f"[bold]{champion}[/] answers every request; {challenger} is asked too, and nobody sees its answers"
    asked = "; [yellow]the rule says promote: loopwright release approve[/]" if state.awaiting else ""
    return f"[bold]{champion}[/] answers {1 - state.share:.0%} of the entities, {challenger} {state.share:.0%}{asked}"


def _row(project: Project, state: Deployment) -> tuple[str, ...]:
    return (
        str(state.number), state.at[:19], state.event, _name(project, state.champion),
        _name(project, state.challenger) if state.challenger else "",
        f"{state.share:.0%}" if state.stage == "canary" else state.stage, state.by, state.why,
    )


def _name(project: Project, model: Ref) -> str:
    return f"v{project.metadata.get(Model, model.digest).number}"


@release.command()
def start(
    model: Annotated[str, typer.Argument(help="v3, a digest or an alias.")],
    why: Why = "started by hand",
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Bring a model that has passed its gate into the release, as the project file says: canary, shadow or at once."""
    from loopwright.stages import registry, serving

    with project_session(project) as opened:
        found = opened.metadata.get(Model, registry.find(opened, model).digest)
        gates = [gate for gate in opened.metadata.all(Gate) if gate.subject.digest == found.digest]
        if not gates:
            raise LoopwrightError(f"v{found.number} has never been judged. Run `loopwright run` first.")
        _show(opened, serving.offer(opened, found, gates[-1], by=whoami(), why=why), as_json=as_json)


@release.command()
def promote(why: Why = "promoted by hand", project: Folder = None, as_json: AsJson = False) -> None:
    """Make the challenger champion, whatever the rule says so far."""
    from loopwright.stages import serving

    _decide(serving.promote, why, project, as_json=as_json)


@release.command()
def reject(why: Why = "rejected by hand", project: Folder = None, as_json: AsJson = False) -> None:
    """Send the challenger away; the champion answers everybody."""
    from loopwright.stages import serving

    _decide(serving.reject, why, project, as_json=as_json)


@release.command()
def approve(why: Why = "approved", project: Folder = None, as_json: AsJson = False) -> None:
    """Approve the promotion that the rule has asked for."""
    from loopwright.stages import serving

    _decide(serving.approve, why, project, as_json=as_json)


def rollback(why: Why = "rolled back by hand", project: Folder = None, as_json: AsJson = False) -> None:
    """Take the newest change of the release back; servers follow within a second."""
    from loopwright.stages import serving

    _decide(serving.roll_back, why, project, as_json=as_json)


def _decide(verb: Callable[..., Deployment], why: str, project: Path | None, *, as_json: bool) -> None:
    with project_session(project) as opened:
        _show(opened, verb(opened, by=whoami(), why=why), as_json=as_json)


def _show(project: Project, state: Deployment, *, as_json: bool) -> None:
    if as_json:
        emit(as_data(state))
    else:
        say(f"[green]✓[/] {state.event} ({short(state.digest)}): {told(project, state)}")


def docker(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder to write, below the project's.")
    ] = Path("docker"),
    wheel: Annotated[
        Path | None, typer.Option(help="Wheel of Loopwright to install, if not the package index's.")
    ] = None,
    project: Folder = None,
) -> None:
    """Write a Dockerfile that serves the project as a user without rights."""
    from loopwright.faces.imaging import write_docker

    with project_session(project, logged=False) as opened:
        folder = write_docker(opened, output, wheel=wheel)
        say(f"[green]✓[/] {plain(str(folder))}")
        say(f"Next: [bold]docker build -f {plain(output.as_posix())}/Dockerfile -t {opened.settings.project.name} .[/]")
