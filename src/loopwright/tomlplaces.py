"""Finds the line on which each key of a TOML text was written; ``tomllib`` returns values without places.

The text has been accepted by ``tomllib`` before, so the scanner follows only what it needs to find keys:
where strings end, how brackets nest, and which table a header opens.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_left
from typing import Final

__all__ = ["Path", "nearest_line", "places"]

Path = tuple[str | int, ...]
"""Names of nested tables and positions in arrays, outermost first: ``("candidates", 0, "estimator")``."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")
_SPACE: Final = re.compile(r"[ \t]*")
_OPEN: Final = re.compile(r"\[\[?")
_CLOSE: Final = re.compile(r"\]\]?")
_DOT: Final = re.compile(r"\.")
_EQUALS: Final = re.compile(r"=")
_NAME: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'""")
# Three quotes close a long string, yet up to two more that follow still belong to it.
_ATOM: Final = re.compile(
    r'''
    """ (?:[^\\]|\\.)*? """ "{0,2}
    | \'\'\' .*? \'\'\' '{0,2}
    | " (?:[^"\\\n]|\\.)* "
    | ' [^'\n]* '
    | [^"',\[\]{}\#\n]+                      # numbers, dates with a blank inside, true and false
    ''',
    re.DOTALL | re.VERBOSE,
)


def places(text: str) -> dict[Path, int]:
    r"""Return the line of every key, array item and table of a TOML text.

    Parameters
    ----------
    text : str
        Valid TOML 1.0.

    Returns
    -------
    dict of path to int
        Lines count from 1. A table stands where its own header is, else where it is first mentioned; an
        array of tables stands at its first header.

    Raises
    ------
    ValueError
        If the text is no TOML.

    Examples
    --------
    >>> places('[split]\nby = "time"\n[[candidates]]\nsearch.depth = { low = 1 }')
    ... # doctest: +NORMALIZE_WHITESPACE
    {('split',): 1, ('split', 'by'): 2, ('candidates',): 3, ('candidates', 0): 3,
     ('candidates', 0, 'search'): 4, ('candidates', 0, 'search', 'depth'): 4,
     ('candidates', 0, 'search', 'depth', 'low'): 4}
    """
    return _Scanner(text).scan()


def nearest_line(lines: dict[Path, int], path: Path) -> int | None:
    """Return the line of a path, or of the innermost table around it that was written; None if none was.

    Examples
    --------
    >>> nearest_line({("split",): 4, ("split", "by"): 5}, ("split", "seed"))
    4
    """
    return next((lines[path[:end]] for end in range(len(path), 0, -1) if path[:end] in lines), None)


class _Scanner:
    """Walks once over the text and notes the line of each path as it comes by."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [found.start() for found in re.finditer("\n", text)]
        self.lines: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}      # headers seen so far of each array of tables

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        self.take(_BLANK)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                table = self.header()
            else:
                self.pair(table)
            self.take(_BLANK)
        return self.lines

    def header(self) -> Path:
        """Read ``[a.b]`` or ``[[a.b]]``; return the path that the pairs below it belong to."""
        line = self.line()
        repeats = self.take(_OPEN) == "[["
        path = self.mention((), self.names(), line)
        self.take(_CLOSE)
        if not repeats:
            self.lines[path] = line
            return path
        index = self.counts.get(path, 0)
        self.counts[path] = index + 1
        self.lines[(*path, index)] = line
        return (*path, index)

    def pair(self, table: Path) -> None:
        """Read ``a.b = value`` inside a table."""
        line = self.line()
        path = self.mention(table, self.names(), line)
        self.take(_EQUALS)
        self.take(_SPACE)
        self.value(path)

    def names(self) -> list[str]:
        """Read a key, dotted or not."""
        names = []
        while True:
            self.take(_SPACE)
            names.append(_plain(self.take(_NAME)))
            self.take(_SPACE)
            if not self.text.startswith(".", self.at):
                return names
            self.take(_DOT)

    def mention(self, table: Path, names: list[str], line: int) -> Path:
        """Note tables on the way to a key; a name of an array of tables means its newest table."""
        path = table
        for name in names:
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
            path = (*path, name)
            self.lines.setdefault(path, line)
        return path

    def value(self, path: Path) -> None:
        if self.text.startswith("[", self.at):
            self.array(path)
        elif self.text.startswith("{", self.at):
            self.inline_table(path)
        else:
            self.take(_ATOM)

    def array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while not self.closed("]"):
            self.lines[(*path, index)] = self.line()
            self.value((*path, index))
            index += 1

    def inline_table(self, path: Path) -> None:
        self.at += 1
        while not self.closed("}"):
            self.pair(path)

    def closed(self, closing: str) -> bool:
        """Step over the comma before the next item or over the closing bracket; say whether the latter."""
        self.take(_BLANK)
        if self.text.startswith(",", self.at):
            self.at += 1
            self.take(_BLANK)
        if not self.text.startswith(closing, self.at):
            return False
        self.at += 1
        return True

    def take(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.at)
        if found is None:
            raise ValueError(f"no TOML: line {self.line()} cannot be read")
        self.at = found.end()
        return found[0]

    def line(self) -> int:
        return bisect_left(self.breaks, self.at) + 1


def _plain(name: str) -> str:
    """Return a key without its quotes and escapes."""
    if name.startswith('"') and "\\" in name:
        return str(tomllib.loads(f"name = {name}")["name"])
    return name[1:-1] if name[0] in "\"'" else name
