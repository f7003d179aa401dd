"""Knows who is asking, and lets nobody but users in where a dashboard is private."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from loopwright.faces.web.requests import inside, with_query
from loopwright.faces.web.visitors import Visitor, visitor

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from loopwright.faces.web.site import Site

__all__ = ["Keeper"]

_OPEN = frozenset({"/login", "/static/style.css"})


class Keeper:
    """ASGI middleware that sets ``scope["visitor"]``, and on private sites turns away who has not signed in.

    Whatever is not named here as open is closed, so that a page cannot be forgotten.

    Parameters
    ----------
    app : ASGI application
    site : Site
    """

    def __init__(self, app: ASGIApp, *, site: Site) -> None:
        self._app = app
        self._site = site

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != "http" or scope["path"] == "/static/style.css":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        found = await run_in_threadpool(self._visitor, request)
        scope = {**scope, "visitor": found}
        closed = self._site.private and found.account is None and scope["path"] not in _OPEN
        await (_turned_away(request) if closed else self._app)(scope, receive, send)

    def _visitor(self, request: Request) -> Visitor:
        return visitor(self._site.open(), request)


def _turned_away(request: Request) -> Response:
    if request.scope.get("wants_json") or request.method not in {"GET", "HEAD"}:
        text = "This dashboard is for its users only: sign in at /login first.\n"
        return PlainTextResponse(text, status_code=403, headers={"cache-control": "no-store"})
    there = inside(with_query(request.url.path, dict(request.query_params)))
    to_sign_in = with_query("/login", {"next": there})
    return RedirectResponse(to_sign_in, status_code=303, headers={"cache-control": "no-store"})
