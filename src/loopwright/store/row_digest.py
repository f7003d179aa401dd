"""The digest of rows: the same rows have the same digest, in whatever files, chunks or versions they lie."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import numpy as np
import polars as pl

__all__ = ["rows_digest"]

BLOCK_ROWS = 65_536  # fixed for ever: the digest is defined over blocks of so many rows

_AS_TEXT = (pl.String, pl.Categorical, pl.Enum, pl.Decimal, pl.Int128, pl.UInt128)
_Feed = Callable[[bytes | memoryview], None]


def rows_digest(frame: pl.DataFrame) -> str:
    """Return the SHA-256 of column names, types and values in row order.

    The digest depends on the logical content only: not on chunks, files, or how Polars keeps values. All NaN
    are one value, and so are 0.0 and -0.0, as they are when frames are compared. Memory stays bounded by a
    block of 65,536 rows.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    TypeError
        If a column holds Python objects, which have no defined bytes.

    Examples
    --------
    >>> rows = pl.DataFrame({"fare": [5.0, None], "paid": ["Cash", "Card"]})
    >>> rows_digest(rows) == rows_digest(pl.concat([rows[:1], rows[1:]], rechunk=False))
    True
    >>> rows_digest(rows) == rows_digest(rows.reverse())
    False
    """
    total = hashlib.sha256()
    total.update(_text(f"{frame.height} rows, {frame.width} columns"))
    for series in frame.get_columns():
        total.update(_text(series.name) + _text(_type_name(series.dtype)) + _column_digest(series))
    return total.hexdigest()


def _column_digest(series: pl.Series) -> bytes:
    column = hashlib.sha256()
    for start in range(0, len(series), BLOCK_ROWS):
        _feed(series.slice(start, BLOCK_ROWS), column.update)
    return column.digest()


def _feed(block: pl.Series, feed: _Feed) -> None:
    """Feed which values are missing, then the values that are there."""
    if block.null_count():
        feed(b"\1" + np.packbits(block.is_null().to_numpy()).tobytes())
        block = block.drop_nulls()
    else:
        feed(b"\0")
    _feed_present(block, feed)


def _feed_present(block: pl.Series, feed: _Feed) -> None:
    dtype = block.dtype
    if isinstance(dtype, pl.Struct):
        for field in block.struct.unnest().get_columns():
            _feed(field, feed)
    elif isinstance(dtype, pl.List | pl.Array):
        _feed_lists(block if isinstance(dtype, pl.List) else block.arr.to_list(), feed)
    elif isinstance(dtype, pl.Binary):
        feed(_numbers(block.bin.size().to_numpy()))
        feed(b"".join(block.to_list()))
    elif isinstance(dtype, _AS_TEXT):
        _feed_text(block.cast(pl.String), feed)
    elif not isinstance(dtype, pl.Null):
        feed(_numbers(_physical(block)))


def _feed_lists(block: pl.Series, feed: _Feed) -> None:
    lengths = block.list.len()
    feed(_numbers(lengths.to_numpy()))
    _feed(block.filter(lengths > 0).explode(), feed)


def _feed_text(block: pl.Series, feed: _Feed) -> None:
    feed(_numbers(block.str.len_bytes().to_numpy()))
    feed(str(block.str.join("").item() or "").encode())


def _physical(block: pl.Series) -> np.ndarray:
    """Return the numbers that stand for the values; one bit pattern per value."""
    if isinstance(block.dtype, pl.Boolean):
        return block.to_numpy().astype(np.uint8)
    if block.dtype.is_float():
        values = block.to_numpy() + 0.0  # turns -0.0 into 0.0
        odd = np.isnan(values)
        return np.where(odd, np.nan, values).astype(values.dtype) if odd.any() else values
    return block.to_physical().to_numpy()


def _numbers(values: np.ndarray) -> memoryview:
    little = np.ascontiguousarray(values.astype(values.dtype.newbyteorder("<"), copy=False))
    return little.data.cast("B") if little.size else memoryview(b"")


def _text(text: str) -> bytes:
    encoded = text.encode()
    return len(encoded).to_bytes(8, "little") + encoded


def _type_name(dtype: pl.DataType) -> str:
    """Return our own name of a type: Polars may rename its types, the digest must not change."""
    if isinstance(dtype, pl.List | pl.Array):
        return f"list<{_type_name(dtype.inner)}>"  # type: ignore[arg-type]
    if isinstance(dtype, pl.Struct):
        fields = ",".join(f"{field.name!r}:{_type_name(field.dtype)}" for field in dtype.fields)  # type: ignore[arg-type]
        return f"struct<{fields}>"
    if isinstance(dtype, pl.Datetime):
        return f"time[{dtype.time_unit},{dtype.time_zone or 'local'}]"
    if isinstance(dtype, pl.Duration):
        return f"duration[{dtype.time_unit}]"
    name = _NAMES.get(type(dtype))
    if name is None:
        raise TypeError(f"a column of type {dtype} has no digest; turn it into text or numbers first")
    return name


_NAMES: dict[type[pl.DataType], str] = {
    pl.Boolean: "bool",
    pl.Int8: "int8",
    pl.Int16: "int16",
    pl.Int32: "int32",
    pl.Int64: "int64",
    pl.Int128: "int128",
    pl.UInt8: "uint8",
    pl.UInt16: "uint16",
    pl.UInt32: "uint32",
    pl.UInt64: "uint64",
    pl.UInt128: "uint128",
    pl.Float16: "float16",
    pl.Float32: "float32",
    pl.Float64: "float64",
    pl.Decimal: "decimal",
    pl.String: "string",
    pl.Categorical: "string",
    pl.Enum: "string",
    pl.Binary: "binary",
    pl.Date: "date",
    pl.Time: "time_of_day",
    pl.Null: "null",
}
