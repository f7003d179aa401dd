"""The prediction server as an ASGI application: addresses, keys, sizes and statuses; the desk does the rest."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TypeAlias

import msgspec

from loopwright.errors import nearest
from loopwright.stages.serving.consumers import Consumer, Scope
from loopwright.stages.serving.desk import Desk
from loopwright.stages.serving.openapi import document, page
from loopwright.stages.serving.requests import Refusal, RefusedField

__all__ = ["Application", "application"]

Message: TypeAlias = MutableMapping[str, object]
Scoped: TypeAlias = MutableMapping[str, object]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]

_MESSAGES = logging.getLogger("loopwright.serving")
_JSON = "application/json"
_DISCARD_BYTES = 64 << 20
_DISCARD_SECONDS = 2.0
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})
_SECURITY = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


class _Refused(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a caller is told who gets no answer."""

    error: str
    problems: tuple[RefusedField, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reply:
    """An answer on its way out."""

    body: bytes
    status: int = 200
    media_type: str = _JSON
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class _Request:
    """A request on its way in."""

    method: str
    path: str
    headers: Mapping[str, str]
    client: str
    receive: Receive
    consumer: str = ""             # set when it is known, for the metrics
    came: float = 0.0              # time.perf_counter() at its last byte


_Answerer: TypeAlias = "Callable[[Application, _Request], Awaitable[_Reply]]"


def application(desk: Desk) -> Application:
    """Return the prediction server.

    Parameters
    ----------
    desk : Desk

    Returns
    -------
    Application
        For any ASGI server; ``loopwright.stages.serving.listening.serve`` runs it.
    """
    return Application(desk)


class Application:
    """An ASGI 3 application.

    Routes: ``POST /predict``, ``POST /outcomes``, ``GET /health``, ``/ready``, ``/metrics``, ``/openapi.json``,
    ``/docs`` and ``/``. Whatever goes wrong is answered as JSON: ``{"error": ..., "problems": [...]}``.

    Attributes
    ----------
    is_draining : bool
        The server is about to stop: it is not ready any more, and takes nothing new.
    running : int
        Requests that have not been answered yet.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.is_draining = False
        self.running = 0

    def drain(self) -> None:
        """Take nothing new from now on."""
        self.is_draining = True

    async def __call__(self, scope: Scoped, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
            return
        if scope["type"] != "http":
            raise ValueError(f"this server answers HTTP only, not {scope['type']}")
        self.running += 1
        try:
            await self._respond(_request(scope, receive), send)
        finally:
            self.running -= 1

    async def _respond(self, request: _Request, send: Send) -> None:
        try:
            reply = await self._answer(request)
        except Refusal as refusal:
            reply = _refused(refusal)
        except asyncio.CancelledError:
            # The server stops and will not wait any longer; the caller is told while there is still a way.
            text = "the server stopped before it had an answer. Ask again with the same ids."
            reply = _refused(Refusal(text, status=503, headers={"retry-after": "5"}))
        except Exception:
            _MESSAGES.exception("a request to %s could not be answered", request.path)
            text = "the server made a mistake; its own messages say more. Tell its owner."
            reply = _refused(Refusal(text, status=500))
        self._count(request, reply.status)
        closing = {"connection": "close"} if self.is_draining or reply.status in {408, 413} else {}
        headers = {
            "content-type": reply.media_type, "content-length": str(len(reply.body)), **_SECURITY, **closing,
            **reply.headers,
        }
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": b"" if request.method == "HEAD" else reply.body})

    async def _answer(self, request: _Request) -> _Reply:
        self._only_from_here(request)
        methods = _ROUTES.get(request.path)
        if methods is None:
            known = ", ".join(_ROUTES)
            hint = nearest(request.path[:100], _ROUTES)
            raise Refusal(f"there is nothing at {request.path[:100]!r}{hint}; there are {known}.", status=404)
        answerer = methods.get("GET" if request.method == "HEAD" else request.method)
        if answerer is None:
            allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else [])])
            raise Refusal(
                f"{request.path} takes {allowed}, not {request.method[:20]}.", status=405, headers={"allow": allowed}
            )
        return await answerer(self, request)

    def _only_from_here(self, request: _Request) -> None:
        """Without keys only this machine may ask, by one of its own names.

        A foreign page whose name is made to point at this machine could else ask through somebody's browser.
        """
        if not self.desk.is_open:
            return
        if not _is_loopback(request.client):
            raise Refusal(
                "this server runs without keys and answers its own machine only. Give out keys with `loopwright "
                "consumers add NAME`.", status=401,
            )
        if _host(request.headers.get("host", "")) not in _LOCAL_NAMES:
            raise Refusal("this server answers to the name localhost only.", status=421)

    async def _body(self, request: _Request, scope: Scope) -> tuple[bytes, Consumer]:
        """Return the bytes of a request and who sent it; nothing is read for somebody who may not ask."""
        consumer = self.desk.admit(_key(request.headers), scope=scope)
        request.consumer = consumer.name
        if self.is_draining:
            raise Refusal("this server is stopping. Ask another one, or again in a few seconds.", status=503,
                          headers={"retry-after": "5"})
        _check_type(request.headers)
        limit = self.desk.settings.max_body_kb * 1024
        if _length(request.headers) > limit:
            if "expect" not in request.headers:  # else nothing is sent before it is asked for
                await _discard(request.receive)
            raise _too_large(limit)
        body = await _read(request.receive, limit=limit, seconds=self.desk.settings.timeout_seconds)
        request.came = time.perf_counter()
        return body, consumer

    def _count(self, request: _Request, status: int) -> None:
        route = request.path if request.path in _ROUTES else "(none)"
        telemetry = self.desk.telemetry
        telemetry.requests.labels(route=route, consumer=request.consumer, status=str(status)).inc()
        if request.came:
            telemetry.seconds.labels(route=route).observe(time.perf_counter() - request.came)

    def is_ready(self) -> bool:
        """Say whether requests are answered."""
        return not self.is_draining and self.desk.routes() is not None


# -- routes ------------------------------------------------------------------------------------------------


async def _predict(app: Application, request: _Request) -> _Reply:
    body, consumer = await app._body(request, "predict")
    return _Reply(body=msgspec.json.encode(await app.desk.predict(body, consumer=consumer)))


async def _outcomes(app: Application, request: _Request) -> _Reply:
    body, consumer = await app._body(request, "outcomes")
    return _Reply(body=msgspec.json.encode(await app.desk.tell(body, consumer=consumer)))


async def _health(app: Application, _: _Request) -> _Reply:
    return _Reply(body=msgspec.json.encode({"status": "draining" if app.is_draining else "alive"}))


async def _ready(app: Application, _: _Request) -> _Reply:
    routes = app.desk.routes()
    if app.is_draining or routes is None:
        why = "this server is stopping." if app.is_draining else "no model is deployed yet."
        raise Refusal(f"not ready: {why}", status=503, headers={"retry-after": "5"})
    return _Reply(body=msgspec.json.encode({"status": "ready", "deployment": routes.deployment.number}))


async def _metrics(app: Application, request: _Request) -> _Reply:
    consumer = app.desk.admit(_key(request.headers), scope="metrics")
    request.consumer = consumer.name
    routes, telemetry = app.desk.routes(), app.desk.telemetry
    telemetry.is_ready.set(app.is_ready())
    if routes:
        telemetry.serves(
            deployment=routes.deployment.number, champion=routes.champion.model.number,
            challenger=routes.challenger.model.number if routes.challenger else None,
        )
    text, media_type = telemetry.written(request.headers.get("accept", ""))
    return _Reply(body=text, media_type=media_type)


async def _openapi(app: Application, _: _Request) -> _Reply:
    desk = app.desk
    found = document(desk.serving(), name=desk.name, settings=desk.settings, is_open=desk.is_open)
    return _Reply(body=msgspec.json.encode(found))


async def _docs(app: Application, request: _Request) -> _Reply:
    desk = app.desk
    host = request.headers.get("host") or f"{desk.settings.host}:{desk.settings.port}"
    text = page(
        desk.serving(), name=desk.name, settings=desk.settings, address=f"http://{host}", is_open=desk.is_open
    )
    return _Reply(body=text.encode(), media_type="text/html; charset=utf-8")


async def _root(app: Application, _: _Request) -> _Reply:
    routes = app.desk.routes()
    return _Reply(body=msgspec.json.encode({
        "project": app.desk.name,
        "model": f"v{routes.champion.model.number}" if routes else None,
        "deployment": routes.deployment.number if routes else None,
        "stage": routes.deployment.stage if routes else None,
        "addresses": [path for path in _ROUTES if path != "/"],
    }))


_ROUTES: Mapping[str, Mapping[str, _Answerer]] = {
    "/": {"GET": _root},
    "/predict": {"POST": _predict},
    "/outcomes": {"POST": _outcomes},
    "/health": {"GET": _health},
    "/ready": {"GET": _ready},
    "/metrics": {"GET": _metrics},
    "/openapi.json": {"GET": _openapi},
    "/docs": {"GET": _docs},
}


# -- what comes in -----------------------------------------------------------------------------------------


def _request(scope: Scoped, receive: Receive) -> _Request:
    raw = scope["headers"]
    client = scope.get("client")
    return _Request(
        method=str(scope["method"]), path=str(scope["path"]), receive=receive,
        headers={
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in raw  # type: ignore[attr-defined]
        },
        client=str(client[0]) if isinstance(client, tuple | list) else "",
    )


def _key(headers: Mapping[str, str]) -> str | None:
    kind, _, token = headers.get("authorization", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else headers.get("x-api-key")


def _check_type(headers: Mapping[str, str]) -> None:
    sent = headers.get("content-type", "")
    kind = sent.partition(";")[0].strip().lower()
    # A missing type is refused too: a foreign page in a browser can send a body without one, but not as JSON.
    if kind != _JSON and not (kind.startswith("application/") and kind.endswith("+json")):
        found = f"{sent[:60]!r}" if sent else "without a content type"
        raise Refusal(f"the body is sent as {found}; send `Content-Type: {_JSON}`.", status=415)
    packed = headers.get("content-encoding", "identity").lower()
    if packed != "identity":
        raise Refusal(f"the body is packed with {packed[:20]!r}; send it as it is.", status=415)


def _length(headers: Mapping[str, str]) -> int:
    said = headers.get("content-length", "0")
    if not said.isascii() or not said.isdigit():
        raise Refusal("the header Content-Length is no number.", status=400)
    return int(said)


async def _discard(receive: Receive) -> None:
    """Take in the rest of a body, up to a point: whoever is still sending when the connection closes hears nothing."""
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(_DISCARD_SECONDS):
            while size < _DISCARD_BYTES:
                message = await receive()
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return
                part = message.get("body", b"")
                size += len(part) if isinstance(part, bytes) else 0


def _too_large(limit: int) -> Refusal:
    return Refusal(
        f"the body is larger than {limit // 1024:,} KiB. Send fewer rows at once, or raise [serving] max_body_kb.",
        status=413,
    )


async def _read(receive: Receive, *, limit: int, seconds: float) -> bytes:
    """Return the body, counted while it comes: what the header says may be wrong."""
    parts: list[bytes] = []
    size, has_more = 0, True
    try:
        async with asyncio.timeout(seconds):
            while has_more:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Refusal("the caller went away.", status=400)
                part = message.get("body", b"")
                parts.append(part if isinstance(part, bytes) else b"")
                size += len(parts[-1])
                has_more = bool(message.get("more_body", False))
                if size > limit:
                    if has_more:
                        await _discard(receive)
                    raise _too_large(limit)
    except TimeoutError:
        raise Refusal(f"the body did not come within {seconds:g} s. Send it again.", status=408) from None
    return b"".join(parts)


def _is_loopback(client: str) -> bool:
    try:
        return ip_address(client).is_loopback
    except ValueError:
        return False


def _host(header: str) -> str:
    """Return the name in a Host header, without the port."""
    return header.partition("]")[0] + "]" if header.startswith("[") else header.partition(":")[0].lower()


# -- what goes out -----------------------------------------------------------------------------------------


def _refused(refusal: Refusal) -> _Reply:
    body = _Refused(error=str(refusal), problems=refusal.problems)
    return _Reply(body=msgspec.json.encode(body), status=refusal.status, headers=refusal.headers)


async def _live(receive: Receive, send: Send) -> None:
    """Answer a server that tells when it starts and stops; there is nothing to do then."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return
