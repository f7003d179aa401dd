"""The server as a process: it binds its port first, tells its address, and stops without losing an answer."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

import uvicorn

from loopwright.ports import listen
from loopwright.stages.serving.app import Application

__all__ = ["Listener", "serve"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


def serve(
    app: Application,
    *,
    host: str = "127.0.0.1",
    port: int = 8643,
    drain_seconds: float = 10.0,
    ready: Callable[[str], None] | None = None,
    closing: Callable[[], None] | None = None,
) -> None:
    """Serve until SIGTERM or SIGINT, then stop in order: take nothing new, finish what runs, close the log.

    From the signal on ``/ready`` and new predictions are answered with 503. Requests that run may take
    ``drain_seconds`` to finish; a second signal ends the waiting.

    Parameters
    ----------
    app : Application
    host : str, default="127.0.0.1"
    port : int, default=8643
        0 takes any that is free.
    drain_seconds : float, default=10.0
    ready : callable, optional
        Called with the address, such as ``"http://127.0.0.1:8643"``, once requests are taken.
    closing : callable, optional
        Called last of all, whatever happened: closes the prediction log.

    Raises
    ------
    LoopwrightError
        If the port is taken or may not be used.
    """
    try:
        Listener(app, host=host, port=port, drain_seconds=drain_seconds).run(ready=ready)
    finally:
        if closing is not None:
            closing()


class Listener:
    """A server that is bound to its port; it takes requests once it runs.

    Parameters
    ----------
    app : Application
    host, port
        As for ``serve``.
    drain_seconds : float, default=10.0

    Attributes
    ----------
    address : str

    Raises
    ------
    LoopwrightError
        If the port is taken or may not be used.
    """

    def __init__(self, app: Application, *, host: str, port: int, drain_seconds: float = 10.0) -> None:
        self._socket = listen(host, port)
        name = f"[{host}]" if ":" in host else host
        self.address = f"http://{name}:{self._socket.getsockname()[1]}"
        config = uvicorn.Config(
            app, lifespan="off", log_config=None, access_log=False, server_header=False, ws="none",
            timeout_graceful_shutdown=1,
        )
        self._server = _Server(config, app=app, drain_seconds=drain_seconds)

    def run(self, *, ready: Callable[[str], None] | None = None) -> None:
        """Serve until told to stop, by a signal or by ``stop``; may run in any thread, signals come to the main one."""
        self._server.tell = (lambda: ready(self.address)) if ready else None
        with self._socket:
            self._server.run(sockets=[self._socket])

    def close(self) -> None:
        """Give the port back without having run."""
        self._socket.close()

    def stop(self) -> None:
        """Have the server stop in order; returns at once, from any thread."""
        self._server.asked.set()


class _Server(uvicorn.Server):
    """Uvicorn, but for how it stops: first not ready, then finished, and no signal is raised once more at the end."""

    def __init__(self, config: uvicorn.Config, *, app: Application, drain_seconds: float) -> None:
        super().__init__(config)
        self.app = app
        self.drain_seconds = drain_seconds
        self.asked = threading.Event()
        self.hurried = False
        self.tell: Callable[[], None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Take requests, and say so."""
        await super().startup(sockets)
        if self.tell is not None:
            self.tell()

    async def main_loop(self) -> None:
        """Wait for the end; then wait for the requests that run."""
        tick = 0
        while not self.asked.is_set():
            await self.on_tick(tick)
            tick += 1
            await asyncio.sleep(0.1)
        self.app.drain()
        until = time.monotonic() + self.drain_seconds
        while self.app.running and time.monotonic() < until and not self.hurried:
            await asyncio.sleep(0.02)
        await asyncio.wait({asyncio.create_task(self.app.desk.settled())}, timeout=max(0.0, until - time.monotonic()))
        self.should_exit = True

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop at a signal, and put back what signals did before."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in _SIGNALS}
        try:
            yield
        finally:
            for number, was in before.items():
                signal.signal(number, was)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as signals call it
        """Begin to stop; the second time, hurry."""
        self.hurried = self.asked.is_set()
        self.asked.set()
