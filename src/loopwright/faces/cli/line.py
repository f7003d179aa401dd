"""Commands of the whole line: init, run, status."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from loopwright.faces.cli.console import as_data, emit, plain, say, short, table, verdict
from loopwright.faces.cli.progress import TerminalProgress
from loopwright.faces.cli.session import REFUSED, AsJson, Folder, project_session, whoami

if TYPE_CHECKING:
    from loopwright.lifecycle import Line
    from loopwright.project import Project

__all__ = ["add_to", "init", "run", "status"]


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(init)
    app.command()(run)
    app.command()(status)


def init(
    name: Annotated[str, typer.Argument(help="Folder to make; its last part is the project's name.")],
    data: Annotated[str, typer.Option("--data", "-d", help="CSV, JSON-lines or Parquet file, glob, or database URL.")],
    label: Annotated[
        str, typer.Option("--label", "-l", help="Column to predict, or a rule such as 'tips > 0.2 * fare'.")
    ],
    task: Annotated[str | None, typer.Option(help="binary, multiclass or regression; found from the label.")] = None,
    time: Annotated[str | None, typer.Option(help="Column that says when a row happened.")] = None,
    key: Annotated[str | None, typer.Option(help="Column that names a row.")] = None,
    group: Annotated[str | None, typer.Option(help="Column whose rows belong together.")] = None,
    known_after: Annotated[
        list[str] | None, typer.Option("--known-after", help="Column known only after the outcome; may be repeated.")
    ] = None,
    positive: Annotated[str | None, typer.Option(help="Label value that counts as positive.")] = None,
    query: Annotated[str | None, typer.Option(help="SQL query, if --data is a database.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Column separator, if it is not found by itself.")] = None,
    as_json: AsJson = False,
) -> None:
    """Look at the data and make a project that runs at once."""
    from loopwright.faces.cli.initialising import make_project

    written = make_project(
        Path(name),
        data=data,
        label=label,
        task=task,
        time=time,
        key=key,
        group=group,
        known_after=tuple(known_after or ()),
        positive=positive,
        query=query,
        delimiter=delimiter,
    )
    if as_json:
        emit({"folder": str(written.folder), "files": list(written.files), "found": list(written.found)})
        return
    folder = plain(str(written.folder))
    say(f"[green]✓[/] project in [bold]{folder}[/]")
    for sentence in written.found:
        say(f"  • {plain(sentence)}")
    say(f"\nNext: [bold]cd {folder}[/] and [bold]loopwright run[/]")


def run(
    project: Folder = None,
    config: Annotated[
        Path | None, typer.Option(help="Second project file whose keys win, such as configs/quick.toml.")
    ] = None,
    why: Annotated[bool, typer.Option("--why", help="Say of every step why it ran, or that nothing changed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Run the line: from the source to a registered model with evidence. What has not changed is not done again."""
    from loopwright import lifecycle

    progress = None if as_json else TerminalProgress(why=why)
    try:
        with project_session(project, config=config, progress=progress) as opened:
            line = lifecycle.run(opened, by=whoami())
            ran = [outcome for outcome in opened.outcomes if not outcome.recalled]
            if progress:
                progress.close()
            if ran:
                _reports(opened, line)
            if as_json:
                emit(_line_data(opened, line))
            else:
                _summary(opened, line, ran=len(ran))
            if not line.gate.passed:
                raise typer.Exit(REFUSED)
    finally:
        if progress:
            progress.close()


def status(project: Folder = None, as_json: AsJson = False) -> None:
    """Say where the project stands, and what to do next."""
    from loopwright.faces.library import ProjectLibrary
    from loopwright.faces.web.rooms import advice, rooms

    with project_session(project, logged=False) as opened:
        library = ProjectLibrary(opened)
        found, next_ = rooms(library), advice(library)
        if as_json:
            emit({"name": library.name, "rooms": found, "next": next_})
            return
        table(
            library.name,
            ("room", "state", "what there is"),
            [(room.name, room.state, room.says) for room in found],
            prose=(2,),
        )
        say(f"Next: {plain(next_.text)}" + (f"  [bold]{next_.command}[/]" if next_.command else ""))


