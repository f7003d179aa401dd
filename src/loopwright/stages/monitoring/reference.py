"""What live traffic is compared with: histograms of the reference rows, and how much its own windows differ."""

from __future__ import annotations

import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import EmptySample, UnknownColumn
from loopwright.stages.data.clock import clock_of
from loopwright.stages.monitoring.spans import ORIGIN
from loopwright.stages.monitoring.unrest import Unrest, unrest

__all__ = [
    "MISSING", "NEW", "OTHER", "QUANTILES", "ColumnProfile", "Counted", "Profile", "Skipped", "counted",
    "own_windows", "prediction_profile", "profile", "quantiles_of",
]

MISSING, NEW, OTHER = "(missing)", "(new)", "(other)"
QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_BINS = 10
_ROWS_PER_BIN = 50                 # with fewer rows there are fewer bins
_TIE_SHARE = 0.05                  # a number that makes up so much has a bin of its own
_MOST_VALUES = 30
_LEAST_VALUE_ROWS, _LEAST_VALUE_SHARE = 5, 0.002
_MOST_KNOWN = 2_000                # beyond so many values nobody can be told from a new one
_DISTINCT_SHARE = 0.5              # texts of which more are distinct name rows or are free text
_FEWEST_DISTINCT = 20
_HOUR = 3.6e9                      # microseconds
_ORIGIN_HOURS = (ORIGIN - datetime(1970, 1, 1)).total_seconds() / 3600
_CHUNKS = 20                       # windows of a reference that has neither time nor a number of rows for them


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """One column of the reference.

    Attributes
    ----------
    column : str
    kind : {"numeric", "categorical"}
    rows : int
    labels : tuple of str, of length n_bins
        As in a histogram: ranges or values, then ``"(other)"`` (categories only), ``"(missing)"``, and ``"(new)"``
        (categories only).
    counts : tuple of int, of length n_bins
        A row is new if no other window of the reference has its value, since that is what a new window sees.
    cuts : tuple of float
        Of a number: bin i holds what is above cut i - 1, up to and with cut i.
    known : tuple of str
        Of a category: all values of the reference, most frequent first, those with a bin of their own in front.
    is_open : bool
        There are so many values that new ones cannot be told; they are ``"(other)"``.
    missing : float
    quantiles : tuple of float
        The 5, 25, 50, 75 and 95 % points of a number.
    accepted : float
        Squared effect that is no alarm: the project file's or ``natural``, whichever is larger.
    natural : float
        Squared effect by which windows of the reference itself may differ from it.
    overdispersion : float
        How many times as much windows that lie side by side differ as independent rows would.
    window_rows : float
        Rows of a window of the reference, for which ``overdispersion`` holds.
    windows : int
        How many windows that was seen from.
    effect : float
        The project file's.
    rare_share : float
        Share of a window's rows that may lie in bins with at most 1 % of the reference.
    notes : tuple of str
        What a reader must know of it.
    """

    column: str
    kind: Literal["numeric", "categorical"]
    rows: int
    labels: tuple[str, ...]
    counts: tuple[int, ...]
    cuts: tuple[float, ...]
    known: tuple[str, ...]
    is_open: bool
    missing: float
    quantiles: tuple[float, ...]
    accepted: float
    natural: float
    overdispersion: float
    window_rows: float
    windows: int
    effect: float
    rare_share: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A column that is not watched, and why."""

    column: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What the columns of live traffic are compared with.

    Attributes
    ----------
    rows : int
    at : str or None
        Column of the moments that windows were cut by; None if they were cut by rows.
    window_hours : float
    window_rows : int or None
    effect : float
        The project file's.
    columns : tuple of ColumnProfile
    skipped : tuple of Skipped
    """

    rows: int
    at: str | None
    window_hours: float
    window_rows: int | None
    effect: float
    columns: tuple[ColumnProfile, ...]
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """Rows of one column counted over the bins of its profile.

    Attributes
    ----------
    counts : int64 array of shape (n_bins,)
    missing : int
    values : dict of str to int
        Rows of each value of a category; empty for a number.
    numbers : float64 array of shape (n_present,)
        Finite numbers; empty for a category.
    """

    counts: Ints
    missing: int
    values: dict[str, int]
    numbers: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Windows:
    """How the rows of the reference are cut: the number of the window of each row, -1 for none."""

    number: Ints
    hours: float | None


