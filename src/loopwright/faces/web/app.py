"""The dashboard: a small web application that reads the project, and changes it only for people who may."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import quote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from loopwright.errors import LoopwrightError, UnknownRecord
from loopwright.faces.web import doing, entrance, pages
from loopwright.faces.web.actions import Actions
from loopwright.faces.web.cards import datasheet, model_card
from loopwright.faces.web.guard import HEADERS, Guard
from loopwright.faces.web.keeper import Keeper
from loopwright.faces.web.library import Library
from loopwright.faces.web.listening import LOCAL_HOSTS
from loopwright.faces.web.rendering import STYLE
from loopwright.faces.web.site import Open, Site
from loopwright.faces.web.snapshot import snapshot
from loopwright.faces.web.watching import MOST
from loopwright.records import Alert, DatasetVersion, Evidence, Gate, Model, Record, Run

__all__ = ["app"]

R = TypeVar("R", bound=Record)
Answer = Callable[[Library, Request], pages.Page]

_MOST_WINDOWS = 500


def app(
    library: Open,
    *,
    hosts: frozenset[str] = LOCAL_HOSTS,
    actions: Actions | None = None,
    private: bool | None = None,
) -> Starlette:
    """Return the dashboard as an ASGI application.

    Parameters
    ----------
    library : callable
        Opens the library; called once per request, so that pages show what a run has just made.
    hosts : frozenset of str, default: those of this machine
        Host names that may be asked for. Any other is refused, so that a foreign site whose name is made to
        point at this machine cannot read the project. An empty set allows any.
    actions : Actions, optional
        What people who have signed in may do. Without it the pages only show.
    private : bool, default: whether anybody but this machine is answered
        Nothing is shown before somebody has signed in.
    """
    closed = not hosts or not hosts <= LOCAL_HOSTS if private is None else private
    site = Site(open=lambda: snapshot(library()), actions=actions, private=closed)
    said = _said(site)
    application = Starlette(
        routes=[
            Route("/predictions", _searching(site)),
            *(Route(path, _endpoint(site, answer)) for path, answer in _PAGES.items()),
            Route("/models/{digest}/sheet", _file(site, Model, model_card)),
            Route("/datasets/{digest}/sheet", _file(site, DatasetVersion, datasheet)),
            Route("/static/style.css", _style),
            *entrance.routes(site),
            *doing.routes(site),
        ],
        exception_handlers={HTTPException: said, LoopwrightError: said, Exception: said},
    )
    application.add_middleware(Keeper, site=site)
    application.add_middleware(Guard, hosts=hosts)
    return application


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


def _monitoring(library: Library, request: Request) -> pages.Page:
    query = request.query_params
    return pages.monitoring(
        library, column=query.get("column", ""), every=query.get("columns") == "all", most=_windows(request)
    )


def _windows(request: Request) -> int:
    """Return how many windows are asked for."""
    asked = request.query_params.get("windows", "")
    return min(_MOST_WINDOWS, max(1, int(asked))) if re.fullmatch("[0-9]{1,4}", asked) else MOST


_PAGES: Mapping[str, Answer] = {
    "/": _whole(pages.home),
    "/deployment": _whole(pages.deployment),
    "/monitoring": _monitoring,
    "/monitoring/{digest}": _one(Evidence, pages.window),
    "/quality": lambda library, request: pages.quality(library, most=_windows(request)),
    "/alerts": lambda library, request: pages.alerts(library, standing=request.query_params.get("standing", "")),
    "/alerts/{digest}": _one(Alert, pages.alert),
    "/retraining": _whole(pages.retraining),
    "/predictions/{id:path}": lambda library, request: pages.prediction(library, request.path_params["id"]),
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


def _endpoint(site: Site, answer: Answer) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        library = site.open()
        return site.respond(request, answer(library, request), library=library)

    return respond


def _searching(site: Site) -> Callable[[Request], Response]:
    """Return the endpoint of the search by id, which leads to the prediction's own address."""
    answer = _endpoint(site, _whole(pages.predictions))

    def respond(request: Request) -> Response:
        wanted = request.query_params.get("id", "").strip()
        if not wanted:
            return answer(request)
        return RedirectResponse(f"/predictions/{quote(wanted, safe='')}", status_code=303)

    return respond


def _file(site: Site, kind: type[R], write: Callable[[Library, R], str]) -> Callable[[Request], Response]:
    """Return the endpoint of a report that stands alone."""

    def respond(request: Request) -> Response:
        library = site.open()
        return Response(write(library, _asked(library, request, kind)), media_type="text/html")

    return respond


def _style(_: Request) -> Response:
    return Response(STYLE, media_type="text/css", headers={"cache-control": "no-cache"})


def _said(site: Site) -> Callable[[Request, Exception], Response]:
    """Answer an error with a page that says what happened and where to go."""

    def respond(request: Request, error: Exception) -> Response:
        status, title, text = _words(error)
        reply = site.refuse(request, title, text, status=status)
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
    if isinstance(error, HTTPException) and error.detail:
        return error.status_code, "This cannot be done", error.detail
    if isinstance(error, LoopwrightError):
        return 500, "This page cannot be shown", str(error)
    text = "Loopwright made a mistake; the terminal that serves the dashboard says more."
    return 500, "This page cannot be shown", text
