"""What was asked and answered while a model served, and what became of it, as it was known at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.records.record import Record, Table

__all__ = ["PredictionLog"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionLog(Record):
    """A version of the log: the tables that the segments were compacted to, up to some moment.

    Made from the deployments that answered.
    """

    circumstances: ClassVar[frozenset[str]] = frozenset({"at"})

    name: str                      # the project's
    predictions: Table | None      # None while there is none; columns: loopwright.stages.serving.events
    outcomes: Table | None
    refusals: Table | None
    rows: int                      # predictions, each counted once
    first: str | None              # earliest and latest time of a prediction, ISO 8601
    last: str | None
    at: str = ""
