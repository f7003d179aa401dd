"""Fits any Polars frame into the column names and types that Delta Lake has, and back without loss."""

from __future__ import annotations

import base64
import io
import re
import zlib
from collections.abc import Callable, Iterable, Sequence

import polars as pl
from polars.datatypes import DataTypeClass

from loopwright.errors import StoreError

__all__ = ["packed", "schema_from_text", "schema_text", "stored_names", "unpacked"]

_WHOLE_NUMBERS = {pl.Int8, pl.Int16, pl.Int32, pl.Int64}
_KEPT = {*_WHOLE_NUMBERS, pl.Float32, pl.Float64, pl.Boolean, pl.String, pl.Binary, pl.Date, pl.Decimal}

_STAND_INS: dict[type[pl.DataType], pl.DataType] = {
    pl.UInt8: pl.Int16(),
    pl.UInt16: pl.Int32(),
    pl.UInt32: pl.Int64(),
    pl.UInt64: pl.Decimal(20, 0),
    pl.Int128: pl.String(),
    pl.UInt128: pl.String(),
    pl.Float16: pl.Float32(),
    pl.Null: pl.Boolean(),
    pl.Duration: pl.Int64(),
    pl.Time: pl.Int64(),
    pl.Categorical: pl.String(),
    pl.Enum: pl.String(),
}

# Polars types the inner type of a list as "class or instance"; that of a real frame is an instance.
AnyType = pl.DataType | DataTypeClass

# What the Delta protocol allows without column mapping, which few readers know.
_PLAIN_NAME = re.compile(r"[^\W\d][\w.-]*")


def packed(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the frame as it is stored: types that Delta lacks are cast, odd names become positions.

    Raises
    ------
    StoreError
        If it has no columns, or a column of Python objects.

    Examples
    --------
    >>> packed(pl.DataFrame({"fare, $": [1]}, schema={"fare, $": pl.UInt8})).schema
    Schema([('c0', Int16)])
    """
    if not frame.columns:
        raise StoreError("a table without columns cannot be kept. Keep at least one column.")
    for name, dtype in frame.schema.items():
        _refuse_objects(name, dtype)
    positions = [f"c{position}" for position in range(frame.width)]
    columns = zip(positions, frame.dtypes, stored_names(frame.columns), strict=True)
    return frame.rename(dict(zip(frame.columns, positions, strict=True))).select(
        _pack(pl.col(position), dtype).alias(stored) for position, dtype, stored in columns
    )


def unpacked(stored: pl.LazyFrame, *, schema: pl.Schema, columns: Sequence[str]) -> pl.LazyFrame:
    """Return columns of a stored frame with the names and types they had.

    Parameters
    ----------
    stored : polars.LazyFrame
        What ``packed`` returned.
    schema : polars.Schema
        Names and types of the frame it was given.
    columns : sequence of str
        Which columns, in this order; all are in the schema.
    """
    stored_as = dict(zip(schema, stored_names(schema), strict=True))
    return stored.select(_unpack(pl.col(stored_as[name]), schema[name]).alias(name) for name in columns)


def stored_names(names: Iterable[str]) -> list[str]:
    """Return the names that columns are stored under: their own if Delta allows all of them, else positions.

    Examples
    --------
    >>> stored_names(["fare", "tip"]), stored_names(["fare", "Fare"])
    (['fare', 'tip'], ['c0', 'c1'])
    """
    names = list(names)
    differ = len({name.casefold() for name in names}) == len(names)
    if differ and all(map(_PLAIN_NAME.fullmatch, names)):
        return names
    return [f"c{position}" for position in range(len(names))]


def schema_text(schema: pl.Schema) -> str:
    """Return names and types as text that ``schema_from_text`` reads."""
    buffer = io.BytesIO()
    pl.DataFrame(schema=schema).write_ipc(buffer)
    return base64.b64encode(zlib.compress(buffer.getvalue())).decode("ascii")


def schema_from_text(text: str) -> pl.Schema:
    """Return the names and types that ``schema_text`` wrote.

    Examples
    --------
    >>> schema_from_text(schema_text(pl.Schema({"": pl.Duration("ms")})))
    Schema([('', Duration(time_unit='ms'))])
    """
    return pl.read_ipc(io.BytesIO(zlib.decompress(base64.b64decode(text)))).schema


def _stored_type(dtype: AnyType) -> pl.DataType:
    if isinstance(dtype, pl.Struct):
        fields = zip(_field_names(dtype), dtype.fields, strict=True)
        return pl.Struct([pl.Field(name, _stored_type(field.dtype)) for name, field in fields])
    if isinstance(dtype, pl.List | pl.Array):
        return pl.List(_stored_type(dtype.inner))
    if isinstance(dtype, pl.Datetime):
        return _stored_moment(dtype)
    assert isinstance(dtype, pl.DataType)  # noqa: S101 - the types of a frame are instances, inner ones too
    return dtype if type(dtype) in _KEPT else _STAND_INS[type(dtype)]


def _stored_moment(dtype: pl.Datetime) -> pl.DataType:
    """Delta knows microseconds, without a zone or in UTC; other units are kept as counts, without loss."""
    if dtype.time_unit != "us":
        return pl.Int64()
    return pl.Datetime("us", "UTC" if dtype.time_zone else None)


def _pack(column: pl.Expr, dtype: AnyType) -> pl.Expr:
    stored = _stored_type(dtype)
    if stored == dtype:
        return column
    if isinstance(dtype, pl.Struct):
        return _each_field(column, dtype, _field_names(dtype), _pack)
    if isinstance(dtype, pl.Array):
        return _pack(column.arr.to_list(), pl.List(dtype.inner))
    if isinstance(dtype, pl.List):
        return column.list.eval(_pack(pl.element(), dtype.inner))
    return column.cast(stored)


def _unpack(column: pl.Expr, dtype: AnyType) -> pl.Expr:
    if _stored_type(dtype) == dtype:
        return column
    if isinstance(dtype, pl.Struct):
        return _each_field(column, dtype, [field.name for field in dtype.fields], _unpack)
    if isinstance(dtype, pl.Array):
        return _unpack(column, pl.List(dtype.inner)).list.to_array(dtype.size)
    if isinstance(dtype, pl.List):
        return column.list.eval(_unpack(pl.element(), dtype.inner))
    return column.cast(dtype)


def _each_field(
    column: pl.Expr, dtype: pl.Struct, names: Sequence[str], change: Callable[[pl.Expr, AnyType], pl.Expr]
) -> pl.Expr:
    """Change every field of a struct; a missing struct stays missing, not a struct of missing fields."""
    fields = [
        change(column.struct[position], field.dtype).alias(name)
        for position, (name, field) in enumerate(zip(names, dtype.fields, strict=True))
    ]
    return pl.when(column.is_not_null()).then(pl.struct(fields))


def _field_names(dtype: pl.Struct) -> list[str]:
    return stored_names(field.name for field in dtype.fields)


def _refuse_objects(name: str, dtype: AnyType) -> None:
    """Refuse what no file holds, however deep it lies."""
    if isinstance(dtype, pl.Struct) and dtype.fields:
        for field in dtype.fields:
            _refuse_objects(name, field.dtype)
    elif isinstance(dtype, pl.List | pl.Array):
        _refuse_objects(name, dtype.inner)
    elif type(dtype) not in _KEPT and type(dtype) not in _STAND_INS and not isinstance(dtype, pl.Datetime):
        raise StoreError(
            f"the column {name!r} holds values of type {dtype}, which a table cannot keep. Turn them into "
            f"numbers, text, dates or lists and structs of these, or drop the column."
        )
