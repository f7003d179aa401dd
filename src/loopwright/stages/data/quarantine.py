"""Rows that cannot be read: kept with the place, the reason and the raw text, never dropped silently."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

__all__ = ["quarantine", "shortened"]


def quarantine(
    source: str, *, lines: Sequence[int] = (), reasons: Sequence[str] = (), raw: Sequence[str] = ()
) -> pl.DataFrame:
    """Return the frame of rejected rows.

    Parameters
    ----------
    source : str
        File or query that the rows are from.
    lines : sequence of int
        Line in the file where each row begins, or number of the row in a query's answer; both from 1.
    reasons : sequence of str
        Why, one sentence for each.
    raw : sequence of str
        The text as it lies there.

    Returns
    -------
    DataFrame
        With columns source, line, reason and raw.

    Examples
    --------
    >>> quarantine("trips.csv", lines=[7], reasons=["3 fields, the header has 2"], raw=["a,b,c"]).row(0)
    ('trips.csv', 7, '3 fields, the header has 2', 'a,b,c')
    """
    return pl.DataFrame(
        {"source": [source] * len(lines), "line": list(lines), "reason": list(reasons), "raw": list(raw)},
        schema={"source": pl.String, "line": pl.Int64, "reason": pl.String, "raw": pl.String},
    )


def shortened(text: str, *, length: int = 60) -> str:
    """Return the text quoted, cut where it is long.

    Examples
    --------
    >>> shortened("abc"), shortened("x" * 70, length=5)
    ("'abc'", "'xxxxx...'")
    """
    return repr(text if len(text) <= length else text[:length] + "...")
