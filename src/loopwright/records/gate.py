"""A yes or no to a model, with the reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.records.record import Record, Ref

__all__ = ["Gate", "Reason"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One demand on the model and how it came out.

    ``passed`` is None where the data cannot tell (too few rows, or the interval holds the limit).
    """

    demand: str                    # "log_loss <= 0.35", "roc_auc not worse than the champion's by more than 0.005"
    passed: bool | None
    explanation: str               # a sentence with slice, value, interval and, for a no, the nearest passing value
    evidence: tuple[Ref, ...] = ()
    slice: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    examples: tuple[str, ...] = ()  # rows that show the problem: "trip_id=…: said 0.91, was no"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate(Record):
    """Whether a model may become champion."""

    circumstances: ClassVar[frozenset[str]] = frozenset({"at"})

    subject: Ref                   # the model
    rival: Ref | None              # the champion it was compared with
    passed: bool
    reasons: tuple[Reason, ...]
    at: str = ""
