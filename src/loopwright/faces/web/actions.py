"""What people may do from the pages, and who may: the promise that a project keeps, and a word for each deed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

from loopwright.faces.web.accounts import Role

__all__ = ["VERBS", "Actions", "Verb"]


class Actions(Protocol):
    """Changes a project on somebody's behalf; each method returns when the change is kept.

    Every method may raise a ``LoopwrightError`` that says why it cannot be done, which the page shows.
    """

    def promote(self, *, by: str, why: str) -> None:
        """Make the challenger champion now, whatever the rule says."""
        ...

    def reject(self, *, by: str, why: str) -> None:
        """Take the challenger out; the champion answers everybody again."""
        ...

    def roll_back(self, *, by: str, why: str) -> None:
        """Let the champion before this one serve again."""
        ...

    def approve(self, *, by: str, why: str) -> None:
        """Agree to the promotion that the rule asks for."""
        ...

    def acknowledge(self, alert: str, *, by: str, note: str) -> None:
        """Say that somebody has seen an alert.

        Parameters
        ----------
        alert : str
            Its digest.
        by, note : str
        """
        ...

    def silence(self, pattern: str, *, until: str, by: str, why: str) -> None:
        """Let alerts about some quantities be quiet for a time.

        Parameters
        ----------
        pattern : str
            A quantity such as ``"drift:fare"``; ``*`` stands for anything.
        until : str
            UTC, ISO 8601.
        by, why : str
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One thing that people may do.

    Attributes
    ----------
    name : str
        As in the address and in the audit trail.
    title : str
        What stands on the button.
    says : str
        What it brings about, in a sentence.
    about : {"release", "alert", "quantity"}
        What it is done to.
    role : {"viewer", "operator", "admin"}
        Who may do it at least.
    """

    name: str
    title: str
    says: str
    about: Literal["release", "alert", "quantity"] = "release"
    role: Role = "operator"


VERBS = {
    verb.name: verb
    for verb in (
        Verb(
            name="approve", title="Approve",
            says="The challenger becomes champion and answers everybody, as the rule asks.",
        ),
        Verb(
            name="promote", title="Promote now",
            says="The challenger becomes champion and answers everybody, although the rule has not decided so.",
        ),
        Verb(
            name="reject", title="Reject the challenger",
            says="The challenger goes, and the champion answers everybody again.",
        ),
        Verb(
            name="roll-back", title="Roll back",
            says="The champion before this one serves again, in under a second; a challenger goes too.",
        ),
        Verb(
            name="acknowledge", title="Acknowledge", about="alert",
            says="Others see that somebody has seen the alert and looks after it.",
        ),
        Verb(
            name="silence", title="Silence", about="quantity",
            says="Alerts about these quantities are still made, but nobody is told of them until then.",
        ),
    )
}
"""By name."""
