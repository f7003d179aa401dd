"""Outcomes from a file: every row is checked before the first one is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import polars as pl

from loopwright.errors import DataError, UnknownColumn
from loopwright.stages.serving.events import Outcome, Value
from loopwright.stages.serving.log_frames import LogFrames, frames_of

__all__ = ["Columns", "Reported", "outcomes_of", "reported"]

_ID, _AT = "id", "at"


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which columns a file of outcomes may have.

    Attributes
    ----------
    key : str or None
        The project's key column: the id of a prediction unless the file has a column ``id``.
    known_after : tuple of str
        Columns that become known later.
    types : mapping of str to DataType
        Their types.
    """

    key: str | None
    known_after: tuple[str, ...]
    types: Mapping[str, pl.DataType]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """What became of the outcomes of a file.

    Attributes
    ----------
    events : list of Outcome
        Those that say something new, to be kept.
    kept, duplicates, unknown : int
        New ones; those that say what was known; and those among the new whose id has no prediction yet: they are joined
        when it is there.
    """

    events: list[Outcome]
    kept: int
    duplicates: int
    unknown: int


def outcomes_of(frame: pl.DataFrame, columns: Columns, *, source: str, received: int) -> list[Outcome]:
    """Return the rows of a file as outcomes.

    Parameters
    ----------
    frame : DataFrame of n_rows
    columns : Columns
    source : str
        What the file is called.
    received : int
        Microseconds since 1970; also when they became known, where the file does not say.

    Raises
    ------
    UnknownColumn
        If no column names the predictions, or none says what became of them.
    DataError
        If an id or a value is missing where it must not be, or is of another type.
    """
    names = _ids(frame, columns)
    told = [name for name in columns.known_after if name in frame.columns]
    if not told:
        raise UnknownColumn(
            columns.known_after[0] if columns.known_after else "label", known=frame.columns, where="a file of outcomes"
        )
    values = [_typed(frame[name], columns.types.get(name), source=source) for name in told]
    moments = _moments(frame, received=received, source=source)
    rows = pl.DataFrame(values).to_dicts()
    return [
        Outcome(id=name, at=at, received=received, source=source, values=_plain(row))
        for name, at, row in zip(names, moments, rows, strict=True)
        if any(value is not None for value in row.values())
    ]


def reported(events: Sequence[Outcome], log: LogFrames) -> Reported:
    """Compare outcomes with what the log knows.

    Examples
    --------
    >>> told = [Outcome(id="t1", at=1, received=1, source="f", values={"tip": 2.5})]
    >>> found = reported(told, frames_of(told))
    >>> found.kept, found.duplicates, found.unknown
    (0, 1, 0)
    """
    columns = ["id", "at", "values"]
    known = set(log.outcomes.select(columns).iter_rows())
    # What a file says without a time is known by now: if it is what was known last, that is no news either.
    last = dict(log.outcomes.sort("at", "received").select("id", "values").iter_rows())
    fresh = [
        event for event, row in zip(events, frames_of(events).outcomes.select(columns).iter_rows(), strict=True)
        if row not in known and not (event.at == event.received and last.get(event.id) == row[2])
    ]
    asked = set(log.predictions["id"])
    return Reported(
        events=fresh, kept=len(fresh), duplicates=len(events) - len(fresh),
        unknown=sum(event.id not in asked for event in fresh),
    )


def _ids(frame: pl.DataFrame, columns: Columns) -> list[str]:
    name = _ID if _ID in frame.columns else columns.key
    if name is None or name not in frame.columns:
        raise UnknownColumn(name or _ID, known=frame.columns, where="a file of outcomes")
    missing = int(frame[name].null_count())
    if missing:
        raise DataError(f"{missing} of {frame.height} outcomes have no {name}; nothing was kept. Leave these rows out.")
    return [str(value) for value in frame[name]]


def _typed(values: pl.Series, kind: pl.DataType | None, *, source: str) -> pl.Series:
    if kind is None or values.dtype == kind:
        return values
    made = values.cast(kind, strict=False)
    lost = made.is_null() & values.is_not_null()
    if lost.any():
        row = int(lost.arg_max() or 0)
        raise DataError(
            f"{source}: column {values.name!r} holds {values[row]!r} in row {row + 1}, which is no {kind}; nothing was "
            f"kept. Mend the {int(lost.sum())} rows like this."
        )
    return made


def _moments(frame: pl.DataFrame, *, received: int, source: str) -> list[int]:
    if _AT not in frame.columns:
        return [received] * frame.height
    return [received if value is None else _microseconds(value, source=source) for value in frame[_AT]]


def _microseconds(value: object, *, source: str) -> int:
    try:
        found = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError as error:
        raise DataError(
            f"{source}: column 'at' holds {value!r}, which is no moment; nothing was kept. Write 2026-05-03T14:00."
        ) from error
    aware = found.replace(tzinfo=UTC) if found.tzinfo is None else found
    return round(aware.timestamp() * 1e6)


def _plain(row: dict[str, object]) -> dict[str, Value]:
    return {name: value.isoformat() if isinstance(value, datetime | date) else value for name, value in row.items()}  # type: ignore[misc]
