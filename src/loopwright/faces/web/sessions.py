"""Who is signed in: a signed cookie that says it, and the token that every form of the session carries."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

__all__ = ["HOURS", "Session", "begun", "cookie_name", "read", "sealed", "token"]

HOURS = 12
"""So long a session lasts, whatever is done in it."""

Stamp: TypeAlias = Callable[[str], str | None]

_LONGEST = 1024  # characters of a cookie that is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """What a cookie says.

    Attributes
    ----------
    id : str
        Random, and new with every sign-in, so that nobody can be given a session that another one knows.
    user : str
        Empty before the sign-in: such a session only carries the token of the sign-in form.
    expires : int
        Seconds since 1970.
    """

    id: str
    user: str
    expires: int


def begun(user: str, *, now: float) -> Session:
    """Return a new session.

    Parameters
    ----------
    user : str
        Who has just signed in; empty for somebody who is about to.
    now : float
        Seconds since 1970.
    """
    return Session(id=secrets.token_urlsafe(24), user=user, expires=int(now) + HOURS * 3600)


def sealed(session: Session, *, secret: bytes, stamp: str) -> str:
    """Return the value of the cookie.

    Parameters
    ----------
    session : Session
    secret : bytes
        Known to this project's dashboards only.
    stamp : str
        Of the user's account; with a new password the seal no longer fits.

    Examples
    --------
    >>> cookie = sealed(Session(id="a", user="ada", expires=100), secret=b"secret", stamp="1")
    >>> read(cookie, secret=b"secret", stamp=lambda user: "1", now=99.0).user
    'ada'
    >>> read(cookie, secret=b"secret", stamp=lambda user: "2", now=99.0) is None
    True
    """
    content = json.dumps([session.id, session.user, session.expires], separators=(",", ":")).encode()
    body = base64.urlsafe_b64encode(content).decode().rstrip("=")
    return f"{body}.{_seal('session', body, stamp, secret=secret)}"


def read(cookie: str, *, secret: bytes, stamp: Stamp, now: float) -> Session | None:
    """Return the session of a cookie, or None if it is not ours, was changed, or is over.

    Parameters
    ----------
    cookie : str
        As the browser sent it.
    secret : bytes
    stamp : callable
        Takes the name of the user, and returns the stamp of the account or None if there is none.
    now : float
        Seconds since 1970.
    """
    body, _, seal = cookie.partition(".")
    session = _content(body) if len(cookie) <= _LONGEST else None
    known = stamp(session.user) if session else None
    if session is None or known is None or not seal.isascii():
        return None
    fits = hmac.compare_digest(_seal("session", body, known, secret=secret), seal)
    return session if fits and session.expires > now else None


def token(session: Session, *, secret: bytes) -> str:
    """Return what every form of the session carries, and no foreign page can know."""
    return _seal("form", session.id, session.user, secret=secret)


def cookie_name(secret: bytes) -> str:
    """Return the name of the cookie.

    Browsers keep one jar for all ports of a machine: two dashboards must not take each other's session.
    """
    return f"loopwright_{_seal('cookie', '', '', secret=secret)[:8]}"


def _content(body: str) -> Session | None:
    """Return what a cookie claims, before its seal is looked at."""
    try:
        padded = f"{body}{'=' * (-len(body) % 4)}"
        values = json.loads(base64.b64decode(padded.encode(), altchars=b"-_", validate=True))
    except ValueError:
        return None
    match values:
        case [str() as id, str() as user, int() as expires]:
            return Session(id=id, user=user, expires=expires)
    return None


def _seal(purpose: str, first: str, second: str, *, secret: bytes) -> str:
    content = json.dumps([purpose, first, second]).encode()
    return hmac.new(secret, content, hashlib.sha256).hexdigest()
