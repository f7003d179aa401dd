"""A real server for a copy of a project: HTTP on a free port, whose clock and whose slowness a drill holds."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from loopwright.drills.calling import Client
from loopwright.errors import LoopwrightError
from loopwright.project import Project
from loopwright.protocols import Predictor
from loopwright.stages import serving

if TYPE_CHECKING:
    import numpy as np
    import polars as pl
    from numpy.typing import NDArray

__all__ = ["Hand", "Running", "Slowed", "running"]

_PATIENCE_SECONDS = 30.0
_DRAIN_SECONDS = 2.0


@dataclass(slots=True)
class Hand:
    """The hand of a clock that a drill moves.

    Attributes
    ----------
    at : datetime
        UTC without a zone.
    """

    at: datetime

    def nanoseconds(self) -> int:
        """Return the time since 1970.

        Examples
        --------
        >>> Hand(datetime(1970, 1, 1, 0, 0, 1)).nanoseconds()
        1000000000
        """
        return (self.at - datetime(1970, 1, 1)) // timedelta(microseconds=1) * 1000


@dataclass(slots=True)
class Slowed:
    """Predictors whose answers a drill delays.

    Attributes
    ----------
    delay_ms : float
        May be changed while a server runs.
    """

    delay_ms: float = 0.0

    def around(self, predictor: Predictor) -> Predictor:
        """Return a predictor that says the same, later."""
        return _Later(predictor, self)


@dataclass(frozen=True, slots=True)
class _Later:
    predictor: Predictor
    by: Slowed

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        """Return what the predictor says, after the delay."""
        time.sleep(self.by.delay_ms / 1000)
        return self.predictor.predict(frame)


@dataclass(slots=True, kw_only=True)
class Running:
    """A server that runs, and how to reach it.

    Attributes
    ----------
    address : str
    asked, told : tuple of str
        Columns that may be sent when asking, and those that are told as outcomes.
    """

    address: str
    key: str
    hand: Hand
    slowed: Slowed
    asked: tuple[str, ...]
    told: tuple[str, ...]
    _clients: list[Client] = field(default_factory=list)

    def client(self) -> Client:
        """Return a new connection; it is closed with the server."""
        place = urlsplit(self.address)
        self._clients.append(Client(str(place.hostname), int(place.port or 0), key=self.key))
        return self._clients[-1]

    def close(self) -> None:
        """Let go of the connections."""
        for client in self._clients:
            client.close()


@contextmanager
def running(project: Project, *, start: datetime) -> Iterator[Running]:
    """Serve what is deployed, for a block.

    Parameters
    ----------
    project : Project
    start : datetime
        Where the clock begins.

    Raises
    ------
    LoopwrightError
        If the server does not begin.
    """
    from loopwright.stages.serving.listening import Listener

    hand, slowed = Hand(start), Slowed()
    key, _ = serving.add_consumer(project, "drill", owner="loopwright drill", purpose="to try what is noticed")
    made = serving.server(project, nanoseconds=hand.nanoseconds, around=slowed.around)
    listener = Listener(made.application, host="127.0.0.1", port=0, drain_seconds=_DRAIN_SECONDS)
    ready = threading.Event()
    thread = threading.Thread(
        target=listener.run, kwargs={"ready": lambda _: ready.set()}, name="loopwright-drill", daemon=True
    )
    door = made.application.desk.serving().door
    found = Running(
        address=listener.address, key=key, hand=hand, slowed=slowed,
        asked=tuple(column.name for column in door.columns),
        told=tuple(column.name for column in door.told_later()),
    )
    thread.start()
    try:
        if not ready.wait(_PATIENCE_SECONDS):
            raise LoopwrightError(f"the server of the drill did not begin within {_PATIENCE_SECONDS:g} s; try again.")
        yield found
    finally:
        found.close()
        listener.stop()
        thread.join(_PATIENCE_SECONDS)
        made.close()
