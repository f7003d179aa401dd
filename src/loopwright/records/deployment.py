"""Which models answer requests, for whom, and why: one state in the history of a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from loopwright.records.record import Record, Ref

__all__ = ["Deployment", "Event", "Stage"]

Stage = Literal["single", "shadow", "canary"]
Event = Literal["deploy", "shadow", "canary", "advance", "ask", "promote", "reject", "roll_back"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Record):
    """The state of a release from one transition to the next.

    A transition makes a new deployment, which is made from the one before it, the models, and the evidence that it
    was decided by; so the newest is what serves, and the chain is the history.

    Attributes
    ----------
    stage : {"single", "shadow", "canary"}
        One model answers; or a challenger is asked as well and nobody sees its answer; or it answers a share.
    champion : Ref
        The model that answers everybody else.
    challenger : Ref or None
        None exactly if the stage is ``"single"``.
    share : float
        Share of the entities that the challenger answers; 0 unless the stage is ``"canary"``.
    held_back : float
        Share of the entities that get no model's answer, so that what becomes of them owes nothing to it.
    salt : str
        Key of the hash that assigns entities. It stays the same while the share grows, so that nobody changes sides.
    step : int
        Of the canary's ramp, counted from 0.
    awaiting : bool
        The rule says promote, and a person has to approve.
    event : str
        The transition that led here: ``deploy``, ``shadow``, ``canary``, ``advance``, ``ask`` (for approval),
        ``promote``, ``reject`` (the challenger goes), ``roll_back`` (an earlier champion comes back).
    by, why : str
        Who did it, and the reason as a sentence.
    """

    circumstances: ClassVar[frozenset[str]] = frozenset({"number", "at"})

    name: str                      # the project's
    stage: Stage
    champion: Ref
    challenger: Ref | None
    share: float
    held_back: float
    salt: str
    step: int
    awaiting: bool
    event: Event
    by: str
    why: str
    at: str = ""                   # UTC, ISO 8601
    number: int = 0                # counted up per project
