"""Why the project exists, as it stood when the line ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loopwright.records.record import Record

__all__ = ["Charter", "Target"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A limit that must hold: on the whole, or on every slice of a column."""

    metric: str
    comparison: Literal["<=", ">=", "<", ">"]
    limit: float
    column: str | None = None

    def __str__(self) -> str:
        where = f"{self.metric}@{self.column}" if self.column else self.metric
        return f"{where} {self.comparison} {self.limit:g}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Charter(Record):
    """The goal, the one optimizing metric and the satisficing limits."""

    project: str
    task: Literal["binary", "multiclass", "regression"]
    decision: str
    users: str
    business_metric: str
    risks: tuple[str, ...]
    without_ml: str | None
    impact: int
    feasibility: int
    optimize: dict[str, float]     # metric -> weight
    satisfice: tuple[Target, ...]
    slices: tuple[str, ...]
    min_slice_rows: int
    confidence: float
    not_worse_by: float
    threshold: float | str         # a probability, or the metric whose best threshold is taken
    positive: str | None
    owner: str = ""
    licence: str = ""
    collection: str = ""
    acts_on_outcome: bool = False  # the decision changes what becomes of the row
