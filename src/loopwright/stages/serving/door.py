"""The door: every row that comes in is compared with the schema, and every mistake is told at once, field by field."""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, cast

import polars as pl

from loopwright.errors import nearest
from loopwright.records.model import Input, Model
from loopwright.records.schema import ColumnSchema, Schema
from loopwright.settings import DataSettings, ServingSettings
from loopwright.stages.data.clock import clock_of
from loopwright.stages.data.quarantine import shortened
from loopwright.stages.labels.labelling import class_name
from loopwright.stages.serving.events import Value

__all__ = ["Checked", "Column", "Door", "Facts", "Problem", "facts_of"]

Sent: TypeAlias = Mapping[str, object]
"""A row as it came out of JSON: values may be anything."""

_MOST_NAMED = 10
_LONGEST_TEXT = 1000
_WHOLE = range(-(2**63), 2**63)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = "a time in ISO 8601 such as '2015-01-31T18:00:00'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the columns of a project mean, as far as the door must know.

    Attributes
    ----------
    label : str
        The label's column, or the name of the rule that makes it.
    is_rule : bool
        The label is made by a rule; it is no column.
    key, time, group : str or None
    known_after : tuple of str
        Columns that nobody can know when asking.
    redact : tuple of str
        Columns that are dropped before anything else sees them.
    zoned : tuple of str
        Columns of type ``time`` that had a time zone in training; the others reach the model as UTC without one.
    """

    label: str
    is_rule: bool = False
    key: str | None = None
    time: str | None = None
    group: str | None = None
    known_after: tuple[str, ...] = ()
    redact: tuple[str, ...] = ()
    zoned: tuple[str, ...] = ()


def facts_of(data: DataSettings, *, zoned: Sequence[str] = ()) -> Facts:
    """Return what the project file says of the columns.

    Examples
    --------
    >>> facts_of(DataSettings(source="trips.csv", label="features:big_tip", key="id")).label
    'big_tip'
    """
    _, colon, rule = data.label.partition(":")
    return Facts(
        label=rule or data.label, is_rule=bool(colon), key=data.key, time=data.time, group=data.group,
        known_after=data.known_after, redact=tuple(data.privacy.redact), zoned=tuple(zoned),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one field of one row.

    Attributes
    ----------
    field : str
        Column; ``""`` for the row as a whole.
    kind : str
        ``"missing"``, ``"wrong type"``, ``"not finite"``, ``"unknown column"``, ``"known only after the outcome"``,
        ``"above 250"``, ``"below 0"``, ``"new value 'Kredit'"``, ``"no class"``, ``"made by a rule"``,
        ``"given twice"``, ``"wrong id"``; and later ``"other row"``, ``"model failed"``, ``"model too slow"``.
    found, allowed : str
        In words; of a column with personal data ``found`` names the type only.
    """

    field: str
    kind: str
    found: str
    allowed: str

    @property
    def what(self) -> str:
        """Return the problem in one line, beginning with its kind."""
        return f"{self.kind}: found {self.found}; allowed is {self.allowed}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column that may be sent, and what it may hold.

    Attributes
    ----------
    type : str
        A word of the schema.
    required : bool
        The model takes it and cannot do without a value.
    private : bool
        Values are personal data and never quoted.
    """

    name: str
    type: str
    required: bool = False
    minimum: int | float | None = None
    maximum: int | float | None = None
    values: frozenset[str] | None = None
    private: bool = False

    @property
    def allowed(self) -> str:
        """Return in words what the column may hold."""
        words = _TYPES[self.type].words if self.type in _TYPES else f"null, since no {self.type} can be sent as JSON"
        if self.values is not None and not self.private:
            named = ", ".join(map(repr, sorted(self.values)[:_MOST_NAMED]))
            more = len(self.values) - _MOST_NAMED
            words = f"one of {named}" + (f" and {more} more" if more > 0 else "")
        borders = [(self.minimum, "from"), (self.maximum, "up to")]
        return " ".join([words, *(f"{word} {border:g}" for border, word in borders if border is not None)])


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The rows of one request after the door.

    Attributes
    ----------
    frame : DataFrame of shape (n_good, n_columns)
        The rows without problems, all columns of the schema that may be sent, in its types.
    good : tuple of int
        Positions of these rows in the request.
    rows : list of dict, of length n_rows
        All rows without redacted and unknown columns; numbers in the type of their column, moments as they came.
    flags : list of tuple of str, of length n_rows
        What is odd and let pass: ``"fare: above 250"``.
    problems : list of tuple of Problem, of length n_rows
        Empty for a good row.
    """

    frame: pl.DataFrame
    good: tuple[int, ...]
    rows: list[dict[str, Value]]
    flags: list[tuple[str, ...]]
    problems: list[tuple[Problem, ...]]


