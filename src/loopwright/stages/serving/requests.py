"""What callers send and get: bodies read with the place of every mistake, answers written as JSON."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import msgspec

from loopwright.errors import LoopwrightError, nearest
from loopwright.records.model import Model
from loopwright.stages.serving.events import Answered

__all__ = [
    "SHAPES", "PredictRequest", "Prediction", "Refusal", "RefusedField", "ToldOutcome", "answer_of", "id_problem",
    "new_id", "outcomes_in", "parsed", "rows_in",
]

SHAPES = (
    '{"row": {"column": value, ...}}, {"rows": [{"column": value, ...}, ...]} or '
    '{"columns": {"column": [value, ...], ...}}'
)
"""The three shapes of a request for predictions, as messages name them."""

_OUTCOME_SHAPE = '{"outcomes": [{"id": "...", "values": {"column": value, ...}, "at": "ISO 8601"}]}'
_LONGEST_ID = 200


class RefusedField(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong with a request, as callers are told.

    Attributes
    ----------
    row : int or None
        Position in the request, from 0; None for the request as a whole.
    field : str
        Column; ``""`` for the row as a whole.
    """

    row: int | None = None
    id: str = ""
    field: str = ""
    problem: str


class Refusal(LoopwrightError):
    """A request that is not answered, and the HTTP status that says so.

    Attributes
    ----------
    status : int
    problems : tuple of RefusedField
    headers : dict of str to str
        Beyond the usual ones, such as ``allow`` or ``retry-after``.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        problems: Sequence[RefusedField] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.problems = tuple(problems)
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictRequest:
    """Rows to answer.

    Attributes
    ----------
    rows : list of dict, of length n_rows
    ids : list of str or None, of length n_rows
        None where the caller gave no id.
    partial : bool
        Good rows are to be answered although others are bad.
    """

    rows: list[dict[str, object]]
    ids: list[str | None]
    partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldOutcome:
    """What became of one row, as a caller told it.

    Attributes
    ----------
    values : dict
        Columns; the label alone stands under the name that the caller of ``outcomes_in`` gave.
    at : int or None
        When it became known, in microseconds since 1970, UTC; None if that was not said.
    """

    id: str
    values: dict[str, object]
    at: int | None


class Prediction(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer for one row, as it goes over the wire.

    Attributes
    ----------
    prediction : str or float or None
        The class, or the number; None for a row that is held back.
    probability : float
        Of the positive class (binary).
    probabilities : dict of str to float
        Of each class (multiclass).
    value : float
        The number (regression).
    held_back : bool
        Decide without the model.
    repeated : bool
        The id was answered before; this is that answer.
    """

    id: str
    prediction: str | float | None
    model: str
    flags: tuple[str, ...]
    probability: float | msgspec.UnsetType = msgspec.UNSET
    probabilities: dict[str, float] | msgspec.UnsetType = msgspec.UNSET
    value: float | msgspec.UnsetType = msgspec.UNSET
    held_back: bool = False
    repeated: bool = False


def answer_of(event: Answered, model: Model | None) -> Prediction:
    """Return what the caller is told of an answer that is in the log.

    Parameters
    ----------
    event : Answered
    model : Model or None
        The one that answered; None if it is not at hand, and then classes go by their number.
    """
    name = f"v{model.number}" if model else event.model[:12]
    if event.held_back:
        return Prediction(id=event.id, prediction=None, model=name, flags=event.flags, held_back=True)
    if len(event.scores) > 1:
        names = model.classes if model else tuple(map(str, range(len(event.scores))))
        return Prediction(
            id=event.id, prediction=event.prediction, model=name, flags=event.flags,
            probabilities=dict(zip(names, event.scores, strict=True)),
        )
    (score,) = event.scores
    if event.prediction is None:
        return Prediction(id=event.id, prediction=score, model=name, flags=event.flags, value=score)
    return Prediction(
        id=event.id, prediction=event.prediction, model=name, flags=event.flags, probability=score
    )


