"""Past trips sent to a running server in the order in which they happened, with their outcomes days late."""

from __future__ import annotations

import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from loopwright.errors import LoopwrightError

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Client", "Replay", "replay"]

_ROWS = 500
_TIMEOUT_SECONDS = 60


class Client:
    """A caller of the server, over one connection that is kept.

    Parameters
    ----------
    host : str
    port : int
    key : str
        Of a consumer.
    """

    def __init__(self, host: str, port: int, *, key: str) -> None:
        self._connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_SECONDS)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}

    def post(self, path: str, body: object) -> dict[str, object]:
        """Send JSON and return the JSON that is answered.

        Raises
        ------
        LoopwrightError
            If the server refuses.
        """
        content = json.dumps(body, default=_text).encode()
        try:
            status, answer = self._send(path, content)
        except (OSError, http.client.HTTPException):
            # A connection that lay idle may have been closed; ids are idempotent, so asking again is safe.
            self._connection.close()
            try:
                status, answer = self._send(path, content)
            except (OSError, http.client.HTTPException) as error:
                raise LoopwrightError(f"the server does not answer at {path}: {error}.") from error
        if status != http.client.OK:
            raise LoopwrightError(f"the server answered {path} with {status}: {answer.decode()[:2000]}")
        found: dict[str, object] = json.loads(answer)
        return found

    def _send(self, path: str, content: bytes) -> tuple[int, bytes]:
        self._connection.request("POST", path, body=content, headers=self._headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        """Let go of the connection."""
        self._connection.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """What is sent, and when.

    Attributes
    ----------
    rows : DataFrame
        Source rows; must hold the three columns below.
    key, time : str
        Columns that name a row, and say when it happened.
    outcome : tuple of str
        Columns that become known later: sent as outcomes only.
    delay : timedelta
        How much later.
    pause : timedelta
        Time between two looks at the traffic.
    """

    rows: pl.DataFrame
    key: str
    time: str
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
    import polars as pl

    told, number = start, 0
    for after in _stretches(start, end, sent.pause):
        asked = sent.rows.filter(pl.col(sent.time).is_between(after - sent.pause, after, closed="left"))
        for batch in asked.iter_slices(_ROWS):
            _ask(batch, sent, client)
        known = after - sent.delay
        late = sent.rows.filter(pl.col(sent.time).is_between(told, known, closed="left"))
        for batch in late.iter_slices(_ROWS):
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
    known = [moment + sent.delay for moment in rows[sent.time].to_list()]
    ids = rows[sent.key].to_list()
    outcomes = [{"id": i, "values": v, "at": at} for i, v, at in zip(ids, values, known, strict=True)]
    client.post("/outcomes", {"outcomes": outcomes})


def _text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} cannot be sent as JSON")
