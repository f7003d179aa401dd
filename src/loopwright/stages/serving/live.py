"""The prediction log as one frame: what was asked, what was answered, and what became of it, with types."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from loopwright.protocols import TableStore
from loopwright.records.record import Table
from loopwright.records.schema import Schema
from loopwright.stages.serving.compaction import KINDS, table_name
from loopwright.stages.serving.journal import decoded
from loopwright.stages.serving.json_columns import typed_json
from loopwright.stages.serving.log_frames import LogFrames, frames_of, joined_frames
from loopwright.store.segments import read_segment, segments_in

__all__ = ["Joined", "column_types", "live_frame", "tail", "whole", "with_outcomes"]

_TOLD = "__told_"
_TYPES: dict[str, pl.DataType] = {
    "int": pl.Int64(), "float": pl.Float64(), "bool": pl.Boolean(), "date": pl.Date(), "time": pl.Datetime("us"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Joined:
    """Live rows with their outcomes.

    Attributes
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
    joined : int
        Rows with an outcome.
    duplicates : int
        Outcomes that said nothing new.
    corrections : int
        Outcomes that changed a value that an older one had told.
    unknown : int
        Ids with an outcome that are not in the frame.
    """

    frame: pl.DataFrame
    joined: int
    duplicates: int
    corrections: int
    unknown: int


def column_types(schema: Schema, *, zoned: Sequence[str] = ()) -> dict[str, pl.DataType]:
    """Return the types in which columns of a schema are answered; what JSON cannot hold counts as text.

    Parameters
    ----------
    schema : Schema
    zoned : sequence of str, optional
        Columns of type ``time`` with a time zone; the others are UTC without one.

    Examples
    --------
    >>> from loopwright.records.schema import ColumnSchema
    >>> column_types(Schema(columns=(ColumnSchema(name="fare", type="float"), ColumnSchema(name="zip", type="string"))))
    {'fare': Float64, 'zip': String}
    """
    types = {column.name: _TYPES.get(column.type, pl.String()) for column in schema.columns}
    return {
        name: pl.Datetime("us", "UTC") if name in zoned and isinstance(dtype, pl.Datetime) else dtype
        for name, dtype in types.items()
    }


def tail(folder: Path) -> LogFrames:
    """Return what lies in segments still, also in those that are being written.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    CorruptStore, StoreError
    """
    held = joined_frames(_segments(folder).values())
    return LogFrames(predictions=_first_of_each_id(held.predictions), outcomes=held.outcomes, refusals=held.refusals)


def whole(
    tables: TableStore, folder: Path, *, name: str, start: datetime.datetime | None = None,
    end: datetime.datetime | None = None,
) -> LogFrames:
    """Return the whole log, tables and segments, each event once, whatever a compaction does meanwhile.

    The segments are read first. What a compaction moves after that is in the tables, which are read then; and what it
    had moved before is gone from the folder. A segment may still be seen in both places, between its append and its
    removal: its rows are left out if the very version of the table that is read says that it has taken them.

    Parameters
    ----------
    tables : TableStore
    folder : Path
        Where the segments lie.
    name : str
        Of the project.
    start, end : datetime, optional
        Only predictions and refusals with ``start <= at < end``, and the outcomes of these predictions. Without a
        zone they are UTC.

    Returns
    -------
    LogFrames
        One prediction for each id, the first.

    Raises
    ------
    CorruptStore, StoreError
    """
    held = _segments(folder)
    span = _span(start, end)
    predictions = _predictions(tables, held, name).filter(span).collect()
    outcomes = _rows("outcomes", tables, held, name)
    if start is not None or end is not None:
        outcomes = outcomes.join(predictions.lazy().select("id"), on="id", how="semi", maintain_order="left")
    return LogFrames(
        predictions=_first_of_each_id(predictions), outcomes=outcomes.collect(),
        refusals=_rows("refusals", tables, held, name).filter(span).collect(),
    )


def live_frame(predictions: pl.DataFrame, *, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return logged answers as live rows: source columns with their types, then ``__id``, ``__at``, ``__score``, etc.

    Parameters
    ----------
    predictions : DataFrame with the columns of ``answered_schema``
    columns : mapping of str to DataType
        The source columns, in this order (see ``column_types``). One that did not come with a row is null there, and
        so is a value that is none of its type.

    Returns
    -------
    DataFrame
        ``__score`` is the probability of the positive class, the number, or the largest probability.

    Examples
    --------
    >>> from loopwright.stages.serving.events import Answered
    >>> answer = Answered(
    ...     id="t1", at=0, received=0, consumer="app", deployment="d", model="m", arm="champion", propensity=1.0,
    ...     entity="e", held_back=False, scores=(0.2, 0.8), prediction="card", latency_ms=1.5, row={"fare": 7},
    ... )
    >>> live_frame(frames_of([answer]).predictions, columns={"fare": pl.Float64()})["fare", "__score"].row(0)
    (7.0, 0.8)
    """
    source = typed_json(predictions["row"], columns=columns)
    known = predictions.drop("row").select(pl.all().name.prefix("__"), __score=pl.col("scores").list.max())
    return pl.concat([source, known], how="horizontal")


