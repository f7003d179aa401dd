"""The label of every row of a dataset version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loopwright.records.record import Record, Table

__all__ = ["LabelSet"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSet(Record):
    """Labels as the model learns them: class codes for classes, numbers for regression.

    ``classes`` are the values in the order of their codes; of two classes the second (code 1) is positive.
    """

    name: str                      # column or function
    table: Table                   # columns __row, label
    task: Literal["binary", "multiclass", "regression"]
    classes: tuple[str, ...]       # empty for regression
    counts: tuple[int, ...]        # rows per class; empty for regression
    rows: int
    missing: int                   # rows without a label: kept, but neither trained nor judged on
    mean: float | None             # regression only
    columns: tuple[str, ...]       # the source columns that the label was made from