@dataclass(frozen=True, slots=True)
class _Note:
    """What is noted of one row while its columns are read."""

    kept: dict[str, Value] = field(default_factory=dict)
    flags: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


class _Misfit(Exception):
    """A value is not what its column holds."""

    def __init__(self, kind: str = "wrong type") -> None:
        super().__init__(kind)
        self.kind = kind


class Door:
    """Compares rows with the schema and with what the models need.

    Parameters
    ----------
    inputs : sequence of Input
        Of the models that answer; where two take the same column, the stricter one counts.
    schema : Schema
        As people reviewed it.
    facts : Facts
    settings : ServingSettings

    Examples
    --------
    >>> fare = ColumnSchema(name="fare", type="float", minimum=0, maximum=250)
    >>> door = Door(
    ...     [Input(name="fare", type="float", nullable=False)], schema=Schema(columns=(fare,)),
    ...     facts=Facts(label="tipped"), settings=ServingSettings(),
    ... )
    >>> door.check([{"fare": 312}]).flags
    [('fare: above 250',)]
    >>> door.check([{"fair": 5}]).problems[0][0].what
    "unknown column: found a column that the schema does not have (did you mean 'fare'?); allowed is one of 'fare'"
    """

    def __init__(
        self, inputs: Sequence[Input], *, schema: Schema, facts: Facts, settings: ServingSettings
    ) -> None:
        self.facts = facts
        self.settings = settings
        after = set(_known_later(schema, facts)) - {item.name for item in inputs}
        self.columns = _columns(inputs, schema=schema, hidden=after | set(facts.redact), facts=facts)
        self.later = {item.name: _column(item, None) for item in schema.columns if item.name not in facts.redact}
        self._after = frozenset(after)
        self._redact = frozenset(facts.redact)
        self._names = frozenset(column.name for column in self.columns)
        self._types = {column.name: _dtype(column, facts) for column in self.columns}

    def check(self, rows: Sequence[Sent]) -> Checked:
        """Compare rows with the schema.

        Parameters
        ----------
        rows : sequence of mappings, of length n_rows
            As they came.

        Returns
        -------
        Checked
        """
        notes = [_Note() for _ in rows]
        for row, note in zip(rows, notes, strict=True):
            if not row.keys() <= self._names:
                note.problems.extend(self._strange(row))
        typed = {column.name: self._read(column, rows, notes=notes) for column in self.columns}
        good = tuple(position for position, note in enumerate(notes) if not note.problems)
        return Checked(
            frame=self._frame(typed, good, total=len(rows)), good=good, rows=[note.kept for note in notes],
            flags=[tuple(note.flags) for note in notes], problems=[tuple(note.problems) for note in notes],
        )

    def kept(self, row: Sent) -> dict[str, Value]:
        """Return what may be kept of a row that was not checked: known columns, long text cut, the rest in words."""
        return {name: _loggable(value) for name, value in row.items() if name in self._names}

    def moments(self, frame: pl.DataFrame) -> list[int | None]:
        """Return when rows happened by their time column: microseconds since 1970, UTC.

        None where they do not say, or where the column counts something else, such as years.
        """
        name = self.facts.time
        if name is None or name not in frame.columns or frame[name].dtype in (pl.String, pl.Boolean):
            return [None] * frame.height
        clock, numbers = clock_of(frame[name])
        unit = clock.microseconds
        return [None if unit is None or value is None else round(value * unit) for value in numbers.to_list()]

    def outcome(self, values: Sent, *, model: Model) -> tuple[dict[str, Value], tuple[Problem, ...]]:
        """Return what is to be kept of an outcome, and what is wrong with it.

        Parameters
        ----------
        values : mapping
            Columns of the source, or the label by its name.
        model : Model
            Whose classes the label must be one of.
        """
        note = _Note()
        for name, value in values.items():
            if name not in self._redact:
                self._note_outcome(note, name, value, model)
        if not note.kept and not note.problems:
            wanted = f"a value of {self.facts.label!r}, or of what it is made from"
            note.problems.append(Problem(field="", kind="missing", found="no value", allowed=wanted))
        return note.kept, tuple(note.problems)

    def _note_outcome(self, note: _Note, name: str, value: object, model: Model) -> None:
        column = self.later.get(name)
        if column is None:
            is_made = self.facts.is_rule and name == self.facts.label
            note.problems.append(_made_by_rule(name) if is_made else _unknown(name, self.later))
            return
        try:
            note.kept[name] = _plain(value, column)
        except _Misfit as misfit:
            note.problems.append(_problem(column, misfit.kind, value))
            return
        # A rule may be called like the column that it reads: what is told then is the column's value, and no class.
        if name == self.facts.label and not self.facts.is_rule:
            note.problems.extend(_of_label(name, value, model))

    def told_later(self) -> tuple[Column, ...]:
        """Return the columns that are known only after the outcome: the label, or what it is made from."""
        return tuple(column for name, column in self.later.items() if name in self._after)

    def _strange(self, row: Sent) -> list[Problem]:
        found: list[Problem] = []
        for name in row:
            if name in self._names or name in self._redact:
                continue
            if name in self._after:
                found.append(Problem(
                    field=name, kind="known only after the outcome", found="a value",
                    allowed="to leave it out here and send it to /outcomes",
                ))
            elif self.settings.unknown_columns == "refuse":
                found.append(_unknown(name, self._names))
        return found

    def _read(self, column: Column, rows: Sequence[Sent], *, notes: Sequence[_Note]) -> list[object]:
        """Return the values of a column in its type; note what is wrong, what is odd, and what is to be kept."""
        typed: list[object] = []
        for row, note in zip(rows, notes, strict=True):
            value = row.get(column.name)
            if value is None:
                _note_nothing(column, note, is_sent=column.name in row)
                typed.append(None)
            else:
                typed.append(self._note_value(column, note, value))
        return typed

    def _note_value(self, column: Column, note: _Note, value: object) -> object:
        name = column.name
        try:
            made = _made(value, column)
        except _Misfit as misfit:
            note.problems.append(_problem(column, misfit.kind, value))
            note.kept[name] = _loggable(value)
            return None
        note.kept[name] = _as_kept(value, made)
        oddity = _oddity(made, column)
        if oddity and self.settings.out_of_schema == "refuse":
            note.problems.append(_problem(column, oddity, value))
        elif oddity:
            note.flags.append(f"{name}: {oddity}")
        return made

    def _frame(self, typed: dict[str, list[object]], good: tuple[int, ...], *, total: int) -> pl.DataFrame:
        if len(good) < total:
            typed = {name: [values[position] for position in good] for name, values in typed.items()}
        return pl.DataFrame([
            pl.Series(name, values, dtype=self._types[name], strict=True) for name, values in typed.items()
        ])