def with_outcomes(frame: pl.DataFrame, outcomes: pl.DataFrame, *, columns: Mapping[str, pl.DataType]) -> Joined:
    """Return live rows with what their outcomes say, each column from the newest that has a value for it.

    Newest is what became known last (``at``), then what was received last. A null says nothing.

    Parameters
    ----------
    frame : DataFrame
        Live rows.
    outcomes : DataFrame with the columns of ``outcome_schema``
        Those of other ids are counted and left out.
    columns : mapping of str to DataType
        Columns that outcomes may bring. They are added to the frame under their names; if it has such a column, that
        keeps its value where no outcome says one.

    Returns
    -------
    Joined
        Its frame also has ``__label_at``: when an outcome said for the first time what is known now; null while there
        is none.

    Examples
    --------
    >>> from loopwright.stages.serving.events import Outcome
    >>> told = [
    ...     Outcome(id="t1", at=at, received=9, source="billing", values={"tip": tip})
    ...     for at, tip in [(1, 2.0), (3, 2.5), (2, 9.0), (4, 2.5)]
    ... ]
    >>> found = with_outcomes(
    ...     pl.DataFrame({"__id": ["t1", "t2"]}), frames_of(told).outcomes, columns={"tip": pl.Float64()}
    ... )
    >>> found.frame["tip"].to_list(), found.joined, found.duplicates, found.corrections
    ([2.5, None], 1, 1, 2)
    """
    known = outcomes.join(frame.select(id="__id"), on="id", how="semi", maintain_order="left")
    history = _history(known, columns)
    newest = _newest(history)
    added = frame.join(newest, left_on="__id", right_on="id", how="left", maintain_order="left")
    return Joined(
        frame=_under_their_names(added, columns),
        joined=int(frame["__id"].is_in(newest["id"].implode()).sum()),
        duplicates=int((~history["__is_news"]).sum()),
        corrections=int(history["__is_correction"].sum()),
        unknown=int(outcomes.join(known, on="id", how="anti")["id"].n_unique()),
    )


# -- the log -----------------------------------------------------------------------------------------------


def _segments(folder: Path) -> dict[str, LogFrames]:
    """Return the rows of each segment by its name, oldest first."""
    held = {}
    for path in segments_in(folder):
        with suppress(FileNotFoundError):  # a compaction has just moved it; the tables are read later and have it
            held[path.name] = frames_of(decoded(read_segment(path).frames, where=path))
    return held


def _rows(kind: str, tables: TableStore, held: Mapping[str, LogFrames], name: str) -> pl.LazyFrame:
    """Return the rows of a table, and behind them those of segments that it has not taken."""
    return pl.concat([*_parts(kind, tables, held, name)])


def _parts(
    kind: str, tables: TableStore, held: Mapping[str, LogFrames], name: str
) -> tuple[pl.LazyFrame, pl.LazyFrame]:
    newest = tables.newest(table_name(name, kind))
    taken = _taken(newest, tables, held)
    rest = getattr(joined_frames(frames for batch, frames in held.items() if batch not in taken), kind)
    stored = rest.clear().lazy() if newest is None else tables.read(newest)
    return stored, rest.lazy()


