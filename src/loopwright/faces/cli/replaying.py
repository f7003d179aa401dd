"""Past trips sent to a running server in the order in which they happened, with their outcomes days late."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from loopwright.drills.calling import Client

__all__ = ["Replay", "replay"]

_ROWS = 500
_WHEN = "__when"


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is sent, and when.

    Attributes
    ----------
    rows : DataFrame
        Source rows.
    times : Series of n_rows
        When each happened.
    key : str
        Column that names a row.
    outcome : tuple of str
        Columns that become known later: sent as outcomes only.
    delay : timedelta
        How much later.
    pause : timedelta
        Time between two looks at the traffic.
    """

    rows: pl.DataFrame
    times: pl.Series
    key: str
    outcome: tuple[str, ...]
    delay: timedelta
    pause: timedelta


def replay(
    sent: Replay, client: Client, *, start: datetime, end: datetime, look: Callable[[datetime], None]
) -> int:
    """Send the rows of each stretch of time, then the outcomes that are known by its end, then look.

    Parameters
    ----------
    sent : Replay
    client : Client
    start, end : datetime
        First moment, and the moment after the last.
    look : callable
        Called with the end of every stretch.

    Returns
    -------
    int
        Rows sent.
    """
    told, number = start, 0
    for after in _stretches(start, end, sent.pause):
        asked = sent.rows.filter(sent.times.is_between(after - sent.pause, after, closed="left"))
        for batch in asked.iter_slices(_ROWS):
            _ask(batch, sent, client)
        known = after - sent.delay
        is_late = sent.times.is_between(told, known, closed="left")
        for batch in sent.rows.with_columns(sent.times.alias(_WHEN)).filter(is_late).iter_slices(_ROWS):
            _tell(batch, sent, client)
        told, number = max(told, known), number + asked.height
        look(after)
    return number


def _stretches(start: datetime, end: datetime, pause: timedelta) -> Iterator[datetime]:
    """Yield the end of every stretch."""
    after = start + pause
    while after <= end:
        yield after
        after += pause


def _ask(rows: pl.DataFrame, sent: Replay, client: Client) -> None:
    columns = {name: rows[name].to_list() for name in rows.columns if name not in sent.outcome}
    client.post("/predict", {"columns": columns, "ids": rows[sent.key].to_list()})


def _tell(rows: pl.DataFrame, sent: Replay, client: Client) -> None:
    values = rows.select(sent.outcome).to_dicts()
    known = [moment + sent.delay for moment in rows[_WHEN].to_list()]
    ids = rows[sent.key].to_list()
    outcomes = [{"id": i, "values": v, "at": at} for i, v, at in zip(ids, values, known, strict=True)]
    client.post("/outcomes", {"outcomes": outcomes})
