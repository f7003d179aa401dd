"""Something in the data that the schema does not allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from loopwright.records.record import Record

__all__ = ["Anomaly", "Example"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row that shows the anomaly."""

    row: int                       # position in the dataset version, from 0
    value: str                     # as text; "missing" where there is none
    key: str | None = None         # value of the key column, where there is one


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomaly(Record):
    """One way in which one column of one part differs from the schema.

    ``type`` is the word of TensorFlow Data Validation for it, so that people who know it need no dictionary.
    """

    column: str
    type: str                      # "SCHEMA_MISSING_COLUMN", "ENUM_TYPE_UNEXPECTED_STRING_VALUES", ...
    severity: Literal["error", "warning"]
    part: str
    environment: str
    description: str               # a sentence with the numbers
    rows: int = 0                  # that show it
    share: float | None = None     # of the rows looked at
    examples: tuple[Example, ...] = ()
