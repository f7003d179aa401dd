"""The dashboard: a small web application that only reads, for people on this machine."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Mapping
from typing import TypeVar

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from loopwright.errors import LoopwrightError, UnknownRecord
from loopwright.faces.web import pages
from loopwright.faces.web.cards import datasheet, model_card
from loopwright.faces.web.guard import HEADERS, Guard
from loopwright.faces.web.library import Library
from loopwright.faces.web.rendering import STYLE, render
from loopwright.records import DatasetVersion, Evidence, Gate, Model, Record, Run

__all__ = ["LOCAL_HOSTS", "allowed_hosts", "app", "serve"]

R = TypeVar("R", bound=Record)
Answer = Callable[[Library, Request], pages.Page]
Open = Callable[[], Library]

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


def app(library_factory: Open, *, hosts: frozenset[str] = LOCAL_HOSTS) -> Starlette:
    """Return the dashboard as an ASGI application.

    Parameters
    ----------
    library_factory : callable
        Opens the library; called once per request, so that pages show what a run has just made.
    hosts : frozenset of str, default: those of this machine
        Host names that may be asked for. Any other is refused, so that a foreign site whose name is made to
        point at this machine cannot read the project. An empty set allows any.
    """
    said = _said(library_factory)
    application = Starlette(
        routes=[
            *(Route(path, _endpoint(library_factory, answer)) for path, answer in _PAGES.items()),
            Route("/models/{digest}/sheet", _file(library_factory, Model, model_card)),
            Route("/datasets/{digest}/sheet", _file(library_factory, DatasetVersion, datasheet)),
            Route("/static/style.css", _style),
        ],
        exception_handlers={HTTPException: said, LoopwrightError: said, Exception: said},
    )
    application.add_middleware(Guard, hosts=hosts)
    return application


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

    listening = _listen(host, port)
    name = f"[{host}]" if ":" in host else host
    print(f"Loopwright dashboard: http://{name}:{listening.getsockname()[1]}  (Ctrl-C stops it)", flush=True)  # noqa: T201
    with listening:
        try:
            uvicorn.Server(uvicorn.Config(application, log_level="warning", server_header=False)).run(
                sockets=[listening]
            )
        except KeyboardInterrupt:
            # uvicorn has finished its requests by now and raises what stopped it once more.
            return


def _listen(host: str, port: int) -> socket.socket:
    advice = "Choose another port with --port, or let it find a free one with --port 0."
    if not 0 <= port <= 65535:
        raise LoopwrightError(f"the dashboard cannot listen at port {port}: ports go up to 65535. {advice}")
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        raise LoopwrightError(
            f"the dashboard cannot listen at {host}, port {port}: {error.strerror or error}. "
            f"Is it running already? {advice}"
        ) from error


def _whole(build: Callable[[Library], pages.Page]) -> Answer:
    """Return the answer of a page about the whole project."""
    return lambda library, _: build(library)


def _one(kind: type[R], build: Callable[[Library, R], pages.Page]) -> Answer:
    """Return the answer of a page about the record that the address names."""
    return lambda library, request: build(library, _asked(library, request, kind))


def _dataset(library: Library, request: Request) -> pages.Page:
    query = request.query_params
    start = int(query["start"]) if re.fullmatch("[0-9]{1,9}", query.get("start", "")) else 0
    version = _asked(library, request, DatasetVersion)
    return pages.dataset(library, version, find=query.get("find", ""), start=start)


def _runs(library: Library, request: Request) -> pages.Page:
    query = request.query_params
    return pages.runs(
        library,
        sort=query.get("sort") or "-objective",
        role=query.get("role", ""),
        every_metric=query.get("metrics") == "all",
    )


_PAGES: Mapping[str, Answer] = {
    "/": _whole(pages.home),
    "/datasets": _whole(pages.datasets),
    "/datasets/{digest}": _dataset,
    "/runs": _runs,
    "/runs/{digest}": _one(Run, pages.run),
    "/models": _whole(pages.models),
    "/models/{digest}": _one(Model, pages.model),
    "/score": _whole(pages.score),
    "/lineage/{digest}": _one(Record, pages.lineage),
    "/evidence/{digest}": _one(Evidence, pages.evidence),
    "/gates/{digest}": _one(Gate, pages.gate),
    "/records/{digest}": _one(Record, pages.record),
    "/activity": _whole(pages.activity),
}


def _asked(library: Library, request: Request, kind: type[R]) -> R:
    """Return the record that the address names."""
    digest: str = request.path_params["digest"]
    record = library.get(digest)
    if not isinstance(record, kind):
        raise UnknownRecord(f"{digest[:12]} is no {kind.__name__} but a {type(record).__name__}.")
    return record


def _endpoint(library_factory: Open, answer: Answer) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        return _respond(request, answer(library_factory(), request))

    return respond


def _file(
    library_factory: Open, kind: type[R], write: Callable[[Library, R], str]
) -> Callable[[Request], Response]:
    """Return the endpoint of a report that stands alone."""

    def respond(request: Request) -> Response:
        library = library_factory()
        return Response(write(library, _asked(library, request, kind)), media_type="text/html")

    return respond


def _respond(request: Request, page: pages.Page, *, status: int = 200) -> Response:
    if request.scope.get("wants_json"):
        return Response(pages.as_json(page), status_code=status, media_type="application/json")
    return Response(render(page), status_code=status, media_type="text/html")


def _style(_: Request) -> Response:
    return Response(STYLE, media_type="text/css", headers={"cache-control": "no-cache"})


def _said(library_factory: Open) -> Callable[[Request, Exception], Response]:
    """Answer an error with a page that says what happened and where to go."""

    def respond(request: Request, error: Exception) -> Response:
        status, title, text = _words(error)
        page = pages.MissingPage(project=_name(library_factory), title=title, status=status, text=text)
        reply = _respond(request, page, status=status)
        # Starlette answers mistakes outside the guard.
        reply.headers.update(HEADERS)
        return reply

    return respond


def _words(error: Exception) -> tuple[int, str, str]:
    """Return status, title and text."""
    if isinstance(error, UnknownRecord):
        text = f"{error} It may be of another project, or the address was cut short."
        return 404, "There is no such record", text
    if isinstance(error, HTTPException) and error.status_code == 404:
        text = "The address is mistyped, or leads to a part that this project does not have."
        return 404, "There is no such page", text
    if isinstance(error, LoopwrightError):
        return 500, "This page cannot be shown", str(error)
    text = "Loopwright made a mistake; the terminal that serves the dashboard says more."
    return 500, "This page cannot be shown", text


def _name(library_factory: Open) -> str:
    try:
        return library_factory().name
    except LoopwrightError:
        return "Loopwright"