# -- what may be sent --------------------------------------------------------------------------------------


def _known_later(schema: Schema, facts: Facts) -> list[str]:
    outside = [item.name for item in schema.columns if "serving" in item.not_in_environment]
    return [*facts.known_after, *([] if facts.is_rule else [facts.label]), *outside]


def _columns(
    inputs: Sequence[Input], *, schema: Schema, hidden: set[str], facts: Facts
) -> tuple[Column, ...]:
    """Return the columns that may be sent: the schema's, and those that only the model or the project file names."""
    needed: dict[str, Input] = {}
    for item in inputs:
        if item.name not in needed or not item.nullable:
            needed[item.name] = item
    known = {item.name: item for item in schema.columns if item.name not in hidden}
    for name, item in needed.items():
        known.setdefault(name, ColumnSchema(name=name, type=item.type))
    for role in (facts.key, facts.time, facts.group):
        if role is not None and role not in hidden:
            known.setdefault(role, ColumnSchema(name=role, type="time" if role == facts.time else "string"))
    return tuple(_column(item, needed.get(item.name)) for item in known.values())


def _column(item: ColumnSchema, needed: Input | None) -> Column:
    return Column(
        name=item.name, type=item.type,
        required=needed is not None and (not needed.nullable or item.min_fraction >= 1),
        minimum=item.minimum, maximum=item.maximum,
        values=frozenset(item.values) if item.values is not None and item.type == "string" else None,
        private=item.pii is not None,
    )


def _dtype(column: Column, facts: Facts) -> pl.DataType:
    if column.type == "time":
        return pl.Datetime("us", "UTC" if column.name in facts.zoned else None)
    return _TYPES[column.type].dtype if column.type in _TYPES else pl.String()


# -- values ------------------------------------------------------------------------------------------------


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Misfit
    if isinstance(value, float) and not math.isfinite(value):
        raise _Misfit("not finite")
    if value != int(value) or int(value) not in _WHOLE:
        raise _Misfit
    return int(value)


