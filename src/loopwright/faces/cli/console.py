"""How commands speak: tables and sentences for people, JSON for programs."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import msgspec
import typer

from loopwright.records import Record

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["as_data", "console", "emit", "plain", "printable", "say", "short", "table", "verdict"]

_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def console(*, stderr: bool = False) -> Console:
    """Return a console; Rich is loaded at the first word only."""
    from rich.console import Console

    # What is piped into a file or another program is not cut to the width of a terminal that is not there.
    width = None if sys.stdout.isatty() else 200
    return Console(stderr=stderr, highlight=False, emoji=False, width=width)


def say(text: str = "") -> None:
    """Print a line with Rich markup."""
    console().print(text)


def emit(value: object) -> None:
    """Print JSON for a program."""
    typer.echo(msgspec.json.format(msgspec.json.encode(value, order="deterministic"), indent=2).decode())


def as_data(record: Record) -> dict[str, object]:
    """Return a record as plain data, with its kind and digest."""
    return {"kind": record.ref.kind, "digest": record.digest, **msgspec.to_builtins(record)}


def table(
    title: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Sequence[int] = (),
    prose: Sequence[int] = (),
    marked: Sequence[int] = (),
) -> None:
    """Print a table.

    Parameters
    ----------
    title : str
    columns : sequence of str
    rows : iterable of sequences of str
    right : sequence of int
        Positions of the columns that are numbers.
    prose : sequence of int
        Positions of the columns that may go over several lines; others are cut where there is no room.
    marked : sequence of int
        Positions of the columns that hold Rich markup; all others are shown as they are.
    """
    from rich import box
    from rich.table import Table

    out = console()
    # One long cell must not leave the prose beside it without room.
    widest = out.width // 2 if prose else None
    grid = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False, title_style="bold")
    for place, name in enumerate(columns):
        grid.add_column(
            name, justify="right" if place in right else "left", overflow="fold" if place in prose else "ellipsis",
            no_wrap=place not in prose, max_width=None if place in prose else widest,
        )
    for row in rows:
        grid.add_row(*(cell if place in marked else plain(cell) for place, cell in enumerate(row)))
    out.print(grid)


def plain(text: str) -> str:
    r"""Return text that came from data or records so that Rich shows it as it is, brackets and all.

    Examples
    --------
    >>> print(plain("[red]x"))
    \[red]x
    """
    from rich.markup import escape

    return escape(printable(text))


def printable(text: str) -> str:
    r"""Return text in which what would steer a terminal, or cannot be encoded, is written out.

    Examples
    --------
    >>> print(printable("a\x1b[31m"))
    a\x1b[31m
    """
    return _CONTROL.sub(lambda found: repr(found[0])[1:-1], text)


def short(digest: str) -> str:
    """Return the first digits of a digest, enough for a person."""
    return digest[:12]


def verdict(passed: bool | None) -> str:
    """Return a mark for yes, no, or cannot be known."""
    return {True: "[green]✓ yes[/]", False: "[red]✗ no[/]", None: "[yellow]? unknown[/]"}[passed]
