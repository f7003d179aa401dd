"""A port of this machine to listen at."""

from __future__ import annotations

import socket

from loopwright.errors import LoopwrightError

__all__ = ["listen"]


def listen(host: str, port: int, *, what: str = "the server") -> socket.socket:
    """Return a socket that listens.

    Parameters
    ----------
    host : str
        Address of this machine.
    port : int
        0 takes any that is free.
    what : str, default="the server"
        Who listens, for messages.

    Raises
    ------
    LoopwrightError
        If the port is taken or may not be used.

    Examples
    --------
    >>> with listen("127.0.0.1", 0) as listening:
    ...     listening.getsockname()[0]
    '127.0.0.1'
    """
    advice = "Choose another port with --port, or let it find a free one with --port 0."
    if not 0 <= port <= 65535:
        raise LoopwrightError(f"{what} cannot listen at port {port}: ports go up to 65535. {advice}")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.create_server((host, port), family=family)
    except OSError as error:
        raise LoopwrightError(
            f"{what} cannot listen at {host}, port {port}: {error.strerror or error}. Is one running already? {advice}"
        ) from error
    # Connections inherit it. Without, the body of an answer waits 40 ms for the caller to acknowledge the headers.
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listening