def new_id(microseconds: int) -> str:
    """Return an id that no other row has and that sorts by time: a UUID of version 7.

    Parameters
    ----------
    microseconds : int
        Since 1970, UTC.

    References
    ----------
    RFC 9562, Universally Unique IDentifiers, section 5.7.

    Examples
    --------
    >>> new_id(1_700_000_000_000_000)[:15]
    '018bcfe5-6800-7'
    """
    random = int.from_bytes(os.urandom(10))
    high = random >> 68
    low = random & ((1 << 62) - 1)
    number = (microseconds // 1000 & ((1 << 48) - 1)) << 80 | 7 << 76 | high << 64 | 2 << 62 | low
    text = f"{number:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def id_problem(item: object) -> str:
    """Return what is wrong with an id; nothing if it is right.

    Examples
    --------
    >>> id_problem("trip-7"), id_problem(True)
    ('', 'a truth value; an id is text or a whole number')
    """
    if isinstance(item, bool) or not isinstance(item, str | int):
        return f"{_kind(item)}; an id is text or a whole number"
    text = str(item)
    if not text or len(text) > _LONGEST_ID or not text.isprintable():
        return f"no id: it must have 1 to {_LONGEST_ID} printable characters"
    return ""


def parsed(body: bytes) -> object:
    """Return what JSON text holds; the tokens NaN and Infinity come as the floats, for the door to name their field.

    Raises
    ------
    Refusal
        400, with line and column of the mistake.

    Examples
    --------
    >>> parsed(b'{"row": {"fare": NaN}}')
    {'row': {'fare': nan}}
    >>> parsed(b'{"row": {"fare": 5,}}')
    Traceback (most recent call last):
    loopwright.stages.serving.requests.Refusal: the body is no JSON: line 1, column 20: ...
    """
    try:
        return msgspec.json.decode(body)
    except RecursionError:
        raise _too_deep() from None
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _read_slowly(body)


def rows_in(body: bytes, *, most: int) -> PredictRequest:
    """Return the rows of a request for predictions.

    Parameters
    ----------
    body : bytes
        JSON in one of the ``SHAPES``, or a bare array of rows; ``"ids"`` and ``"partial"`` may stand beside the rows.
    most : int
        Rows that one request may have.

    Raises
    ------
    Refusal
        400 for another shape, 413 for too many rows.

    Examples
    --------
    >>> rows_in(b'{"columns": {"fare": [5, 7]}, "ids": ["a", "b"]}', most=10).rows
    [{'fare': 5}, {'fare': 7}]
    """
    found = parsed(body)
    said = {"rows": found} if isinstance(found, list) else found
    if not isinstance(said, dict):
        raise _wrong_shape(f"it is {_kind(found)}")
    rows = _rows_of(said, most=most)
    partial = said.get("partial", False)
    if not isinstance(partial, bool):
        raise _wrong_shape(f'"partial" is {_kind(partial)}; write true or false')
    return PredictRequest(rows=rows, ids=_ids_of(said, len(rows)), partial=partial)


def outcomes_in(body: bytes, *, label: str, most: int) -> list[ToldOutcome]:
    """Return the outcomes of a request.

    Parameters
    ----------
    body : bytes
        ``{"outcomes": [...]}``, a bare array of outcomes, or one outcome: ``{"id", "values" or "label", "at"}``.
    label : str
        Name under which a bare ``"label"`` is kept.
    most : int
        Outcomes that one request may have.

    Raises
    ------
    Refusal
        400 for another shape, 413 for too many, 422 for outcomes of which fields are wrong: all are named.

    Examples
    --------
    >>> outcomes_in(b'{"id": "a", "label": true}', label="tipped", most=10)
    [ToldOutcome(id='a', values={'tipped': True}, at=None)]
    """
    found = parsed(body)
    items = found.get("outcomes", [found]) if isinstance(found, dict) else found
    if not isinstance(items, list):
        raise Refusal(f"the body is {_kind(items)}; outcomes are sent as {_OUTCOME_SHAPE}.", status=400)
    _limit(len(items), most)
    if isinstance(found, dict) and "outcomes" in found and len(found) > 1:
        other = next(key for key in found if key != "outcomes")
        raise Refusal(f'{other[:60]!r} stands beside "outcomes"; send {_OUTCOME_SHAPE}.', status=400)
    problems: list[RefusedField] = []
    told = [_outcome(item, row, label, problems) for row, item in enumerate(items)]
    if problems:
        raise Refusal(
            f"{len(problems)} mistakes in {len(items)} outcomes; none was kept.", status=422, problems=problems
        )
    return told


# -- reading JSON ------------------------------------------------------------------------------------------


def _read_slowly(body: bytes) -> object:
    """Read what the fast reader refused: either a number that JSON does not have, or a mistake to be shown."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        place = _place(body[: error.start])
        raise Refusal(f"the body is no JSON: {place}: the bytes there are no UTF-8. Send UTF-8.", status=400) from None
    try:
        found = json.loads(text)
        msgspec.json.encode(found)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise Refusal(f"the body is no JSON: {where}: {_in_words(error.msg)}.", status=400) from None
    except RecursionError:
        raise _too_deep() from None
    except (ValueError, UnicodeEncodeError) as error:
        raise Refusal(f"the body is JSON that cannot be used: {error}.", status=400) from None
    return found


def _place(before: bytes) -> str:
    line_start = before.rfind(b"\n") + 1
    lines = len(before.split(b"\n"))
    return f"line {lines}, column {len(before) - line_start + 1}"


def _in_words(message: str) -> str:
    """Return the parser's message in our words where it puzzles people."""
    return message[:1].lower() + message[1:]


def _too_deep() -> Refusal:
    return Refusal("the body nests lists or objects too deeply; a row is one flat object.", status=400)


# -- shapes ------------------------------------------------------------------------------------------------

_SHAPE_KEYS = ("row", "rows", "columns")
_KEYS = (*_SHAPE_KEYS, "id", "ids", "partial")


def _rows_of(said: dict[str, object], *, most: int) -> list[dict[str, object]]:
    given = [key for key in _SHAPE_KEYS if key in said]
    strange = next((key for key in said if key not in _KEYS), None)
    if len(given) != 1 or strange is not None:
        raise _wrong_shape(_what_is_wrong(given, strange))
    if given == ["columns"]:
        return _from_columns(said["columns"], most=most)
    rows = [said["row"]] if given == ["row"] else said["rows"]
    if not isinstance(rows, list):
        raise _wrong_shape(f'"rows" is {_kind(rows)}')
    _limit(len(rows), most)
    for position, row in enumerate(rows):
        if not isinstance(row, dict):
            where = '"row"' if given == ["row"] else f"row {position}"
            raise _wrong_shape(f"{where} is {_kind(row)}")
    return cast("list[dict[str, object]]", rows)


def _what_is_wrong(given: Sequence[str], strange: str | None) -> str:
    if len(given) > 1:
        return f"it has {' and '.join(map(repr, given))}"
    if given and strange is not None:
        return f"it has the key {strange[:60]!r}{nearest(strange[:60], _KEYS)}"
    return 'it has neither "row" nor "rows" nor "columns"'


def _from_columns(columns: object, *, most: int) -> list[dict[str, object]]:
    if not isinstance(columns, dict):
        raise _wrong_shape(f'"columns" is {_kind(columns)}')
    for name, values in columns.items():
        if not isinstance(values, list):
            raise _wrong_shape(f"the column {name[:60]!r} is {_kind(values)}")
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        longest, shortest = max(lengths, key=lengths.__getitem__), min(lengths, key=lengths.__getitem__)
        raise _wrong_shape(
            f"the column {longest[:60]!r} has {lengths[longest]} values and {shortest[:60]!r} {lengths[shortest]}"
        )
    rows = next(iter(lengths.values()), 0)
    _limit(rows, most)
    return [{name: values[row] for name, values in columns.items()} for row in range(rows)]


def _ids_of(said: dict[str, object], rows: int) -> list[str | None]:
    ids = said.get("ids")
    if "id" in said:
        if "row" not in said or ids is not None:
            raise _wrong_shape('"id" goes with "row"; with several rows write "ids"')
        ids = [said["id"]]
    if ids is None:
        return [None] * rows
    if not isinstance(ids, list) or len(ids) != rows:
        found = f"{len(ids)} ids" if isinstance(ids, list) else _kind(ids)
        raise _wrong_shape(f'"ids" is {found} for {rows} rows; write a list of one id per row')
    return [None if item is None else _id(item, where=f"ids[{row}]") for row, item in enumerate(ids)]


def _id(item: object, *, where: str) -> str:
    problem = id_problem(item)
    if problem:
        raise _wrong_shape(f"{where} is {problem}")
    return str(item)


def _limit(rows: int, most: int) -> None:
    if rows > most:
        raise Refusal(
            f"the request has {rows:,} rows, and {most:,} are allowed. Send several requests, or raise "
            f"[serving] max_rows.",
            status=413,
        )


def _wrong_shape(what: str) -> Refusal:
    return Refusal(f"the body has the wrong shape: {what}. Send one of {SHAPES}.", status=400)


# -- outcomes ----------------------------------------------------------------------------------------------


def _outcome(item: object, row: int, label: str, problems: list[RefusedField]) -> ToldOutcome:
    """Return an outcome; note what is wrong with it, and then what is returned is of no use."""
    told = item if isinstance(item, dict) else {}
    found = [("", f"is {_kind(item)}; allowed is an object")] if not isinstance(item, dict) else _wrong_fields(told)
    name = str(told.get("id", ""))[:_LONGEST_ID]
    problems.extend(RefusedField(row=row, id=name, field=field, problem=what) for field, what in found)
    values = told.get("values")
    return ToldOutcome(
        id=str(told.get("id", "")),
        values=cast("dict[str, object]", values) if isinstance(values, dict) else {label: told.get("label")},
        at=None if found else _microseconds(told.get("at")),
    )


def _wrong_fields(told: dict[str, object]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    known = ("id", "values", "label", "at")
    found += [
        (key[:60], f"unknown field{nearest(key[:60], known)}; allowed are id, values or label, and at")
        for key in told if key not in known
    ]
    wrong_id = "missing" if "id" not in told else id_problem(told["id"])
    if wrong_id:
        found.append(("id", wrong_id))
    if ("values" in told) == ("label" in told):
        found.append(("values", 'send "values": {"column": value} or "label": value, one of both'))
    elif "values" in told and not isinstance(told["values"], dict):
        found.append(("values", f'is {_kind(told["values"])}; allowed is {{"column": value}}'))
    try:
        _microseconds(told.get("at"))
    except (ValueError, TypeError, OverflowError):
        found.append(("at", "allowed is a time in ISO 8601 such as '2015-01-31T18:00:00Z'"))
    return found


def _microseconds(moment: object) -> int | None:
    """Return a moment in ISO 8601 as microseconds since 1970; without a zone it is UTC."""
    if moment is None:
        return None
    if not isinstance(moment, str):
        raise TypeError(type(moment))
    found = datetime.datetime.fromisoformat(moment)
    found = found if found.tzinfo else found.replace(tzinfo=datetime.UTC)
    return (found - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(microseconds=1)


def _kind(value: object) -> str:
    kinds = ((bool, "a truth value"), (str, "text"), (int | float, "a number"), (list, "a list"), (dict, "an object"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "null")
