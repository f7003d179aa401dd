"""The page on which people sign in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.faces.web.library import Library

__all__ = ["SignInPage", "sign_in"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInPage:
    """Asks for name and password."""

    template: ClassVar[str] = "sign_in.html"
    place: ClassVar[str] = ""

    project: str
    title: str
    there: str  # where to go afterwards
    user: str  # what was typed before
    problem: str
    users: bool  # there is anybody who could sign in


def sign_in(library: Library, *, there: str, user: str = "", problem: str = "", users: bool = True) -> SignInPage:
    """Ask who is there."""
    return SignInPage(
        project=library.name, title="Sign in", there=there, user=user, problem=problem, users=users
    )
