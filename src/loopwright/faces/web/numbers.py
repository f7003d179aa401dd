"""How numbers, shares, sizes and moments are written on pages."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["bytes_of", "clock", "day", "duration", "interval", "moment", "number", "share"]

UNKNOWN = "–"


def number(value: float | str | None, digits: int = 4) -> str:
    """Return a number with so many significant digits, thousands apart; text as it is.

    Examples
    --------
    >>> number(1234567), number(0.123456), number(None), number(1e-9), number(123456.7)
    ('1,234,567', '0.1235', '–', '1e-09', '123,457')
    """
    if value is None:
        return UNKNOWN
    if isinstance(value, str):
        return value
    if isinstance(value, int) or (value == int(value) and abs(value) < 1e15):
        return f"{int(value):,}"
    return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"


def interval(low: float | None, high: float | None) -> str:
    """Return an interval, or nothing if it is not known.

    Examples
    --------
    >>> interval(0.8512, 0.87), interval(None, None)
    ('0.8512 to 0.87', '')
    """
    return "" if low is None or high is None else f"{number(low)} to {number(high)}"


def share(part: float | None, whole: float | None = 1) -> str:
    """Return a share in percent.

    Examples
    --------
    >>> share(1, 8), share(0.00004), share(0, 10), share(1, 0)
    ('12.5 %', '< 0.01 %', '0 %', '–')
    """
    if part is None or not whole:
        return UNKNOWN
    percent = 100 * part / whole
    if 0 < percent < 0.01:
        return "< 0.01 %"
    return f"{percent:.3g} %" if percent < 99.95 or percent == 100 else "> 99.9 %"


def duration(seconds: float | None) -> str:
    """Return a length of time.

    Examples
    --------
    >>> duration(0.0312), duration(75), duration(None)
    ('31 ms', '1 min 15 s', '–')
    """
    if seconds is None:
        return UNKNOWN
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def bytes_of(size: int) -> str:
    """Return a size.

    Examples
    --------
    >>> bytes_of(312), bytes_of(2_500_000)
    ('312 B', '2.5 MB')
    """
    value, unit = float(size), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1000:
            break
        value, unit = value / 1000, larger
    return f"{value:.3g} {unit}"


def moment(at: str) -> str:
    """Return a moment for people, to the minute; text that is no moment stays as it is.

    Examples
    --------
    >>> moment("2026-05-03T10:20:30.123456+00:00"), moment("soon"), moment("")
    ('3 May 2026, 10:20 UTC', 'soon', '–')
    """
    parsed = _parse(at)
    return f"{parsed.day} {parsed:%b %Y, %H:%M} UTC" if parsed else at or UNKNOWN


def clock(at: str) -> str:
    """Return the time of day of a moment, to the second.

    Examples
    --------
    >>> clock("2026-05-03T10:20:30.123Z")
    '10:20:30 UTC'
    """
    parsed = _parse(at)
    return f"{parsed:%H:%M:%S} UTC" if parsed else at or UNKNOWN


def day(at: str) -> str:
    """Return the day of a moment.

    Examples
    --------
    >>> day("2026-05-03T10:20:30Z")
    '3 May 2026'
    """
    parsed = _parse(at)
    return f"{parsed.day} {parsed:%b %Y}" if parsed else at or UNKNOWN


def _parse(at: str) -> datetime | None:
    try:
        parsed = datetime.fromisoformat(at)
    except ValueError:
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
