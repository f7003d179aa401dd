"""Reads the text of CSV files into rows of fields; what is no row is kept aside with line and reason.

There are two ways, with the same answer. Where every line is one record (no line breaks inside quotes, no
stray quotes, all UTF-8), Polars checks and divides all lines at once. Everything else goes record by record
through the standard library's CSV reader, which knows the odd cases, and starts afresh behind a quote that
never closes.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import polars as pl

from loopwright.errors import EmptySource, UnreadableSource
from loopwright.stages.data.delimiter import delimiter_of
from loopwright.stages.data.quarantine import quarantine

__all__ = ["TextRows", "delimited_rows", "header_names"]

_LINE_END = "\x1f"  # the ASCII unit separator: stands in no text, so that a "column" is a whole line
_MARKS = {b"\xff\xfe": "utf-16", b"\xfe\xff": "utf-16"}
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


@dataclass(frozen=True, slots=True)
class TextRows:
    """Rows of text, where each begins, and what could not be read.

    Attributes
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        All columns text; empty fields are missing or empty.
    lines : Series of shape (n_rows,)
        Line in the file where the row begins, from 1.
    raw : Series of shape (n_rows,)
        The text of the row as it lies in the file.
    rejected : DataFrame
        See ``quarantine``.
    """

    frame: pl.DataFrame
    lines: pl.Series
    raw: pl.Series
    rejected: pl.DataFrame


def delimited_rows(
    content: bytes, *, source: str, delimiter: str | None = None, encoding: str = "utf-8"
) -> TextRows:
    r"""Return the rows of a CSV file.

    The first line that is not blank is the header. Blank lines are no rows.

    Parameters
    ----------
    content : bytes
    source : str
        What to call the file.
    delimiter : str, optional
        Found by itself if not given.
    encoding : str, default="utf-8"
        Anything that Python can decode.

    Returns
    -------
    TextRows

    Raises
    ------
    EmptySource
        If there is nothing at all.
    UnreadableSource
        If the header cannot be used or the text cannot be decoded.

    Examples
    --------
    >>> rows = delimited_rows(b"fare,tip\n5,1\n7\n", source="trips.csv")
    >>> rows.frame.rows(), rows.rejected["reason"].to_list()
    ([('5', '1')], ['1 field where the header has 2'])
    """
    content = _as_utf8(content, source=source, encoding=encoding)
    if not content.strip():
        raise EmptySource(f"{source} is empty. Put a header line and rows into it.")
    sample = content[: 1 << 18].decode("utf-8", "replace")
    delimiter = delimiter_of(sample, source=source, given=delimiter)
    return _line_by_line(content, delimiter, source) or _record_by_record(content, delimiter, source)


def _as_utf8(content: bytes, *, source: str, encoding: str) -> bytes:
    if encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        if content[:2] in _MARKS:
            raise UnreadableSource(
                f"{source} is not UTF-8 but UTF-16: it begins with the bytes {content[:2].hex(' ')}. "
                f"Convert it, for example with: iconv -f UTF-16 -t UTF-8."
            )
        return content.removeprefix(b"\xef\xbb\xbf")
    try:
        return content.decode(encoding).encode().removeprefix(b"\xef\xbb\xbf")
    except (LookupError, UnicodeDecodeError) as error:
        raise UnreadableSource(
            f"{source} cannot be read as {encoding!r}: {error}. Mend the encoding."
        ) from error


def _line_by_line(content: bytes, delimiter: str, source: str) -> TextRows | None:
    """Return the rows if every line is one record; None where they need care."""
    lines = _lines(content)
    if lines is None:
        return None
    quoted = lines.str.contains('"', literal=True)
    if b'"' in content and not lines.filter(quoted).str.contains(_record_pattern(delimiter)).all():
        return None
    number = pl.Series("line", range(1, len(lines) + 1), dtype=pl.Int64)
    full = lines.str.strip_chars(" ") != ""
    lines, number = lines.filter(full), number.filter(full)
    names = header_names(next(csv.reader([lines[0]], delimiter=delimiter)), source=source)
    lines, number = lines[1:], number[1:]
    bare = lines.str.replace_all(r'"[^"]*"', "") if quoted.any() else lines
    fields = bare.str.count_matches(delimiter, literal=True) + 1
    ragged = fields != len(names)
    frame = _divided(lines.filter(~ragged), delimiter, names)
    if frame is None:
        return None
    rejected = quarantine(
        source,
        lines=number.filter(ragged).to_list(),
        reasons=[_ragged(count, len(names)) for count in fields.filter(ragged)],
        raw=lines.filter(ragged).to_list(),
    )
    return TextRows(frame, number.filter(~ragged), lines.filter(~ragged), rejected)


def _lines(content: bytes) -> pl.Series | None:
    if _LINE_END.encode() in content or content.count(b"\r") != content.count(b"\r\n"):
        return None
    try:
        lines = pl.read_csv(
            content, separator=_LINE_END, quote_char=None, has_header=False, infer_schema=False
        ).to_series()
    except pl.exceptions.ComputeError:  # Not UTF-8 somewhere.
        return None
    return lines.fill_null("")


def _record_pattern(delimiter: str) -> str:
    """Return what a line looks like whose quotes are all where the CSV format has them."""
    mark = f"\\x{ord(delimiter):02x}"
    one = f'(?:"(?:[^"]|"")*"|[^"{mark}]*)'
    return f"^{one}(?:{mark}{one})*$"


def _divided(lines: pl.Series, delimiter: str, names: list[str]) -> pl.DataFrame | None:
    if not len(lines):
        return pl.DataFrame({name: [] for name in names}, schema=dict.fromkeys(names, pl.String))
    frame = pl.read_csv(
        (lines.str.join("\n").item() + "\n").encode(),
        separator=delimiter,
        has_header=False,
        schema=dict.fromkeys(names, pl.String),
    )
    return frame if frame.height == len(lines) else None


def _record_by_record(content: bytes, delimiter: str, source: str) -> TextRows:
    text = list(io.StringIO(content.decode("utf-8", "surrogateescape"), newline=""))
    records = _records(text, delimiter)
    header = next(records, None)
    if header is None:
        raise EmptySource(f"{source} holds only blank lines. Put a header line and rows into it.")
    trouble = header.trouble(len(header.fields))
    if trouble:
        raise UnreadableSource(f"{source}: the header line cannot be used: {trouble}. Mend the first line.")
    names = header_names(header.fields, source=source)
    good: list[_Record] = []
    bad: list[_Record] = []
    for record in records:
        (bad if record.trouble(len(names)) else good).append(record)
    columns = {name: [record.fields[at] for record in good] for at, name in enumerate(names)}
    return TextRows(
        pl.DataFrame(columns, schema=dict.fromkeys(names, pl.String)),
        pl.Series("line", [record.line for record in good], dtype=pl.Int64),
        pl.Series("raw", [record.raw for record in good], dtype=pl.String),
        quarantine(
            source,
            lines=[record.line for record in bad],
            reasons=[record.trouble(len(names)) for record in bad],
            raw=[_printable(record.raw) for record in bad],
        ),
    )


@dataclass(frozen=True, slots=True)
class _Record:
    line: int
    lines: int
    fields: list[str]
    raw: str
    open_quote: str = ""

    def trouble(self, width: int) -> str:
        """Return why this is no row of so many fields, or nothing."""
        if self.open_quote:
            return self.open_quote
        wrong = _NOT_UTF8.search(self.raw)
        if wrong:
            return f"byte 0x{ord(wrong[0]) - 0xDC00:02x} at character {wrong.start() + 1} is not UTF-8"
        return "" if len(self.fields) == width else _ragged(len(self.fields), width)

    @property
    def is_blank(self) -> bool:
        return len(self.fields) < 2 and not self.raw.strip()


def _records(text: list[str], delimiter: str) -> Iterator[_Record]:
    """Yield the records; behind a quote that swallows what follows, start afresh on the next line."""
    start, width = 0, 0
    with _long_fields():
        while start < len(text):
            for record in _records_from(text, start, delimiter):
                width = width or len(record.fields)
                reason = _swallowed(record, width, delimiter, is_last=record.line + record.lines > len(text))
                if reason:
                    yield _Record(record.line, 1, [], text[record.line - 1].rstrip("\r\n"), reason)
                    start = record.line
                    break
                if not record.is_blank:
                    yield record
            else:
                return


def _records_from(text: list[str], start: int, delimiter: str) -> Iterator[_Record]:
    reader = csv.reader(map(text.__getitem__, range(start, len(text))), delimiter=delimiter)
    before = 0
    for fields in reader:
        first, last = start + before, start + reader.line_num
        yield _Record(first + 1, last - first, fields, "".join(text[first:last]).rstrip("\r\n"))
        before = reader.line_num


def _swallowed(record: _Record, width: int, delimiter: str, *, is_last: bool) -> str:
    """Return what is wrong with the quotes of a record, or nothing."""
    is_odd = record.raw.count('"') % 2 == 1
    if record.lines > 1 and (is_odd or len(record.fields) != width):
        return f"a quote that does not close; {record.lines} lines on: {_ragged(len(record.fields), width)}"
    if is_last and is_odd and record.raw.startswith('"') | (f'{delimiter}"' in record.raw):
        return "a quote that does not close before the end of the file"
    return ""


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let fields be longer than the 128 kB at which the CSV reader stops by default."""
    before = csv.field_size_limit(sys.maxsize)
    try:
        yield
    finally:
        csv.field_size_limit(before)


