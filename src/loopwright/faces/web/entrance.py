"""Signing in and out."""

from __future__ import annotations

import hmac
import math
import time
from dataclasses import replace

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from loopwright.faces.web import pages
from loopwright.faces.web.accounts import MARK, Account, account, verified
from loopwright.faces.web.audit import address_of, note
from loopwright.faces.web.library import Library
from loopwright.faces.web.requests import form, inside
from loopwright.faces.web.sessions import HOURS, Session, begun, cookie_name, read, sealed, token
from loopwright.faces.web.site import Site
from loopwright.faces.web.visitors import NOBODY, Visitor, has_users, seconds

__all__ = ["routes", "token_fits"]

_STALE = "This form was open for too long, or your browser keeps no cookies. Please try again."
_WRONG = "Name and password do not fit."


def routes(site: Site) -> list[Route]:
    """Return the routes of signing in and out."""

    def ask(request: Request) -> Response:
        return _asked(site, request, there=request.query_params.get("next", ""))

    async def enter(request: Request) -> Response:
        return await run_in_threadpool(_enter, site, request, await form(request))

    async def leave(request: Request) -> Response:
        return await run_in_threadpool(_leave, site, request, await form(request))

    return [
        Route("/login", ask, methods=["GET"]),
        Route("/login", enter, methods=["POST"]),
        Route("/logout", leave, methods=["POST"]),
    ]


def token_fits(visitor: Visitor, fields: dict[str, str]) -> bool:
    """Say whether a form carries the token of the session that it comes with."""
    given = fields.get("token", "")
    return bool(visitor.token) and given.isascii() and hmac.compare_digest(visitor.token, given)


def _asked(
    site: Site, request: Request, *, there: str, user: str = "", problem: str = "", status: int = 200
) -> Response:
    """Show the form, with the token of a session that is nobody's yet."""
    present: Visitor = request.scope.get("visitor", NOBODY)
    there = inside(there)
    if present.account is not None and not problem:
        return RedirectResponse(there, status_code=303)
    library = site.open()
    secret, now = library.secret(), seconds(library.now())
    session = _form_session(request, secret=secret, now=now) or begun("", now=now)
    # The form carries its own token, also for somebody whose session is about to be replaced.
    request.scope["visitor"] = replace(NOBODY, token=token(session, secret=secret))
    page = pages.sign_in(library, there=there, user=user, problem=problem, users=has_users(library))
    reply = site.respond(request, page, library=library, status=status)
    _set(reply, request, f"{cookie_name(secret)}_form", sealed(session, secret=secret, stamp=""))
    return reply


def _enter(site: Site, request: Request, fields: dict[str, str]) -> Response:
    library, there = site.open(), fields.get("next", "")
    user, password = fields.get("user", "").strip()[:100], fields.get("password", "")
    secret = library.secret()
    before = _form_session(request, secret=secret, now=seconds(library.now()))
    form_visitor = Visitor(session=before, token=token(before, secret=secret) if before else "")
    if not token_fits(form_visitor, fields):
        return _asked(site, request, there=there, user=user, problem=_STALE, status=403)
    wait = site.attempts.begin(user, address_of(request), now=time.monotonic())
    if wait > 0:
        return _told_to_wait(site, request, there=there, user=user, wait=wait)
    known = _verified(library, user, password)
    if known is None:
        note(library, request, "sign-in", who=_known_name(library, user), failed=True)
        return _asked(site, request, there=there, user=user, problem=_WRONG, status=403)
    site.attempts.succeeded(user, address_of(request))
    note(library, request, "sign-in", who=known.name)
    return _entered(library, request, known, secret=secret, there=there)


def _verified(library: Library, user: str, password: str) -> Account | None:
    marks = library.marks(MARK)
    mark = marks.get(user)
    return account(marks, user) if verified(mark.body if mark else None, password) else None


def _entered(library: Library, request: Request, known: Account, *, secret: bytes, there: str) -> Response:
    """Begin a session with an id that nobody has seen before, and end the one that this browser had."""
    old: Visitor = request.scope.get("visitor", NOBODY)
    if old.session is not None:
        library.end(old.session.id)
    session = begun(known.name, now=seconds(library.now()))
    reply = RedirectResponse(inside(there), status_code=303)
    _set(reply, request, cookie_name(secret), sealed(session, secret=secret, stamp=known.stamp))
    reply.delete_cookie(f"{cookie_name(secret)}_form", httponly=True, samesite="strict")
    return reply


def _leave(site: Site, request: Request, fields: dict[str, str]) -> Response:
    present: Visitor = request.scope.get("visitor", NOBODY)
    if present.session is None or not token_fits(present, fields):
        return site.refuse(request, "You were not signed out", _STALE, status=403)
    library = site.open()
    library.end(present.session.id)
    note(library, request, "sign-out", who=present.name)
    reply = RedirectResponse("/login" if site.private else "/", status_code=303)
    reply.delete_cookie(cookie_name(library.secret()), httponly=True, samesite="strict")
    return reply


def _told_to_wait(site: Site, request: Request, *, there: str, user: str, wait: float) -> Response:
    problem = f"Too many attempts. Try again in {math.ceil(wait)} seconds."
    reply = _asked(site, request, there=there, user=user, problem=problem, status=429)
    reply.headers["retry-after"] = str(math.ceil(wait))
    return reply


def _known_name(library: Library, user: str) -> str:
    """Return the name if somebody has it; what was typed instead may be a password."""
    return user if account(library.marks(MARK), user) else "unknown user"


def _form_session(request: Request, *, secret: bytes, now: float) -> Session | None:
    cookie = request.cookies.get(f"{cookie_name(secret)}_form", "")
    return read(cookie, secret=secret, stamp=lambda user: "" if user == "" else None, now=now)


def _set(reply: Response, request: Request, name: str, value: str) -> None:
    reply.set_cookie(
        name, value, max_age=HOURS * 3600, path="/", httponly=True, samesite="strict",
        secure=request.url.scheme == "https",
    )
