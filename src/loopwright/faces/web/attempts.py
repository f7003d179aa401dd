"""How often somebody may try to sign in: each failure beyond a few makes the next wait longer."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

__all__ = ["Attempts"]

_FREE = 4  # failures that cost nothing: people mistype
_LONGEST = {"user": 60.0, "address": 900.0}  # seconds; whoever knows a name must not be able to lock its owner out
_FORGOTTEN = 3600.0  # seconds after which failures no longer count
_MOST = 10_000  # names and addresses remembered: they are chosen by whoever attacks


@dataclass(slots=True)
class _Failures:
    count: int = 0
    last: float = 0.0  # seconds, of the clock that the caller keeps


@dataclass(slots=True)
class Attempts:
    """Failed attempts to sign in, in the memory of this process, by name and by address.

    Examples
    --------
    >>> attempts = Attempts()
    >>> [attempts.begin("ada", "192.0.2.7", now=float(second)) for second in range(6)]
    [0.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    """

    _known: dict[tuple[str, str], _Failures] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, user: str, address: str, *, now: float) -> float:
        """Count an attempt as failed before its password is looked at, so that many at once do not slip through.

        Parameters
        ----------
        user, address : str
            The name that was typed, and where the request comes from.
        now : float
            Seconds, of any clock that does not go back.

        Returns
        -------
        float
            0 if the attempt may go on; else the seconds to wait, and nothing was counted.
        """
        keys = (("user", user), ("address", address))
        with self._lock:
            wait = max(self._wait(key, now) for key in keys)
            if wait <= 0:
                for key in keys:
                    self._count(key, now)
        return max(0.0, wait)

    def succeeded(self, user: str, address: str) -> None:
        """Forget the failures of a name and an address whose password was right."""
        with self._lock:
            self._known.pop(("user", user), None)
            self._known.pop(("address", address), None)

    def _wait(self, key: tuple[str, str], now: float) -> float:
        known = self._known.get(key)
        if known is None or now - known.last > _FORGOTTEN or known.count <= _FREE:
            return 0.0
        # The exponent is bounded, since a power of two with a large one is no float any more.
        delay = min(_LONGEST[key[0]], 2.0 ** min(20, known.count - _FREE))
        return known.last + delay - now

    def _count(self, key: tuple[str, str], now: float) -> None:
        known = self._known.pop(key, None)
        if known is None or now - known.last > _FORGOTTEN:
            known = _Failures()
        self._known[key] = _Failures(count=known.count + 1, last=now)  # the last one touched stands last
        while len(self._known) > _MOST:
            self._known.pop(next(iter(self._known)))
