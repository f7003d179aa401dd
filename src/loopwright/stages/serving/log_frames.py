"""Events of the prediction log as the rows of its three tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec
import polars as pl

from loopwright.stages.serving.events import (
    Answered,
    Event,
    Outcome,
    Refused,
    answered_schema,
    outcome_schema,
    refused_schema,
)

__all__ = ["LogFrames", "frames_of", "joined_frames"]

_FIRST, _LAST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFrames:
    """Rows of the prediction log, in the order in which they were written.

    Attributes
    ----------
    predictions : DataFrame with the columns of ``answered_schema``
    outcomes : DataFrame with the columns of ``outcome_schema``
    refusals : DataFrame with the columns of ``refused_schema``
    """

    predictions: pl.DataFrame
    outcomes: pl.DataFrame
    refusals: pl.DataFrame


def frames_of(events: Sequence[Event]) -> LogFrames:
    """Return events as rows, each kind in their order.

    Examples
    --------
    >>> told = Outcome(id="t1", at=0, received=1, source="billing", values={"tip": 2.5})
    >>> frames_of([told]).outcomes.row(0)[3:]
    ('billing', '{"tip":2.5}')
    """
    return LogFrames(
        predictions=_frame([event for event in events if isinstance(event, Answered)], answered_schema()),
        outcomes=_frame([event for event in events if isinstance(event, Outcome)], outcome_schema()),
        refusals=_frame([event for event in events if isinstance(event, Refused)], refused_schema()),
    )


def joined_frames(parts: Iterable[LogFrames]) -> LogFrames:
    """Return the rows of all parts, one behind the other; without parts there are no rows."""
    listed = [frames_of([]), *parts]
    return LogFrames(
        predictions=pl.concat([part.predictions for part in listed]),
        outcomes=pl.concat([part.outcomes for part in listed]),
        refusals=pl.concat([part.refusals for part in listed]),
    )


def _frame(events: Sequence[Event], schema: pl.Schema) -> pl.DataFrame:
    return pl.DataFrame([_column(name, dtype, events) for name, dtype in schema.items()])


def _column(name: str, dtype: pl.DataType, events: Sequence[Event]) -> pl.Series:
    held = [getattr(event, name) for event in events]
    if isinstance(dtype, pl.Datetime):
        micros = [min(max(number, _FIRST), _LAST) for number in held]
        return pl.Series(name, micros, dtype=pl.Int64).cast(dtype)
    if name in ("row", "values"):
        # JSON knows no NaN and no infinity: they become null.
        held = [msgspec.json.encode(values).decode() for values in held]
    elif name == "problems":
        held = [[f"{field}: {what}" for field, what in problems] for problems in held]
    if isinstance(dtype, pl.List):
        return _lists(name, held, dtype)
    return pl.Series(name, held, dtype=dtype)


def _lists(name: str, held: Sequence[Sequence[object]], dtype: pl.List) -> pl.Series:
    """Return a column of lists, which Polars itself would make one by one, ten times as slowly."""
    lengths = [len(values) for values in held]
    flat = pl.DataFrame({
        "row": pl.Series(range(len(held)), dtype=pl.UInt32).repeat_by(pl.Series(lengths)).explode().drop_nulls(),
        "value": pl.Series([value for values in held for value in values], dtype=dtype.inner),
    })
    lists = flat.group_by("row", maintain_order=True).agg("value")
    rows = pl.DataFrame({"row": pl.Series(range(len(held)), dtype=pl.UInt32)})
    return rows.join(lists, on="row", how="left", maintain_order="left")["value"].fill_null([]).alias(name)
