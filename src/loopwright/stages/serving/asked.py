"""One request for predictions on its way: its rows with their ids, and what is wrong with each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec
import polars as pl

from loopwright.settings import ServingSettings
from loopwright.stages.serving.door import Checked, Problem
from loopwright.stages.serving.events import Refused, Value
from loopwright.stages.serving.known import digest_of
from loopwright.stages.serving.requests import PredictRequest, Refusal, RefusedField, id_problem, new_id, rows_in
from loopwright.stages.serving.routes import Routes
from loopwright.stages.serving.routing import Assignment

__all__ = ["Asked", "AskedRow", "digests", "read"]

_MOST_TOLD = 200


@dataclass(slots=True, kw_only=True)
class AskedRow:
    """One row of a request.

    Attributes
    ----------
    position : int
        In the request, from 0.
    id : str
        The caller's, or the key, or made here.
    is_named : bool
        The id is not made here, so it may come again.
    row : dict
        What may be kept of it.
    entity : str
        What assignments stick to, as it came: the group, or the id.
    problems : tuple of Problem
        Empty for a row that can be answered.
    moment : int or None
        When it happened, if it says so in a way that can be read even of a row that does not fit.
    status : int
        HTTP status that the problems stand for.
    assignment : Assignment or None
        Which model was asked about it; None until one is.
    """

    position: int
    id: str
    is_named: bool
    row: dict[str, Value]
    entity: str
    flags: tuple[str, ...]
    problems: tuple[Problem, ...]
    moment: int | None = None
    status: int = 422
    assignment: Assignment | None = None
    entity_hash: str = ""

    def refuse(self, status: int, *problems: Problem) -> None:
        """Take the row out of those that are answered."""
        self.status = status
        self.problems += problems

    def told(self) -> list[RefusedField]:
        """Return what the caller is told of its problems."""
        return [
            RefusedField(row=self.position, id=self.id, field=item.field, problem=item.what) for item in self.problems
        ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request: its rows, the frame of those that fit, and what serves.

    Attributes
    ----------
    frame : DataFrame of shape (n_good, n_columns)
    moments : list of int or None, of length n_good
        When the rows happened, if they say so.
    good : dict of int to int
        Position in the request to row of the frame.
    is_partial : bool
        Good rows are answered although others are bad.
    """

    routes: Routes
    rows: list[AskedRow]
    frame: pl.DataFrame
    moments: list[int | None]
    good: dict[int, int]
    is_partial: bool

    def bad(self) -> list[AskedRow]:
        """Return the rows that cannot be answered."""
        return [row for row in self.rows if row.problems]

    def refusal(self, status: int, what: str) -> Refusal:
        """Return the refusal of the whole request because of its bad rows; the first 200 problems are told."""
        told = [field for row in self.bad() for field in row.told()]
        more = f" The first {_MOST_TOLD} of {len(told)} problems are told." if len(told) > _MOST_TOLD else ""
        return Refusal(f"{what}{more}", status=status, problems=told[:_MOST_TOLD])

    def refused(self, received: int, *, consumer: str) -> list[Refused]:
        """Return what the log keeps of the bad rows."""
        return [self._refused(row, received, consumer=consumer) for row in self.bad()]

    def _refused(self, row: AskedRow, received: int, *, consumer: str) -> Refused:
        refused = Refused(
            at=received if row.moment is None else row.moment, received=received, consumer=consumer, status=row.status,
            problems=tuple((item.field, item.what) for item in row.problems), row=row.row, id=row.id,
        )
        if row.assignment is None:
            return refused
        return msgspec.structs.replace(
            refused, deployment=self.routes.digest, arm=row.assignment.arm, propensity=row.assignment.propensity,
            entity=row.entity_hash,
        )


def read(body: bytes, routes: Routes, *, settings: ServingSettings, now: int) -> Asked:
    """Return a request as its bytes say it.

    Parameters
    ----------
    body : bytes
    routes : Routes
    settings : ServingSettings
    now : int
        Microseconds since 1970; ids that are made here begin with it.

    Raises
    ------
    Refusal
        400 or 413, if the body as a whole cannot be read.
    """
    request = rows_in(body, most=settings.max_rows)
    checked = routes.door.check(request.rows)
    rows = [_row(position, request, checked, routes, now) for position in range(len(request.rows))]
    _refuse_repeats(rows)
    return Asked(
        routes=routes, rows=rows, frame=checked.frame, moments=routes.door.moments(checked.frame),
        good={position: row for row, position in enumerate(checked.good)}, is_partial=request.partial,
    )


def digests(rows: Iterable[AskedRow]) -> Mapping[str, bytes]:
    """Return the digests of the rows whose id may come again, by id."""
    return {row.id: digest_of(row.row) for row in rows if row.is_named and not row.problems}


def _row(position: int, request: PredictRequest, checked: Checked, routes: Routes, now: int) -> AskedRow:
    row, facts = checked.rows[position], routes.door.facts
    key = row.get(facts.key) if facts.key else None
    fits = all(item.field != facts.key for item in checked.problems[position])
    named = request.ids[position] or (str(key) if key is not None and fits else None)
    problem = id_problem(named) if named else ""
    group = row.get(facts.group) if facts.group else None
    name = named if named and not problem else new_id(now)
    return AskedRow(
        position=position, id=name, is_named=bool(named) and not problem, row=row,
        entity=name if group is None else str(group), flags=checked.flags[position],
        problems=(*checked.problems[position], *([_wrong_key(facts.key or "", problem)] if problem else [])),
        moment=_moment(row.get(facts.time)) if facts.time else None,
    )


def _moment(value: Value) -> int | None:
    """Return a time in ISO 8601 as microseconds since 1970; UTC if it has no zone. Nothing else is read."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    if found is None:
        return None
    return round((found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp() * 1e6)


def _wrong_key(field: str, problem: str) -> Problem:
    return Problem(field=field, kind="wrong id", found=problem, allowed="1 to 200 printable characters")


def _refuse_repeats(rows: Sequence[AskedRow]) -> None:
    seen: dict[str, int] = {}
    for row in rows:
        first = seen.setdefault(row.id, row.position)
        if first != row.position:
            row.refuse(422, Problem(
                field="", kind="given twice", found=f"the id {row.id!r} of row {first} again",
                allowed="an id once in a request",
            ))
