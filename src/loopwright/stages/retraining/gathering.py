"""Which rows there are to train on: those of the source, and those that came live and have their outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

import polars as pl

from loopwright.errors import UnknownColumn
from loopwright.stages.data.clock import clock_of

__all__ = ["BadWindow", "Gathered", "LeftOut", "training_rows"]

_WHY, _UNFIT, _PLACE = "__why", "__unfit", "__place"
_JUDGED = ("__at", "__received", "__label")


@dataclass(frozen=True, slots=True, kw_only=True)
class BadWindow:
    """A stretch of live traffic whose rows are not to be learned from.

    Attributes
    ----------
    start, end : datetime
        UTC; the end is not in it.
    reason : str
        What was wrong, as a person reads it: ``"fare arrived in another unit"``.
    """

    start: datetime
    end: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How many live rows are not trained on, for one reason."""

    reason: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """The rows to train on, and what was left out.

    Attributes
    ----------
    frame : DataFrame
        In the columns and types of the source; its rows first, then live ones in the order in which they happened.
    from_source, from_live : int
        Rows of either.
    left_out : tuple of LeftOut
        Live rows only, each counted once; most rows first.
    """

    frame: pl.DataFrame
    from_source: int
    from_live: int
    left_out: tuple[LeftOut, ...]


def training_rows(
    source: pl.DataFrame,
    live: pl.DataFrame,
    *,
    time: str | None,
    key: str | None,
    outcome: Sequence[str] = (),
    exclude: Sequence[BadWindow] = (),
    clock: Literal["event", "arrival"] = "event",
    redact: Sequence[str] = (),
) -> Gathered:
    """Put the rows of the source and the live rows whose outcome is known together.

    A live row is left out, for the first of these reasons that holds: its outcome is pending; it lies in a window whose
    input was broken; a value does not fit the type of the source; the source has a row with its key, and that one's
    outcome is known (what the source says is what was mended and reviewed). If the outcome of the source's row is not
    known the live row takes its place. Of live rows with the same key the newest counts.

    Parameters
    ----------
    source : DataFrame
        Rows of the dataset version, without ``__row``.
    live : DataFrame
        The live frame; columns known only after the outcome are filled where ``__label`` is.
    time : str or None
        Column that says when a row happened; where a live row does not have it, its ``__at`` stands there.
    key : str or None
        Column that names a row; without it no row is taken for another.
    outcome : sequence of str, default=()
        Columns without which the outcome of a source row is not known.
    exclude : sequence of BadWindow, default=()
    clock : {"event", "arrival"}, default="event"
        Whether windows are by ``__at`` or by ``__received``.
    redact : sequence of str, default=()
        Columns that must not be kept.

    Returns
    -------
    Gathered

    Raises
    ------
    UnknownColumn
        If the source lacks the time, the key or an outcome column.

    Examples
    --------
    >>> source = pl.DataFrame({"trip": ["a"], "fare": [4.5], "tipped": [1]})
    >>> live = pl.DataFrame({
    ...     "trip": ["b", "c"], "fare": [7, 9], "tipped": [0, None], "__label": [0.0, None], "__id": ["b", "c"],
    ...     "__at": [datetime(2015, 7, 6), datetime(2015, 7, 7)],
    ... })
    >>> made = training_rows(source, live, time=None, key="trip")
    >>> made.frame.rows(), made.left_out
    ([('a', 4.5, 1), ('b', 7.0, 0)], (LeftOut(reason='the outcome is not known yet', rows=1),))
    """
    source = source.drop(redact, strict=False)
    for meaning, column in (("time", time), ("key", key), *(("label", name) for name in outcome)):
        if column is not None and column not in source.columns:
            raise UnknownColumn(column, known=source.columns, where=f"[data] {meaning} in loopwright.toml")
    moment = "__at" if clock == "event" else "__received"
    rows = _fitting(live.sort("__at", "__id"), source, time=time)
    reasons = [_pending(), _broken(exclude, moment=moment), _unfit()]
    if key is not None:
        reasons += [_in_source(_known_keys(source, key=key, outcome=outcome), key=key)]
    rows = rows.with_columns(pl.coalesce(reasons).alias(_WHY))
    if key is not None:
        rows = rows.with_columns(pl.coalesce(_WHY, _came_again(rows, key=key)))
    taken = rows.filter(pl.col(_WHY).is_null()).select(source.columns)
    if key is not None:
        source = source.filter(~pl.col(key).is_in(taken[key].drop_nulls().implode()).fill_null(value=False))
    return Gathered(
        frame=pl.concat([source, taken]),
        from_source=source.height,
        from_live=taken.height,
        left_out=_counted(rows),
    )


