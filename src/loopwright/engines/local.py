"""Runs independent work on the threads of this machine."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from threading import Event, Lock, Semaphore, Thread
from typing import Generic, TypeVar

from loopwright.engines.native_threads import native_threads_limited

__all__ = ["LocalEngine"]

S = TypeVar("S")
T = TypeVar("T")


class LocalEngine:
    """Threads that share a fixed number of workers.

    Threads serve, because NumPy, scikit-learn and Polars let go of the interpreter lock while they compute.
    Whoever calls ``map`` works too, and is helped by as many threads as are free at that moment. So a
    ``map`` inside a ``map`` never waits for itself, and no more than ``workers`` items are worked on.

    Parameters
    ----------
    workers : int, optional
        How many items may be worked on at once; by default as many as this process has cores. The thread
        pools inside numerical libraries are limited meanwhile, so that all together fit the cores.

    Raises
    ------
    ValueError
        If there is not at least one worker.

    Examples
    --------
    >>> LocalEngine(workers=2).map(len, ["one", "three"])
    [3, 5]
    """

    def __init__(self, workers: int | None = None) -> None:
        if workers is not None and workers < 1:
            raise ValueError(f"an engine needs at least 1 worker, not {workers}")
        self._workers = workers or _cores()
        self._helpers = Semaphore(self._workers - 1)

    def __repr__(self) -> str:
        return f"LocalEngine(workers={self._workers})"

    def map(self, function: Callable[[S], T], items: Iterable[S]) -> list[T]:
        """Return ``[function(item) for item in items]``, computed at the same time.

        Each call sees the context variables of the caller. If calls fail, the error of the earliest item is
        raised, as a plain loop would; items that have not begun are left out.

        Raises
        ------
        Exception
            Whatever the function raises.
        """
        work = _Work(function, list(items))
        helpers = min(self._workers - 1, len(work) - 1)
        if helpers < 1:
            return [copy_context().run(function, item) for item in work.items]
        threads = max(1, _cores() // self._workers)
        with self._helped(work, helpers, threads=threads):
            work.do(threads=threads)
        return work.answers()

    @contextmanager
    def _helped(self, work: _Work[S, T], helpers: int, *, threads: int) -> Iterator[None]:
        """Start threads that do the same work; wait for them, unless a person wants to stop."""
        started: list[Thread] = []
        try:
            while len(started) < helpers and self._helpers.acquire(blocking=False):
                started.append(Thread(target=self._help, args=(work, threads), daemon=True))
                started[-1].start()
            yield
            for thread in started:
                thread.join()
        except BaseException:
            # Ctrl-C: a library call in another thread cannot be stopped; daemons do not keep the process.
            work.stop()
            raise

    def _help(self, work: _Work[S, T], threads: int) -> None:
        try:
            with suppress(BaseException):  # whatever it is, the work has noted it, and the caller raises it
                work.do(threads=threads)
        finally:
            self._helpers.release()


class _Work(Generic[S, T]):
    """Items that several threads take one after the other, in order."""

    def __init__(self, function: Callable[[S], T], items: list[S]) -> None:
        self.items = items
        self._function = function
        self._context = copy_context()
        self._order = iter(range(len(items)))
        self._lock = Lock()
        self._stopped = Event()
        self._answers: dict[int, T] = {}
        self._errors: dict[int, BaseException] = {}

    def __len__(self) -> int:
        return len(self.items)

    def do(self, *, threads: int) -> None:
        """Take items until none is left or one has failed; calls into libraries use so many threads."""
        with native_threads_limited(threads) as renew:
            renew()
            while (position := self._next()) is not None:
                self._do_one(position, self._context.copy())
                renew()

    def stop(self) -> None:
        """Let no further item be taken."""
        self._stopped.set()

    def answers(self) -> list[T]:
        """Return the answers in the order of the items, or raise the error of the earliest that failed.

        Items are taken in order, so those before a failed one have all been worked on: which error is
        raised does not depend on which thread was faster.
        """
        if self._errors:
            raise self._errors[min(self._errors)]
        return [self._answers[position] for position in range(len(self.items))]

    def _next(self) -> int | None:
        with self._lock:
            return None if self._stopped.is_set() else next(self._order, None)

    def _do_one(self, position: int, context: Context) -> None:
        try:
            self._answers[position] = context.run(self._function, self.items[position])
        except BaseException as error:
            self._errors[position] = error
            self.stop()
            if not isinstance(error, Exception):  # Ctrl-C: the caller does not wait for the other threads
                raise


def _cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
