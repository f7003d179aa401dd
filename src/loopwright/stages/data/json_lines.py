"""Reads JSON, one object on each line, into rows of values; what is no object is kept aside."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

import msgspec
import polars as pl

from loopwright.errors import EmptySource
from loopwright.stages.data.quarantine import quarantine
from loopwright.stages.data.value_types import Value

__all__ = ["ValueRows", "json_rows"]


@dataclass(frozen=True, slots=True)
class ValueRows:
    """Rows of values, where each lies, and what could not be read.

    Attributes
    ----------
    objects : list of dict
        Field to value, one for each row.
    lines : Series of shape (n_rows,)
        Line of the file, or number of the row in a query's answer; from 1.
    raw : function of int to str
        Gives the text of a row, counted from 0, as it lies there, or the row as JSON.
    rejected : DataFrame
        See ``quarantine``.
    """

    objects: list[dict[str, Value]]
    lines: pl.Series
    raw: Callable[[int], str]
    rejected: pl.DataFrame


def json_rows(content: bytes, *, source: str) -> ValueRows:
    r"""Return the objects of a file of JSON lines, or of one JSON array of objects.

    Parameters
    ----------
    content : bytes
        UTF-8. Blank lines are no rows; NaN and Infinity are accepted although JSON has no word for them.
    source : str
        What to call the file.

    Returns
    -------
    ValueRows

    Raises
    ------
    EmptySource
        If there is nothing at all.

    Examples
    --------
    >>> rows = json_rows(b'{"fare": 5}\n{"fare":\n', source="trips.jsonl")
    >>> rows.objects, rows.rejected["line"].to_list()
    ([{'fare': 5}], [2])
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    if not content.strip():
        raise EmptySource(f"{source} is empty. Put one JSON object on each line.")
    lines = _array(content) or content.split(b"\n")
    objects: list[dict[str, Value]] = []
    good: list[int] = []
    bad: list[int] = []
    reasons: list[str] = []
    for at, line in enumerate(lines):
        if not line.strip():
            continue
        item, reason = _object(line)
        if item is None:
            bad.append(at)
            reasons.append(reason)
        else:
            objects.append(item)
            good.append(at)
    return ValueRows(
        objects,
        pl.Series("line", [at + 1 for at in good], dtype=pl.Int64),
        lambda row: _text(lines[good[row]]),
        quarantine(
            source, lines=[at + 1 for at in bad], reasons=reasons, raw=[_text(lines[at]) for at in bad]
        ),
    )


def _array(content: bytes) -> list[bytes] | None:
    """Return the items of a file that is one JSON array; its "lines" are then items, counted from 1."""
    if not content.lstrip().startswith(b"["):
        return None
    try:
        return [bytes(item) for item in msgspec.json.decode(content, type=list[msgspec.Raw])]
    except msgspec.DecodeError:
        return None


def _object(line: bytes) -> tuple[dict[str, Value] | None, str]:
    """Return the object on a line, or why there is none."""
    try:
        value = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        try:
            value = json.loads(line)  # knows NaN and Infinity, and says better what is wrong
        except UnicodeDecodeError as error:
            return None, f"byte 0x{line[error.start]:02x} at byte {error.start + 1} is not UTF-8"
        except (json.JSONDecodeError, RecursionError) as error:
            return None, f"not JSON: {error}"
    if isinstance(value, dict):
        return value, ""
    kind = {list: "array", str: "string", bool: "truth value", type(None): "null"}.get(type(value), "number")
    return None, f"a JSON {kind} where an object is wanted"


def _text(line: bytes) -> str:
    return line.decode("utf-8", "backslashreplace").rstrip("\r")
