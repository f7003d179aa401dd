"""The time that the log goes by: it never goes back, whatever the machine's clock does."""

from __future__ import annotations

import time
from collections.abc import Callable

__all__ = ["ServingClock"]


class ServingClock:
    """Microseconds since 1970, UTC, never smaller than before.

    Parameters
    ----------
    nanoseconds : callable, default=time.time_ns
        The machine's clock.
    start : int, default=0
        Microseconds; the newest ``received`` of the log, so that a restart goes on from there.

    Examples
    --------
    >>> ticks = iter([5_000, 3_000, 7_000])
    >>> clock = ServingClock(lambda: next(ticks))
    >>> clock.now(), clock.now(), clock.now()
    (5, 5, 7)
    """

    def __init__(self, nanoseconds: Callable[[], int] = time.time_ns, *, start: int = 0) -> None:
        self._nanoseconds = nanoseconds
        self._newest = start

    def now(self) -> int:
        """Return the time."""
        self._newest = max(self._newest, self._nanoseconds() // 1000)
        return self._newest
