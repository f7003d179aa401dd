"""Commands of the registry: registry, lineage, predict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loopwright.errors import LoopwrightError, ModelError, UnknownRecord
from loopwright.faces.cli.console import as_data, console, emit, plain, say, short, table
from loopwright.faces.cli.session import AsJson, Folder, project_session, whoami
from loopwright.project import Project
from loopwright.records import Gate, Model, Ref

if TYPE_CHECKING:
    from rich.tree import Tree

    from loopwright.stages.registry import Node

__all__ = ["add_to"]

registry = typer.Typer(help="Models, their aliases, and what was champion when.", no_args_is_help=False)


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.add_typer(registry, name="registry", invoke_without_command=True)
    app.command()(lineage)
    app.command()(predict)


@registry.callback()
def models(context: typer.Context, project: Folder = None, as_json: AsJson = False) -> None:
    """List the models."""
    if context.invoked_subcommand:
        return
    with project_session(project, logged=False) as opened:
        found = opened.metadata.all(Model)
        if as_json:
            emit([as_data(item) for item in found])
            return
        names = {change.target.digest: change.alias for change in opened.metadata.aliases().values()}
        table(
            "models",
            ("number", "alias", "estimator", "format", "gate", "digest", "registered"),
            [
                (
                    f"v{item.number}",
                    names.get(item.digest, ""),
                    item.estimator.rpartition(".")[2],
                    item.format,
                    _gate(opened, item),
                    short(item.digest),
                    opened.metadata.at(item)[:19],
                )
                for item in found
            ],
        )


@registry.command()
def at(
    time: Annotated[str, typer.Argument(help="A day or moment, such as 2026-05-03 or 2026-05-03T14:00.")],
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Say what every alias meant at a time; a day means its end."""
    from loopwright.faces.moments import moment

    with project_session(project, logged=False) as opened:
        found = opened.metadata.aliases(at=moment(time))
        if as_json:
            emit(list(found.values()))
            return
        if not found:
            say(f"no alias meant anything at {plain(time)}")
        for change in found.values():
            model = opened.metadata.get(Model, change.target.digest)
            say(
                f"[bold]{change.alias}[/] was v{model.number} ({short(model.digest)}) since {change.at[:19]}, "
                f"by {plain(change.by)}: {plain(change.why)}"
            )


@registry.command()
def history(project: Folder = None, as_json: AsJson = False) -> None:
    """List every change of an alias."""
    with project_session(project, logged=False) as opened:
        found = opened.metadata.alias_history()
        if as_json:
            emit(found)
            return
        table(
            "aliases",
            ("at", "alias", "model", "by", "why"),
            [
                (
                    item.at[:19],
                    f"{item.alias} withdrawn" if item.withdrawn else item.alias,
                    f"v{opened.metadata.get(Model, item.target.digest).number}",
                    item.by,
                    item.why,
                )
                for item in found
            ],
            prose=(4,),
        )


@registry.command()
def promote(
    model: Annotated[str, typer.Argument(help="v3, or a digest.")],
    why: Annotated[str, typer.Option(help="For the history.")],
    project: Folder = None,
) -> None:
    """Make a model champion by hand; it must have passed its gate."""
    from loopwright.stages import registry as room

    with project_session(project) as opened:
        chosen = _model(opened, model)
        gates = _gates(opened, chosen)
        if not gates:
            raise ModelError(f"model v{chosen.number} was never judged. Run `loopwright run`.")
        changed = room.promote(opened, chosen, gates[-1], by=whoami(), why=why, again=True)
        say(f"[green]✓[/] v{chosen.number} is champion" + ("" if changed else " already"))


@registry.command()
def withdraw(
    why: Annotated[str, typer.Option(help="For the history.")],
    project: Folder = None,
) -> None:
    """Let champion mean nothing, when the model should never have been it; new models need not beat it."""
    from loopwright.stages import registry as room

    with project_session(project) as opened:
        model = room.withdraw(opened, by=whoami(), why=why)
        say(f"[green]✓[/] v{model.number} is withdrawn; there is no champion until a model passes its gate")


