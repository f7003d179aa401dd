"""The dashboard as a process that listens at an address, and the names it answers to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.ports import listen

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["LOCAL_HOSTS", "allowed_hosts", "serve"]

LOCAL_HOSTS = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Names under which a browser on this machine asks."""


def allowed_hosts(host: str) -> frozenset[str]:
    """Return the host names to answer to when listening at an address.

    Parameters
    ----------
    host : str
        What ``serve`` is given. At all addresses (``"0.0.0.0"``, ``"::"``) any name is allowed.

    Examples
    --------
    >>> sorted(allowed_hosts("192.0.2.7"))
    ['127.0.0.1', '192.0.2.7', '[::1]', 'localhost']
    >>> allowed_hosts("0.0.0.0")
    frozenset()
    """
    if host in {"", "0.0.0.0", "::"}:  # noqa: S104 - nothing is bound here
        return frozenset()
    return LOCAL_HOSTS | {f"[{host}]" if ":" in host else host.lower()}


def serve(application: Starlette, *, host: str = "127.0.0.1", port: int = 8642) -> None:
    """Serve the dashboard until Ctrl-C.

    Parameters
    ----------
    application : Starlette
        What ``app`` made.
    host : str, default="127.0.0.1"
        Address of this machine to listen at.
    port : int, default=8642
        0 takes any that is free.

    Raises
    ------
    LoopwrightError
        If the port is taken or may not be used.
    """
    import uvicorn

    listening = listen(host, port, what="the dashboard")
    name = f"[{host}]" if ":" in host else host
    print(f"Loopwright dashboard: http://{name}:{listening.getsockname()[1]}  (Ctrl-C stops it)", flush=True)  # noqa: T201
    # Whoever asks is known by the address of the connection: a header could name any, and each a fresh attempt.
    config = uvicorn.Config(application, log_level="warning", server_header=False, proxy_headers=False)
    with listening:
        try:
            uvicorn.Server(config).run(sockets=[listening])
        except KeyboardInterrupt:
            # uvicorn has finished its requests by now and raises what stopped it once more.
            return
