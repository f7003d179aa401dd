"""Actions from the pages: asked for with a reason on a page of their own, done by a form that only it can send."""

from __future__ import annotations

from datetime import datetime, timedelta

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from loopwright.errors import LoopwrightError, UnknownRecord
from loopwright.faces.web import pages
from loopwright.faces.web.accounts import Role
from loopwright.faces.web.actions import VERBS, Actions, Verb
from loopwright.faces.web.audit import audited, note
from loopwright.faces.web.entrance import token_fits
from loopwright.faces.web.library import Library
from loopwright.faces.web.pages.confirming import HOURS
from loopwright.faces.web.requests import form, with_query
from loopwright.faces.web.site import Site
from loopwright.faces.web.visitors import NOBODY, Visitor
from loopwright.records import Alert

__all__ = ["routes"]

_LONGEST = 500  # characters of a reason
_EVERYTHING = frozenset({"", "*", "**"})  # patterns that silence whatever there may be


def routes(site: Site) -> list[Route]:
    """Return the routes of actions."""

    def ask(request: Request) -> Response:
        return _refusal(site, request, _verb(request)) or _shown(site, request, _verb(request), _asked(request))

    async def act(request: Request) -> Response:
        return await run_in_threadpool(_act, site, request, await form(request))

    return [
        Route("/actions/{verb}", ask, methods=["GET"]),
        Route("/actions/{verb}", act, methods=["POST"]),
    ]


def _verb(request: Request) -> Verb:
    verb = VERBS.get(request.path_params["verb"])
    if verb is None:
        raise HTTPException(404)
    return verb


def _asked(request: Request) -> dict[str, str]:
    """Return what a link to the page says in advance; never a reason, which a person has to give."""
    query = request.query_params
    return {name: query.get(name, "") for name in ("alert", "pattern")}


def _refusal(site: Site, request: Request, verb: Verb, *, needed: Role | None = None) -> Response | None:
    """Return why this visitor cannot do this, or None."""
    present: Visitor = request.scope.get("visitor", NOBODY)
    needed = needed or verb.role
    if site.actions is None:
        text = "This dashboard only shows. Changes are made by commands, or on a dashboard that was started with them."
        return site.refuse(request, "Nothing can be changed here", text, status=403)
    if present.account is None and request.method in {"GET", "HEAD"}:
        here = with_query(request.url.path, dict(request.query_params))
        return RedirectResponse(with_query("/login", {"next": here}), status_code=303)
    if present.account is None:
        return site.refuse(request, "Nobody is signed in", "Your session is over. Sign in and try again.", status=403)
    if not present.may(needed):
        text = (
            f"To {verb.title.lower()} takes the role {needed}; {present.name} is {present.account.role}. Whoever keeps "
            f"the project can change that: loopwright users add {present.name} --role {needed}"
        )
        return site.refuse(request, "You may not do this", text, status=403)
    return None


def _shown(
    site: Site, request: Request, verb: Verb, fields: dict[str, str], *, problem: str = "", status: int = 200
) -> Response:
    """Show the page that asks for the reason."""
    library = site.open()
    page = pages.confirm(
        library, verb, alert=_alert(library, fields) if verb.about == "alert" else None,
        pattern=fields.get("pattern", ""), hours=fields.get("hours", "24"), why=fields.get("why", ""), problem=problem,
    )
    return site.respond(request, page, library=library, status=status)


def _act(site: Site, request: Request, fields: dict[str, str]) -> Response:
    verb, present = _verb(request), request.scope.get("visitor", NOBODY)
    needed: Role = "admin" if verb.about == "quantity" and _pattern(fields) in _EVERYTHING else verb.role
    refused = _refusal(site, request, verb, needed=needed)
    if refused is not None:
        if present.account is not None and site.actions is not None:
            note(site.open(), request, f"{verb.name} (refused: takes {needed})", who=present.name, failed=True)
        return refused
    if not token_fits(present, fields):
        problem = "This form does not belong to your session. Look at what it says, and send it again."
        return _shown(site, request, verb, {**fields, "why": ""}, problem=problem, status=403)
    library = site.open()
    problem = _problem(library, verb, fields)
    if problem:
        return _shown(site, request, verb, fields, problem=problem, status=409)
    assert site.actions is not None  # noqa: S101 - _refusal has answered already
    try:
        with audited(library, request, _told(verb, fields), who=present.name):
            _do(site.actions, library, verb, fields, by=present.name)
    except LoopwrightError as error:
        return _shown(site, request, verb, fields, problem=f"It was not done: {error}", status=409)
    return RedirectResponse(_afterwards(library, verb, fields), status_code=303)


def _problem(library: Library, verb: Verb, fields: dict[str, str]) -> str:
    """Return why the form cannot be taken; empty if it can."""
    why = _why(fields)
    if not why:
        return "Give the reason: others will read it in the history."
    if len(why) > _LONGEST:
        return f"The reason has {len(why):,} characters; {_LONGEST} are kept."
    if verb.about == "quantity":
        return _silence_problem(fields)
    if verb.about == "alert":
        _alert(library, fields)
        return ""
    now = pages.confirm(library, verb)
    if fields.get("seen") != now.seen:
        return "The deployment has changed since you opened this page. Look at what serves now, and decide again."
    return now.obstacle


def _silence_problem(fields: dict[str, str]) -> str:
    if not _pattern(fields):
        return "Say which quantities, such as drift:fare, or drift:* for all of a kind."
    if len(_pattern(fields)) > 200:
        return "This pattern is longer than any name of a quantity."
    return "" if fields.get("hours") in HOURS else "Choose for how long."


def _do(actions: Actions, library: Library, verb: Verb, fields: dict[str, str], *, by: str) -> None:
    why = _why(fields)
    match verb.name:
        case "promote":
            actions.promote(by=by, why=why)
        case "reject":
            actions.reject(by=by, why=why)
        case "roll-back":
            actions.roll_back(by=by, why=why)
        case "approve":
            actions.approve(by=by, why=why)
        case "acknowledge":
            actions.acknowledge(_alert(library, fields).digest, by=by, note=why)
        case "silence":
            actions.silence(_pattern(fields), until=_until(library.now(), fields), by=by, why=why)


def _told(verb: Verb, fields: dict[str, str]) -> str:
    """Return the line of the audit trail."""
    about = {"release": "", "alert": f" {fields.get('alert', '')[:12]}", "quantity": f" {_pattern(fields)}"}
    length = f" for {HOURS[fields['hours']]}" if verb.about == "quantity" else ""
    return f"{verb.name}{about[verb.about]}{length}: {_why(fields)}"


def _afterwards(library: Library, verb: Verb, fields: dict[str, str]) -> str:
    if verb.about == "alert":
        return f"/alerts/{_alert(library, fields).digest}"
    return "/deployment" if verb.about == "release" else "/alerts"


def _alert(library: Library, fields: dict[str, str]) -> Alert:
    """Return the alert that a form or a link names.

    Raises
    ------
    UnknownRecord
    """
    record = library.get(fields.get("alert", ""))
    if not isinstance(record, Alert):
        raise UnknownRecord(f"{fields.get('alert', '')[:12]} is no Alert but a {type(record).__name__}.")
    return record


def _why(fields: dict[str, str]) -> str:
    """Return the reason as one line."""
    return " ".join(fields.get("why", "").split())


def _pattern(fields: dict[str, str]) -> str:
    return " ".join(fields.get("pattern", "").split())


def _until(now: str, fields: dict[str, str]) -> str:
    """Return when a silence ends, as records keep times."""
    end = datetime.fromisoformat(now) + timedelta(hours=int(fields["hours"]))
    return end.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
