"""What happens to rows between the source and the store."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from loopwright.errors import UnknownColumn, UnreadableSource
from loopwright.settings import DataSettings

__all__ = ["redact", "require_columns", "with_rows"]


def require_columns(frame: pl.DataFrame, data: DataSettings) -> pl.DataFrame:
    """Return the frame if it has every column that the project file gives a meaning.

    Raises
    ------
    UnknownColumn
    UnreadableSource
        If a column is called ``*`` or ``^...$``, which means other columns too wherever columns are named.
    """
    patterns = [name for name in frame.columns if name == "*" or (name.startswith("^") and name.endswith("$"))]
    if patterns:
        raise UnreadableSource(
            f"the column {patterns[0]!r} has a name that stands for a pattern of names. Rename it in the source."
        )
    meanings = {"key": data.key, "time": data.time, "group": data.group}
    named = [(f"[data] {meaning} in loopwright.toml", column) for meaning, column in meanings.items() if column]
    named += [("[data.privacy] redact in loopwright.toml", column) for column in data.privacy.redact]
    for where, column in named:
        if column not in frame.columns:
            raise UnknownColumn(column, known=frame.columns, where=where)
    return frame


def redact(frame: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Return the frame without the columns that must not be kept."""
    return frame.drop(list(columns))


def with_rows(frame: pl.DataFrame, row: str) -> pl.DataFrame:
    """Return the frame with the position of every row, from 0, in a column of this name."""
    return frame.with_row_index(row).with_columns(pl.col(row).cast(pl.Int64))
