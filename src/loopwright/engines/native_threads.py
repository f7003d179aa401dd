"""Keeps the thread pools inside numerical libraries from taking more cores than there are."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol

__all__ = ["native_threads_limited"]

_POOLED = ("numpy", "scipy", "sklearn", "torch", "lightgbm", "xgboost")


class _Undo(Protocol):
    def restore_original_limits(self) -> None: ...


class _Limit:
    """The limit of one kind of pool, said again whenever a library with such a pool was imported."""

    def __init__(self, api: str) -> None:
        self._api = api
        self._seen: frozenset[str] = frozenset()
        self._undos: list[_Undo] = []

    def renew(self, threads: int) -> None:
        """Set the limit, unless it holds for all libraries that are there."""
        seen = frozenset(name for name in _POOLED if name in sys.modules)
        if seen != self._seen:
            from threadpoolctl import ThreadpoolController

            # Selected first, because restoring touches all libraries that the controller knows.
            pools = ThreadpoolController().select(user_api=self._api)
            self._undos.append(pools.limit(limits=threads))
            self._seen = seen

    def restore(self) -> None:
        """Set what was before, the last limit first."""
        while self._undos:
            self._undos.pop().restore_original_limits()
        self._seen = frozenset()


_lock = Lock()
_blas = _Limit("blas")
_users = 0


@contextmanager
def native_threads_limited(threads: int) -> Iterator[Callable[[], None]]:
    """Let numerical calls of the current thread use so many threads at most.

    OpenMP keeps its setting for each thread that starts loops. BLAS has one for the process: it is set by
    the first who asks and restored by the last who leaves.

    Yields
    ------
    callable
        To be called before each piece of work: sets the limit for libraries imported since.
    """
    openmp = _Limit("openmp")

    def renew() -> None:
        openmp.renew(threads)
        with _lock:
            _blas.renew(threads)

    _count(1)
    try:
        yield renew
    finally:
        openmp.restore()
        _count(-1)


def _count(change: int) -> None:
    global _users  # noqa: PLW0603 - the setting is one per process, and so is the number of its users
    with _lock:
        _users += change
        if _users == 0:
            _blas.restore()
