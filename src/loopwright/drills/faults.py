"""Faults that are put into traffic: what callers send from then on, and what the service does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from loopwright.records.alert import Cause

__all__ = ["Fault", "Rows", "broken_schema", "half_null", "times"]

Rows: TypeAlias = "list[dict[str, object]]"
"""Rows as they go over the wire."""


def _as_they_are(rows: Rows) -> Rows:
    return rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong in a drill.

    Attributes
    ----------
    name : str
        Of the drill.
    says : str
        What is done, as a sentence.
    causes : tuple of str
        Which of these it should be taken for.
    change : callable
        What becomes of the rows that are sent.
    is_told : bool
        Outcomes go on to come.
    delay_ms : float
        By which answers come later.
    """

    name: str
    says: str
    causes: tuple[Cause, ...]
    change: Callable[[Rows], Rows] = _as_they_are
    is_told: bool = True
    delay_ms: float = 0.0


def times(rows: Rows, column: str, *, factor: int) -> Rows:
    """Return rows in which a number is so many times as large, as in another unit.

    Examples
    --------
    >>> times([{"fare": 7.5}, {"fare": None}], "fare", factor=100)
    [{'fare': 750.0}, {'fare': None}]
    """
    return [row | {column: _multiplied(row[column], factor)} for row in rows]


def half_null(rows: Rows, column: str) -> Rows:
    """Return rows of which every other one has lost a value.

    Examples
    --------
    >>> half_null([{"fare": 1}, {"fare": 2}, {"fare": 3}], "fare")
    [{'fare': None}, {'fare': 2}, {'fare': None}]
    """
    return [row | {column: None} if place % 2 == 0 else row for place, row in enumerate(rows)]


def broken_schema(rows: Rows, *, renamed: str, as_text: Sequence[str]) -> Rows:
    """Return rows in which a column has another name, and numbers are sent as text.

    Examples
    --------
    >>> broken_schema([{"fare": 7.5, "miles": 2}], renamed="fare", as_text=["miles"])
    [{'miles': '2 units', 'fare_value': 7.5}]
    """
    return [_broken(row, renamed, as_text) for row in rows]


def _multiplied(value: object, factor: int) -> object:
    return value * factor if isinstance(value, int | float) else value


def _broken(row: dict[str, object], renamed: str, as_text: Sequence[str]) -> dict[str, object]:
    kept = {name: f"{value} units" if name in as_text else value for name, value in row.items() if name != renamed}
    return kept | {f"{renamed}_value": row[renamed]}
