"""Moves closed segments of the prediction log into tables, each event exactly once."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from loopwright.protocols import TableStore
from loopwright.records.record import Table
from loopwright.stages.serving.journal import decoded
from loopwright.stages.serving.log_frames import LogFrames, frames_of
from loopwright.store.durable import force
from loopwright.store.failures import failure
from loopwright.store.segments import SegmentContent, claimed, read_segment, segments_in

__all__ = ["KINDS", "Compacted", "compact", "table_name"]

KINDS = ("predictions", "outcomes", "refusals")
"""The three tables of a log."""

_ROUND_BYTES = 32 << 20
_ROUND_SEGMENTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Compacted:
    """What a compaction has moved.

    Attributes
    ----------
    predictions, outcomes, refusals : Table or None
        Newest versions; None while there is none.
    added : dict of str to int
        New rows in each of ``KINDS``.
    duplicates : int
        Answers that were dropped, because their id had been answered before.
    segments : int
        How many were moved and taken away.
    torn_bytes : int
        Bytes at the end of segments that their writers did not finish: nobody was told that they were kept.
    damaged_bytes : int
        Bytes that could not be read although they were written once.
    set_aside : tuple of str
        Segments with damage, which were not taken away but renamed to these names, in the same folder.
    """

    predictions: Table | None
    outcomes: Table | None
    refusals: Table | None
    added: dict[str, int]
    duplicates: int
    segments: int
    torn_bytes: int
    damaged_bytes: int
    set_aside: tuple[str, ...]


def compact(folder: Path, tables: TableStore, *, name: str) -> Compacted:
    """Move all segments whose writer is done or dead into the tables of a log.

    A segment is appended to each table as a batch under its name, and taken away afterwards. Wherever this is killed,
    the next compaction goes on with what is missing, as a table takes a batch only once. Of several answers with
    one id the first is kept. To find them, the ids in the table are read once for every 32 megabytes of segments.

    Parameters
    ----------
    folder : Path
        Where the segments lie. Another compaction of the same folder is waited for.
    tables : TableStore
    name : str
        Of the project; the tables are ``<name>-predictions``, ``<name>-outcomes`` and ``<name>-refusals``.

    Returns
    -------
    Compacted

    Raises
    ------
    StoreFull, StoreReadOnly, CorruptStore, StoreError
        What was not moved yet stays where it is.
    """
    moved = _Moved()
    if folder.is_dir():
        with _alone(folder):
            for paths in _rounds(segments_in(folder)):
                _move(paths, tables, name=name, moved=moved)
    newest = {kind: tables.newest(table_name(name, kind)) for kind in KINDS}
    return Compacted(
        predictions=newest["predictions"], outcomes=newest["outcomes"], refusals=newest["refusals"],
        added=moved.added, duplicates=moved.duplicates, segments=moved.segments, torn_bytes=moved.torn_bytes,
        damaged_bytes=moved.damaged_bytes, set_aside=tuple(moved.set_aside),
    )


def table_name(name: str, kind: str) -> str:
    """Return the name of one of the tables of a log.

    Examples
    --------
    >>> table_name("taxi-tips", "outcomes")
    'taxi-tips-outcomes'
    """
    return f"{name}-{kind}"


@dataclass(slots=True)
class _Moved:
    """Counts while segments are moved."""

    added: dict[str, int] = field(default_factory=lambda: dict.fromkeys(KINDS, 0))
    duplicates: int = 0
    segments: int = 0
    torn_bytes: int = 0
    damaged_bytes: int = 0
    set_aside: list[str] = field(default_factory=list)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one compaction at a time in, over all processes; one that dies lets go."""
    try:
        number = os.open(folder / "compaction.lock", os.O_WRONLY | os.O_CREAT, 0o644)
    except OSError as error:
        raise failure(error, doing=f"compacting the prediction log in {folder}") from error
    try:
        fcntl.flock(number, fcntl.LOCK_EX)
        yield
    finally:
        os.close(number)


def _rounds(paths: Iterable[Path]) -> Iterator[list[Path]]:
    """Divide segments into groups that fit into memory, and into the number of files that a process may open."""
    gathered: list[Path] = []
    size = 0
    for path in paths:
        with suppress(FileNotFoundError):  # a writer takes away a segment that it could not begin
            size += path.stat().st_size
            gathered.append(path)
        if size >= _ROUND_BYTES or len(gathered) == _ROUND_SEGMENTS:
            yield gathered
            gathered, size = [], 0
    yield gathered


def _move(paths: Iterable[Path], tables: TableStore, *, name: str, moved: _Moved) -> None:
    with ExitStack() as claims:
        closed = [path for path in paths if claims.enter_context(claimed(path))]
        contents = {path: read_segment(path) for path in closed}
        frames = {path.name: frames_of(decoded(content.frames, where=path)) for path, content in contents.items()}
        for kind in KINDS:
            _append(frames, tables, table_name(name, kind), kind=kind, moved=moved)
        for path, content in contents.items():
            _take_away(path, content, moved)


def _append(frames: Mapping[str, LogFrames], tables: TableStore, table: str, *, kind: str, moved: _Moved) -> None:
    """Append what is not in a table yet."""
    rows: dict[str, pl.DataFrame] = {batch: getattr(held, kind) for batch, held in frames.items()}
    rows = {batch: frame for batch, frame in rows.items() if frame.height}
    done = tables.appended(table, batches=list(rows))
    rows = {batch: frame for batch, frame in rows.items() if batch not in done}
    if kind == "predictions":
        count = sum(frame.height for frame in rows.values())
        rows = _first_of_each_id(rows, tables, table)
        moved.duplicates += count - sum(frame.height for frame in rows.values())
    for batch, frame in rows.items():
        if frame.height:
            tables.append(table, frame, batch=batch)
            moved.added[kind] += frame.height


def _first_of_each_id(rows: Mapping[str, pl.DataFrame], tables: TableStore, table: str) -> dict[str, pl.DataFrame]:
    """Drop rows whose id is in the table, or stands further ahead."""
    if not rows:
        return {}
    batches = list(rows)
    all_rows = pl.concat([rows[batch].with_columns(__batch=pl.lit(number)) for number, batch in enumerate(batches)])
    known = _known_ids(all_rows["id"], tables, table)
    first = all_rows.unique("id", keep="first", maintain_order=True)
    kept = first.join(known, on="id", how="anti", maintain_order="left")
    return {
        batch: kept.filter(pl.col("__batch") == number).drop("__batch") for number, batch in enumerate(batches)
    }


def _known_ids(ids: pl.Series, tables: TableStore, table: str) -> pl.DataFrame:
    """Return which of these ids are in a table."""
    newest = tables.newest(table)
    if newest is None:
        return ids.clear().to_frame()
    stored = tables.read(newest, columns=["id"])
    return stored.join(ids.unique().to_frame().lazy(), on="id", how="semi").collect()


def _take_away(path: Path, content: SegmentContent, moved: _Moved) -> None:
    """Remove a segment that is in the tables; one with damage is kept for whoever wants to look at it."""
    try:
        if content.damaged_bytes:
            aside = path.with_suffix(".damaged")
            path.rename(aside)
            moved.set_aside.append(aside.name)
        else:
            path.unlink()
        force(path.parent)
    except OSError as error:
        raise failure(error, doing=f"taking away the segment {path}") from error
    moved.segments += 1
    moved.torn_bytes += content.torn_bytes
    moved.damaged_bytes += content.damaged_bytes
