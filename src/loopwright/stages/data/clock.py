"""Reads times in whatever form a column has them: dates, times, or numbers counted from 1970."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import numpy as np
import polars as pl

from loopwright.errors import DataError

__all__ = ["Clock", "clock_of"]

_DAY = 86_400_000_000  # microseconds
# Numbers of this size are seconds, milli-, micro- or nanoseconds since 1970: moments from 1973 to 5138.
_EPOCH_UNITS = ((1e8, 1e11, 1_000_000.0), (1e11, 1e14, 1_000.0), (1e14, 1e17, 1.0), (1e17, 1e20, 0.001))


@dataclass(frozen=True, slots=True)
class Clock:
    """How the values of a time column are ordered and written.

    Attributes
    ----------
    name : str
        Column.
    microseconds : float or None
        In one unit of the column's numbers; None where they count something else (years, steps).
    """

    name: str
    microseconds: float | None

    def position(self, text: str) -> float:
        """Return where a moment lies among the numbers of the column.

        Parameters
        ----------
        text : str
            ISO 8601, or a number where the column counts something else.

        Raises
        ------
        DataError
            If it is neither.
        """
        try:
            if self.microseconds is None:
                return float(text)
            moment = datetime.datetime.fromisoformat(text)
        except ValueError as error:
            wanted = "a number" if self.microseconds is None else 'a time in ISO 8601 such as "2015-01-01"'
            raise DataError(
                f"{text!r} is no moment of the time column {self.name!r}: write {wanted}. Mend [split] in "
                f"loopwright.toml."
            ) from error
        moment = moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
        since = moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)
        return (since // datetime.timedelta(microseconds=1)) / self.microseconds

    def text(self, position: float) -> str:
        """Return a number of the column as ISO 8601, or as it is where it counts something else."""
        if self.microseconds is None:
            return f"{position:.15g}"
        moment = round(position * self.microseconds)
        if self.microseconds == _DAY:
            return str(np.datetime64(moment // _DAY, "D"))
        return str(
            np.datetime64(moment, "us") if moment % 1_000_000 else np.datetime64(moment // 1_000_000, "s")
        )


def clock_of(times: pl.Series) -> tuple[Clock, pl.Series]:
    """Return how a time column is read, and its values as numbers.

    Raises
    ------
    DataError
        If the column holds neither times nor numbers.

    Examples
    --------
    >>> clock, numbers = clock_of(pl.Series("start", [1393673400, 1439675100]))
    >>> clock.text(numbers[0]), clock.position("2015-01-01")
    ('2014-03-01T11:30:00', 1420070400.0)
    """
    dtype = times.dtype
    if isinstance(dtype, pl.Date):
        return Clock(times.name, float(_DAY)), times.to_physical().cast(pl.Int64)
    if isinstance(dtype, pl.Datetime):
        return Clock(times.name, 1.0), times.dt.cast_time_unit("us").to_physical()
    if not dtype.is_numeric():
        raise DataError(
            f"the time column {times.name!r} holds {dtype} and no times. Write all of them in ISO 8601 "
            f"(2015-01-31T18:00:00) or as numbers, or divide the rows in another way."
        )
    return Clock(times.name, _unit(times)), times


def _unit(numbers: pl.Series) -> float | None:
    middle = numbers.drop_nulls().median()
    size = abs(float(middle)) if isinstance(middle, int | float) else 0.0
    return next((unit for low, high, unit in _EPOCH_UNITS if low <= size < high), None)
