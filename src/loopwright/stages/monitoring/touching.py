"""Forward from one source row: what it went into."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

__all__ = ["Touched", "parts_with"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What a source row went into.

    Attributes
    ----------
    key : str
    parts : tuple of (str, str, str)
        Model, dataset version and the part of it that the row belongs to; models are fitted to ``train`` alone.
    predictions : tuple of str
        Ids of predictions about it.
    answered_by : tuple of str
        Their models.
    """

    key: str
    parts: tuple[tuple[str, str, str], ...]
    predictions: tuple[str, ...]
    answered_by: tuple[str, ...]


def parts_with(rows: pl.DataFrame, column: str, key: str) -> list[str]:
    """Return the parts that hold a row with this key, each once; a row without a part is in ``"none"``.

    Examples
    --------
    >>> parts_with(pl.DataFrame({"id": ["a", "b"], "__part": ["train", None]}), "id", "b")
    ['none']
    """
    found = rows.filter(pl.col(column).cast(pl.String) == key)["__part"].fill_null("none")
    return found.unique(maintain_order=True).to_list()
