"""Values and names as TOML would write them, for messages and for the reference page."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from itertools import islice
from typing import Final

__all__ = ["listed", "nearest_name", "shown", "shown_key"]

_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")


def shown_key(name: str) -> str:
    """Return a key as TOML would write it: bare where that is allowed, else in quotes.

    Examples
    --------
    >>> shown_key("log_loss"), shown_key("f0.5")
    ('log_loss', '"f0.5"')
    """
    return name if _BARE.fullmatch(name) else shown(name)


def shown(value: object, *, depth: int = 3, width: int = 60) -> str:
    """Return a value as TOML would write it, cut short where it is long.

    Parameters
    ----------
    value : object
        Anything that ``tomllib`` returns, and tuples.
    depth : int
        Tables and arrays nested deeper are shown as an ellipsis.
    width : int
        Longest text, in characters.

    Examples
    --------
    >>> shown({"low": 1.0, "log": True, "first": date(2015, 1, 31)})
    '{ low = 1.0, log = true, first = 2015-01-31 }'
    >>> shown("a long name", width=6)
    '"a lo…'
    """
    import json

    if isinstance(value, dict | list) and not depth:
        text = "…"
    elif isinstance(value, dict):
        pairs = (f"{shown_key(key)} = {shown(part, depth=depth - 1)}" for key, part in value.items())
        text = "{ " + ", ".join(islice(pairs, width)) + " }" if value else "{}"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(shown(part, depth=depth - 1) for part in value[:width]) + "]"
    elif isinstance(value, date | time):
        text = value.isoformat()
    elif isinstance(value, int) and abs(value) >= 2**63:
        text = hex(value)           # decimal digits are refused beyond some thousands
    elif isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        text = f"{value:.1f}"
    else:
        text = json.dumps(value, ensure_ascii=False).replace("Infinity", "inf").replace("NaN", "nan")
    return text if len(text) <= width else text[: width - 1] + "…"


def listed(names: Iterable[object]) -> str:
    """Return values as TOML would write them, with commas between.

    Examples
    --------
    >>> listed(["f1", 0.5])
    '"f1", 0.5'
    """
    return ", ".join(shown(name) for name in names)


def nearest_name(name: str, known: Iterable[str]) -> str:
    """Return `` (did you mean "x"?)`` for the closest known name in any case, or nothing.

    Examples
    --------
    >>> nearest_name("ROC_AUK", ["roc_auc", "f1"])
    ' (did you mean "roc_auc"?)'
    """
    from difflib import get_close_matches

    by_lower_case = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), by_lower_case, n=1)
    return f" (did you mean {shown(by_lower_case[close[0]])}?)" if close else ""
