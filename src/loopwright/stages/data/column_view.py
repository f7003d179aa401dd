"""What people see of a partial: the statistics of a column."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from loopwright.records.statistics import Bucket, ColumnStatistics, ValueCount
from loopwright.stages.data.distribution import Distribution
from loopwright.stages.data.partial_stats import Lengths, PartialStats
from loopwright.stages.data.vocabulary import Vocabulary

__all__ = ["view"]

BUCKETS = 10
TOP_VALUES = 20
MOST_VALUES = 100  # of a text column, listed one by one
_SECONDS = {"time": 1e-6, "date": 86_400.0}


def view(item: PartialStats) -> ColumnStatistics:
    """Return the statistics of a column.

    Quantiles are the inverse of the distribution function, except that the median of an even number of values
    is the middle between the two in the middle.

    Parameters
    ----------
    item : PartialStats

    Examples
    --------
    >>> import polars as pl
    >>> from loopwright.stages.data.partials import partial
    >>> seen = view(partial(pl.DataFrame({"fare": [1.0, 2.0, 4.0, 5.0]}))["fare"])
    >>> seen.mean, seen.std, seen.median, seen.unique
    (3.0, 1.5811388300841898, 3.0, 4)
    """
    seen = ColumnStatistics(
        name=item.name,
        type=item.type,
        rows=item.rows,
        missing=item.missing,
        nan=item.nan,
        infinite=item.low_infinite + item.high_infinite,
        zeros=item.zeros,
        mean=item.moments.mean if item.moments else None,
        std=item.moments.std if item.moments else None,
    )
    if item.distribution:
        seen = _with_distribution(seen, item.distribution)
    if item.vocabulary:
        seen = _with_vocabulary(seen, item.vocabulary)
    if item.lengths and item.lengths.least is not None:
        seen = _with_lengths(seen, item.lengths)
    return seen


def _with_lengths(seen: ColumnStatistics, lengths: Lengths) -> ColumnStatistics:
    return replace(
        seen,
        min_length=lengths.least,
        mean_length=lengths.total / seen.present,
        max_length=lengths.most,
    )


def _with_vocabulary(seen: ColumnStatistics, vocabulary: Vocabulary) -> ColumnStatistics:
    few = vocabulary.is_exact and len(vocabulary.counts) <= MOST_VALUES
    return replace(
        seen,
        unique=vocabulary.unique,
        unique_error=vocabulary.unique_error,
        top_values=tuple(ValueCount(text, rows) for text, rows in vocabulary.top(TOP_VALUES)),
        count_error=vocabulary.error,
        values=tuple(sorted(vocabulary.counts)) if few else (),
    )


def _with_distribution(seen: ColumnStatistics, numbers: Distribution) -> ColumnStatistics:
    if numbers.low is None or numbers.high is None:
        return replace(seen, unique=0)
    return replace(
        seen,
        min=_shown(numbers.low, numbers, seen.type),
        median=_median(numbers, seen.type),
        max=_shown(numbers.high, numbers, seen.type),
        quantile_histogram=_quantile_histogram(numbers),
        standard_histogram=_standard_histogram(numbers),
        unique=numbers.unique,
        unique_error=numbers.unique_error,
        value_error=numbers.value_error,
        top_values=_top_values(numbers, seen.type),
    )


def _shown(key: int, numbers: Distribution, kind: str) -> int | float | str:
    if kind == "date":
        return str(np.datetime64(key, "D"))
    if kind == "time":
        return str(np.datetime64(key, "us") if key % 1_000_000 else np.datetime64(key // 1_000_000, "s"))
    if numbers.scale == "int":
        return key
    return float(numbers.values(np.array([key]))[0]) * _SECONDS.get(numbers.scale, 1.0)


def _median(numbers: Distribution, kind: str) -> int | float | str:
    if not numbers.is_exact:
        middle = float(_quantiles(numbers, shares=2)[1])
        return _shown(round(middle), numbers, kind) if numbers.scale in ("time", "date") else middle
    rows = numbers.rows
    upto = np.cumsum(numbers.counts)
    left, right = (
        int(numbers.keys[np.searchsorted(upto, rank)]) for rank in ((rows + 1) // 2, rows // 2 + 1)
    )
    if left == right:
        return _shown(left, numbers, kind)
    if numbers.scale == "int":
        return (left + right) / 2
    if numbers.scale == "float":
        low, high = numbers.values(np.array([left, right]))
        return float(low / 2 + high / 2)
    return _shown((left + right) // 2, numbers, kind)


def _quantiles(numbers: Distribution, *, shares: int) -> NDArray[np.float64]:
    """Return the values below which 0, 1, ... of so many equal shares of the rows lie."""
    rows = numbers.rows
    ranks = np.array([max(1, -(-share * rows // shares)) for share in range(shares + 1)])
    upto = np.cumsum(numbers.counts)
    at = np.searchsorted(upto, ranks)
    starts, stops = numbers.edges()
    inside = (ranks - (upto - numbers.counts)[at]) / numbers.counts[at]
    found: NDArray[np.float64] = starts[at] + inside * (stops[at] - starts[at])
    if numbers.low is not None and not numbers.is_exact:
        found[0] = numbers.values(np.array([numbers.low]))[0]
    return found


def _quantile_histogram(numbers: Distribution) -> tuple[Bucket, ...]:
    borders = _quantiles(numbers, shares=BUCKETS) * _SECONDS.get(numbers.scale, 1.0)
    rows = numbers.rows / BUCKETS
    return tuple(Bucket(float(low), float(high), rows) for low, high in pairwise(borders))


def _standard_histogram(numbers: Distribution) -> tuple[Bucket, ...]:
    starts, stops = numbers.edges()
    low, high = float(starts[0]), float(stops[-1])
    unit = _SECONDS.get(numbers.scale, 1.0)
    if low == high:
        return (Bucket(low * unit, high * unit, float(numbers.rows)),)
    shares = np.arange(BUCKETS + 1) / BUCKETS
    borders = low * (1 - shares) + high * shares  # not low + share * (high - low), which may overflow
    below = np.concatenate(([0.0], _rows_below(numbers, borders[1:-1]), [float(numbers.rows)]))
    return tuple(
        Bucket(float(start) * unit, float(stop) * unit, float(rows))
        for start, stop, rows in zip(borders[:-1], borders[1:], np.diff(below), strict=True)
    )


def _rows_below(numbers: Distribution, borders: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how many values are less than each border; within a bin rows are taken as evenly spread."""
    upto = np.concatenate(([0], np.cumsum(numbers.counts))).astype(np.float64)
    starts, stops = numbers.edges()
    if numbers.is_exact:
        return upto[np.searchsorted(starts, borders, side="left")]
    places = np.column_stack((starts, stops)).ravel()
    return np.interp(borders, places, np.column_stack((upto[:-1], upto[1:])).ravel())


def _top_values(numbers: Distribution, kind: str) -> tuple[ValueCount, ...]:
    """Return the most frequent whole numbers or truth values; nothing where none comes twice."""
    if numbers.scale != "int" or not numbers.is_exact or numbers.counts.max() < 2:
        return ()
    order = np.lexsort((numbers.keys, numbers.counts))[::-1][:TOP_VALUES]
    return tuple(
        ValueCount(str(bool(key)).lower() if kind == "bool" else str(key), int(rows))
        for key, rows in zip(numbers.keys[order], numbers.counts[order], strict=True)
    )