def _fitting(live: pl.DataFrame, source: pl.DataFrame, *, time: str | None) -> pl.DataFrame:
    """Return live rows in the types of the source, with what they are judged by, and whether every value fitted."""
    columns, unfit = [], pl.Series(_UNFIT, [False]).new_from_index(0, live.height)
    for name, dtype in source.schema.items():
        given = live[name] if name in live.columns else pl.Series(name, [None]).new_from_index(0, live.height)
        cast = _cast(given, dtype)
        unfit = unfit | (cast.is_null() & given.is_not_null())
        columns.append(cast)
    rows = pl.DataFrame([*columns, unfit.alias(_UNFIT), *(live[name] for name in _JUDGED if name in live.columns)])
    return rows.with_columns(_dated(source[time])) if time is not None else rows


def _cast(given: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return values in a type, null where they do not fit; all are null if no value of theirs ever does."""
    try:
        return given.cast(dtype, strict=False)
    except pl.exceptions.InvalidOperationError:
        return pl.Series(given.name, [None], dtype=dtype).new_from_index(0, len(given))


def _dated(times: pl.Series) -> pl.Expr:
    """Fill in the time of a row by when it is known to have happened, in the form of the source's own times."""
    at, column = pl.col("__at"), pl.col(times.name)
    if times.dtype.is_temporal():
        return column.fill_null(at.cast(times.dtype))
    unit = clock_of(times)[0].microseconds if times.dtype.is_numeric() else None
    if unit is None:  # the column counts something else: nothing tells what would stand there
        return column
    return column.fill_null((at.dt.timestamp("us") / unit).cast(times.dtype))


def _pending() -> pl.Expr:
    unknown = pl.col("__label").is_null() | pl.col("__label").is_nan()
    return pl.when(unknown).then(pl.lit("the outcome is not known yet"))


def _broken(windows: Sequence[BadWindow], *, moment: str) -> pl.Expr:
    """Return the reason of the first window that a row lies in."""
    found = [
        pl.when(pl.col(moment).is_between(_naive(window.start), _naive(window.end), closed="left")).then(
            pl.lit(window.reason)
        )
        for window in windows
    ]
    return pl.coalesce(found) if found else pl.lit(None, dtype=pl.String)


def _unfit() -> pl.Expr:
    return pl.when(pl.col(_UNFIT)).then(pl.lit("a value does not fit the type of its column in the source"))


def _known_keys(source: pl.DataFrame, *, key: str, outcome: Sequence[str]) -> pl.Series:
    return source.filter(pl.all_horizontal(pl.col(key, *outcome).is_not_null()))[key].unique()


def _in_source(known: pl.Series, *, key: str) -> pl.Expr:
    return pl.when(pl.col(key).is_in(known.implode())).then(pl.lit("the source has the row, with its outcome"))


def _came_again(rows: pl.DataFrame, *, key: str) -> pl.Series:
    """Say of rows that are taken so far that one with the same key happened later."""
    taken = rows.with_row_index(_PLACE).filter(pl.col(_WHY).is_null() & pl.col(key).is_not_null())
    earlier = taken.filter(~pl.col(key).is_last_distinct())[_PLACE]
    said = pl.Series([None], dtype=pl.String).new_from_index(0, rows.height)
    return said.scatter(earlier, "a later row has the same key") if len(earlier) else said


def _counted(rows: pl.DataFrame) -> tuple[LeftOut, ...]:
    counts = rows[_WHY].drop_nulls().value_counts(sort=True)
    ordered = counts.sort("count", _WHY, descending=[True, False])
    return tuple(LeftOut(reason=reason, rows=count) for reason, count in ordered.rows())


def _naive(moment: datetime) -> datetime:
    return moment if moment.tzinfo is None else moment.astimezone(UTC).replace(tzinfo=None)
