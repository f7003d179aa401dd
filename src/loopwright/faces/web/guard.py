"""What stands before every request: only names of this machine, changes from our own pages only, nothing foreign."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse

from loopwright.faces.web.rendering import STYLE_DIGEST

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["HEADERS", "Guard"]


_TAKES_FORMS = re.compile(r"/login|/logout|/actions/[a-z-]+")

HEADERS = {
    "content-security-policy": (
        f"default-src 'none'; style-src 'self' 'sha256-{STYLE_DIGEST}'; img-src 'self' data:; "
        f"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    # With "no-referrer" browsers would hide, also from us, from which site a form was sent.
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
"""What every answer says to browsers: no scripts, no frames, nothing from elsewhere."""


class Guard:
    """ASGI middleware that refuses foreign hosts and foreign forms, and tells browsers what pages may load.

    It also takes the ending ``.json`` off an address, and sets ``scope["wants_json"]`` where JSON is asked
    for.

    Parameters
    ----------
    app : ASGI application
    hosts : frozenset of str
        Host names that may be asked for; an empty set allows any.
    """

    def __init__(self, app: ASGIApp, *, hosts: frozenset[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or pass it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        application = self._refusal(scope) or self._app
        await application(_with_format(scope), receive, send_with_headers)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        if self._hosts and _host(scope) not in self._hosts:
            text = "This dashboard answers only to the name of the machine it runs on, such as localhost.\n"
            return PlainTextResponse(text, status_code=421)
        reading = scope["method"] in {"GET", "HEAD"}
        takes_forms = _TAKES_FORMS.fullmatch(scope["path"])
        if not reading and not (takes_forms and scope["method"] == "POST"):
            return PlainTextResponse(
                "This page only shows; changes are made by commands, or by the forms under /actions.\n",
                status_code=405,
                headers={"allow": "GET, HEAD, POST" if takes_forms else "GET, HEAD"},
            )
        if not reading and not _is_ours(Headers(scope=scope)):
            return PlainTextResponse("Forms are taken only from these pages themselves.\n", status_code=403)
        return None


def _is_ours(headers: Headers) -> bool:
    """Say whether a form was sent from these pages: browsers tell so in headers that no page can set.

    Other ports of this machine are the same site, but not the same origin.
    """
    fetched, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if fetched not in {None, "same-origin"}:
        return False
    if origin is None:
        return fetched == "same-origin"
    try:
        return urlsplit(origin).netloc.lower() == headers.get("host", "").lower() != ""
    except ValueError:
        return False


def _host(scope: Scope) -> str:
    """Return the host that the request names, without its port."""
    host = Headers(scope=scope).get("host", "")
    return host.partition("]")[0] + "]" if host.startswith("[") else host.partition(":")[0].lower()


def _with_format(scope: Scope) -> Scope:
    path: str = scope["path"]
    by_name = path.endswith(".json")
    if by_name:
        path = path.removesuffix(".json").removesuffix("/index") or "/"
    by_header = "application/json" in Headers(scope=scope).get("accept", "")
    return {**scope, "path": path, "raw_path": path.encode(), "wants_json": by_name or by_header}
