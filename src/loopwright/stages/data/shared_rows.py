"""Finds rows and groups that stand in two parts, where a model could recognise what it is judged on."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import polars as pl

from loopwright.stages.data.suspicion import Suspicion, share_interval

__all__ = ["duplicate_rows", "shared_groups"]

_FEWEST_TWINS = 5
_SMALLEST_SHARE = 0.005
_BEYOND_CHANCE = 10
_SAMPLED_ROWS = 20_000


def duplicate_rows(examples: pl.DataFrame, *, columns: Sequence[str]) -> list[Suspicion]:
    """Return a suspicion if many judged rows have an exact twin among the training rows.

    How many would by chance is estimated from how often two rows agree in each column, as if columns were
    independent; only a share of ten times that, and of at least 0.5 %, counts.

    Parameters
    ----------
    examples : DataFrame
        With the part of each row in ``__part``.
    columns : sequence of str
        In which twins agree.

    Examples
    --------
    >>> rows = pl.DataFrame({"x": [i / 7 for i in range(20)] * 2, "__part": ["train"] * 20 + ["test"] * 20})
    >>> duplicate_rows(rows, columns=["x"])[0].score
    1.0
    """
    train, judged = _parts(examples)
    if not columns or not train.height or not judged.height:
        return []
    known, asked = (part.select(columns).hash_rows(seed=0) for part in (train, judged))
    twins = int(asked.is_in(known.unique().implode()).sum())
    low, high = share_interval(twins, judged.height)
    chance = 1 - math.exp(-train.height * _agreement(train.select(columns)))
    if twins < _FEWEST_TWINS or low <= max(_SMALLEST_SHARE, _BEYOND_CHANCE * chance):
        return []
    share = twins / judged.height
    sentence = (
        f"{twins:,} of {judged.height:,} validation and test rows ({share:.1%}) have an exact twin among the "
        f"training rows, alike in all features and the label; by chance it would be about {chance:.1%}. Ask "
        f"whether rows were written twice, or whether one thing makes several rows: then name it as group "
        f'under [data] and split by = "group".'
    )
    return [
        Suspicion(
            kind="duplicate_rows",
            columns=(),
            score=share,
            low=low,
            high=high,
            rows=judged.height,
            sentence=sentence,
        )
    ]


def shared_groups(groups: pl.DataFrame) -> list[Suspicion]:
    """Return a suspicion if groups of the training part come again in the others.

    Parameters
    ----------
    groups : DataFrame
        The column whose rows belong together, and ``__part``.

    Examples
    --------
    >>> rows = pl.DataFrame({"taxi": [1, 2, 1, 3], "__part": ["train", "train", "test", "test"]})
    >>> shared_groups(rows)[0].score
    0.5
    """
    name = next(column for column in groups.columns if column != "__part")
    train, judged = _parts(groups.drop_nulls(name))
    if not train.height or not judged.height:
        return []
    again = judged[name].is_in(train[name].unique().implode())
    rows = int(again.sum())
    if not rows:
        return []
    low, high = share_interval(rows, judged.height)
    both = judged[name].filter(again).n_unique()
    sentence = (
        f"{both:,} values of {name} are in the training part and in validation or test too, with {rows:,} "
        f"of {judged.height:,} rows there ({rows / judged.height:.1%}). Scores then hold for known values of "
        f'{name}; ask whether new ones will come, and if so split by = "group".'
    )
    return [
        Suspicion(
            kind="shared_group",
            columns=(name,),
            score=rows / judged.height,
            low=low,
            high=high,
            rows=judged.height,
            sentence=sentence,
        )
    ]


def _parts(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    judged = frame.filter(pl.col("__part").is_in(["validation", "test"]))
    return frame.filter(pl.col("__part") == "train"), judged


def _agreement(frame: pl.DataFrame) -> float:
    """Return how likely two rows agree in all columns, were the columns independent."""
    # Of different rows: were copies counted, columns would seem to agree by chance more often than they do.
    different = frame.unique(maintain_order=True)
    rows = different.gather_every(max(1, different.height // _SAMPLED_ROWS))
    likely = 1.0
    for column in rows.get_columns():
        counts = column.value_counts(name="__rows")["__rows"].to_numpy().astype(np.float64)
        likely *= float((counts * (counts - 1)).sum()) / max(1.0, rows.height * (rows.height - 1.0))
        if likely < 1e-12:
            break
    return likely
