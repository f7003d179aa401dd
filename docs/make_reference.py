"""Writes the reference pages from the code: ``python docs/make_reference.py``. A test compares them."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from loopwright import errors, lifecycle
from loopwright.faces.cli.app import app
from loopwright.projectschema import reference

__all__ = ["commands", "error_tree", "main", "pages"]

_COMMANDS = """\
# Commands

Every command takes `--help`. Those that work on a project look for the nearest folder above the current one
that holds a `loopwright.toml`; `--project` names another. `--json` prints for programs. Exit codes:
[0 done, 1 failed, 2 wrong usage, 20 a gate said no](../guides/exit-codes.md).
This page is made from the commands themselves.
"""
_ERRORS = """\
# Errors

What Loopwright raises on purpose, as a tree. Each message says what is wrong, where, and what to do next; the
commands print it without a traceback and exit with 1 (with the traceback if `LOOPWRIGHT_DEBUG` is set). In
Python, `except LoopwrightError` catches all of them. This page is made from the classes.
"""


_KINDS = {str: "text", int: "number", float: "number", Path: "path"}


def pages() -> dict[str, str]:
    """Return the content of every reference page by file name."""
    return {"project-file.md": reference(), "commands.md": commands(), "errors.md": error_tree()}


def commands() -> str:
    """Return the page of the commands, in the order of ``loopwright --help``."""
    return "\n".join([_COMMANDS, *_sections(typer.main.get_command(app), "loopwright")])


def error_tree() -> str:
    """Return the page of the errors."""
    tree = inspect.getdoc(errors) or ""
    drawn = tree.split("::\n\n")[1].split("\n\nEvery")[0]
    known = {name: getattr(errors, name) for name in errors.__all__ if name[0].isupper()}
    known["DataRefused"] = lifecycle.DataRefused
    rows = [f"| `{name}` | {_first(kind)} |" for name, kind in sorted(known.items())]
    picture = ["```text", inspect.cleandoc(drawn), "```", ""]
    return "\n".join([_ERRORS, *picture, "| Class | Meaning |", "| --- | --- |", *rows, ""])


def _sections(command: object, path: str) -> Iterator[str]:
    if not isinstance(command, TyperGroup):
        return
    for name, each in command.commands.items():
        if isinstance(each, TyperCommand | TyperGroup):
            yield from _section(each, f"{path} {name}")
        yield from _sections(each, f"{path} {name}")


def _section(command: TyperCommand | TyperGroup, path: str) -> Iterator[str]:
    arguments = [item for item in command.params if isinstance(item, TyperArgument)]
    options = [item for item in command.params if isinstance(item, TyperOption)]
    words = [_word(item) if item.required else f"[{_word(item)}]" for item in arguments]
    usage = " ".join([path, *words, *(f"{item.opts[0]} {_word(item)}" for item in options if item.required)])
    yield f"## `{usage}`\n\n{(command.help or '').strip()}\n"
    if not arguments and not options:
        return
    yield "| Option | Takes | Default | Meaning |\n| --- | --- | --- | --- |"
    items: list[TyperArgument | TyperOption] = [*arguments, *options]
    for item in items:
        is_argument = isinstance(item, TyperArgument)
        shown = _word(item) if is_argument else ", ".join(f"`{option}`" for option in item.opts)
        yield f"| {shown} | {_kind(item)} | {_default(item)} | {(item.help or '').strip()} |"
    yield ""


def _word(item: TyperOption | TyperArgument) -> str:
    return str(item.name).upper()


def _kind(item: TyperOption | TyperArgument) -> str:
    if getattr(item, "is_flag", False):
        return ""
    said = str(item.type_descriptor.annotation)
    kind = next(words for known, words in _KINDS.items() if known.__name__ in said)
    return f"{kind}, repeatable" if item.multiple else kind


def _default(item: TyperOption | TyperArgument) -> str:
    if item.required:
        return "required"
    return "" if item.default in (None, False, "") else f"`{item.default}`"


def _first(kind: type) -> str:
    return (kind.__doc__ or "").split("\n")[0]


def main() -> None:
    """Write all pages."""
    for name, text in pages().items():
        (Path(__file__).parent / "reference" / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
