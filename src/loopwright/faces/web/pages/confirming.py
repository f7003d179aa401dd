"""The page on which somebody says why before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.faces.web.actions import Verb
from loopwright.faces.web.library import Library
from loopwright.faces.web.releases import Release, offers, release
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.records import Alert

__all__ = ["HOURS", "ConfirmPage", "confirm"]

HOURS = {"4": "4 hours", "24": "a day", "72": "3 days", "168": "a week", "720": "30 days"}
"""For how long alerts may be silenced, as the form offers it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPage:
    """What will be done, to what, and a field for the reason.

    Attributes
    ----------
    seen : str
        Digest of the deployment that the page was made for: if another one serves by the time the form comes back,
        nothing is done.
    obstacle : str
        Why it cannot be done now; empty if it can.
    why, pattern, hours : str
        What was typed before.
    problem : str
        Why the form was sent back.
    """

    template: ClassVar[str] = "confirm.html"
    place: ClassVar[str] = ""

    project: str
    title: str
    verb: Verb
    release: Release | None
    alert: Remembered[Alert] | None
    seen: str
    obstacle: str
    pattern: str
    hours: str
    choices: dict[str, str]
    why: str
    problem: str


def confirm(
    library: Library,
    verb: Verb,
    *,
    alert: Alert | None = None,
    pattern: str = "",
    hours: str = "24",
    why: str = "",
    problem: str = "",
) -> ConfirmPage:
    """Ask for the reason of an action.

    Parameters
    ----------
    library : Library
    verb : Verb
    alert : Alert, optional
        That is acknowledged.
    pattern, hours : str
        Of alerts that are silenced.
    why, problem : str
        If the form was sent before: what it said, and why it was not enough.
    """
    now = release(library)
    return ConfirmPage(
        project=library.name,
        title=verb.title,
        verb=verb,
        release=now if verb.about == "release" else None,
        alert=remembered(library, alert) if alert else None,
        seen=now.deployment.digest if now else "",
        obstacle=offers(now).get(verb.name, ""),
        pattern=pattern,
        hours=hours if hours in HOURS else "24",
        choices=HOURS,
        why=why,
        problem=problem,
    )
