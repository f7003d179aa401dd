"""One dashboard: the project it reads, what may be changed from it, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from loopwright.errors import LoopwrightError
from loopwright.faces.web import pages
from loopwright.faces.web.actions import Actions
from loopwright.faces.web.attempts import Attempts
from loopwright.faces.web.frames import frame
from loopwright.faces.web.library import Library
from loopwright.faces.web.rendering import render

__all__ = ["Open", "Site"]

Open: TypeAlias = Callable[[], Library]


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """What every endpoint needs to answer.

    Attributes
    ----------
    open : callable
        Opens the library; called once per request, so that pages show what a run has just made.
    actions : Actions or None
        None: the pages only show.
    private : bool
        Only people who have signed in see anything.
    attempts : Attempts
        To sign in.
    """

    open: Open
    actions: Actions | None = None
    private: bool = False
    attempts: Attempts = field(default_factory=Attempts)

    def respond(
        self, request: Request, page: pages.Page, *, library: Library | None = None, status: int = 200
    ) -> Response:
        """Answer with a page, as HTML or as JSON."""
        headers = {"cache-control": "no-store", "vary": "accept, cookie"}
        if request.scope.get("wants_json"):
            body: bytes | str = pages.as_json(page)
            return Response(body, status_code=status, media_type="application/json", headers=headers)
        around = frame(library, request, page, acts=self.actions is not None)
        return Response(render(page, frame=around), status_code=status, media_type="text/html", headers=headers)

    def refuse(self, request: Request, title: str, text: str, *, status: int) -> Response:
        """Answer that something cannot be done or shown, and why."""
        page = pages.MissingPage(project=self.name(), title=title, status=status, text=text)
        return self.respond(request, page, status=status)

    def name(self) -> str:
        """Return the name of the project, or that of the tool where it cannot be read."""
        try:
            return self.open().name
        except LoopwrightError:
            return "Loopwright"
