"""How quality ages: the model, trained up to a moment, judged on rows that come later and later."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import EmptySample, Undefined
from loopwright.measures import Interval, bootstrap
from loopwright.records import Evidence
from loopwright.stages.registry.applying import Applied
from loopwright.stages.training.running import Part

if TYPE_CHECKING:
    from loopwright.stages.training import Material

__all__ = ["aged"]

_SPANS = 5
_MIN_ROWS = 100


def aged(
    parts: Mapping[str, Part], source: pl.DataFrame, applied: Applied, *, of: Material, at: str
) -> tuple[Evidence, ...]:
    """Score the model on spans of equal length after the end of its training data.

    Parameters
    ----------
    parts : mapping of str to Part
    source : DataFrame
        Source rows with the time column.
    applied : Applied
    of : Material
        Only a split by time has an age.
    at : str

    Returns
    -------
    tuple of Evidence
        One ``staleness.backtest`` per span; none without a split by time.
    """
    if of.dataset.time is None or "by time" not in of.parts.source:
        return ()
    days = _days(source[of.dataset.time])
    end = float(np.nanmax(days[parts["train"].rows]))
    rows = np.concatenate([parts["validation"].rows, parts["test"].rows])
    truth = np.concatenate([parts["validation"].truth, parts["test"].truth])
    age = days[rows] - end
    said = applied.predict(source[rows])
    borders = np.linspace(0.0, float(age.max()) + 1e-9, _SPANS + 1)
    spans = [(low, high, (age >= low) & (age < high)) for low, high in pairwise(borders.tolist())]
    return tuple(
        evidence
        for low, high, inside in spans
        if inside.sum() >= _MIN_ROWS
        for evidence in _span(truth[inside], said[inside], applied, low=low, high=high, of=of, at=at)
    )


def _days(values: pl.Series) -> NDArray[np.float64]:
    """Return moments as days; numbers are taken as seconds since 1970."""
    if values.dtype.is_temporal():
        return values.cast(pl.Datetime("us")).dt.epoch("s").cast(pl.Float64).to_numpy() / 86_400
    return values.cast(pl.Float64).to_numpy() / 86_400


def _span(
    truth: NDArray[np.int64] | NDArray[np.float64],
    said: NDArray[np.float64],
    applied: Applied,
    *,
    low: float,
    high: float,
    of: Material,
    at: str,
) -> tuple[Evidence, ...]:
    metric = next(iter(of.charter.optimize))
    threshold = applied.model.threshold
    try:
        found: Interval = bootstrap(
            metric, truth, said, task=of.charter.task, threshold=0.5 if threshold is None else threshold,
            level=of.charter.confidence,
        )
    except (Undefined, EmptySample):
        return ()
    claim = (
        f"{low:.0f} to {high:.0f} days after the end of its training data the {metric} is {found.value:.4f} "
        f"[{found.low:.4f}, {found.high:.4f}] on {found.rows} rows"
    )
    return (
        Evidence(
            made_from=(applied.model.ref,), check="staleness.backtest", subject=applied.model.ref, claim=claim,
            passed=None, value=found.value, low=found.low, high=found.high, level=found.level, rows=found.rows,
            slice=f"{low:.0f} to {high:.0f} days old", at=at,
        ),
    )
