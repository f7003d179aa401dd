"""One prediction taken apart: raw row, features, and what each feature moves."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.records import Evidence, FeatureSet
from loopwright.stages.features.computing import compute
from loopwright.stages.registry.applying import Applied

__all__ = ["explained", "moves"]

_MOST_CELLS = 100_000  # features looked at times all features
_BACKGROUND = 200                  # rows whose values stand in for "not known"
_SHOWN = 4


def moves(applied: Applied, features: pl.DataFrame, background: pl.DataFrame) -> dict[str, float]:
    """Return by how much each feature of one row moves its prediction away from typical values.

    Of very many features the first are looked at: each takes a prediction of the whole background.

    One feature at a time takes the values that it has in other rows, and the prediction changes on average by so
    much; unlike Shapley values these need not add up, but each has a plain meaning.

    Parameters
    ----------
    applied : Applied
        The model.
    features : DataFrame of one row
        All features.
    background : DataFrame of n rows
        Features of other rows.

    Returns
    -------
    dict of str to float
        Feature -> prediction minus its mean when the feature is not known.
    """
    names = list(applied.model.features)[: max(_SHOWN, _MOST_CELLS // len(applied.model.features))]
    like = applied.scorer.predict(features)
    said = float(_numbers(like, like=like)[0])
    row = features.select(applied.model.features)
    found = {}
    for name in names:
        guesses = applied.scorer.predict(pl.concat([row] * background.height).with_columns(background[name]))
        found[name] = said - float(_numbers(guesses, like=like).mean())
    return found


def explained(applied: Applied, rows: pl.DataFrame, *, features: FeatureSet, at: str) -> Evidence:
    """Explain one row of the test part, and check that replaying it step by step gives the same prediction.

    Parameters
    ----------
    applied : Applied
    rows : DataFrame
        Source rows of the test part.
    features : FeatureSet
    at : str
    """
    model = applied.model
    computed, _ = compute(rows, applied.made, file="features.py")
    whole = applied.predict(rows)
    place = int(np.abs(_numbers(whole, like=whole[:1]) - np.median(_numbers(whole, like=whole[:1]))).argmax())
    replayed = applied.predict(rows[place : place + 1])
    same = bool(np.allclose(replayed, whole[place : place + 1], atol=1e-6))
    background = computed.sample(min(_BACKGROUND, computed.height), seed=0)
    found = sorted(moves(applied, computed[place : place + 1], background).items(), key=lambda pair: -abs(pair[1]))
    shown = ", ".join(f"{name} = {computed[name][place]} moves it by {by:+.3g}" for name, by in found[:_SHOWN])
    claim = (
        f"one row replayed from raw columns through {len(features.features)} features to the score: the model says "
        f"{_one_number(replayed):.4g}, {'as' if same else 'NOT as'} in the batch; {shown}"
    )
    return Evidence(
        made_from=(model.ref,), check="explain.one_row", subject=model.ref, claim=claim, passed=same, rows=1,
        part="test", at=at,
    )


def _one_number(said: NDArray[np.float64]) -> float:
    """Return a prediction as one number: of several classes the probability of the likeliest."""
    return float(said[0] if said.ndim == 1 else said[0].max())


def _numbers(said: NDArray[np.float64], *, like: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return predictions as one number each: of several classes the probability of the one that ``like`` prefers."""
    return said if said.ndim == 1 else said[:, int(like[0].argmax())]
