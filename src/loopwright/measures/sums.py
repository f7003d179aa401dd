"""Every metric as a function of sums over rows: scores, intervals and comparisons are one calculation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from loopwright.measures.samples import Floats, Ints

__all__ = ["Sums", "means"]


@dataclass(frozen=True, kw_only=True)
class Sums:
    """How one metric is made from sums over rows.

    A row adds ``values[row, term]`` to the sum number ``columns[row, term]``; the metric is ``value`` of the
    sums. A confusion matrix has four sums, a mean loss two, a ROC curve two for each distinct score.

    Attributes
    ----------
    columns : int64 array of shape (n_rows, n_terms)
        Which sums a row adds to.
    values : float64 array of shape (n_rows, n_terms), or None
        What it adds; None means 1.
    width : int
        Number of sums.
    value : callable
        From sums of shape (..., width) to metrics of shape (...); NaN where the metric is undefined.
    reading : {"shift", "keep", "fill", "fold"}, default="shift"
        How resampled values are read: moved by what rounding into bins did to the whole sample; as they are;
        as they are, where resamples may also hold kinds of rows that the sample happens to lack; or without
        their sign.
    """

    columns: Ints
    values: Floats | None
    width: int
    value: Callable[[Floats], Floats]
    reading: Literal["shift", "keep", "fill", "fold"] = "shift"

    @property
    def total(self) -> Floats:
        """Sums over all rows, of shape (width,)."""
        weights = None if self.values is None else self.values.ravel()
        return np.bincount(self.columns.ravel(), weights=weights, minlength=self.width).astype(np.float64)

    @property
    def whole(self) -> float:
        """The metric over all rows; NaN where it is undefined."""
        return float(self.value(self.total))


def means(*terms: Floats, value: Callable[[Floats], Floats]) -> Sums:
    """Return the sums of which ``value`` sees the count of rows first, then one sum per term.

    Examples
    --------
    >>> mean = means(np.array([1.0, 3.0]), value=lambda sums: sums[..., 1] / sums[..., 0])
    >>> mean.whole
    2.0
    """
    values = np.stack([np.ones(len(terms[0])), *terms], axis=1)
    columns = np.broadcast_to(np.arange(values.shape[1]), values.shape)
    return Sums(columns=columns, values=values, width=values.shape[1], value=value)
