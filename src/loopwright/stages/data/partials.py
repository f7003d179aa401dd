"""Statistics that add up: one bounded partial per column, made from any rows, merged in any order.

The partial of a whole is the merged partials of its parts, however it was divided: by chunks, days, hosts or
Ray partitions. What people see (``ColumnStatistics``, and TFDV's statistics) is a view of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import polars as pl

from loopwright.records.statistics import PartStatistics
from loopwright.stages.data.column_types import type_name
from loopwright.stages.data.column_view import view
from loopwright.stages.data.distribution import distribution_of, float_keys
from loopwright.stages.data.moments import real_moments, whole_moments
from loopwright.stages.data.partial_file import dump, load
from loopwright.stages.data.partial_stats import Lengths, PartialStats
from loopwright.stages.data.vocabulary import vocabulary_of

__all__ = ["PartialStats", "dump", "load", "merge", "partial", "summarize", "view"]


def partial(frame: pl.DataFrame) -> dict[str, PartialStats]:
    """Return the partial of every column.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)

    Examples
    --------
    >>> rows = pl.DataFrame({"fare": [5, None, 0]})
    >>> whole = partial(rows)["fare"]
    >>> whole.rows, whole.missing, whole.zeros, whole.moments.mean
    (3, 1, 1, 2.5)
    """
    return {series.name: _column(series) for series in frame.get_columns()}


def merge(left: Mapping[str, PartialStats], right: Mapping[str, PartialStats]) -> dict[str, PartialStats]:
    """Return the partials over the rows of both sides.

    A column that one side lacks is taken from the other as it is: its rows say how many rows had it.

    Examples
    --------
    >>> rows = pl.DataFrame({"fare": [5, 7, 9]})
    >>> merge(partial(rows[:1]), partial(rows[1:]))["fare"].moments == partial(rows)["fare"].moments
    True
    """
    merged = dict(left)
    for name, item in right.items():
        merged[name] = merged[name].merged(item) if name in merged else item
    return merged


def summarize(frame: pl.DataFrame, *, part: str = "all") -> PartStatistics:
    """Return the statistics of every column of a frame.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
    part : str, default="all"
        What to call the rows.

    Examples
    --------
    >>> summarize(pl.DataFrame({"paid": ["Cash", "Card", "Cash"]})).columns[0].top_values
    (ValueCount(value='Cash', rows=2), ValueCount(value='Card', rows=1))
    """
    return PartStatistics(part=part, rows=frame.height, columns=tuple(map(view, partial(frame).values())))


def _column(series: pl.Series) -> PartialStats:
    kind = type_name(series.dtype)
    present = series.drop_nulls() if series.null_count() else series
    if kind == "float":
        return _real_column(series, present.cast(pl.Float64))
    if kind in ("int", "bool"):
        return _whole_column(series, present.cast(pl.Int64), kind)
    if kind in ("time", "date", "duration"):
        return _time_column(series, present, kind)
    if kind == "string":
        return _text_column(series, present.cast(pl.String))
    return PartialStats(
        name=series.name, type=kind, rows=len(series), missing=series.null_count(), lengths=_lengths(present)
    )


def _real_column(series: pl.Series, present: pl.Series) -> PartialStats:
    values = present.to_numpy()
    finite = values[np.isfinite(values)]
    return PartialStats(
        name=series.name,
        type="float",
        rows=len(series),
        missing=series.null_count(),
        nan=int(np.isnan(values).sum()),
        low_infinite=int((values == -np.inf).sum()),
        high_infinite=int((values == np.inf).sum()),
        zeros=int((finite == 0).sum()),
        moments=real_moments(finite),
        distribution=distribution_of(float_keys(finite), scale="float"),
    )


def _whole_column(series: pl.Series, present: pl.Series, kind: str) -> PartialStats:
    values = present.to_numpy()
    return PartialStats(
        name=series.name,
        type=kind,
        rows=len(series),
        missing=series.null_count(),
        zeros=int((values == 0).sum()),
        moments=whole_moments(values),
        distribution=distribution_of(values, scale="int"),
    )


def _time_column(series: pl.Series, present: pl.Series, kind: str) -> PartialStats:
    unit = present if kind == "date" else present.dt.cast_time_unit("us")
    keys = unit.to_physical().cast(pl.Int64).to_numpy()
    return PartialStats(
        name=series.name,
        type=kind,
        rows=len(series),
        missing=series.null_count(),
        distribution=distribution_of(keys, scale="date" if kind == "date" else "time"),
    )


def _text_column(series: pl.Series, present: pl.Series) -> PartialStats:
    return PartialStats(
        name=series.name,
        type="string",
        rows=len(series),
        missing=series.null_count(),
        vocabulary=vocabulary_of(present),
        lengths=_lengths(present),
    )


def _lengths(present: pl.Series) -> Lengths:
    dtype = present.dtype
    if isinstance(dtype, pl.String):
        lengths = present.str.len_chars()
    elif isinstance(dtype, pl.Binary):
        lengths = present.bin.size()
    elif isinstance(dtype, pl.List):
        lengths = present.list.len()
    else:
        return Lengths()
    numbers = lengths.to_numpy().astype(np.int64)
    return Lengths(int(numbers.min()), int(numbers.max()), int(numbers.sum())) if len(numbers) else Lengths()
