"""Whether serving and batch answer the same rows alike, to the last bit: training/serving skew made visible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from loopwright.errors import DataError
from loopwright.measures.samples import Floats
from loopwright.protocols import Predictor

__all__ = ["SkewReading", "SkewedRow", "replayed"]

_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewedRow:
    """A row that was answered differently when it was served.

    Attributes
    ----------
    id : str
        Of the prediction.
    served, recomputed : tuple of float or None
        What was logged, and what the model says of the logged row today; None for a number that is none.
    """

    id: str
    served: tuple[float | None, ...]
    recomputed: tuple[float | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkewReading:
    """How many logged answers the model does not give again.

    Attributes
    ----------
    rows : int
        Rows that were answered again.
    differing : int
        Those with another answer, in any bit.
    largest_difference : float or None
        Largest absolute difference of two numbers; 0 if none differ, None where a number stands against none, or
        against another count of numbers.
    examples : tuple of SkewedRow
        The rows that differ most, at most ten.
    """

    rows: int
    differing: int
    largest_difference: float | None
    examples: tuple[SkewedRow, ...]


def replayed(
    frame: pl.DataFrame, *, predictor: Predictor, scores: Sequence[Sequence[float | None]] | pl.Series | None = None
) -> SkewReading:
    """Answer logged rows again by the batch path, and compare with what was served.

    The transform that trained the model is inside the model that serves, so the answers must be equal to the last
    bit. Where they are not, the row was changed on its way into the log, another model answered than the log says,
    or the two paths do not compute the same.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
        Source columns as logged, in the types of the schema, and ``__id``; of rows that this model answered. Columns
        that begin with ``__`` are not shown to the model.
    predictor : Predictor
        The same model, by the batch path.
    scores : sequence of n_rows sequences of float, optional
        What was served; the column ``__scores`` if not given.

    Returns
    -------
    SkewReading

    Raises
    ------
    DataError
        If there is not one served answer for each row.
    LoopwrightError
        If the predictor cannot answer the rows.

    Examples
    --------
    >>> class Half:
    ...     def predict(self, frame):
    ...         return frame["fare"].to_numpy() / 2
    >>> frame = pl.DataFrame({"fare": [1.0, 3.0], "__id": ["a", "b"], "__scores": [[0.5], [1.4]]})
    >>> replayed(frame, predictor=Half()).examples
    (SkewedRow(id='b', served=(1.4,), recomputed=(1.5,)),)
    """
    served = list(frame["__scores"] if scores is None else scores)
    if len(served) != frame.height:
        raise DataError(
            f"{frame.height:,} rows were given with {len(served):,} served answers. Give one answer for each row."
        )
    if frame.is_empty():
        return SkewReading(rows=0, differing=0, largest_difference=0.0, examples=())
    source = frame.select(name for name in frame.columns if not name.startswith("__"))
    again = np.asarray(predictor.predict(source), dtype=np.float64).reshape(frame.height, -1)
    logged = [np.array(each if each is not None else [], dtype=np.float64) for each in served]
    gaps = np.array([_gap(before, now) for before, now in zip(logged, again, strict=True)])
    worst = [int(at) for at in np.argsort(-gaps, kind="stable")[:_SHOWN] if gaps[at] > 0]
    return SkewReading(
        rows=frame.height,
        differing=int((gaps > 0).sum()),
        largest_difference=float(gaps.max()) if np.isfinite(gaps.max()) else None,
        examples=tuple(
            SkewedRow(id=str(frame["__id"][at]), served=_told(logged[at]), recomputed=_told(again[at])) for at in worst
        ),
    )


def _gap(served: Floats, recomputed: Floats) -> float:
    """Return the largest difference; 0 only for the same bits, infinite where there is nothing to subtract."""
    if served.shape != recomputed.shape:
        return np.inf
    both = np.isfinite(served) & np.isfinite(recomputed)
    if not np.array_equal(served[~both], recomputed[~both], equal_nan=True):
        return np.inf
    if served[both].tobytes() == recomputed[both].tobytes():
        return 0.0
    # Zeros of unlike sign are unlike bits too.
    return max(float(np.abs(served[both] - recomputed[both]).max(initial=0.0)), float(np.finfo(np.float64).tiny))


def _told(numbers: Floats) -> tuple[float | None, ...]:
    return tuple(float(each) if np.isfinite(each) else None for each in numbers)
