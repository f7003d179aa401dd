"""Commands for who may ask: keys of consumers, users of the pages."""

from __future__ import annotations

import os
import sys
from datetime import date
from typing import Annotated

import typer

from loopwright.errors import LoopwrightError
from loopwright.faces.cli.console import emit, plain, say, table
from loopwright.faces.cli.session import AsJson, Folder, project_session

__all__ = ["add_to"]

consumers = typer.Typer(help="Consumers of the predictions and their keys; who is not declared is not answered.")
users = typer.Typer(help="People who may act on the pages.")

_PASSWORD = "LOOPWRIGHT_PASSWORD"  # noqa: S105 -- the name of a variable


def add_to(app: typer.Typer) -> None:
    """Add these commands."""
    app.add_typer(consumers, name="consumers", no_args_is_help=True)
    app.add_typer(users, name="users", no_args_is_help=True)


@consumers.command("add")
def add_key(
    name: Annotated[str, typer.Argument(help="The consumer: a program or a team.")],
    owner: Annotated[str, typer.Option(help="Who answers for it.")],
    purpose: Annotated[str, typer.Option(help="What the predictions are used for, in a sentence.")],
    scope: Annotated[
        list[str] | None, typer.Option(help="predict, outcomes or metrics; may be repeated. Default: the first two.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="ISO date from which the key is no longer valid.")] = None,
    project: Folder = None,
    as_json: AsJson = False,
) -> None:
    """Declare a consumer and print its key, which is shown this once and kept as a hash only."""
    from loopwright.stages import serving

    with project_session(project) as opened:
        secret, key = serving.add_consumer(
            opened, name, owner=owner, purpose=purpose, scopes=tuple(scope or ("predict", "outcomes")),
            expires=_day(expires),
        )
    if as_json:
        emit({"key": secret, "id": key, "consumer": name})
        return
    say(f"[green]✓[/] {plain(name)} may ask with this key, which is not shown again:")
    typer.echo(secret)


@consumers.command("revoke")
def revoke_key(
    key: Annotated[str, typer.Argument(help="Id of a key, or a consumer's name for all of its keys.")],
    project: Folder = None,
) -> None:
    """Revoke a key; servers follow within a second."""
    from loopwright.stages import serving

    with project_session(project) as opened:
        for revoked in serving.revoke_consumer(opened, key):
            say(f"[green]✓[/] key {plain(revoked)} is revoked")


@consumers.command("list")
def list_keys(project: Folder = None, as_json: AsJson = False) -> None:
    """List the consumers and their keys."""
    from loopwright.stages import serving

    with project_session(project, logged=False) as opened:
        found = serving.declared_consumers(opened)
    if as_json:
        emit([
            {
                "id": key, "name": item.name, "owner": item.owner, "purpose": item.purpose, "scopes": item.scopes,
                "expires": item.expires, "revoked": item.revoked,
            }
            for key, item in found.items()
        ])
        return
    table(
        "consumers",
        ("key", "consumer", "owner", "purpose", "may", "expires", "revoked"),
        [
            (key, item.name, item.owner, item.purpose, ", ".join(item.scopes), item.expires or "", item.revoked or "")
            for key, item in found.items()
        ],
        prose=(3,),
    )


@users.command("add")
def add_user(
    name: Annotated[str, typer.Argument(help="Name to log in with.")],
    role: Annotated[str, typer.Option(help="viewer, operator or admin.")] = "operator",
    project: Folder = None,
) -> None:
    """Let a person log in to the pages; asks for the password, or takes it from LOOPWRIGHT_PASSWORD."""
    from loopwright.faces.accounting import add_account

    with project_session(project) as opened:
        add_account(opened, name, role=role, password=_password())
        say(f"[green]✓[/] {plain(name)} may log in as {plain(role)}")


@users.command("remove")
def remove_user(name: Annotated[str, typer.Argument(help="Who.")], project: Folder = None) -> None:
    """Let a person no longer log in."""
    from loopwright.faces.accounting import remove_account

    with project_session(project) as opened:
        remove_account(opened, name)
        say(f"[green]✓[/] {plain(name)} may no longer log in")


@users.command("list")
def list_users(project: Folder = None, as_json: AsJson = False) -> None:
    """List who may log in."""
    from loopwright.faces.accounting import accounts

    with project_session(project, logged=False) as opened:
        found = accounts(opened)
    if as_json:
        emit(found)
        return
    table("users", ("name", "role"), list(found.items()))


def _password() -> str:
    given = os.environ.get(_PASSWORD)
    if given:
        return given
    if not sys.stdin.isatty():
        raise LoopwrightError(f"there is no terminal to ask for the password at; put it into {_PASSWORD}.")
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))


def _day(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise LoopwrightError(f"--expires is {text!r}; give a day such as 2027-01-31.") from error
