"""How much a row counts by its age, where newer rows shall count more."""

from __future__ import annotations

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import DataError
from loopwright.stages.data.clock import clock_of

__all__ = ["LEAST", "microseconds", "recency_weights"]

LEAST = 2.0**-20
"""The share of the newest row's weight that any row keeps, so that a class seen only long ago is not gone."""

_DAY = 86_400_000_000  # microseconds


def recency_weights(times: pl.Series, *, half_life_days: float) -> NDArray[np.float64]:
    """Return weights that halve with every so many days of age; their mean is 1.

    Age is counted back from the newest row. A row without a time counts as the oldest one: it is the only age
    that cannot favour it.

    Parameters
    ----------
    times : Series of shape (n_rows,)
        When each row happened: dates, times, or numbers counted from 1970.
    half_life_days : float
        Above 0.

    Returns
    -------
    float64 array of shape (n_rows,)
        Each above 0; with mean 1, so that what is regularised by the number of rows stays so.

    Raises
    ------
    DataError
        If no row has a time, the column holds no times, or the half-life is not above 0.

    Examples
    --------
    >>> days = pl.Series("day", ["2015-01-01", "2015-01-31", "2015-03-02"]).str.to_date()
    >>> recency_weights(days, half_life_days=30).round(3).tolist()
    [0.429, 0.857, 1.714]
    """
    if not half_life_days > 0:
        raise DataError(f"a half-life of {half_life_days:g} days weighs nothing; it must be above 0.")
    if times.is_empty():
        return np.empty(0)
    at = microseconds(times)
    if np.isnan(at).all():
        raise DataError(
            f"none of {len(times):,} rows has a time in {times.name!r}, so none is newer than another. Name another "
            f'column as time under [data], or take "weighted" out of `data` under [retraining].'
        )
    newest, oldest = np.nanmax(at), np.nanmin(at)
    age = (newest - np.where(np.isnan(at), oldest, at)) / _DAY
    weights = np.maximum(np.exp2(-age / half_life_days), LEAST)
    return np.asarray(weights / weights.mean())


def microseconds(times: pl.Series) -> NDArray[np.float64]:
    """Return moments as microseconds since 1970, NaN where there is none.

    Raises
    ------
    DataError
        If the column holds neither times nor numbers counted from 1970.

    Examples
    --------
    >>> microseconds(pl.Series("start", [1_439_675_100, None])).tolist()
    [1439675100000000.0, nan]
    """
    if times.dtype == pl.Null:
        return np.full(len(times), np.nan)
    clock, numbers = clock_of(times)
    at = numbers.cast(pl.Float64).to_numpy()
    known = np.isfinite(at)
    if clock.microseconds is None and known.any():
        raise DataError(
            f"the column {times.name!r} counts something else than time since 1970 ({at[known][0]:g}, say), so ages in "
            f"days cannot be told. Write it as dates or times, or name another column as time under [data]."
        )
    return np.where(known, at * (clock.microseconds or 1.0), np.nan)
