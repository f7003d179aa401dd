"""The user's scenario tests, run on a registered model."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.records import Evidence, Model
from loopwright.stages.evaluation.scenarios import run_scenarios
from loopwright.stages.registry.applying import Applied, classes_of

__all__ = ["rehearsed"]

_SAMPLE = 500                      # rows of the test part that scenarios are given


def rehearsed(
    functions: Mapping[str, Callable[..., object]], applied: Applied, rows: pl.DataFrame, *, model: Model, at: str
) -> tuple[Evidence, ...]:
    """Run scenario tests on a sample of the test part.

    Parameters
    ----------
    functions : mapping of str to callable
    applied : Applied
        The model.
    rows : DataFrame
        All source rows with their part.
    model : Model
    at : str
    """
    test = rows.filter(pl.col("__part") == "test").drop("__row", "__part")
    sample = test.sample(min(_SAMPLE, test.height), seed=0)

    def predict(frame: pl.DataFrame) -> pl.Series | NDArray[np.float64]:
        said = applied.predict(frame)
        if said.ndim == 1:
            return pl.Series("prediction", said)
        return pl.Series("prediction", classes_of(said, model.classes, threshold=None))

    return run_scenarios(functions, predict, sample, subject=model.ref, at=at)
