"""What every fit runs in: one thread of arithmetic, and its warnings kept as notes instead of printed."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TextIO

from threadpoolctl import ThreadpoolController

__all__ = ["isolated"]


@contextmanager
def isolated() -> Iterator[list[str]]:
    """Run a fit so that it depends on nothing but its inputs; yields the list that its warnings go to.

    Arithmetic runs in one thread: sums are then added in one order, so that the same seed gives the same
    model whatever the number of cores, and trials that run side by side do not fight for them.
    May be entered by several threads at once; each gets its own notes. While any thread is inside, warnings
    of threads outside are shown even where a filter would hide them.

    Yields
    ------
    list of str
        ``"Category: message"``, each once, in order; complete when the block ends.

    Examples
    --------
    >>> with isolated() as notes:
    ...     warnings.warn("did not converge", UserWarning)
    >>> notes
    ['UserWarning: did not converge']
    """
    notes: list[str] = []
    with _shared, ThreadpoolController().limit(limits=1, user_api="openmp"), _shared.notes_into(notes):
        yield notes
    notes[:] = list(dict.fromkeys(notes))


class _Shared:
    """The part that is one per process: entered with the first thread, left with the last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._leave = ExitStack()
        self._sink = threading.local()

    def __enter__(self) -> None:
        with self._lock:
            if self._inside == 0:
                self._begin()
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._leave.close()

    def _begin(self) -> None:
        # BLAS has one thread limit per process, so the first one in sets it and the last one out restores it.
        self._leave.enter_context(ThreadpoolController().limit(limits=1, user_api="blas"))
        self._leave.enter_context(warnings.catch_warnings())
        self._elsewhere = warnings.showwarning
        warnings.simplefilter("always")
        warnings.showwarning = self._keep

    @contextmanager
    def notes_into(self, notes: list[str]) -> Iterator[None]:
        outer = getattr(self._sink, "notes", None)
        self._sink.notes = notes
        try:
            yield
        finally:
            self._sink.notes = outer

    def _keep(
        self,
        message: Warning | str,
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,
        line: str | None = None,
    ) -> None:
        notes = getattr(self._sink, "notes", None)
        if notes is None and issubclass(category, DeprecationWarning | PendingDeprecationWarning):
            return  # Python hides these by default; the filter of the threads inside must not uncover them elsewhere.
        if notes is None:
            self._elsewhere(message, category, filename, lineno, file, line)
        else:
            notes.append(f"{category.__name__}: {' '.join(str(message).split())}")


_shared = _Shared()
