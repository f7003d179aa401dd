"""Reads ``loopwright.toml``: strictly, with the file, the line and the nearest valid name in every complaint.

What is allowed is read off the dataclasses in ``loopwright.settings`` (see ``allowed``, ``limits`` and
``projectchecks``). Nothing heavy is imported, because every command begins here.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import Field, fields
from datetime import date, time
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, cast, get_args, get_origin

from loopwright.allowed import (
    Bounds,
    alternatives,
    default_of,
    expected,
    fits,
    headings,
    is_required,
    is_table,
    types_of,
)
from loopwright.errors import ProjectFileError
from loopwright.limits import Comparison, Limit, limits, target
from loopwright.projectchecks import findings, is_database
from loopwright.projectschema import json_schema, reference
from loopwright.settings import Settings
from loopwright.tomlplaces import Path, nearest_line, places
from loopwright.tomltext import listed, nearest_name, shown, shown_key

if TYPE_CHECKING:
    from loopwright.allowed import Kind

__all__ = [
    "Comparison",
    "Limit",
    "is_database",
    "json_schema",
    "limits",
    "overlay",
    "parse",
    "reference",
    "target",
]

_WRONG: Final = object()        # stands where there is no usable value; if that is a problem, it was noted


def parse(text: str, *, file: str) -> Settings:
    """Return what a project file says, after checking all that can be checked without data.

    Parameters
    ----------
    text : str
        The content of the file.
    file : str
        What to call it in messages.

    Raises
    ------
    ProjectFileError
        With every problem of the file, one per line, in the order of the file.

    Examples
    --------
    >>> settings = parse('''
    ... project.name = "churn"
    ... charter.task = "binary"
    ... targets.optimize = "roc_auc"
    ... data = { source = "churn.csv", label = "left" }
    ... ''', file="loopwright.toml")
    >>> settings.split.by
    'random'
    """
    return _read(_source(text, file=file), None)


def overlay(base: str, over: str, *, file: str, over_file: str) -> Settings:
    """Return what a project file says after a second file has had its say.

    Tables are merged key by key and the second file's keys win; an array, also one of tables, is replaced
    as a whole. Only the result must be complete: either file may leave out what the other says.

    Parameters
    ----------
    base, over : str
        The content of the two files.
    file, over_file : str
        What to call them in messages.

    Raises
    ------
    ProjectFileError
        With every problem, each under the name and line of the file that wrote the key.

    Examples
    --------
    >>> base = '''
    ... project.name = "churn"
    ... charter.task = "binary"
    ... targets.optimize = "roc_auc"
    ... data = { source = "churn.csv", label = "left" }
    ... '''
    >>> overlay(base, "training.trials = 3", file="loopwright.toml", over_file="quick.toml").training.trials
    3
    """
    return _read(_source(base, file=file), _source(over, file=over_file))


class _Source(NamedTuple):
    """A file by name and content."""

    file: str
    text: str

    def tables(self) -> dict[str, object]:
        try:
            return tomllib.loads(self.text)
        except ValueError as error:
            message, line = _syntax(error, self.text)
            raise ProjectFileError(message, file=self.file, line=line) from error


def _source(text: str, *, file: str) -> _Source:
    # Editors on Windows put a byte-order mark first, which TOML does not know.
    return _Source(file, text.removeprefix("\ufeff"))


class _Document:
    """The tables of one file, or of two laid over each other, and where each key was written."""

    def __init__(self, source: _Source, over: _Source | None) -> None:
        self.sources = [source] if over is None else [source, over]
        self.tables = source.tables()
        # The outermost paths that come whole from the second file.
        self.overridden = frozenset(_merge(self.tables, over.tables(), ()) if over else ())
        self.lines: dict[int, dict[Path, int]] = {}     # found only when there is something to complain about

    def place(self, path: Path) -> tuple[int, int | None]:
        """Return which of the files wrote a path (0 or 1), and on which line."""
        number = int(any(path[:end] in self.overridden for end in range(1, len(path) + 1)))
        if number not in self.lines:
            self.lines[number] = places(self.sources[number].text)
        return number, nearest_line(self.lines[number], path)

    def find(self, path: Path) -> object:
        """Return what was written at a path; ``_WRONG`` if nothing was."""
        value: object = self.tables
        for step in path:
            if isinstance(value, dict) and step not in value:
                return _WRONG
            value = cast(Any, value)[step]
        return value


class _Reader:
    """Turns the tables of a document into settings, noting every problem on the way."""

    def __init__(self, document: _Document) -> None:
        self.document = document
        self.problems: list[tuple[int, int | None, str]] = []

    def note(self, path: Path, text: str) -> None:
        number, line = self.document.place(path)
        self.problems.append((number, line, f"{_where(path, self.document.find(path))}: {text}"))

    def table(self, kind: Kind, table: Mapping[str, object], path: Path) -> dict[str, object]:
        """Return the value of every key that a section knows, ``_WRONG`` where there is none."""
        known = {item.name: item for item in fields(kind)}
        for key in table:
            if key not in known:
                self.note((*path, key), _unknown(key, kind, path))
        return {name: self.key(kind, item, table, path) for name, item in known.items()}

    def key(self, kind: Kind, item: Field[object], table: Mapping[str, object], path: Path) -> object:
        allowed, bounds = types_of(kind)[item.name], item.metadata["limits"]
        if item.name in table:
            return self.value(allowed, table[item.name], (*path, item.name), bounds)
        if is_required(item):
            self.note((*path, item.name), _missing(item, allowed, bounds))
            return _WRONG
        return default_of(item)

    def value(self, allowed: object, value: object, path: Path, bounds: Bounds) -> object:
        """Return a value as the first allowed type that it fits."""
        for kind in alternatives(allowed):
            if fits(kind, value, bounds):
                return self.inside(kind, value, path, bounds)
        self.note(path, f"expected {expected(allowed, bounds)}{_hint(allowed, value, bounds)}")
        return _WRONG

    def inside(self, kind: object, value: object, path: Path, bounds: Bounds) -> object:
        """Return a value whose outer type is right, after reading what it holds."""
        if is_table(kind):
            return _built(kind, self.table(kind, cast(dict[str, object], value), path))
        if isinstance(value, list):
            (item, *_) = get_args(kind)
            parts = [self.value(item, part, (*path, index), bounds) for index, part in enumerate(value)]
            if any(part is _WRONG for part in parts):
                return _WRONG
            return parts if get_origin(kind) is list else tuple(parts)
        if isinstance(value, dict):
            (_, item) = get_args(kind)
            inner = {key: self.value(item, part, (*path, key), bounds) for key, part in value.items()}
            # A wrong entry hides nothing from the checks of the others.
            usable = {key: part for key, part in inner.items() if part is not _WRONG}
            return usable if usable or not inner else _WRONG
        return float(cast(float, value)) if kind is float else value

    def check(self, sections: Mapping[str, object]) -> None:
        """Note what does not go together, among the sections that could be read."""
        for path, text in findings({name: part for name, part in sections.items() if part is not _WRONG}):
            self.note(path, text)

    def stop_if_wrong(self) -> None:
        if not self.problems:
            return
        found = sorted(self.problems, key=lambda problem: (problem[0], problem[1] is None, problem[1] or 0))
        files = [source.file for source in self.document.sources]
        (number, line, text), *others = found
        errors = [ProjectFileError(text, file=files[number], line=line) for number, line, text in others]
        raise ProjectFileError("\n".join([text, *map(str, errors)]), file=files[number], line=line)


def _read(source: _Source, over: _Source | None) -> Settings:
    try:
        reader = _Reader(_Document(source, over))
        sections = reader.table(Settings, reader.document.tables, ())
        reader.check(sections)
        reader.stop_if_wrong()
    except RecursionError as error:
        raise ProjectFileError(
            "arrays or tables are nested too deeply to be read; no key needs more than four levels",
            file=source.file,
        ) from error
    return cast(Settings, _built(Settings, sections))


def _built(kind: Callable[..., object], values: Mapping[str, object]) -> object:
    return _WRONG if any(value is _WRONG for value in values.values()) else kind(**values)


def _merge(base: dict[str, object], over: Mapping[str, object], path: Path) -> Iterator[Path]:
    """Lay tables over others in place; yield the outermost paths that were taken over whole."""
    for key, value in over.items():
        known = base.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            yield from _merge(known, value, (*path, key))
        else:
            base[key] = value
            yield (*path, key)


def _syntax(error: ValueError, text: str) -> tuple[str, int]:
    """Return what is no TOML, and the line, from what ``tomllib`` raised."""
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
    if found is None:       # not tomllib's own, but Python's refusal to read thousands of digits
        start = max(re.finditer(r"[0-9_]+", text), key=lambda digits: len(digits[0])).start()
        return "a number has more digits than any number may have", text.count("\n", 0, start) + 1
    reason, lines = str(error)[: found.start()], text.split("\n")
    line = int(found[1] or len(lines))
    where = f" at column {found[2]}" if found[2] else ""
    advice = next((advice for start, advice in _SYNTAX_ADVICE.items() if reason.startswith(start)), "")
    there = "".join(letter for letter in lines[line - 1].strip()[:60] if letter.isprintable())
    return f"this is no TOML: {reason}{where}: {there}{advice}", line


_SYNTAX_ADVICE: Final = {
    "Invalid value": " (text is written in quotes, truth as true or false)",
    "Expected '=' after a key": " (a key with anything but letters, digits, _ and - is written in quotes)",
    "Cannot overwrite": " (the key is there twice)",
    "Cannot declare": " (the section is there twice)",
}


def _where(path: Path, found: object) -> str:
    """Return a path and what was written there, as a person would point at it."""
    section, *keys = path
    if not keys:
        tables = found if isinstance(found, list) else [found]
        written = all(isinstance(table, dict) or table is _WRONG for table in tables)
        return f"[{section}]" if written else f"{shown_key(str(section))} = {shown(found)}"
    head = f"[{section}]"
    if isinstance(keys[0], int):
        head, keys = f"[[{section}]] no. {keys[0] + 1}" + ("," if keys[1:] else ""), keys[1:]
    steps = "".join(f" no. {step + 1}" if isinstance(step, int) else f".{shown_key(step)}" for step in keys)
    steps = steps.removeprefix(".")
    value = "" if found is _WRONG or not steps else f" = {shown(found)}"
    return f"{head} {steps}{value}".rstrip()


def _unknown(key: str, kind: Kind, path: Path) -> str:
    known = [item.name for item in fields(kind)]
    what = "key" if path else "section"
    home = _home(key, path)
    advice = f" (it is a key of {home})" if home else nearest_name(key, known)
    return f"unknown {what}; expected one of {listed(known)}{advice}"


def _home(key: str, path: Path) -> str:
    """Return the section that knows a key, if exactly one other does."""
    homes = [
        heading
        for heading, kind in headings()
        if heading.strip("[]") not in path[:1] and key in {item.name for item in fields(kind)}
    ]
    return homes[0] if len(homes) == 1 else ""


def _missing(item: Field[object], allowed: object, bounds: Bounds) -> str:
    if is_table(allowed):
        needed = [one.name for one in fields(allowed) if is_required(one)]
        return f"this section is missing; it needs {listed(needed)}"
    return f"this key is missing; expected {expected(allowed, bounds)}. {item.metadata['text']}"


def _hint(allowed: object, value: object, bounds: Bounds) -> str:
    """Return how to write a value that was meant right but written wrong, or the nearest valid one."""
    kinds = alternatives(allowed)
    for meant, text in _rewritings(value):
        if any(fits(kind, meant, bounds) for kind in kinds):
            return f" (write {text})"
    if str in kinds and isinstance(value, dict):
        return ' (a name with a dot is written in quotes, such as "f0.5")'
    if isinstance(value, str):
        literals = [kind for kind in kinds if get_origin(kind) is Literal]
        return nearest_name(value, [name for kind in literals for name in get_args(kind)])
    return ""


def _rewritings(value: object) -> Iterator[tuple[object, str]]:
    """Yield values that may have been meant, with their TOML."""
    if isinstance(value, str):
        with suppress(ValueError):
            yield tomllib.loads(f"value = {value}")["value"], f"{shown(value)[1:-1]} without quotes"
        slug = re.sub(r"[^a-z0-9_-]+", "-", value.lower()).strip("-_")
        yield slug, shown(slug)
    if isinstance(value, float) and value.is_integer():
        yield int(value), str(int(value))
    if isinstance(value, date | time):
        yield value.isoformat(), shown(value.isoformat())
    if isinstance(value, dict):
        yield [value], "the header in double brackets"
    elif not isinstance(value, list):
        yield [value], f"[{shown(value)}]"
