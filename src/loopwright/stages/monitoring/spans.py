"""When windows begin and end, and which of them are joined for want of rows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from loopwright.errors import DataError

__all__ = ["ORIGIN", "Span", "due", "joined", "naive", "windows"]

Span: TypeAlias = tuple[datetime, datetime]
"""First moment of a window, and the first moment after it; UTC without a zone."""

ORIGIN = datetime(1970, 1, 5)
"""A Monday: windows of a day begin at midnight UTC, windows of a week on Mondays."""

# A whole week of daily windows; so long at most is waited for rows that may never come.
_MOST_JOINED = 7


def naive(text: str) -> datetime:
    """Return a moment in ISO 8601 as windows take it: UTC without a zone.

    Examples
    --------
    >>> naive("2015-07-06T02:00:00+02:00"), naive("2015-07-06")
    (datetime.datetime(2015, 7, 6, 0, 0), datetime.datetime(2015, 7, 6, 0, 0))
    """
    found = datetime.fromisoformat(text)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def windows(start: datetime, end: datetime, *, hours: float, origin: datetime = ORIGIN) -> tuple[Span, ...]:
    """Return the windows that hold the moments from one up to, and without, another.

    Parameters
    ----------
    start, end : datetime
        UTC without a zone.
    hours : float
        Length of a window, above 0.
    origin : datetime, default=ORIGIN
        Where a window begins; the others begin a whole number of lengths before or after.

    Returns
    -------
    tuple of (datetime, datetime)
        In order, without gaps; the first holds ``start``, the last reaches ``end``.

    Raises
    ------
    DataError
        If the length is not above 0, or the range is reversed.

    Examples
    --------
    >>> spans = windows(datetime(2015, 7, 1, 9), datetime(2015, 7, 3), hours=24)
    >>> [str(first.date()) for first, _ in spans]
    ['2015-07-01', '2015-07-02']
    """
    length = _length(hours)
    if end < start:
        raise DataError(f"the range of windows ends at {end}, before it starts at {start}; swap them.")
    first = (start - origin) // length
    last = -((origin - end) // length)
    return tuple((origin + number * length, origin + (number + 1) * length) for number in range(first, last))


def due(
    first: datetime, last_done: datetime | None, now: datetime, *, hours: float, origin: datetime = ORIGIN
) -> tuple[Span, ...]:
    """Return the windows that are over and have not been looked at.

    Parameters
    ----------
    first : datetime
        The earliest moment that there is anything of.
    last_done : datetime or None
        End of the last window that was looked at; None if none was.
    now : datetime
        A window is due once it has ended; give an earlier moment to wait for rows that come late.
    hours, origin
        As for ``windows``.

    Returns
    -------
    tuple of (datetime, datetime)
        None, if a clock went back behind what has been done.

    Examples
    --------
    >>> spans = due(datetime(2015, 7, 1, 9), datetime(2015, 7, 2), datetime(2015, 7, 4, 1), hours=24)
    >>> [str(start.date()) for start, _ in spans]
    ['2015-07-02', '2015-07-03']
    """
    start = first if last_done is None else max(first, last_done)
    if now <= start:
        return ()
    return tuple(
        span
        for span in windows(start, now, hours=hours, origin=origin)
        if span[1] <= now and (last_done is None or span[0] >= last_done)
    )


def joined(
    spans: Sequence[Span], rows: Sequence[int], *, min_rows: int, most: int = _MOST_JOINED, last: bool = False
) -> tuple[Span, ...]:
    """Join windows that hold too few rows with the next ones.

    A window without any row stays what it is, because missing traffic must be seen; what waited before it is
    given out short. Windows at the end that still have too few rows are left out: they wait for the next.

    Parameters
    ----------
    spans : sequence of (datetime, datetime)
        Windows in order.
    rows : sequence of int
        Rows of each.
    min_rows : int
        Rows that are wanted.
    most : int, default=7
        So many windows are joined at most; then too few rows must do.
    last : bool, default=False
        Nothing more will come, so nothing waits.

    Returns
    -------
    tuple of (datetime, datetime)

    Raises
    ------
    DataError
        If there is not one number of rows for each window.

    Examples
    --------
    >>> spans = windows(datetime(2015, 7, 1), datetime(2015, 7, 6), hours=24)
    >>> [(a.day, b.day) for a, b in joined(spans, [60, 60, 150, 0, 30], min_rows=100)]
    [(1, 3), (3, 4), (4, 5)]
    """
    if len(spans) != len(rows):
        raise DataError(f"there are {len(spans)} windows but {len(rows)} numbers of rows; give one for each.")
    done: list[Span] = []
    waiting: list[Span] = []
    held = 0
    for span, number in zip(spans, rows, strict=True):
        if number == 0 and waiting:
            done.append(_together(waiting))
            waiting, held = [], 0
        waiting.append(span)
        held += number
        if number == 0 or held >= min_rows or len(waiting) >= most:
            done.append(_together(waiting))
            waiting, held = [], 0
    if last and waiting:
        done.append(_together(waiting))
    return tuple(done)


def _together(spans: Sequence[Span]) -> Span:
    return spans[0][0], spans[-1][1]


def _length(hours: float) -> timedelta:
    if not (math.isfinite(hours) and hours > 0 and timedelta(hours=hours)):
        raise DataError(f"a window must be longer than nothing; found {hours!r} hours. See [monitor] window_hours.")
    return timedelta(hours=hours)
