"""Looks for leakage: ways in which a model could learn what it will not know when it is used.

Nothing here is a verdict. Each suspicion states what was counted and what to ask about it.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Literal

import polars as pl

from loopwright.stages.data.shared_rows import duplicate_rows, shared_groups
from loopwright.stages.data.suspicion import Suspicion
from loopwright.stages.data.telling_columns import (
    Labelled,
    adding_up,
    deciding_categories,
    naming_rows,
    row_order,
    single_features,
)

__all__ = ["Suspicion", "suspicions"]


def suspicions(
    examples: pl.DataFrame,
    *,
    features: Sequence[str],
    categorical: Collection[str] = (),
    task: Literal["binary", "multiclass", "regression"],
    classes: Sequence[str] = (),
    groups: pl.DataFrame | None = None,
) -> tuple[Suspicion, ...]:
    """Return what looks like leakage, the strongest reason first within each kind.

    Columns are measured on the training rows alone; rows are compared between parts.

    Parameters
    ----------
    examples : DataFrame
        The features, with the part of each row in ``__part`` and its class code or number in ``__label``.
        Rows without either are left out.
    features : sequence of str
    categorical : collection of str
        Features whose values are categories.
    task : {"binary", "multiclass", "regression"}
    classes : sequence of str
        In order of their codes; of two the second is positive.
    groups : DataFrame, optional
        The column whose rows belong together, and ``__part``.

    Returns
    -------
    tuple of Suspicion

    Examples
    --------
    >>> rows = pl.DataFrame({"paid": ["Cash", "Card"] * 60, "__label": [0, 1] * 60})
    >>> rows = rows.with_columns(pl.lit("train").alias("__part"))
    >>> found = suspicions(rows, features=["paid"], task="binary", classes=["no", "yes"])
    >>> [item.kind for item in found], found[1].sentence[:43]
    (['single_feature', 'deciding_category'], "paid = 'Card': 60 of 60 rows are 'yes'; pai")
    """
    known = examples.filter(pl.col("__label").is_not_null() & pl.col("__part").is_not_null())
    train = known.filter(pl.col("__part") == "train")
    rows = Labelled(
        frame=train.select(features),
        label=train["__label"].cast(pl.Float64).to_numpy(),
        task=task,
        classes=tuple(classes),
        categorical=frozenset(categorical),
    )
    found = shared_groups(groups.drop_nulls("__part")) if groups is not None else []
    found += duplicate_rows(known, columns=[*features, "__label"])
    if rows.is_measurable:
        for look in (single_features, deciding_categories, adding_up, naming_rows, row_order):
            found += sorted(look(rows), key=lambda item: -item.score)
    return tuple(found)
