"""Finds what columns of text hold: numbers, truth values, times, or text after all.

The type of a column is decided by all of its rows. A column is numeric if at least 95 % of the values that
are there are numbers; the rest are misfits, and their rows go to quarantine. Truth values and times must fit
without exception. Blank fields are missing, and so are "NA" and its like in a numeric column. Integers of one
common width that begin with zeros (postcodes, "007") are codes and stay text, and so do whole numbers that no
64-bit integer holds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import polars as pl

from loopwright.stages.data.quarantine import shortened

__all__ = ["Misfits", "Typed", "typed_text"]

Misfits = dict[int, list[str]]

NUMERIC_SHARE = 0.95
MISSING_MARKS = ("na", "n/a", "#n/a", "null", "none", "-", "?", ".")

_ISO_TIME = (
    r"^(\d{4}-\d{2}-\d{2})"
    r"(?:[T ]([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:[.,](\d{1,9}))?)?\s?(Z|[+-]\d{2}(?::?[0-5]\d)?)?)?$"
)


@dataclass(frozen=True, slots=True)
class Typed:
    """Columns with their types, and the rows that do not fit them.

    Attributes
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Misfits are missing here.
    misfits : dict of int to list of str
        Row, counted from 0, to a sentence for every value in it that does not fit.
    """

    frame: pl.DataFrame
    misfits: Misfits = field(default_factory=dict)


def typed_text(frame: pl.DataFrame, *, types: Mapping[str, str] | None = None) -> Typed:
    """Return columns of text as the types that they hold.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        All columns text.
    types : mapping of str to str, optional
        Columns whose type is known ("string", "int", "float", "bool", "time" or "date"): every value that is
        something else is a misfit.

    Returns
    -------
    Typed

    Examples
    --------
    >>> rows = pl.DataFrame({"fare": ["5", "6.5", " "], "zip": ["02134", "60614", None]})
    >>> typed_text(rows).frame.schema
    Schema([('fare', Float64), ('zip', String)])
    """
    types = types or {}
    numbers = frame.select(pl.all().cast(pl.Float64, strict=False))
    misfits: Misfits = {}
    columns = []
    for text, number in zip(frame.get_columns(), numbers.get_columns(), strict=True):
        if text.name in types:
            columns.append(_declared(text, types[text.name], misfits))
        elif text.null_count() == number.null_count() < len(text):
            columns.append(_narrowed(text, number))
        else:
            columns.append(_inferred(text, misfits))
    return Typed(pl.DataFrame(columns), misfits)


def _inferred(text: pl.Series, misfits: Misfits) -> pl.Series:
    text = _blank_as_missing(text)
    if text.null_count() == len(text):
        return text
    number, odd = _numbers(text)
    share = number.count() / max(1, number.count() + int(odd.sum()))
    if share >= NUMERIC_SHARE:
        _reject(text, odd, misfits, f"is not a number, as {share:.1%} of this column are")
        return _narrowed(text.str.strip_chars().set(number.is_null(), None), number)
    for found in (_truths(text), _times(text)):
        if found is not None and found.null_count() == text.null_count():
            return found
    return text


def _declared(text: pl.Series, word: str, misfits: Misfits) -> pl.Series:
    text = _blank_as_missing(text)
    if word not in _READERS:
        return text
    read, what = _READERS[word]
    values = read(text)
    odd = values.is_null() & text.is_not_null() & ~_is_mark(text)
    _reject(text, odd, misfits, f"is not {what}, as this column is declared to be")
    return values


def _blank_as_missing(text: pl.Series) -> pl.Series:
    return text.set(text.str.strip_chars() == "", None)


def _is_mark(text: pl.Series) -> pl.Series:
    return text.str.strip_chars().str.to_lowercase().is_in(MISSING_MARKS).fill_null(False)


def _numbers(text: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the numbers, with blanks around them forgiven, and where there is text that is none."""
    number = text.str.strip_chars().cast(pl.Float64, strict=False)
    odd = number.is_null() & text.is_not_null()
    return number, odd & ~_is_mark(text) if number.count() else odd


