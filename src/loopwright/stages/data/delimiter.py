"""Finds the character that separates the columns of a text file."""

from __future__ import annotations

import csv
import io

from loopwright.errors import UnreadableSource

__all__ = ["delimiter_of"]

USUAL = (",", ";", "\t", "|")
UNUSUAL = ("^", "~", "\x01", "\x1e", "\x1f", ":", " ", "#", "/")
_SAMPLE_CHARACTERS = 1 << 16
_SAMPLE_ROWS = 100


def delimiter_of(text: str, *, source: str, given: str | None = None) -> str:
    r"""Return the delimiter: the one given, or the usual one that divides the first rows alike.

    Parameters
    ----------
    text : str
        The beginning of the file.
    source : str
        What to call the file in an error.
    given : str, optional
        What the project file says.

    Raises
    ------
    UnreadableSource
        If the delimiter leaves one column where another would give several in every row, or if the one given
        is not a single character.

    Examples
    --------
    >>> delimiter_of("a;b\n1,5;2\n", source="prices.csv")
    ';'
    """
    if given is not None and (len(given) != 1 or given in '"\r\n' or not given.isascii()):
        raise UnreadableSource(
            f"[data] delimiter = {given!r}: a delimiter is one ASCII character, no quote and no line break. "
            f'Leave it out to have it found, or write for example delimiter = ";" or delimiter = "\\t".'
        )
    sample = _whole_lines(text[:_SAMPLE_CHARACTERS], is_all=len(text) <= _SAMPLE_CHARACTERS)
    best = max(USUAL, key=lambda candidate: _columns(sample, candidate))
    chosen = given or (best if _columns(sample, best) > 1 else ",")
    if _width(sample, chosen) == 1:
        _forbid_better(sample, chosen, source=source)
    return chosen


def _forbid_better(sample: str, chosen: str, *, source: str) -> None:
    for candidate in USUAL + UNUSUAL:
        columns = _columns(sample, candidate, agreement=1.0)
        if columns > 1 and candidate != chosen:
            raise UnreadableSource(
                f"{source}: wrong delimiter. With {chosen!r} the file has one column, with {candidate!r} it "
                f"has {columns} in every row. Write delimiter = {_as_toml(candidate)} under [data] in "
                f"loopwright.toml."
            )


def _columns(sample: str, delimiter: str, *, agreement: float = 0.9) -> int:
    """Return the number of columns in the header if rows agree with it, else 1."""
    widths = [len(row) for row in _rows(sample, delimiter) if row]
    if len(widths) < 1 or widths.count(widths[0]) < agreement * len(widths):
        return 1
    return widths[0]


def _width(sample: str, delimiter: str) -> int:
    return len(next(iter(_rows(sample, delimiter)), []))


def _rows(sample: str, delimiter: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    try:
        return [row for row, _ in zip(reader, range(_SAMPLE_ROWS), strict=False)]
    except csv.Error:  # A field of more than 128 kB: this delimiter divides nothing.
        return []


def _whole_lines(sample: str, *, is_all: bool) -> str:
    if is_all or "\n" not in sample:
        return sample.lstrip("\r\n")
    return sample[: sample.rindex("\n") + 1].lstrip("\r\n")


def _as_toml(character: str) -> str:
    return (
        f'"\\u{ord(character):04x}"'
        if ord(character) < 32 and character != "\t"
        else f'"{character}"'.replace("\t", "\\t")
    )
