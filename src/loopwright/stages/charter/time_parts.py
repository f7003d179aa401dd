"""Feature functions that are worth writing for columns that hold moments: the hour and the weekday."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import polars as pl

from loopwright.stages.charter.quoting import is_argument
from loopwright.stages.charter.roles import is_epoch

__all__ = ["TimePart", "time_parts"]

_ROWS = 5_000
_COLUMNS = 4
_MEANINGS = {
    "hour": "Hour of the day, 0 to 23, of",
    "weekday": "Day of the week, 1 is Monday and 7 is Sunday, of",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TimePart:
    """A feature that is a part of a moment.

    Attributes
    ----------
    name : str
        Of the function, and so of the feature.
    column : str
        What it is made from.
    code : str
        A Polars expression as Python.
    meaning : str
        One sentence.
    """

    name: str
    column: str
    code: str
    meaning: str


def time_parts(frame: pl.DataFrame, *, columns: Collection[str]) -> tuple[TimePart, ...]:
    """Return the parts of moments that are no column yet and differ from row to row.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)
    columns : collection of str
        Those that may be looked at; moments among them are found by type, or as seconds since 1970.

    Examples
    --------
    >>> from datetime import datetime
    >>> rows = pl.DataFrame({"start": [datetime(2015, 1, 31, hour) for hour in range(24)]})
    >>> [(part.name, part.code) for part in time_parts(rows, columns=rows.columns)]
    [('start_hour', 'start.dt.hour()')]
    """
    rows = frame.head(_ROWS) if frame.height <= _ROWS else frame.gather_every(frame.height // _ROWS)
    wanted = {name for name in columns if is_argument(name)}
    moments = [each for each in rows.iter_columns() if each.name in wanted and _is_moment(each)]
    taken = set(frame.columns)
    found = (part for each in moments[:_COLUMNS] for part in _parts_of(rows, each))
    return tuple(part for part in found if part.name not in taken)


def _is_moment(values: pl.Series) -> bool:
    return isinstance(values.dtype, pl.Date | pl.Datetime) or is_epoch(values)


def _parts_of(rows: pl.DataFrame, values: pl.Series) -> list[TimePart]:
    column = code = values.name
    if values.dtype.is_integer():
        values, code = pl.from_epoch(values, time_unit="s"), f"pl.from_epoch({column}, time_unit=\"s\")"
    made = {"weekday": values.dt.weekday()}
    if values.dtype != pl.Date:
        made = {"hour": values.dt.hour(), **made}
    stem = column.lstrip("_") or "time"
    return [
        TimePart(
            name=f"{stem}_{part}", column=column, code=f"{code}.dt.{part}()",
            meaning=f"{_MEANINGS[part]} `{column}`.",
        )
        for part, said in made.items() if _is_news(said, rows)
    ]


def _is_news(part: pl.Series, rows: pl.DataFrame) -> bool:
    """Say whether a part differs from row to row, and is no column already, however it counts the days."""
    distinct = part.n_unique()
    if distinct < 2:
        return False
    counted = (each for each in rows.get_columns() if each.dtype.is_integer() and each.n_unique() == distinct)
    return not any(pl.DataFrame({"part": part, "column": each}).n_unique() == distinct for each in counted)
