"""The rows that a model may be trained on: all, all with newer ones weighing more, the recent, those since a change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import DataError
from loopwright.settings import RetrainingSettings
from loopwright.stages.training.recency import microseconds

__all__ = ["DAY", "DataChoice", "choices", "iso", "newest_moment", "position", "rows_before", "rows_of"]

DAY = 86_400_000_000
"""A day in microseconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class DataChoice:
    """Which rows a model may be trained on.

    Attributes
    ----------
    name : {"all", "weighted", "recent", "since_change"}
    start : datetime or None
        UTC; rows from then on; None for all.
    half_life_days : float or None
        A row so much older counts half; None if all count the same.
    window_days : float or None
        Of ``"recent"``: what ``start`` is counted back by, from wherever "now" is in a back-test.
    """

    name: Literal["all", "weighted", "recent", "since_change"]
    start: datetime | None = None
    half_life_days: float | None = None
    window_days: float | None = None


def choices(settings: RetrainingSettings, *, first_bad: datetime | None, newest: datetime) -> tuple[DataChoice, ...]:
    """Return the choices that the project file allows, the simplest (which takes the most rows) first.

    Parameters
    ----------
    settings : RetrainingSettings
    first_bad : datetime or None
        Start of the first bad window of what is to be answered; without one there is no ``"since_change"``.
    newest : datetime
        When the newest labelled row happened.

    Returns
    -------
    tuple of DataChoice
        At least one: ``"all"`` if nothing else that is allowed can be had.

    Examples
    --------
    >>> made = choices(RetrainingSettings(), first_bad=None, newest=datetime(2015, 7, 1))
    >>> [(choice.name, str(choice.start or "")[:10]) for choice in made]
    [('all', ''), ('weighted', ''), ('recent', '2015-04-02')]
    """
    known = [
        DataChoice(name="all"),
        DataChoice(name="weighted", half_life_days=settings.half_life_days),
        DataChoice(
            name="recent", start=newest - timedelta(days=settings.recent_days), window_days=settings.recent_days
        ),
    ]
    if first_bad is not None:
        known.append(DataChoice(name="since_change", start=first_bad))
    return tuple(choice for choice in known if choice.name in settings.data) or (known[0],)


def rows_before(
    choice: DataChoice, at: NDArray[np.float64], *, before: float, gap_days: float = 0.0
) -> NDArray[np.int64]:
    """Return the rows that a choice would have trained on at some moment, in their order.

    Parameters
    ----------
    choice : DataChoice
    at : float64 array of shape (n_rows,)
        When rows happened, in microseconds since 1970; NaN where it is not known.
    before : float
        The moment.
    gap_days : float, default=0
        Rows so shortly before it have no outcome yet.

    Examples
    --------
    >>> days = np.array([0.0, 1.0, 2.0, 3.0]) * DAY
    >>> rows_before(DataChoice(name="recent", window_days=2.0), days, before=3.0 * DAY).tolist()
    [1, 2]
    """
    start = -np.inf
    if choice.window_days is not None:
        start = before - choice.window_days * DAY
    elif choice.start is not None:
        start = position(choice.start)
    return np.flatnonzero((at >= start) & (at < before - gap_days * DAY))


def rows_of(choice: DataChoice, times: pl.Series) -> NDArray[np.int64]:
    """Return the rows that a choice trains on now, in their order.

    Where the choice has a start, rows without a time are not among them.

    Parameters
    ----------
    choice : DataChoice
    times : Series of shape (n_rows,)
        When each row happened: dates, times, or numbers counted from 1970.

    Raises
    ------
    DataError
        If the choice has a start and the column holds no times.

    Examples
    --------
    >>> july = DataChoice(name="since_change", start=datetime(2015, 7, 1))
    >>> rows_of(july, pl.Series(["2015-06-30", "2015-07-01", None]).str.to_date()).tolist()
    [1]
    """
    if choice.start is None:
        return np.arange(len(times))
    return np.flatnonzero(microseconds(times) >= position(choice.start))


def newest_moment(times: pl.Series) -> datetime:
    """Return when the newest row happened, UTC without a zone.

    Raises
    ------
    DataError
        If no row has a time, or the column holds no times.

    Examples
    --------
    >>> newest_moment(pl.Series([1_435_708_800, None, 1_435_622_400]))
    datetime.datetime(2015, 7, 1, 0, 0)
    """
    at = microseconds(times)
    if np.isnan(at).all():
        raise DataError(
            f"none of {len(times):,} rows has a time in {times.name!r}, so none is the newest. Name another column as "
            f'time under [data], or allow only data = ["all"] under [retraining].'
        )
    return (_EPOCH + timedelta(microseconds=float(np.nanmax(at)))).replace(tzinfo=None)


def position(moment: datetime) -> float:
    """Return a moment (UTC where it has no zone) in microseconds since 1970."""
    aware = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return (aware - _EPOCH) / timedelta(microseconds=1)


def iso(at: float) -> str:
    """Return microseconds since 1970 as ISO 8601, UTC without a zone.

    Examples
    --------
    >>> iso(position(datetime(2015, 7, 6, 12)))
    '2015-07-06T12:00:00'
    """
    return (_EPOCH + timedelta(microseconds=float(at))).replace(tzinfo=None).isoformat(timespec="seconds")