def profile(
    rows: pl.DataFrame, *, columns: Sequence[str], at: str | None, window_hours: float, window_rows: int | None,
    effect: float,
) -> Profile:
    """Describe the reference, column by column, and how much windows of it differ from the whole.

    Windows of the reference differ by weekday, month and year, and rows of one day are alike. What they differ by
    is accepted of live windows too: seasons that the reference shows are no alarm.

    Parameters
    ----------
    rows : DataFrame of n_rows
        The reference: rows that the model was trained or judged on.
    columns : sequence of str
        To be watched.
    at : str or None
        Column of moments, or of numbers since 1970. Without one, windows are cut by rows in their order.
    window_hours : float
        Length of a live window.
    window_rows : int or None
        Rows that a live window may be expected to have; used where there is no time of day.
    effect : float
        Squared effect that is always accepted.

    Returns
    -------
    Profile

    Raises
    ------
    EmptySample
        If there are no rows.
    UnknownColumn
        If the rows do not have a column.
    DataError
        If ``at`` holds no times.

    Examples
    --------
    >>> rows = pl.DataFrame({"fare": [5.0, 6.5, 8.0, 12.5] * 100, "paid": ["Cash", "Card"] * 200})
    >>> found = profile(
    ...     rows, columns=["fare", "paid"], at=None, window_hours=24.0, window_rows=100, effect=0.02
    ... )
    >>> found.columns[1].labels, found.columns[1].counts
    (('Card', 'Cash', '(other)', '(missing)', '(new)'), (200, 200, 0, 0, 0))
    """
    if rows.height == 0:
        raise EmptySample("the reference of monitoring holds no rows. Give the rows that the model was judged on.")
    for name in (*columns, *([at] if at else [])):
        if name not in rows.columns:
            raise UnknownColumn(name, known=rows.columns, where="the reference of monitoring")
    cut = _windows(rows, at=at, hours=window_hours, window_rows=window_rows)
    found = [_column(rows[name], cut, effect=effect) for name in columns]
    return Profile(
        rows=rows.height, at=at, window_hours=window_hours, window_rows=window_rows, effect=effect,
        columns=tuple(item for item in found if isinstance(item, ColumnProfile)),
        skipped=tuple(item for item in found if isinstance(item, Skipped)),
    )


def prediction_profile(
    said: pl.Series, *, at: pl.Series | None, window_hours: float, window_rows: int | None, effect: float
) -> ColumnProfile:
    """Describe what the model said on the reference.

    Parameters
    ----------
    said : Series of n_rows
        Scores (binary, regression), or names of classes (multiclass).
    at : Series of n_rows, or None
        Moments of the rows.
    window_hours, window_rows, effect
        As for ``profile``.

    Returns
    -------
    ColumnProfile
        Of the column ``"prediction"``.

    Raises
    ------
    EmptySample
        If there are no rows.

    Examples
    --------
    >>> said = pl.Series([0.1, 0.2, 0.7, 0.9] * 50)
    >>> prediction_profile(said, at=None, window_hours=24.0, window_rows=50, effect=0.02).column
    'prediction'
    """
    if said.len() == 0:
        raise EmptySample("the model said nothing on the reference. Give the scores of the part it was judged on.")
    moments = [] if at is None else [at.alias("at")]
    rows = pl.DataFrame([said.alias("prediction"), *moments])
    cut = _windows(rows, at=None if at is None else "at", hours=window_hours, window_rows=window_rows)
    return _described(rows["prediction"], cut, effect=effect)


