"""Rows kept as JSON text, as columns of the types that they had when they were answered."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

import polars as pl

__all__ = ["typed_json"]

_MOMENT = (
    r"^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2})(?:[.,](\d{1,12}))?)?(?:(Z)|([+-])(\d{2}):?(\d{2}))?)?$"
)


def typed_json(rows: pl.Series, *, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return columns of rows that are JSON objects.

    Parameters
    ----------
    rows : Series of shape (n_rows,)
        JSON text.
    columns : mapping of str to DataType
        Numbers, text, truth values, dates and times.

    Returns
    -------
    DataFrame of shape (n_rows, len(columns))
        Null where an object has no such field, or a value that is none of the type. Times with a zone are turned into
        UTC, as they were at the door.

    Examples
    --------
    >>> rows = pl.Series(['{"fare": 7, "at": "2015-01-31T18:00:00+01:00"}', '{"fare": null}'])
    >>> typed_json(rows, columns={"fare": pl.Float64(), "at": pl.Datetime("us")}).rows()
    [(7.0, datetime.datetime(2015, 1, 31, 17, 0)), (None, None)]
    """
    if not columns:
        return pl.DataFrame(height=len(rows))
    texts = rows.str.json_decode(pl.Struct([pl.Field(name, pl.String()) for name in columns])).struct.unnest()
    return pl.DataFrame({name: _typed(texts[name], dtype) for name, dtype in columns.items()})


def _typed(text: pl.Series, dtype: pl.DataType) -> pl.Series:
    if isinstance(dtype, pl.Boolean):
        return text.replace_strict({"true": True, "false": False}, default=None, return_dtype=dtype)
    if isinstance(dtype, pl.Date):
        return text.str.to_date("%Y-%m-%d", strict=False)
    if isinstance(dtype, pl.Datetime):
        return _moments(text, dtype)
    return text.cast(dtype, strict=False)


def _moments(text: pl.Series, dtype: pl.Datetime) -> pl.Series:
    """Read the usual forms of ISO 8601 all at once, and rare ones one by one, as the door does."""
    parts = text.str.extract_groups(_MOMENT).struct.unnest()
    clock = pl.col("1") + "T" + pl.col("2").fill_null("00:00") + ":" + pl.col("3").fill_null("00")
    fraction = pl.col("4").fill_null("").str.pad_end(6, "0").str.head(6).cast(pl.Int64)
    minutes = pl.col("7").cast(pl.Int64) * 60 + pl.col("8").cast(pl.Int64)
    east = pl.when(pl.col("6") == "-").then(-minutes).otherwise(minutes).fill_null(0)
    local = clock.str.to_datetime("%Y-%m-%dT%H:%M:%S", time_unit="us", strict=False)
    utc = local + pl.duration(microseconds=fraction - east * 60_000_000)
    moments = parts.select(utc.alias(text.name)).to_series()
    rare = (text.is_not_null() & moments.is_null()).arg_true()
    if len(rare):
        moments = moments.scatter(rare, pl.Series([_moment(text[row]) for row in rare], dtype=pl.Datetime("us")))
    return moments.dt.replace_time_zone(dtype.time_zone).dt.cast_time_unit(dtype.time_unit)


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
        return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        return None
