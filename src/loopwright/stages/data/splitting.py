"""Divides rows into train, validation and test before anything is fitted to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import DataError, UnknownColumn
from loopwright.records.dataset_version import Part
from loopwright.settings import SplitSettings
from loopwright.stages.data.clock import Clock, clock_of
from loopwright.stages.data.stable_hash import stable_hash

__all__ = ["PARTS", "SplitRule", "parts_of", "split"]

PARTS = ("train", "validation", "test")

_ROW = "__row"
_FEWEST_ROWS = 2
_MOST_CLASSES = 20
_STRATA = 10  # of a label with more values than that

Places = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRule:
    """How rows are divided.

    Attributes
    ----------
    by : {"random", "time", "group", "stratified"}
    validation, test : float
        Shares of the rows.
    validation_from, test_from : str or None
        By time: first moments of these parts, instead of shares.
    seed : int
    """

    by: Literal["random", "time", "group", "stratified"] = "random"
    validation: float = 0.15
    test: float = 0.15
    validation_from: str | None = None
    test_from: str | None = None
    seed: int = 0

    @classmethod
    def of(cls, settings: SplitSettings) -> SplitRule:
        """Return the rule that a project file states."""
        return cls(
            by=settings.by,
            validation=settings.validation,
            test=settings.test,
            validation_from=settings.validation_from,
            test_from=settings.test_from,
            seed=settings.seed,
        )


def split(
    frame: pl.DataFrame,
    rule: SplitRule,
    *,
    key: str | None = None,
    time: str | None = None,
    group: str | None = None,
    label: str | None = None,
) -> pl.DataFrame:
    """Return the part of every row.

    - random: by a hash of the key, so that a row stays in its part when others come or go. Without a key, or
      where it is missing, by a hash of the row's position.
    - group: by a hash of the group; all rows of a group are in one part, for ever. Shares hold for groups, so
      for rows only roughly. A row without a group is a group of its own.
    - time: the latest rows are the test part, those before them validation. Rows of one moment stay together,
      so shares are met as nearly as moments allow.
    - stratified: as random, but every class (or tenth, of a number) is divided in the same shares, to half a
      row. A row may change its part when data grow.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        A column ``__row``, if there is one, gives positions; else they count from 0.
    rule : SplitRule
    key, time, group, label : str, optional
        Columns with these meanings. Rows whose label is missing are left out.

    Returns
    -------
    DataFrame
        ``__row`` and ``part``, in order of the rows.

    Raises
    ------
    UnknownColumn
        If a column that is named is not there.
    DataError
        If the rule needs a column that nobody named, a time is missing, or a part would have fewer than two
        rows.

    Examples
    --------
    >>> days = pl.DataFrame({"day": [3, 1, 2, 5, 4, 6]})
    >>> split(days, SplitRule(by="time", validation=0.33, test=0.33), time="day")["part"].to_list()
    ['validation', 'train', 'train', 'test', 'validation', 'test']
    """
    _require(frame, rule, key=key, time=time, group=group, label=label)
    if label:
        frame = frame.filter(pl.col(label).is_not_null())
    if _ROW not in frame.columns:
        frame = frame.with_row_index(_ROW)
    rows = frame[_ROW].cast(pl.Int64)
    if rule.by == "time":
        number = _by_time(frame[str(time)], rule)
    elif rule.by == "group":
        number = _by_place(_places(frame[str(group)], rows, rule.seed), rule)
    else:
        places = _places(frame[key] if key else None, rows, rule.seed)
        if rule.by == "stratified":
            places = _within_strata(places, frame[str(label)])
        number = _by_place(places, rule)
    divided = pl.DataFrame({_ROW: rows, "part": pl.Series(PARTS).gather(number)}).sort(_ROW)
    _require_rows(divided, rule)
    return divided


def parts_of(frame: pl.DataFrame, divided: pl.DataFrame, *, time: str | None = None) -> tuple[Part, ...]:
    """Return the size of every part, and from when to when it goes.

    Parameters
    ----------
    frame : DataFrame
        The rows, with ``__row`` unless their order says it.
    divided : DataFrame
        What ``split`` returned for them.
    time : str, optional
        Column that says when a row happened.

    Examples
    --------
    >>> days = pl.DataFrame({"day": [2001, 2002, 2003, 2004, 2005, 2006]})
    >>> divided = split(days, SplitRule(by="time", validation=0.33, test=0.33), time="day")
    >>> parts_of(days, divided, time="day")[1]
    Part(name='validation', rows=2, first='2003', last='2004')
    """
    sizes = dict(divided["part"].value_counts().rows())
    if time is None:
        return tuple(Part(name=part, rows=sizes[part]) for part in PARTS if part in sizes)
    frame = frame if _ROW in frame.columns else frame.with_row_index(_ROW)
    clock, numbers = clock_of(frame[time])
    placed = pl.DataFrame({_ROW: frame[_ROW].cast(pl.Int64), "at": numbers}).join(divided, on=_ROW)
    ends = {
        part: (first, last)
        for part, first, last in placed.drop_nulls("at")
        .group_by("part")
        .agg(pl.col("at").min().alias("first"), pl.col("at").max().alias("last"))
        .rows()
    }
    return tuple(
        Part(name=part, rows=sizes[part], first=clock.text(ends[part][0]), last=clock.text(ends[part][1]))
        if part in ends
        else Part(name=part, rows=sizes[part])
        for part in PARTS
        if part in sizes
    )


def _require(frame: pl.DataFrame, rule: SplitRule, **columns: str | None) -> None:
    for meaning, column in columns.items():
        if column is not None and column not in frame.columns:
            raise UnknownColumn(column, known=frame.columns, where=f"[data] {meaning} in loopwright.toml")
    needed = {"time": "time", "group": "group", "stratified": "label"}.get(rule.by)
    if needed and columns[needed] is None:
        raise DataError(
            f'[split] by = "{rule.by}" needs the column that holds the {needed}. Name it as {needed} under '
            f"[data] in loopwright.toml, or divide the rows in another way."
        )
    if rule.validation + rule.test >= 1:
        raise DataError(
            f"[split] validation = {rule.validation} and test = {rule.test} leave nothing to train on. "
            f"Make them smaller, such as 0.15 each."
        )


def _require_rows(divided: pl.DataFrame, rule: SplitRule) -> None:
    sizes = dict(divided["part"].value_counts().rows())
    for part in PARTS:
        rows = sizes.get(part, 0)
        if rows < _FEWEST_ROWS:
            raise DataError(
                f'[split] by = "{rule.by}" puts {rows or "none"} of {divided.height:,} rows into the {part} '
                f"part, and a part needs at least {_FEWEST_ROWS}. Get more rows, make its share larger, or "
                f"divide them in another way."
            )


def _places(values: pl.Series | None, rows: pl.Series, seed: int) -> Places:
    """Return a place between 0 and 1 for every row: the same for the same value."""
    own = stable_hash(rows, seed=seed ^ 0x5EED)
    if values is None:
        hashes = own
    else:
        # By its text, so that 7 keeps its place when a later version of the column holds "A7" as well.
        hashes = stable_hash(values.cast(pl.String), seed=seed)
        missing = values.is_null().to_numpy()
        hashes[missing] = own[missing]
    places: Places = (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return places


def _by_place(places: Places, rule: SplitRule) -> NDArray[np.int64]:
    """Return the number of the part: the first places are the test part, the next validation."""
    return np.where(places < rule.test, 2, np.where(places < rule.test + rule.validation, 1, 0))


def _within_strata(places: Places, label: pl.Series) -> Places:
    """Return places spread evenly over every class, in the order of the places given."""
    strata = _strata(label)
    order = pl.DataFrame({"stratum": strata, "place": places})
    rank = pl.col("place").rank("ordinal").over("stratum")
    return order.select((rank - 0.5) / pl.len().over("stratum")).to_series().to_numpy()


def _strata(label: pl.Series) -> pl.Series:
    if not label.dtype.is_numeric() or label.n_unique() <= _MOST_CLASSES:
        return label.cast(pl.String)
    return ((label.rank("ordinal") - 1) * _STRATA // len(label)).cast(pl.Int64)


def _by_time(times: pl.Series, rule: SplitRule) -> NDArray[np.int64]:
    if times.null_count():
        first = ", ".join(map(str, times.is_null().arg_true().head(5).to_list()))
        raise DataError(
            f'[split] by = "time": {times.null_count():,} of {len(times):,} rows have no {times.name!r} '
            f"(rows {first}), so no part is right for them. Give them a time, take them out of the source, "
            f"or divide the rows in another way."
        )
    clock, values = clock_of(times)
    numbers = values.cast(pl.Float64).to_numpy()
    moments, rows = np.unique(numbers, return_counts=True)
    if len(moments) < len(PARTS):
        raise DataError(
            f'[split] by = "time": {times.name!r} has {len(moments)} different moment'
            f"{'s' if len(moments) != 1 else ''}, and three parts need three. Divide the rows in another way."
        )
    before = np.concatenate(([0], np.cumsum(rows)))
    test, validation = _borders(moments, before, rule, clock)
    return np.where(numbers >= test, 2, np.where(numbers >= validation, 1, 0))


def _borders(
    moments: NDArray[np.float64], before: NDArray[np.int64], rule: SplitRule, clock: Clock
) -> tuple[float, float]:
    """Return the first moments of the test and the validation part.

    ``before`` counts the rows earlier than each moment, and all rows at the end.
    """
    total = int(before[-1])
    if rule.test_from is not None:
        test = clock.position(rule.test_from)
    else:
        test = float(moments[2 + _closest(total - before[2:-1], rule.test * total)])
    if rule.validation_from is not None:
        validation = clock.position(rule.validation_from)
    else:
        later = int(before[np.searchsorted(moments, test)])
        earlier = before[1:-1][moments[1:] < test]
        if not len(earlier):
            raise DataError(
                f"[split] test_from = {rule.test_from!r} leaves no two moments of {clock.name!r} before it; "
                f"the first is {clock.text(float(moments[0]))}. Choose a later one."
            )
        validation = float(moments[1 + _closest(later - earlier, rule.validation * total)])
    if validation >= test:
        raise DataError(
            f"[split] the validation part would begin at {clock.text(validation)}, which is not before the "
            f"test part at {clock.text(test)}. Let it begin earlier."
        )
    return test, validation


def _closest(rows: NDArray[np.int64], wanted: float) -> int:
    return int(np.argmin(np.abs(rows - wanted)))
