"""Who is asking: nobody in particular, or somebody who has signed in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.requests import HTTPConnection

from loopwright.faces.web.accounts import MARK, Account, Role, account, allows
from loopwright.faces.web.library import Library
from loopwright.faces.web.sessions import Session, cookie_name, read, token

__all__ = ["NOBODY", "Visitor", "has_users", "seconds", "visitor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Whoever a request comes from.

    Attributes
    ----------
    account : Account or None
        None: has not signed in.
    session : Session or None
    token : str
        Of the session's forms.
    """

    account: Account | None = None
    session: Session | None = None
    token: str = ""

    @property
    def name(self) -> str:
        """Name of the user; empty if nobody has signed in."""
        return self.account.name if self.account else ""

    def may(self, role: Role) -> bool:
        """Say whether this visitor may do what that role may."""
        return self.account is not None and allows(self.account.role, role)


NOBODY = Visitor()
"""Whoever has not signed in."""


def visitor(library: Library, request: HTTPConnection) -> Visitor:
    """Return who is asking; a cookie that is not ours, was changed or is over is nobody's."""
    # Without such a cookie nothing has to be looked up, nor a secret made.
    if not any(name.startswith("loopwright_") for name in request.cookies):
        return NOBODY
    secret = library.secret()
    users = library.marks(MARK)

    def stamp(user: str) -> str | None:
        known = account(users, user)
        return known.stamp if known else None

    cookie = request.cookies.get(cookie_name(secret), "")
    session = read(cookie, secret=secret, stamp=stamp, now=seconds(library.now()))
    if session is None or library.ended(session.id):
        return NOBODY
    return Visitor(account=account(users, session.user), session=session, token=token(session, secret=secret))


def has_users(library: Library) -> bool:
    """Say whether anybody could sign in."""
    marks = library.marks(MARK)
    return any(account(marks, name) for name in marks)


def seconds(now: str) -> float:
    """Return a moment of the library as seconds since 1970."""
    return datetime.fromisoformat(now).timestamp()