def header_names(fields: list[str], *, source: str) -> list[str]:
    """Return the names of the columns; one without a name is called after its position.

    Raises
    ------
    UnreadableSource
        If two columns have one name, or the first line holds numbers and so is no header.

    Examples
    --------
    >>> header_names(["", " fare "], source="trips.csv")
    ['column_1', 'fare']
    """
    names = [field.strip() or f"column_{position}" for position, field in enumerate(fields, start=1)]
    twice = [name for name, times in Counter(names).items() if times > 1]
    if twice:
        places = "; ".join(f"{name!r} in columns {_places(names, name)}" for name in twice[:10])
        raise UnreadableSource(
            f"{source}: duplicate column names in the header: {places}. Rename all but one."
        )
    if any(re.fullmatch(r"[+-]?\d*\.\d+(e[+-]?\d+)?", name) for name in names) and all(
        map(_is_number, names)
    ):
        raise UnreadableSource(
            f"{source}: the first line holds only numbers ({', '.join(names[:5])}), so there is no header. "
            f"Put a line with the names of the columns first."
        )
    return names


def _places(names: list[str], name: str) -> str:
    return ", ".join(str(at) for at, other in enumerate(names, start=1) if other == name)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _ragged(found: int, expected: int) -> str:
    return f"{found} field{'s' if found != 1 else ''} where the header has {expected}"


def _printable(raw: str) -> str:
    return raw.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
