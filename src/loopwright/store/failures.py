"""Turns what an operating system or a library reports into the store's own errors, with what to do."""

from __future__ import annotations

import errno
import re

from loopwright.errors import StoreError, StoreFull, StoreReadOnly

__all__ = ["failure", "is_denied", "is_full"]

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_DENIED = frozenset({errno.EROFS, errno.EACCES, errno.EPERM})


def failure(error: BaseException, *, doing: str) -> StoreError:
    """Return the store's error for what went wrong below it.

    Parameters
    ----------
    error : BaseException
        An ``OSError``, or the error of a library that quotes one, as Polars and delta-rs do.
    doing : str
        What was being done, with the place: ``"writing .loopwright/metadata.db"``.

    Returns
    -------
    StoreError
        To be raised ``from`` the error.

    Examples
    --------
    >>> type(failure(OSError(28, "No space left on device"), doing="writing x")).__name__
    'StoreFull'
    >>> type(failure(RuntimeError("Read-only file system (os error 30)"), doing="writing x")).__name__
    'StoreReadOnly'
    """
    if is_full(error):
        return StoreFull(
            f"no space was left while {doing}. What was stored before is unharmed: free some space on that "
            f"disk, or name a place with more under [stores] in loopwright.toml, and run again."
        )
    if is_denied(error):
        return StoreReadOnly(
            f"the system refused {doing} ({_short(error)}). Get write permission there, or name a place that "
            f"may be written under [stores] in loopwright.toml."
        )
    return StoreError(
        f"{doing} failed ({_short(error)}). Check that the place exists and can be reached, and run again."
    )


def is_full(error: BaseException) -> bool:
    """Say whether an error means that a disk or a quota is full."""
    return _number(error) in _FULL


def is_denied(error: BaseException) -> bool:
    """Say whether an error means that a place may not be written or read."""
    return _number(error) in _DENIED


def _number(error: BaseException) -> int | None:
    """Find the operating system's error number: delta-rs and Polars pass it on in their text only."""
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    quoted = re.search(r"\(os error (\d+)\)", str(error)) or re.search(r"\bcode: (\d+), kind:", str(error))
    return int(quoted[1]) if quoted else None


def _short(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:300]}" if lines else type(error).__name__