def counted(values: pl.Series, *, of: ColumnProfile) -> Counted:
    """Count the rows of a column over the bins of its profile.

    Parameters
    ----------
    values : Series of n_rows
        Of any type; of a number, what is none counts as missing.
    of : ColumnProfile

    Examples
    --------
    >>> fares = pl.DataFrame({"fare": [1.0, 2.0, 3.0, 4.0] * 25})
    >>> found = profile(
    ...     fares, columns=["fare"], at=None, window_hours=24.0, window_rows=None, effect=0.02
    ... ).columns[0]
    >>> counted(pl.Series([99.0, None, 2.0]), of=found).missing
    1
    """
    if of.kind == "numeric":
        numbers = _numbers(values)
        present = numbers[~np.isnan(numbers)]
        codes = np.searchsorted(np.array(of.cuts), present, side="left")
        bins = np.bincount(codes, minlength=len(of.cuts) + 1)
        missing = values.len() - present.size
        return Counted(
            counts=np.append(bins, missing).astype(np.int64), missing=missing, values={},
            numbers=present[np.isfinite(present)],
        )
    found = _value_counts(values)
    missing = values.null_count()
    return Counted(
        counts=_over(found, missing, of=of), missing=missing, values=found, numbers=np.empty(0),
    )


def own_windows(found: Profile, rows: pl.DataFrame) -> Iterator[pl.DataFrame]:
    """Yield the rows of each window that a profile was made from, or would be made from other rows, in order."""
    cut = _windows(rows, at=found.at, hours=found.window_hours, window_rows=found.window_rows)
    order = np.argsort(cut.number, kind="stable")
    numbers = cut.number[order]
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    for start, end in pairwise([*starts.tolist(), rows.height]):
        yield rows[order[start:end]]


# -- windows of the reference ------------------------------------------------------------------------------


