"""Statistics of the parts of a dataset version, from partials that add up."""

from __future__ import annotations

import polars as pl

from loopwright.records.statistics import PartStatistics
from loopwright.stages.data.column_view import view
from loopwright.stages.data.partial_file import dump
from loopwright.stages.data.partials import partial

__all__ = ["describe_parts"]


def describe_parts(frame: pl.DataFrame) -> tuple[tuple[PartStatistics, ...], bytes]:
    """Describe the rows of each part (column ``__part``).

    Returns
    -------
    parts : tuple of PartStatistics
        In the order train, validation, test.
    partials : bytes
        The partials they are a view of, as an Arrow file with one row per part and column.
    """
    order = [part for part in ("train", "validation", "test") if (frame["__part"] == part).any()]
    found = {part: frame.filter(pl.col("__part") == part).drop("__part") for part in order}
    partials = {part: partial(rows) for part, rows in found.items()}
    described = tuple(
        PartStatistics(part=part, rows=found[part].height, columns=tuple(view(item) for item in columns.values()))
        for part, columns in partials.items()
    )
    return described, dump(
        {f"{part}/{name}": item for part, columns in partials.items() for name, item in columns.items()}
    )
