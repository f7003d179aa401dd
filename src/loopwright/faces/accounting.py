"""Who may log in to the pages of a project."""

from __future__ import annotations

from loopwright.errors import UnknownRecord
from loopwright.faces.web import accounts as rules
from loopwright.project import Project

__all__ = ["accounts", "add_account", "remove_account"]


def accounts(project: Project) -> dict[str, str]:
    """Return the role of everybody who may log in, by name."""
    marks = project.metadata.marks(rules.MARK)
    found = (rules.account(marks, name) for name in sorted(marks))
    return {item.name: item.role for item in found if item}


def add_account(project: Project, name: str, *, role: str, password: str) -> None:
    """Let a person log in, or give them another password or role; sessions from before end.

    Raises
    ------
    LoopwrightError
        If name, role or password cannot be used.
    """
    project.metadata.mark(rules.MARK, name, rules.made(name, password, role=role))


def remove_account(project: Project, name: str) -> None:
    """Let a person no longer log in.

    Raises
    ------
    UnknownRecord
        If nobody of that name may.
    """
    known = accounts(project)
    if name not in known:
        raise UnknownRecord(f"nobody called {name!r} may log in; there are {', '.join(known) or 'no users'}.")
    project.metadata.mark(rules.MARK, name, rules.closed())