def _reject(text: pl.Series, odd: pl.Series, misfits: Misfits, complaint: str) -> None:
    for row in odd.arg_true().to_list():
        misfits.setdefault(row, []).append(f"column {text.name!r}: {shortened(text[row])} {complaint}")


def _narrowed(text: pl.Series, number: pl.Series) -> pl.Series:
    """Return whole numbers as integers, codes as text, and everything else as it is."""
    whole = text.cast(pl.Int64, strict=False)
    if whole.null_count() == text.null_count():
        return text if _is_code(text) else whole
    beyond = text.filter(whole.is_null()).drop_nulls()
    if _is_whole(beyond).any() and _is_whole(text).all():
        return text
    return number


def _is_whole(text: pl.Series) -> pl.Series:
    return text.str.contains(r"^[+-]?\d+$")


def _is_code(text: pl.Series) -> bool:
    if not text.str.contains(r"^0\d").any():
        return False
    widths = text.str.len_chars()
    return widths.min() == widths.max()


def _whole_numbers(text: pl.Series) -> pl.Series:
    return text.str.strip_chars().cast(pl.Int64, strict=False)


def _truths(text: pl.Series) -> pl.Series | None:
    if str(text.drop_nulls().first()).strip().lower() not in ("true", "false"):
        return None
    return _truth_values(text)


def _truth_values(text: pl.Series) -> pl.Series:
    words = text.str.strip_chars().str.to_lowercase()
    return words.replace_strict({"true": True, "false": False}, default=None, return_dtype=pl.Boolean)


def _times(text: pl.Series) -> pl.Series | None:
    """Return dates or times; None where they are none, or where only some have a zone."""
    if not text.drop_nulls().head(1).str.strip_chars().str.contains(_ISO_TIME).all():
        return None
    parts = text.str.strip_chars().str.extract_groups(_ISO_TIME).struct.unnest()
    days = parts["1"].str.to_date("%Y-%m-%d", strict=False)
    if parts["2"].null_count() == len(text):
        return days.alias(text.name)
    zoned = parts["6"].count()
    if zoned not in (0, text.count()):
        return None
    moments = (_microseconds(days, parts)).cast(pl.Datetime("us")).alias(text.name)
    return moments.dt.replace_time_zone("UTC") if zoned else moments


def _microseconds(days: pl.Series, parts: pl.DataFrame) -> pl.Series:
    hours, minutes, seconds = (parts[group].cast(pl.Int64).fill_null(0) for group in "234")
    fraction = parts["5"].str.pad_end(6, "0").str.head(6).cast(pl.Int64).fill_null(0)
    zone = parts["6"].str.replace("Z", "+00").str.replace(":", "")
    sign = pl.select(pl.when(zone.str.starts_with("-")).then(-1).otherwise(1)).to_series()
    offset_hours = zone.str.slice(1, 2).cast(pl.Int64, strict=False).fill_null(0)
    offset_minutes = zone.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    minutes = days.cast(pl.Int64) * 1440 + hours * 60 + minutes - sign * (offset_hours * 60 + offset_minutes)
    return (minutes * 60 + seconds) * 1_000_000 + fraction


def _moments(text: pl.Series) -> pl.Series:
    times = _times(text)
    return text.clear(len(text)).cast(pl.Datetime("us")) if times is None else times.cast(pl.Datetime("us"))


def _days(text: pl.Series) -> pl.Series:
    return text.str.strip_chars().str.to_date("%Y-%m-%d", strict=False)


_READERS: dict[str, tuple[Callable[[pl.Series], pl.Series], str]] = {
    "int": (_whole_numbers, "a whole number"),
    "float": (lambda text: _numbers(text)[0], "a number"),
    "bool": (_truth_values, "true or false"),
    "time": (_moments, "a time in ISO 8601"),
    "date": (_days, "a date in ISO 8601"),
}
