"""The words for what a column holds, and the few Polars types that stand for them in this room."""

from __future__ import annotations

import polars as pl

__all__ = ["normalized", "type_name"]

_WORDS: dict[type[pl.DataType], str] = {
    pl.Boolean: "bool",
    pl.Date: "date",
    pl.Datetime: "time",
    pl.Duration: "duration",
    pl.Binary: "binary",
    pl.List: "list",
    pl.Array: "list",
    pl.Struct: "struct",
}


def type_name(dtype: pl.DataType) -> str:
    """Return the word for a Polars type.

    A column in which nothing was ever seen has no type of its own and counts as ``"string"``.

    Examples
    --------
    >>> type_name(pl.Int16()), type_name(pl.Datetime("us")), type_name(pl.Null())
    ('int', 'time', 'string')
    """
    if dtype.is_integer():
        return "int"
    if dtype.is_numeric():
        return "float"
    return _WORDS.get(type(dtype), "string")


def normalized(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame with one Polars type per word, and structs flattened by one level.

    Integers become 64-bit (text where a value does not fit), other numbers 64-bit floats, times microseconds
    (in UTC where they had a zone), categories and columns without any type text. A field ``zip`` of a struct
    ``address`` becomes the column ``address.zip``; structs within it become JSON text.

    Examples
    --------
    >>> normalized(pl.DataFrame({"a": [{"b": 1, "c": None}]})).schema
    Schema([('a.b', Int64), ('a.c', String)])
    """
    frame = _flattened(frame)
    plain = (pl.Int64, pl.Float64, pl.String, pl.Boolean, pl.Date, pl.Binary)
    return frame.with_columns(
        _as_normal(series) for series in frame.get_columns() if series.dtype not in plain
    )


def _flattened(frame: pl.DataFrame) -> pl.DataFrame:
    columns: list[pl.Series] = []
    for series in frame.get_columns():
        if isinstance(series.dtype, pl.Struct):
            fields = series.struct.unnest().get_columns()
            columns += [field.alias(f"{series.name}.{field.name}") for field in fields]
        else:
            columns.append(series)
    return pl.DataFrame(columns)


def _as_normal(series: pl.Series) -> pl.Series:
    dtype = series.dtype
    if dtype.is_integer():
        narrow = series.cast(pl.Int64, strict=False)
        return narrow if narrow.null_count() == series.null_count() else series.cast(pl.String)
    if dtype.is_numeric():
        return series.cast(pl.Float64)
    if isinstance(dtype, pl.Datetime):
        utc = series if dtype.time_zone is None else series.dt.convert_time_zone("UTC")
        return utc.dt.cast_time_unit("us")
    if isinstance(dtype, pl.Struct):
        return series.struct.json_encode()
    if isinstance(dtype, pl.Array):
        return series.arr.to_list()
    return series.cast(pl.String) if type_name(dtype) == "string" else series