def _windows(rows: pl.DataFrame, *, at: str | None, hours: float, window_rows: int | None) -> _Windows:
    length = window_rows or max(1, rows.height // _CHUNKS)
    if at is None:
        return _Windows(number=np.arange(rows.height) // length, hours=None)
    clock, numbers = clock_of(rows[at])
    moments = numbers.cast(pl.Float64).to_numpy()
    if clock.microseconds is None:
        # Years or steps: they order the rows, but say nothing of hours.
        return _Windows(number=_by_order(moments, length=length), hours=None)
    return _Windows(number=_by_time(moments * (clock.microseconds / _HOUR), hours=hours), hours=hours)


def _by_order(positions: Floats, *, length: int) -> Ints:
    known = np.flatnonzero(np.isfinite(positions))
    number = np.full(positions.size, -1, dtype=np.int64)
    number[known[np.argsort(positions[known], kind="stable")]] = np.arange(known.size) // length
    return number


def _by_time(hours_since: Floats, *, hours: float) -> Ints:
    """Return the window of each row, -1 where the moment is missing."""
    since = hours_since - _ORIGIN_HOURS
    number = np.full(since.size, -1, dtype=np.int64)
    known = np.isfinite(since)
    if known.any():
        number[known] = np.floor(since[known] / hours).astype(np.int64)
        week = _weekly(hours)
        number[known] -= number[known].min() // week * week
    return number


def _weekly(hours: float) -> int:
    """Return the windows of a week, so that numbers keep their weekday when counted from a later one."""
    return max(1, round(168 / hours))


# -- one column --------------------------------------------------------------------------------------------


def _reason(values: pl.Series) -> str | None:
    """Return why a column is not watched, if it is not."""
    if values.dtype.is_temporal():
        return "moments move on by themselves"
    if values.dtype.is_nested() or values.dtype in (pl.Binary, pl.Object):
        return f"values of type {values.dtype} have no histogram"
    present = values.drop_nulls()
    distinct = present.n_unique() if present.len() > _FEWEST_DISTINCT else 0
    if values.dtype.is_integer() and distinct == present.len() > 0 and _is_counter(present):
        return "it counts or names the rows"
    if not values.dtype.is_numeric() and distinct > max(_FEWEST_DISTINCT, _DISTINCT_SHARE * present.len()):
        return f"{distinct:,} of {present.len():,} values are distinct: it names the rows or is free text"
    return None


def _is_counter(present: pl.Series) -> bool:
    numbers = present.to_numpy().astype(np.float64)
    is_dense = numbers.max() - numbers.min() < 2 * numbers.size
    return bool(is_dense or np.all(np.diff(numbers) > 0))


def _column(values: pl.Series, cut: _Windows, *, effect: float) -> ColumnProfile | Skipped:
    reason = _reason(values)
    if reason is not None:
        return Skipped(column=values.name, reason=reason)
    return _described(values, cut, effect=effect)


def _described(values: pl.Series, cut: _Windows, *, effect: float) -> ColumnProfile:
    describe = _numeric if values.dtype.is_numeric() else _categorical
    return describe(values, cut, effect=effect)


def _numeric(values: pl.Series, cut: _Windows, *, effect: float) -> ColumnProfile:
    numbers = _numbers(values)
    finite = numbers[np.isfinite(numbers)]
    cuts, labels = _binned(finite)
    codes = np.where(np.isnan(numbers), len(cuts) + 1, np.searchsorted(np.array(cuts), numbers, side="left"))
    found = _unrest(codes, cut, bins=len(labels) + 1, rows=values.len())
    return ColumnProfile(
        column=values.name, kind="numeric", rows=values.len(), labels=(*labels, MISSING),
        counts=tuple(np.bincount(codes, minlength=len(labels) + 1).tolist()), cuts=tuple(cuts), known=(),
        is_open=False, missing=float(np.isnan(numbers).mean()), quantiles=quantiles_of(finite),
        accepted=max(effect, found.natural), natural=found.natural, overdispersion=found.overdispersion,
        window_rows=found.window_rows, windows=found.windows, effect=effect, rare_share=found.rare_share,
        notes=found.notes,
    )


def _categorical(values: pl.Series, cut: _Windows, *, effect: float) -> ColumnProfile:
    texts = _texts(values)
    totals = _value_counts(values)
    once = _only_in_one_window(texts, cut)
    least = max(_LEAST_VALUE_ROWS, _LEAST_VALUE_SHARE * values.len())
    own = [value for value, count in totals.items() if count >= least and value not in once][:_MOST_VALUES]
    is_open = len(totals) > _MOST_KNOWN
    labels = (*own, OTHER, MISSING, NEW)
    place = {value: position for position, value in enumerate(own)}
    rest = {value: len(own) + (2 if value in once and not is_open else 0) for value in totals if value not in place}
    codes = _coded(texts, place | rest, missing=len(own) + 1)
    found = _unrest(codes, cut, bins=len(labels), rows=values.len())
    return ColumnProfile(
        column=values.name, kind="categorical", rows=values.len(), labels=labels,
        counts=tuple(np.bincount(codes, minlength=len(labels)).tolist()), cuts=(),
        known=tuple([*own, *(value for value in totals if value not in place)][:_MOST_KNOWN]), is_open=is_open,
        missing=values.null_count() / values.len(), quantiles=(), accepted=max(effect, found.natural),
        natural=found.natural, overdispersion=found.overdispersion, window_rows=found.window_rows,
        windows=found.windows, effect=effect, rare_share=found.rare_share,
        notes=(*_value_notes(totals, own, is_open=is_open), *found.notes),
    )


def _value_notes(totals: dict[str, int], own: Sequence[str], *, is_open: bool) -> list[str]:
    notes = []
    if len(own) == _MOST_VALUES:
        notes.append(f"{len(totals):,} values; the {_MOST_VALUES} most frequent are compared one by one, the others "
                     f"as {OTHER}")
    if is_open:
        notes.append(f"more than {_MOST_KNOWN:,} values: new ones cannot be told from rare ones")
    return notes


def _unrest(codes: Ints, cut: _Windows, *, bins: int, rows: int) -> Unrest:
    inside = cut.number >= 0
    ids, place = np.unique(cut.number[inside], return_inverse=True)
    table = np.bincount(place * bins + codes[inside], minlength=ids.size * bins).reshape(ids.size, bins)
    return unrest(table.astype(np.int64), number=ids.astype(np.int64), hours=cut.hours, rows=rows)


# -- numbers -----------------------------------------------------------------------------------------------


def quantiles_of(numbers: Floats) -> tuple[float, ...]:
    """Return the 5, 25, 50, 75 and 95 % points; none of no numbers."""
    if numbers.size == 0:
        return ()
    # Numbers that occur, since the mean of two may be beyond the largest float, or no value of a whole number.
    return tuple(float(value) for value in np.quantile(numbers, QUANTILES, method="inverted_cdf"))


def _numbers(values: pl.Series) -> Floats:
    """Return numbers with NaN for what is missing or no number."""
    return values.cast(pl.Float64, strict=False).to_numpy().astype(np.float64)


def _binned(finite: Floats) -> tuple[list[float], list[str]]:
    """Return cuts and labels: tenths of the rows, a bin for each frequent number, one below and one above all."""
    if finite.size == 0:
        return [], ["any number"]
    low, high = float(finite.min()), float(finite.max())
    ties = _ties(finite)
    cuts: dict[float, str | None] = {_before(low): None, high: None}
    bins = min(_BINS, max(2, finite.size // _ROWS_PER_BIN))
    for point in np.quantile(finite, np.arange(1, bins) / bins, method="inverted_cdf"):
        cuts[float(point)] = None
    for tie in ties:
        cuts[_before(tie)] = None
        cuts[tie] = f"{tie:.6g}"
    ordered = _without_gaps(sorted(cuts), finite)
    inner = [cuts[b] or f"{a:.6g} to {b:.6g}" for a, b in pairwise(ordered)]
    return ordered, [f"below {low:.6g}", *inner, f"above {high:.6g}"]


def _ties(finite: Floats) -> list[float]:
    numbers, counts = np.unique(finite, return_counts=True)
    return [float(value) for value in numbers[counts >= _TIE_SHARE * finite.size]]


def _before(number: float) -> float:
    return max(math.nextafter(number, -math.inf), -sys.float_info.max)


def _without_gaps(cuts: list[float], finite: Floats) -> list[float]:
    """Leave out cuts that only make a bin which no row of the reference is in."""
    filled = np.bincount(np.searchsorted(np.array(cuts), finite, side="left"), minlength=len(cuts) + 1)
    # Bin i ends at cut i; the first bin, below all numbers, is empty by intention.
    return [cut for position, cut in enumerate(cuts) if position == 0 or filled[position] > 0]


# -- values ------------------------------------------------------------------------------------------------


def _texts(values: pl.Series) -> pl.Series:
    return values.cast(pl.String, strict=False).alias("value")


def _value_counts(values: pl.Series) -> dict[str, int]:
    """Return rows of each value, most frequent first, equal ones by name."""
    table = _texts(values).drop_nulls().value_counts(name="rows")
    pairs = zip(table["value"].to_list(), table["rows"].to_list(), strict=True)
    return dict(sorted(pairs, key=lambda pair: (-pair[1], pair[0])))


def _only_in_one_window(texts: pl.Series, cut: _Windows) -> set[str]:
    if len(np.unique(cut.number)) < 5:
        return set()
    table = pl.DataFrame([texts, pl.Series("window", cut.number)]).drop_nulls()
    seen = table.group_by("value").agg(pl.col("window").n_unique())
    return set(seen.filter(pl.col("window") == 1)["value"].to_list())


def _coded(texts: pl.Series, place: dict[str, int], *, missing: int) -> Ints:
    if not place:
        return np.full(texts.len(), missing, dtype=np.int64)
    codes = texts.replace_strict(list(place), list(place.values()), default=missing, return_dtype=pl.Int64)
    return codes.fill_null(missing).to_numpy().astype(np.int64)


def _over(found: dict[str, int], missing: int, *, of: ColumnProfile) -> Ints:
    """Count values over the bins; what the reference does not have is new, unless nobody could know."""
    own = {value: position for position, value in enumerate(of.labels[:-3])}
    known = set(of.known)
    tally: Counter[int] = Counter({len(own) + 1: missing})
    for value, rows in found.items():
        is_old = of.is_open or value in known
        tally[own.get(value, len(own) + (0 if is_old else 2))] += rows
    return np.array([tally[position] for position in range(len(of.labels))], dtype=np.int64)