def lineage(
    thing: Annotated[str, typer.Argument(help="A digest, v3, champion, a source file, or the id of a prediction.")],
    forward: Annotated[
        bool, typer.Option("--forward", "-f", help="What was made from it, instead of what it was made from.")
    ] = False,
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Follow a thing back to source files and code, or forward to everything made from it."""
    from loopwright.stages import registry as room

    with project_session(project, logged=False) as opened:
        start = _start(opened, thing)
        tree = room.lineage(opened, start, forward=forward or start.kind == "file")
        if as_json:
            emit([{"kind": ref.kind, "digest": ref.digest, "name": ref.name} for ref in tree.refs()])
        else:
            console().print(_tree(opened, tree))


def _start(project: Project, thing: str) -> Ref:
    """Return what is meant: a record, a file, or the model that gave a prediction."""
    from loopwright.stages import monitoring
    from loopwright.stages import registry as room

    try:
        return room.find(project, thing)
    except UnknownRecord:
        answered = monitoring.answered_by(project, thing)
        if answered is None:
            raise
        return answered


def predict(
    source: Annotated[str, typer.Option("--input", "-i", help="CSV, JSON-lines or Parquet file, or glob.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="File to write: .csv, .parquet or .jsonl.")],
    model: Annotated[str, typer.Option(help="v3, a digest, or an alias.")] = "champion",
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Apply a registered model to the rows of a file."""
    from loopwright.faces.batch import predict_file

    with project_session(project) as opened:
        done = predict_file(opened, source, output, model=None if model == "champion" else _model(opened, model))
        if as_json:
            emit(done)
            return
        say(f"[green]✓[/] {done.rows:,} predictions of v{done.model} in {plain(done.output)} ({done.seconds:.2f} s)")
        for anomaly in done.anomalies:
            say(f"[yellow]![/] {plain(anomaly)}")
        if done.quarantined:
            say(
                f"[yellow]![/] {done.quarantined:,} rows could not be read; they are in "
                f"{plain(str(done.quarantine))} with reasons"
            )


def _model(project: Project, text: str) -> Model:
    from loopwright.stages.registry import find

    ref = find(project, text)
    if ref.kind != "model":
        raise LoopwrightError(f"{text!r} is a {ref.kind}, not a model. `loopwright registry` lists the models.")
    return project.metadata.get(Model, ref.digest)


def _gate(project: Project, model: Model) -> str:
    gates = _gates(project, model)
    return ("passed" if gates[-1].passed else "refused") if gates else "not judged"


def _gates(project: Project, model: Model) -> list[Gate]:
    """Return what was decided on a model, oldest first; it was also a rival in gates of later models."""
    children = project.metadata.children(model.ref)
    return [item for item in children if isinstance(item, Gate) and item.subject.digest == model.digest]


def _tree(project: Project, node: Node) -> Tree:
    from rich.tree import Tree

    tree = Tree(_told(project, node.ref, seen=node.seen))
    for branch in _branches(project, node):
        tree.add(branch)
    return tree


def _branches(project: Project, node: Node) -> Iterator[Tree]:
    """Yield one branch per thing; of evidence, which there is a lot of, only how many."""
    evidence = [item for item in node.next if item.ref.kind == "evidence"]
    for item in node.next:
        if item.ref.kind != "evidence":
            yield _tree(project, item)
    if evidence:
        from rich.tree import Tree

        yield Tree(f"[dim]{len(evidence)} pieces of evidence[/]")


def _told(project: Project, ref: Ref, *, seen: bool) -> str:
    from loopwright.faces.telling import tell

    return (
        f"[bold]{ref.kind}[/] {short(ref.digest)} [dim]{plain(tell(project, ref))}{' (see above)' if seen else ''}[/]"
    )