def _reports(project: Project, line: Line) -> None:
    """Write the model card and the datasheet beside the project, for people without the tool."""
    from loopwright.faces.reports import write_reports

    write_reports(project, line.model, line.dataset)


def _summary(project: Project, line: Line, *, ran: int) -> None:
    recalled = len(project.outcomes) - ran
    if ran == 0:
        _nothing_changed(project, line, recalled)
        return
    say(f"\n{ran} steps ran" + (f", {recalled} were up to date" if recalled else ""))
    if line.dataset.quarantined:
        say(
            f"[yellow]! {line.dataset.quarantined:,} of {line.dataset.rows + line.dataset.quarantined:,} rows "
            "could not be read[/]; "
            f"[bold]loopwright data quarantine[/] shows them with line and reason"
        )
    for anomaly in line.anomalies[:5]:
        say(f"[yellow]! {plain(anomaly.column)}[/] ({anomaly.part}): {plain(anomaly.description)}")
    for item in line.evidence:
        if item.check.startswith("leakage.") and item.passed is False:
            say(f"[yellow]! leakage?[/] {plain(item.claim)}")
    _verdict(project, line)


def _nothing_changed(project: Project, line: Line, recalled: int) -> None:
    """Say so in two lines; this is the command's quick path, and Rich takes longer to load than it to answer."""
    typer.echo(f"= nothing changed: {recalled} steps are up to date")
    state = _standing(project, line) if line.gate.passed else "did not pass its gate; `loopwright gate` says why"
    typer.echo(f"model v{line.model.number} ({line.model.estimator.rpartition('.')[2]}) {state}")


def _verdict(project: Project, line: Line) -> None:
    model, gate = line.model, line.gate
    optimized = " + ".join(line.charter.optimize)
    measured = [
        item
        for item in line.evidence
        if item.slice is None and item.part == "test" and item.check.removeprefix("metric.") in line.charter.optimize
    ]
    told = ", ".join(item.claim for item in measured[:2])
    say(
        f"\nmodel [bold]v{model.number}[/] ({model.estimator.rpartition('.')[2]}, {model.format}) {short(model.digest)}"
    )
    say(f"  {plain(told or optimized)}")
    say(f"  gate: {verdict(gate.passed)}" + (f"; it {_standing(project, line)}" if gate.passed else ""))
    for reason in gate.reasons:
        if reason.passed is False:
            say(f"  [red]✗[/] {plain(reason.explanation)}")
            for example in reason.examples[:3]:
                say(f"      [dim]{plain(example)}[/]")
    reports = plain(str(project.folder / "reports"))
    say(f"  model card {reports}/model_card.html\n  datasheet  {reports}/datasheet.html")


def _standing(project: Project, line: Line) -> str:
    """Say what became of a model that passed its gate."""
    from loopwright.stages import registry

    if line.promoted:
        return "is champion now"
    if line.deployment is not None and line.deployment.challenger is not None:
        return "is tried beside the champion now: loopwright release"
    now = registry.champion(project)
    return "is champion" if now and now.digest == line.model.digest else "is not champion: loopwright release"


def _line_data(project: Project, line: Line) -> dict[str, object]:
    return {
        "model": as_data(line.model),
        "gate": as_data(line.gate),
        "champion": line.gate.passed and _standing(project, line).startswith("is champion"),
        "promoted": line.promoted,
        "dataset": as_data(line.dataset),
        "anomalies": [as_data(item) for item in line.anomalies],
        "steps": [
            {"step": item.step, "recalled": item.recalled, "why": item.why, "seconds": round(item.seconds, 4)}
            for item in project.outcomes
        ],
    }
