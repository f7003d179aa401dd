"""The audit trail of the pages: one line for every sign-in and every action, whatever came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from starlette.requests import Request

from loopwright.errors import LoopwrightError
from loopwright.faces.web.library import Library
from loopwright.store.metadata import Activity

__all__ = ["address_of", "audited", "note"]

_FAILED = 1


def address_of(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else "unknown address"


def note(library: Library, request: Request, what: str, *, who: str, failed: bool = False, seconds: float = 0) -> None:
    """Keep that somebody did something, or tried to.

    Parameters
    ----------
    library : Library
    request : Request
    what : str
        As it is read later: ``"promote: better by 0.02"``.
    who : str
        The user.
    failed : bool, default=False
    seconds : float
        That it took.
    """
    line = " ".join(f"dashboard {what}".split())
    library.log(
        Activity(
            command=line, at=library.now(), seconds=round(seconds, 3), exit_code=_FAILED if failed else 0,
            who=f"{who}@{address_of(request)}",
        )
    )


@contextmanager
def audited(library: Library, request: Request, what: str, *, who: str) -> Iterator[None]:
    """Do something, and keep whether it came off."""
    start = time.perf_counter()
    try:
        yield
    except LoopwrightError as error:
        note(library, request, f"{what} (not done: {error})", who=who, failed=True, seconds=time.perf_counter() - start)
        raise
    except BaseException:
        note(library, request, f"{what} (not done)", who=who, failed=True, seconds=time.perf_counter() - start)
        raise
    note(library, request, what, who=who, seconds=time.perf_counter() - start)
