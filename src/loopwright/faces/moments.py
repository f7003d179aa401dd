"""Times as people type them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from loopwright.errors import LoopwrightError

__all__ = ["moment"]


def moment(text: str) -> str:
    """Return a time as records keep it; a day means its end.

    Raises
    ------
    LoopwrightError
        If it is no day or time.

    Examples
    --------
    >>> moment("2026-05-03")
    '2026-05-03T23:59:59.999999Z'
    >>> moment("2026-05-03T14:00+02:00")
    '2026-05-03T12:00:00.000000Z'
    """
    try:
        found = datetime.fromisoformat(text)
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise LoopwrightError(f"{text!r} is no day or time; write 2026-05-03, or 2026-05-03T14:00.") from error
    if "T" not in text and " " not in text:
        found += timedelta(days=1) - timedelta(microseconds=1)
    return f"{found.replace(tzinfo=None).isoformat(timespec='microseconds')}Z"
