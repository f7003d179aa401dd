"""Rows of the past made into the traffic of weeks to come."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np
import polars as pl

from loopwright.stages.data.clock import clock_of

__all__ = ["WEEK", "first_week", "pool", "rows_for", "sendable", "week_of_rows"]

WEEK = timedelta(days=7)
"""Length of a window: rows keep their weekday and their hour when they are moved by it."""

_ORIGIN = datetime(1970, 1, 5)     # a Monday, where windows of a week begin
_WEEK_US = WEEK // timedelta(microseconds=1)
_PARTS = ("test", "validation", "train")


def pool(rows: pl.DataFrame, *, wanted: int) -> pl.DataFrame:
    """Return the rows that traffic is drawn from: the test part, and more where it alone is too small.

    A few rows drawn again and again are another population than the one they came from, and that would be noticed.

    Parameters
    ----------
    rows : DataFrame
        With ``__part``.
    wanted : int

    Returns
    -------
    DataFrame
        At least so many rows, if there are so many; without those that belong to no part.

    Examples
    --------
    >>> rows = pl.DataFrame({"fare": [1, 2, 3, 4], "__part": ["train", "train", "validation", "test"]})
    >>> pool(rows, wanted=2)["fare"].to_list()
    [4, 3]
    """
    taken = rows.clear()
    for part in _PARTS:
        if taken.height < wanted:
            taken = pl.concat([taken, rows.filter(pl.col("__part") == part)])
    return taken


def week_of_rows(rows: pl.DataFrame, *, number: int, start: datetime, time: str | None, seed: int) -> pl.DataFrame:
    """Return rows drawn at random, moved into a week, in the order of time.

    Parameters
    ----------
    rows : DataFrame
        To draw from; with replacement if there are fewer than wanted.
    number : int
    start : datetime
        A Monday, at midnight.
    time : str or None
        Column that says when a row happened; without one, or if it counts something else than time, rows stay as
        they are.
    seed : int
    """
    drawn = rows.sample(number, with_replacement=rows.height < number, shuffle=True, seed=seed)
    if time is None or drawn[time].dtype in (pl.String, pl.Boolean):
        return drawn
    return _moved(drawn, start=start, time=time)


def _moved(rows: pl.DataFrame, *, start: datetime, time: str) -> pl.DataFrame:
    """Move rows by whole weeks, and with them whatever else they say of time."""
    clock, numbers = clock_of(rows[time])
    if clock.microseconds is None:
        return rows
    moments = (numbers * clock.microseconds).cast(pl.Int64) - _since_1970(_ORIGIN)
    weeks = (_since_1970(start) - _since_1970(_ORIGIN)) // _WEEK_US - moments // _WEEK_US
    temporal = [name for name, kind in rows.schema.items() if isinstance(kind, pl.Datetime | pl.Date)]
    moved = rows.with_columns(weeks.alias("__weeks")).with_columns(
        pl.col(name) + pl.duration(days=7 * pl.col("__weeks")) for name in temporal
    )
    if time not in temporal:
        step = _WEEK_US / clock.microseconds
        moved = moved.with_columns((pl.col(time) + pl.col("__weeks") * step).cast(rows.schema[time]))
    return moved.sort(time, maintain_order=True).drop("__weeks")


def first_week(rows: pl.DataFrame, *, time: str | None, now: datetime) -> datetime:
    """Return the Monday after the newest row, or after now where rows do not say when they happened.

    Examples
    --------
    >>> rows = pl.DataFrame({"at": [datetime(2015, 6, 30, 9)]})
    >>> first_week(rows, time="at", now=datetime(2026, 5, 3)), first_week(rows, time=None, now=datetime(2026, 5, 3))
    (datetime.datetime(2015, 7, 6, 0, 0), datetime.datetime(2026, 5, 4, 0, 0))
    """
    newest = now
    if time is not None and rows[time].dtype not in (pl.String, pl.Boolean):
        clock, numbers = clock_of(rows[time])
        last = numbers.max()
        if clock.microseconds is not None and isinstance(last, int | float):
            newest = datetime(1970, 1, 1) + timedelta(microseconds=round(last * clock.microseconds))
    return _ORIGIN + ((newest - _ORIGIN) // WEEK + 1) * WEEK


def sendable(rows: pl.DataFrame, columns: Sequence[str]) -> list[dict[str, object]]:
    """Return columns of rows as JSON can hold them; a number that is missing or infinite becomes null.

    Examples
    --------
    >>> sendable(pl.DataFrame({"fare": [7.5, float("nan")], "day": [date(2015, 7, 6), None]}), ["fare", "day"])
    [{'fare': 7.5, 'day': '2015-07-06'}, {'fare': None, 'day': None}]
    """
    return [{name: _plain(value) for name, value in row.items()} for row in rows.select(columns).to_dicts()]


def rows_for(least: int) -> int:
    """Return how many rows a window gets, if watching wants at least so many.

    Examples
    --------
    >>> rows_for(100), rows_for(50_000)
    (300, 1200)
    """
    return int(np.clip(3 * least, 300, 1200))


def _plain(value: object) -> object:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value.isoformat() if isinstance(value, date) else value


def _since_1970(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)
