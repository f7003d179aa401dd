"""What stands round a page: who is signed in, when it was made, and whether it makes itself anew."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import Request

from loopwright.errors import LoopwrightError
from loopwright.faces.web.accounts import Role
from loopwright.faces.web.library import Library
from loopwright.faces.web.pages import Page
from loopwright.faces.web.requests import inside, with_query
from loopwright.faces.web.visitors import NOBODY, Visitor, has_users

__all__ = ["BARE", "REFRESH_SECONDS", "Frame", "frame"]

REFRESH_SECONDS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """The surroundings of one page for one request.

    Attributes
    ----------
    visitor : Visitor
    acts : bool
        Something can be changed from these pages.
    users : bool
        Somebody may sign in at all.
    here : str
        Address of the page, to come back to.
    live : bool
        The page shows what changes by itself.
    refreshes : bool
        It is made anew every few seconds.
    other : str
        Address of the same page, refreshing if it does not, and the other way round.
    at : str
        When it was made.
    """

    visitor: Visitor = NOBODY
    acts: bool = False
    users: bool = False
    here: str = "/"
    live: bool = False
    refreshes: bool = False
    other: str = ""
    at: str = ""
    seconds: int = field(default=REFRESH_SECONDS)

    def may(self, role: Role) -> bool:
        """Say whether the visitor may do what that role may, on these pages."""
        return self.acts and self.visitor.may(role)


BARE = Frame()
"""Round a page that nobody asked for: a file."""


def frame(library: Library | None, request: Request, page: Page, *, acts: bool) -> Frame:
    """Return what stands round a page.

    Parameters
    ----------
    library : Library or None
        None if it cannot be read.
    request : Request
    page : Page
    acts : bool
        Something can be changed from these pages.
    """
    query = dict(request.query_params)
    refreshing = query.get("refresh") != "off"
    live = bool(getattr(page, "live", False)) and library is not None
    return Frame(
        visitor=request.scope.get("visitor", NOBODY),
        acts=acts,
        users=acts and library is not None and _users(library),
        here=inside(with_query(request.url.path, query)),
        live=live,
        refreshes=live and refreshing,
        other=with_query(request.url.path, query, refresh="off" if refreshing else None),
        at=library.now() if live and library else "",
    )


def _users(library: Library) -> bool:
    try:
        return has_users(library)
    except LoopwrightError:
        # The page itself says that the store cannot be read.
        return False