def _fraction(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _Misfit
    try:
        made = float(value)
    except OverflowError:
        raise _Misfit("not finite") from None
    if not math.isfinite(made):
        raise _Misfit("not finite")
    return made


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Misfit
    return value


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise _Misfit
    return value


def _moment(value: object) -> datetime.datetime:
    """Return a moment in UTC, without a zone; one that names no zone is UTC already."""
    if not isinstance(value, str) or not _DATE.match(value):
        raise _Misfit
    try:
        moment = datetime.datetime.fromisoformat(value)
        return moment.astimezone(datetime.UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (ValueError, OverflowError):
        raise _Misfit from None


def _day(value: object) -> datetime.date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _Misfit
    try:
        return datetime.date.fromisoformat(value)
    except ValueError:
        raise _Misfit from None


@dataclass(frozen=True, slots=True)
class _Type:
    """How the values of a type are read, held and spoken of."""

    read: Callable[[object], object]
    dtype: pl.DataType
    words: str


_TYPES = {
    "int": _Type(_whole, pl.Int64(), "a whole number"),
    "float": _Type(_fraction, pl.Float64(), "a number"),
    "string": _Type(_text, pl.String(), "text"),
    "bool": _Type(_truth, pl.Boolean(), "true or false"),
    "time": _Type(_moment, pl.Datetime("us"), _MOMENT),
    "date": _Type(_day, pl.Date(), "a date such as '2015-01-31'"),
}


def _made(value: object, column: Column) -> object:
    kind = _TYPES.get(column.type)
    if kind is None:
        raise _Misfit
    return kind.read(value)


def _plain(value: object, column: Column) -> Value:
    """Return a value that fits its column as it is kept: moments stay text."""
    if value is None:
        return None
    return _as_kept(value, _made(value, column))


def _as_kept(value: object, made: object) -> Value:
    """Return a value in the type of its column, but moments as the text that came."""
    return value if isinstance(value, str) else cast("Value", made)


def _oddity(made: object, column: Column) -> str | None:
    """Return in what way a value is outside its range or its domain."""
    if isinstance(made, str):
        if column.values is None or made in column.values:
            return None
        return "new value" if column.private else f"new value {shortened(made)}"
    if isinstance(made, int | float):
        if column.maximum is not None and made > column.maximum:
            return f"above {column.maximum:g}"
        if column.minimum is not None and made < column.minimum:
            return f"below {column.minimum:g}"
    return None


def _loggable(value: object) -> Value:
    """Return a value of any type as the log may hold it."""
    if isinstance(value, float):
        return value if math.isfinite(value) else _number(value)
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else value[:_LONGEST_TEXT] + "..."
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if value in _WHOLE else f"{str(value)[:40]}..."
    return _kind(value)


# -- words -------------------------------------------------------------------------------------------------


def _problem(column: Column, kind: str, value: object) -> Problem:
    found = _kind(value) if column.private else _shown(value)
    return Problem(field=column.name, kind=kind, found=found, allowed=column.allowed)


def _note_nothing(column: Column, note: _Note, *, is_sent: bool) -> None:
    if is_sent:
        note.kept[column.name] = None
    if column.required:
        found = "null" if is_sent else "nothing"
        note.problems.append(Problem(field=column.name, kind="missing", found=found, allowed=column.allowed))


def _unknown(name: str, known: Collection[str]) -> Problem:
    names = sorted(known)
    shown = ", ".join(map(repr, names[:_MOST_NAMED]))
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return Problem(
        field=name[:_LONGEST_TEXT], kind="unknown column",
        found=f"a column that the schema does not have{nearest(name[:200], names)}", allowed=f"one of {shown}{more}",
    )


def _of_label(name: str, value: object, model: Model) -> list[Problem]:
    """Return what is wrong with a label, apart from its type."""
    if model.task == "regression":
        is_right, kind, allowed = _is_finite(value), "not finite", "a finite number"
    else:
        is_right = isinstance(value, str | int | float) and class_name(value) in model.classes
        kind, allowed = "no class", f"one of {', '.join(map(repr, model.classes[:_MOST_NAMED]))}"
    return [] if is_right else [Problem(field=name, kind=kind, found=_shown(value), allowed=allowed)]


def _made_by_rule(name: str) -> Problem:
    # The rule stays the one place where the label is made, so that training and serving cannot differ.
    return Problem(
        field=name, kind="made by a rule", found="a label",
        allowed='"values" with the columns that the rule makes it from',
    )


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _shown(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {shortened(value)}"
    return _number(value) if isinstance(value, int | float) else _kind(value)


def _number(value: float) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    text = repr(value) if isinstance(value, float) or abs(value) < 10**30 else f"{str(value)[:30]}..."
    return f"the number {text}"


def _kind(value: object) -> str:
    kinds = ((bool, "a truth value"), (str, "text"), (int | float, "a number"), (list, "a list"), (dict, "an object"))
    return next((words for kind, words in kinds if isinstance(value, kind)), "null")