def _taken(newest: Table | None, tables: TableStore, held: Mapping[str, LogFrames]) -> set[str]:
    if newest is None or not held:
        return set()
    versions = tables.appended(newest.name, batches=list(held))
    return {batch for batch, version in versions.items() if version <= newest.version}


def _predictions(tables: TableStore, held: Mapping[str, LogFrames], name: str) -> pl.LazyFrame:
    """Return the predictions without those in segments whose id a table has already."""
    stored, rest = _parts(KINDS[0], tables, held, name)
    ids = rest.select("id")
    known = stored.select("id").join(ids, on="id", how="semi")
    return pl.concat([stored, rest.join(known, on="id", how="anti", maintain_order="left")])


def _first_of_each_id(predictions: pl.DataFrame) -> pl.DataFrame:
    return predictions.unique("id", keep="first", maintain_order=True)


def _span(start: datetime.datetime | None, end: datetime.datetime | None) -> pl.Expr:
    after = pl.lit(True) if start is None else pl.col("at") >= _utc(start)
    return after if end is None else after & (pl.col("at") < _utc(end))


def _utc(moment: datetime.datetime) -> datetime.datetime:
    return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment


# -- outcomes ----------------------------------------------------------------------------------------------


def _history(outcomes: pl.DataFrame, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    """Return for each outcome what was known after it, and whether that was news or a correction."""
    told = typed_json(outcomes["values"], columns=columns)
    told.columns = _told_names(columns)
    told = pl.concat([outcomes.select("id", "at", "received"), told], how="horizontal")
    told = told.sort("id", "at", "received", maintain_order=True)
    repeated = told["id"].is_duplicated()
    # Most ids have one outcome: then there is nothing that it could repeat or correct.
    only = told.filter(~repeated).with_columns(__is_news=pl.lit(True), __is_correction=pl.lit(False))
    return pl.concat([only, _compared(told.filter(repeated))])


def _compared(told: pl.DataFrame) -> pl.DataFrame:
    """Compare each outcome with what the ones before it said of the same id."""
    names = [name for name in told.columns if name.startswith(_TOLD) and told[name].null_count() < told.height]
    told = told.with_columns(pl.col(name).forward_fill().over("id") for name in names)
    before = {name: pl.col(name).shift(1).over("id") for name in names}
    differs = [pl.col(name).ne_missing(before[name]) for name in names]
    corrects = [pl.col(name).ne(before[name]).fill_null(False) for name in names]
    is_first = pl.int_range(pl.len()).over("id") == 0
    return told.with_columns(
        __is_news=pl.any_horizontal(is_first, *differs), __is_correction=pl.any_horizontal(pl.lit(False), *corrects)
    )


def _newest(history: pl.DataFrame) -> pl.DataFrame:
    """Return one row for each id: what is known now, and since when."""
    known = pl.all().exclude("id", "at", "received", "__is_news", "__is_correction").last()
    since = pl.col("at").filter("__is_news").last().alias("__label_at")
    if not history["id"].is_duplicated().any():
        return history.select(pl.all().exclude("at", "received", "__is_news", "__is_correction"), __label_at="at")
    return history.group_by("id", maintain_order=True).agg(known, since)


def _under_their_names(frame: pl.DataFrame, columns: Mapping[str, pl.DataType]) -> pl.DataFrame:
    told = frame.select(_told_names(columns)).get_columns()
    frame = frame.drop(_told_names(columns))
    named = []
    for values, (name, dtype) in zip(told, columns.items(), strict=True):
        # Of a series, not by name: as an expression, "*" would be all columns.
        kept = values if name not in frame.columns else _filled(values, frame[name].cast(dtype, strict=False))
        named.append(kept.alias(name))
    return frame.with_columns(named)


def _filled(values: pl.Series, others: pl.Series) -> pl.Series:
    return values.zip_with(values.is_not_null(), others)


def _told_names(columns: Mapping[str, pl.DataType]) -> list[str]:
    """Return names for what outcomes say, which no column of the source has."""
    return [f"{_TOLD}{position}" for position in range(len(columns))]
