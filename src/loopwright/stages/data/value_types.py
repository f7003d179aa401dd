"""Makes columns out of Python values, as JSON and databases give them."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Mapping, Sequence

import msgspec
import polars as pl

from loopwright.stages.data.text_types import Misfits, Typed, typed_text

__all__ = ["Value", "flattened", "typed_values"]

Value = object
_WHOLE = range(-(2**63), 2**63)
_PLAIN: dict[type, type[pl.DataType]] = {bool: pl.Boolean, bytes: pl.Binary, datetime.date: pl.Date}
_NUMBERS = {int, float, decimal.Decimal}


def flattened(objects: Sequence[Mapping[str, Value]]) -> dict[str, list[Value]]:
    """Return the fields of objects as columns, in the order in which they are first seen.

    An object inside an object is flattened by one level: its field ``zip`` under ``address`` becomes the
    column ``address.zip``. A field that an object lacks is missing there.

    Examples
    --------
    >>> flattened([{"a": 1}, {"a": 2, "b": {"c": 3, "d": [4]}}])
    {'a': [1, 2], 'b.c': [None, 3], 'b.d': [None, [4]]}
    """
    columns: dict[str, list[Value]] = {}
    for name in dict.fromkeys(name for item in objects for name in item):
        values = [item.get(name) for item in objects]
        inner = [value for value in values if isinstance(value, dict)]
        if inner:
            for field in dict.fromkeys(field for value in inner for field in value):
                columns[f"{name}.{field}"] = [
                    value.get(field) if isinstance(value, dict) else None for value in values
                ]
            values = [None if isinstance(value, dict) else value for value in values]
        if not inner or any(value is not None for value in values):
            columns[name] = values
    return columns


def typed_values(columns: Mapping[str, Sequence[Value]], *, types: Mapping[str, str] | None = None) -> Typed:
    """Return columns of Python values as the types that they hold.

    Numbers, truth values, times and bytes are what they are; lists and objects become JSON text; text that
    holds times in ISO 8601 becomes times, and other text stays text, digits or not. A column of several kinds
    is read as text is: if 95 % of it are numbers the rest are misfits.

    Parameters
    ----------
    columns : mapping of str to sequence of shape (n_rows,)
    types : mapping of str to str, optional
        As for ``typed_text``.

    Returns
    -------
    Typed

    Examples
    --------
    >>> typed_values({"id": ["7", "8"], "fare": [5, 6.5], "stops": [[1, 2], None]}).frame.rows()
    [('7', 5.0, '[1,2]'), ('8', 6.5, None)]
    """
    types = types or {}
    misfits: Misfits = {}
    typed = [_column(name, values, types, misfits) for name, values in columns.items()]
    return Typed(pl.DataFrame(typed), misfits)


def _column(name: str, values: Sequence[Value], types: Mapping[str, str], misfits: Misfits) -> pl.Series:
    kinds = set(map(type, values)) - {type(None)}
    if name in types:
        return _from_text(name, values, misfits, types={name: types[name]})
    if kinds == {str}:
        times = _from_text(name, values, {}, types=None)
        return times if times.dtype.is_temporal() else _from_text(name, values, {}, types={name: "string"})
    if kinds and kinds <= _NUMBERS:
        return _numbers(name, values, kinds)
    if kinds == {datetime.datetime}:
        return _moments(name, values)
    if len(kinds) == 1 and kinds <= _PLAIN.keys():
        return pl.Series(name, values, dtype=_PLAIN[kinds.pop()])
    return _from_text(name, values, misfits, types=None)


def _numbers(name: str, values: Sequence[Value], kinds: set[type]) -> pl.Series:
    if kinds != {int}:
        return pl.Series(name, [None if value is None else float(value) for value in values])  # type: ignore[arg-type]
    if all(value is None or value in _WHOLE for value in values):
        return pl.Series(name, values, dtype=pl.Int64)
    return pl.Series(name, [None if value is None else str(value) for value in values])


def _moments(name: str, values: Sequence[Value]) -> pl.Series:
    moments = [value for value in values if isinstance(value, datetime.datetime)]
    zoned = sum(moment.tzinfo is not None for moment in moments)
    if zoned == len(moments):
        utc = [
            value.astimezone(datetime.UTC) if isinstance(value, datetime.datetime) else None
            for value in values
        ]
        return pl.Series(name, utc, dtype=pl.Datetime("us", "UTC"))
    if zoned:
        return _from_text(name, values, {}, types={name: "string"})
    return pl.Series(name, values, dtype=pl.Datetime("us"))


def _from_text(
    name: str, values: Sequence[Value], misfits: Misfits, *, types: Mapping[str, str] | None
) -> pl.Series:
    texts = pl.DataFrame({name: [_as_text(value) for value in values]}, schema={name: pl.String})
    typed = typed_text(texts, types=types)
    for row, complaints in typed.misfits.items():
        misfits.setdefault(row, []).extend(complaints)
    return typed.frame.to_series()


def _as_text(value: Value) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, bool | int | list | dict):
        return msgspec.json.encode(value).decode()
    return str(value)
