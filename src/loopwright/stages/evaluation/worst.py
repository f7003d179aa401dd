"""Rows that the model is most wrong about, for the gate to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from loopwright.stages.evaluation.judging import Examples
from loopwright.stages.evaluation.slicing import examples_by_slice
from loopwright.stages.registry.applying import Applied
from loopwright.stages.training.running import parts_of

if TYPE_CHECKING:
    from loopwright.stages.training import Material

__all__ = ["keys_of", "worst_examples"]


def worst_examples(
    source: pl.DataFrame, rows: pl.DataFrame, applied: Applied, *, of: Material, row: str
) -> Examples:
    """Return a function that describes the worst rows of a slice of the test part.

    Parameters
    ----------
    source : DataFrame
        The source rows, in order.
    rows : DataFrame
        Examples.
    applied : Applied
        The model.
    of : Material
    row : str
    """
    test = parts_of(rows, features=of.features, labels=of.labels, row=row)["test"]
    there = source[test.rows]
    return examples_by_slice(
        test.truth, applied.predict(there), task=of.charter.task, keys=keys_of(there, key=of.dataset.key, row=row),
        slices={name: there[name] for name in of.charter.slices if name in there.columns}, classes=of.labels.classes,
    )


def keys_of(rows: pl.DataFrame, *, key: str | None, row: str) -> pl.Series:
    """Return what names the rows for a person: the key, or their position."""
    return rows[key] if key else rows[row].alias("row")
