"""Commands of watching: watch, alerts, retrain, passport."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from loopwright.faces.cli.console import as_data, emit, plain, say, short, table
from loopwright.faces.cli.progress import TerminalProgress
from loopwright.faces.cli.session import AsJson, Folder, project_session, whoami

if TYPE_CHECKING:
    from loopwright.faces.web.passports import Passport
    from loopwright.lifecycle import Tick
    from loopwright.project import Project
    from loopwright.records import Alert

__all__ = ["add_to", "show_tick"]

alerts = typer.Typer(help="Incidents: what was noticed, why it is suspected, and who looks after it.")

_COLOURS = {"critical": "red", "warning": "yellow"}


def add_to(app: typer.Typer) -> None:
    """Add this room's commands."""
    app.command()(watch)
    app.add_typer(alerts, name="alerts", invoke_without_command=True)
    app.command()(retrain)
    app.command()(passport)
    app.command()(touched)


def watch(
    every: Annotated[float | None, typer.Option(help="Seconds between two looks; one look if not given.")] = None,
    at: Annotated[
        str | None, typer.Option(help="Pretend that it is this moment (ISO 8601, UTC), to replay the past.")
    ] = None,
    retraining: Annotated[bool, typer.Option(help="Train a new model if the policy says so.")] = True,
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Look at live traffic: windows, alerts, the canary's verdict, and whether to train again."""
    from loopwright import lifecycle
    from loopwright.faces.moments import moment

    now = moment(at) if at else None
    progress = None if as_json else TerminalProgress(why=False)
    try:
        with project_session(project, progress=progress, logged=every is None) as opened:
            while True:
                looked = lifecycle.tick(opened, at=now, by=whoami(), train=retraining)
                if as_json:
                    emit(looked)
                else:
                    show_tick(opened, looked)
                if every is None:
                    return
                time.sleep(every)
    finally:
        if progress:
            progress.close()


def show_tick(project: Project, looked: Tick) -> None:
    """Say what one look at the traffic came to."""
    from loopwright.faces.cli.release import told

    for report in looked.reports:
        say(f"[dim]{report.start[:16]} to {report.end[:16]}: {report.rows:,} predictions[/]")
    for alert in looked.alerts:
        show_alert(alert)
    for problem in looked.untold:
        say(f"[yellow]![/] {plain(problem)}")
    if looked.verdict:
        say(f"canary: {plain(looked.verdict)}")
    if looked.deployment:
        say(f"[green]✓[/] {looked.deployment.event}: {told(project, looked.deployment)}")
    if looked.decision:
        say(f"retraining: {plain(looked.decision)}")
    if looked.line:
        line = looked.line
        passed = "passed its gate" if line.gate.passed else "did not pass its gate: loopwright gate"
        say(f"[green]✓[/] v{line.model.number} was trained and {passed}")
    for warning in looked.warnings:
        say(f"[yellow]! feedback loop[/] {plain(warning)}")
    if not (looked.reports or looked.alerts or looked.deployment or looked.decision):
        say("[dim]nothing new[/]")


def show_alert(alert: Alert) -> None:
    """Show one alert as a few lines."""
    colour = _COLOURS[alert.severity]
    say(f"[bold {colour}]{alert.severity}[/] {plain(alert.title)}  [dim]{short(alert.digest)}[/]")
    say(f"  suspected cause: [bold]{plain(alert.cause)}[/]. {plain(alert.explanation)}")
    say(f"  {plain(alert.advice)}")


@alerts.callback()
def list_alerts(
    context: typer.Context,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over, too.")] = False,
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """List the alerts that are not over."""
    if context.invoked_subcommand:
        return
    from loopwright.stages import monitoring

    with project_session(project, logged=False) as opened:
        found = monitoring.standings(opened)
    shown = [(alert, standing) for alert, standing in found if everything or standing.state != "over"]
    if as_json:
        emit([{**as_data(alert), "standing": standing} for alert, standing in shown])
        return
    table(
        "alerts",
        ("digest", "severity", "since", "quantity", "cause", "state", "what"),
        [
            (
                short(alert.digest), alert.severity, alert.first_bad[:16], alert.quantity, alert.cause,
                standing.state, alert.title,
            )
            for alert, standing in shown
        ],
        prose=(6,),
    )


@alerts.command()
def show(digest: Annotated[str, typer.Argument(help="Digest of an alert.")], project: Folder = None) -> None:
    """Show one alert with its evidence."""
    from loopwright.stages import monitoring

    with project_session(project, logged=False) as opened:
        alert = monitoring.find_alert(opened, digest)
        show_alert(alert)
        say(f"  first bad window {alert.first_bad}, {alert.rows:,} predictions")
        say(f"  value {alert.value}, limit {alert.limit}")
        for example in alert.examples:
            say(f"  example: {plain(example)}   loopwright passport {plain(example)}")
        for ref in alert.made_from:
            say(f"  made from {ref}")


@alerts.command("ack")
def acknowledge(
    digest: Annotated[str, typer.Argument(help="Digest of an alert.")],
    note: Annotated[str, typer.Option(help="What you are doing about it.")],
    project: Folder = None,
) -> None:
    """Say that you look after an alert."""
    from loopwright.stages import monitoring

    with project_session(project) as opened:
        monitoring.acknowledge(opened, digest, by=whoami(), note=note)
        say("[green]✓[/] acknowledged")


@alerts.command()
def silence(
    pattern: Annotated[str, typer.Argument(help="A quantity such as drift:fare; * stands for anything.")],
    until: Annotated[str, typer.Option(help="When it ends: a day or a moment, UTC.")],
    why: Annotated[str, typer.Option(help="The reason.")],
    project: Folder = None,
) -> None:
    """Tell nobody of alerts about a quantity until a time; they are still made."""
    from loopwright.faces.moments import moment
    from loopwright.stages import monitoring

    with project_session(project) as opened:
        monitoring.silence(opened, pattern, until=moment(until), by=whoami(), why=why)
        say(f"[green]✓[/] {plain(pattern)} is silent until {plain(until)}")


def retrain(
    why: Annotated[str, typer.Option(help="The reason, kept with the decision.")] = "asked for by hand",
    at: Annotated[str | None, typer.Option(help="Pretend that it is this moment (ISO 8601, UTC).")] = None,
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Train on the source and on what was logged since, on the data that a back-test chooses; then gate and release."""
    from loopwright import lifecycle
    from loopwright.faces.moments import moment

    progress = None if as_json else TerminalProgress(why=False)
    try:
        with project_session(project, progress=progress) as opened:
            looked = lifecycle.retrain(opened, at=moment(at) if at else None, by=whoami(), why=why)
            if as_json:
                emit(looked)
            else:
                show_tick(opened, looked)
    finally:
        if progress:
            progress.close()


def passport(
    prediction: Annotated[str, typer.Argument(help="Id of a prediction, as the answer gave it.")],
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Show everything behind one prediction: model, features, explanation, data, labels, gate, approver, alerts."""
    from loopwright.faces.web.passports import passport_of
    from loopwright.stages import monitoring

    with project_session(project, logged=False) as opened:
        found = monitoring.passport(opened, prediction)
    if as_json:
        emit(found)
    else:
        _show_passport(passport_of(found))


def _show_passport(found: Passport) -> None:
    score = ", ".join(f"{item:.4g}" for item in found.scores)
    name = found.model.name if found.model else "a model"
    say(f"[bold]{plain(found.id)}[/], {found.at[:19]}, asked by {plain(found.consumer)}")
    say(f"  {plain(name)} ({found.arm}) said [bold]{plain(str(found.prediction or score))}[/] (score {score})")
    if found.held_back:
        say("  held back: the caller was told to do without the model")
    for flag in found.flags:
        say(f"  [yellow]![/] {plain(flag)}")
    became = f"{found.outcome.value}, known {found.outcome.at[:19]}" if found.outcome else "not known yet"
    say(f"  what became of it: [bold]{plain(str(became))}[/]")
    table(
        "why", ("feature", "value", "moves the score by"),
        [(item.feature, str(item.value), f"{item.contribution:+.4f}") for item in found.explanation[:8]], right=(2,),
    )
    table(
        "made from", ("record", "digest", "name", "what"),
        [(item.kind, short(item.digest), item.name, item.says) for item in found.lineage], prose=(3,),
    )
    if found.approval:
        say(f"let in by {plain(found.approval.by)}, {found.approval.at[:19]}: {plain(found.approval.why)}")
    for alert in found.alerts:
        say(f"[yellow]alert since[/] {short(alert.digest)} {alert.at[:10]}: {plain(alert.title)}")


def touched(
    key: Annotated[str, typer.Argument(help="Value of the key column of a source row.")],
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Follow a source row forward: the models that were fitted to it, and the predictions about it."""
    from loopwright.stages import monitoring

    with project_session(project, logged=False) as opened:
        found = monitoring.touched(opened, key)
    if as_json:
        emit(found)
        return
    table("models", ("model", "dataset version", "part"), list(found.parts))
    asked = list(zip(found.predictions, found.answered_by, strict=True))
    table("predictions", ("id", "answered by"), asked)
