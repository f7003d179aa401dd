"""Reads ``loopwright.toml``: strictly, with the file, the line and the nearest valid name in every complaint.

What is allowed is read off the dataclasses in ``loopwright.settings``; so are the JSON Schema for editors and
the reference page. Nothing heavy is imported, because every command begins here.
"""

from __future__ import annotations

import operator
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from datetime import date, datetime, time
from functools import lru_cache
from itertools import islice
from math import inf, isfinite
from types import NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Any,
    Final,
    Literal,
    NamedTuple,
    TypeGuard,
    Union,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from loopwright.errors import ProjectError, ProjectFileError
from loopwright.measures.catalogue import METRIC_TASKS, RESOURCES, MetricFacts, metrics_of
from loopwright.settings import (
    CandidateSettings,
    CharterSettings,
    DataSettings,
    FeatureSettings,
    Range,
    Settings,
    SplitSettings,
    TargetSettings,
)
from loopwright.tomlplaces import Path, nearest_line, places

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

    Kind = type[DataclassInstance]

__all__ = [
    "Comparison",
    "Limit",
    "is_database",
    "json_schema",
    "limits",
    "overlay",
    "parse",
    "reference",
    "target",
]

Comparison = Literal["<=", ">=", "<", ">"]
Bounds = Mapping[str, float | str]
Finding = tuple[Path, str]      # a path, and what is wrong with it

_DATABASES: Final = frozenset(
    {"duckdb", "mariadb", "mssql", "mysql", "oracle", "postgres", "postgresql", "snowflake", "sqlite"}
)
_LIMIT: Final = r"\s*(<=|>=|<|>)\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*"
_LIMIT_FORM: Final = 'expected a comparison with a number, such as "<= 0.35" or ">= 0.6"'
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_WRONG: Final = object()        # stands where there is no usable value; if that is a problem, it was noted


# -- reading -----------------------------------------------------------------------------------------------


def parse(text: str, *, file: str) -> Settings:
    """Return what a project file says, after checking all that can be checked without data.

    Parameters
    ----------
    text : str
        The content of the file.
    file : str
        What to call it in messages.

    Raises
    ------
    ProjectFileError
        With every problem of the file, one per line, in the order of the file.

    Examples
    --------
    >>> settings = parse('''
    ... project.name = "churn"
    ... charter.task = "binary"
    ... targets.optimize = "roc_auc"
    ... data = { source = "churn.csv", label = "left" }
    ... ''', file="loopwright.toml")
    >>> settings.split.by
    'random'
    """
    return _read(_source(text, file=file), None)


def overlay(base: str, over: str, *, file: str, over_file: str) -> Settings:
    """Return what a project file says after a second file has had its say.

    Tables are merged key by key and the second file's keys win; an array, also one of tables, is replaced
    as a whole. Only the result must be complete: either file may leave out what the other says.

    Parameters
    ----------
    base, over : str
        The content of the two files.
    file, over_file : str
        What to call them in messages.

    Raises
    ------
    ProjectFileError
        With every problem, each under the name and line of the file that wrote the key.

    Examples
    --------
    >>> base = '''
    ... project.name = "churn"
    ... charter.task = "binary"
    ... targets.optimize = "roc_auc"
    ... data = { source = "churn.csv", label = "left" }
    ... '''
    >>> overlay(base, "training.trials = 3", file="loopwright.toml", over_file="quick.toml").training.trials
    3
    """
    return _read(_source(base, file=file), _source(over, file=over_file))


class _Source(NamedTuple):
    """A file by name and content."""

    file: str
    text: str

    def tables(self) -> dict[str, object]:
        try:
            return tomllib.loads(self.text)
        except ValueError as error:
            message, line = _syntax(error, self.text)
            raise ProjectFileError(message, file=self.file, line=line) from error


def _source(text: str, *, file: str) -> _Source:
    # Editors on Windows put a byte-order mark first, which TOML does not know.
    return _Source(file, text.removeprefix("\ufeff"))


class _Document:
    """The tables of one file, or of two laid over each other, and where each key was written."""

    def __init__(self, source: _Source, over: _Source | None) -> None:
        self.sources = [source] if over is None else [source, over]
        self.tables = source.tables()
        # The outermost paths that come whole from the second file.
        self.overridden = frozenset(_merge(self.tables, over.tables(), ()) if over else ())
        self.lines: dict[int, dict[Path, int]] = {}     # found only when there is something to complain about

    def place(self, path: Path) -> tuple[int, int | None]:
        """Return which of the files wrote a path (0 or 1), and on which line."""
        number = int(any(path[:end] in self.overridden for end in range(1, len(path) + 1)))
        if number not in self.lines:
            self.lines[number] = places(self.sources[number].text)
        return number, nearest_line(self.lines[number], path)

    def find(self, path: Path) -> object:
        """Return what was written at a path; ``_WRONG`` if nothing was."""
        value: object = self.tables
        for step in path:
            if isinstance(value, dict) and step not in value:
                return _WRONG
            value = cast(Any, value)[step]
        return value


class _Reader:
    """Turns the tables of a document into settings, noting every problem on the way."""

    def __init__(self, document: _Document) -> None:
        self.document = document
        self.problems: list[tuple[int, int | None, str]] = []

    def note(self, path: Path, text: str) -> None:
        number, line = self.document.place(path)
        self.problems.append((number, line, f"{_where(path, self.document.find(path))}: {text}"))

    def table(self, kind: Kind, table: Mapping[str, object], path: Path) -> dict[str, object]:
        """Return the value of every key that a section knows, ``_WRONG`` where there is none."""
        known = {item.name: item for item in fields(kind)}
        for key in table:
            if key not in known:
                self.note((*path, key), _unknown(key, kind, path))
        return {name: self.key(kind, item, table, path) for name, item in known.items()}

    def key(self, kind: Kind, item: Field[object], table: Mapping[str, object], path: Path) -> object:
        allowed, bounds = _hints(kind)[item.name], item.metadata["limits"]
        if item.name in table:
            return self.value(allowed, table[item.name], (*path, item.name), bounds)
        if _is_required(item):
            self.note((*path, item.name), _missing(item, allowed, bounds))
            return _WRONG
        return _default(item)

    def value(self, allowed: object, value: object, path: Path, bounds: Bounds) -> object:
        """Return a value as the first allowed type that it fits."""
        for kind in _alternatives(allowed):
            if _fits(kind, value, bounds):
                return self.inside(kind, value, path, bounds)
        self.note(path, f"expected {_expected(allowed, bounds)}{_hint(allowed, value, bounds)}")
        return _WRONG

    def inside(self, kind: object, value: object, path: Path, bounds: Bounds) -> object:
        """Return a value whose outer type is right, after reading what it holds."""
        if _is_table(kind):
            return _built(kind, self.table(kind, cast(dict[str, object], value), path))
        if isinstance(value, list):
            (item, *_) = get_args(kind)
            parts = [self.value(item, part, (*path, index), bounds) for index, part in enumerate(value)]
            if any(part is _WRONG for part in parts):
                return _WRONG
            return parts if get_origin(kind) is list else tuple(parts)
        if isinstance(value, dict):
            (_, item) = get_args(kind)
            inner = {key: self.value(item, part, (*path, key), bounds) for key, part in value.items()}
            # A wrong entry hides nothing from the checks of the others.
            usable = {key: part for key, part in inner.items() if part is not _WRONG}
            return usable if usable or not inner else _WRONG
        return float(cast(float, value)) if kind is float else value

    def check(self, sections: Mapping[str, object]) -> None:
        """Note what does not go together, among the sections that could be read."""
        for needed, findings in _CHECKS:
            parts = [sections[name] for name in needed]
            if not any(part is _WRONG for part in parts):
                for path, text in findings(*parts):
                    self.note(path, text)

    def stop_if_wrong(self) -> None:
        if not self.problems:
            return
        found = sorted(self.problems, key=lambda problem: (problem[0], problem[1] is None, problem[1] or 0))
        files = [source.file for source in self.document.sources]
        (number, line, text), *others = found
        errors = [ProjectFileError(text, file=files[number], line=line) for number, line, text in others]
        raise ProjectFileError("\n".join([text, *map(str, errors)]), file=files[number], line=line)


def _read(source: _Source, over: _Source | None) -> Settings:
    try:
        reader = _Reader(_Document(source, over))
        sections = reader.table(Settings, reader.document.tables, ())
        reader.check(sections)
        reader.stop_if_wrong()
    except RecursionError as error:
        raise ProjectFileError(
            "arrays or tables are nested too deeply to be read; no key needs more than four levels",
            file=source.file,
        ) from error
    return cast(Settings, _built(Settings, sections))


def _built(kind: Callable[..., object], values: Mapping[str, object]) -> object:
    return _WRONG if any(value is _WRONG for value in values.values()) else kind(**values)


def _merge(base: dict[str, object], over: Mapping[str, object], path: Path) -> Iterator[Path]:
    """Lay tables over others in place; yield the outermost paths that were taken over whole."""
    for key, value in over.items():
        known = base.get(key)
        if isinstance(known, dict) and isinstance(value, dict):
            yield from _merge(known, value, (*path, key))
        else:
            base[key] = value
            yield (*path, key)


# -- what is allowed ---------------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def _hints(kind: Kind) -> dict[str, object]:
    return get_type_hints(kind)


def _is_required(item: Field[object]) -> bool:
    return item.default is MISSING and item.default_factory is MISSING


def _default(item: Field[object]) -> object:
    return item.default if item.default_factory is MISSING else item.default_factory()


def _is_table(kind: object) -> TypeGuard[Kind]:
    return isinstance(kind, type) and is_dataclass(kind)


def _alternatives(allowed: object) -> tuple[object, ...]:
    """Return the types of a union, without None: a TOML file leaves a key out instead."""
    if get_origin(allowed) in (Union, UnionType):
        return tuple(kind for kind in get_args(allowed) if kind is not NoneType)
    return (allowed,)


def _fits(kind: object, value: object, bounds: Bounds) -> bool:
    """Say whether a value has a type, and keeps its bounds; what a table or list holds is not looked at."""
    if get_origin(kind) is Literal:
        return any(type(value) is type(choice) and value == choice for choice in get_args(kind))
    if kind is str:
        return isinstance(value, str) and bool(re.fullmatch(str(bounds.get("pattern", "(?s:.*)")), value))
    if kind is bool:
        return isinstance(value, bool)
    if kind is int or kind is float:
        return _is_number(value, whole=kind is int) and _within(cast(float, value), bounds)
    return isinstance(value, dict if _is_table(kind) or get_origin(kind) is dict else list)


def _is_number(value: object, *, whole: bool) -> bool:
    if type(value) is int:
        return -(2**63) <= value < 2**63        # what TOML promises, and what a record can hold
    return type(value) is float and isfinite(value) and not whole


def _within(value: float, bounds: Bounds) -> bool:
    return all(_KEEPS[name](value, bound) for name, bound in bounds.items() if name in _KEEPS)


_KEEPS: Final[dict[str, Callable[..., bool]]] = {
    "ge": operator.ge, "gt": operator.gt, "le": operator.le, "lt": operator.lt,
}
_BOUND_WORDS: Final = {"ge": "of at least", "gt": "above", "le": "of at most", "lt": "below"}
_TYPE_WORDS: Final = {str: "a string", int: "a whole number", float: "a number", bool: "true or false"}


def _expected(allowed: object, bounds: Bounds) -> str:
    """Return what may stand there, in words."""
    kinds = _alternatives(allowed)
    words = [_words(kind, bounds) for kind in kinds if not (kind is int and float in kinds)]
    return ", or ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else words[0]


def _words(kind: object, bounds: Bounds) -> str:
    if get_origin(kind) is Literal:
        return f"one of {_listed(get_args(kind))}"
    if _is_table(kind):
        return f"a table with the keys {_listed(item.name for item in fields(kind))}"
    if get_origin(kind) is dict:
        return f"a table, each value {_expected(get_args(kind)[1], bounds)}"
    if get_origin(kind) in (tuple, list):
        return f"a list, each item {_expected(get_args(kind)[0], bounds)}"
    return f"{_TYPE_WORDS[cast(type, kind)]} {_bound_words(kind, bounds)}".rstrip()


def _bound_words(kind: object, bounds: Bounds) -> str:
    if kind is str:
        return f"matching {bounds['pattern']}" if "pattern" in bounds else ""
    if kind is bool:
        return ""
    if {"ge", "le"} <= bounds.keys():
        return f"from {bounds['ge']} to {bounds['le']}"
    words = [f"{_BOUND_WORDS[name]} {bound}" for name, bound in bounds.items() if name in _BOUND_WORDS]
    return " and ".join(words)


# -- what to say -------------------------------------------------------------------------------------------


def _syntax(error: ValueError, text: str) -> tuple[str, int]:
    """Return what is no TOML, and the line, from what ``tomllib`` raised."""
    found = re.search(r" \(at (?:line (\d+), column (\d+)|end of document)\)$", str(error))
    if found is None:       # not tomllib's own, but Python's refusal to read thousands of digits
        start = max(re.finditer(r"[0-9_]+", text), key=lambda digits: len(digits[0])).start()
        return "a number has more digits than any number may have", text.count("\n", 0, start) + 1
    reason, lines = str(error)[: found.start()], text.split("\n")
    line = int(found[1] or len(lines))
    where = f" at column {found[2]}" if found[2] else ""
    advice = next((advice for start, advice in _SYNTAX_ADVICE.items() if reason.startswith(start)), "")
    shown = "".join(letter for letter in lines[line - 1].strip()[:60] if letter.isprintable())
    return f"this is no TOML: {reason}{where}: {shown}{advice}", line


_SYNTAX_ADVICE: Final = {
    "Invalid value": " (text is written in quotes, truth as true or false)",
    "Expected '=' after a key": " (a key with anything but letters, digits, _ and - is written in quotes)",
    "Cannot overwrite": " (the key is there twice)",
    "Cannot declare": " (the section is there twice)",
}


def _where(path: Path, found: object) -> str:
    """Return a path and what was written there, as a person would point at it."""
    section, *keys = path
    if not keys:
        tables = found if isinstance(found, list) else [found]
        written = all(isinstance(table, dict) or table is _WRONG for table in tables)
        return f"[{section}]" if written else f"{_key(str(section))} = {_shown(found)}"
    head = f"[{section}]"
    if isinstance(keys[0], int):
        head, keys = f"[[{section}]] no. {keys[0] + 1}" + ("," if keys[1:] else ""), keys[1:]
    steps = "".join(f" no. {step + 1}" if isinstance(step, int) else f".{_key(step)}" for step in keys)
    steps = steps.removeprefix(".")
    value = "" if found is _WRONG or not steps else f" = {_shown(found)}"
    return f"{head} {steps}{value}".rstrip()


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _shown(name)


def _shown(value: object, *, depth: int = 3, width: int = 60) -> str:
    """Return a value as TOML would write it, cut short where it is long."""
    import json

    if isinstance(value, dict | list) and not depth:
        text = "…"
    elif isinstance(value, dict):
        pairs = (f"{_key(key)} = {_shown(part, depth=depth - 1)}" for key, part in value.items())
        text = "{ " + ", ".join(islice(pairs, width)) + " }" if value else "{}"
    elif isinstance(value, list | tuple):
        text = "[" + ", ".join(_shown(part, depth=depth - 1) for part in value[:width]) + "]"
    elif isinstance(value, date | time):
        text = value.isoformat()
    elif isinstance(value, int) and abs(value) >= 2**63:
        text = hex(value)           # decimal digits are refused beyond some thousands
    elif isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        text = f"{value:.1f}"
    else:
        text = json.dumps(value, ensure_ascii=False).replace("Infinity", "inf").replace("NaN", "nan")
    return text if len(text) <= width else text[: width - 1] + "…"


def _listed(names: Iterable[object]) -> str:
    return ", ".join(_shown(name) for name in names)


def _nearest(name: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    by_lower_case = {one.lower(): one for one in known}
    close = get_close_matches(name.lower(), by_lower_case, n=1)
    return f" (did you mean {_shown(by_lower_case[close[0]])}?)" if close else ""


def _unknown(key: str, kind: Kind, path: Path) -> str:
    known = [item.name for item in fields(kind)]
    what = "key" if path else "section"
    home = _home(key, path)
    advice = f" (it is a key of {home})" if home else _nearest(key, known)
    return f"unknown {what}; expected one of {_listed(known)}{advice}"


def _home(key: str, path: Path) -> str:
    """Return the section that knows a key, if exactly one other does."""
    homes = [
        heading
        for heading, kind in _sections()
        if heading.strip("[]") not in path[:1] and key in {item.name for item in fields(kind)}
    ]
    return homes[0] if len(homes) == 1 else ""


def _missing(item: Field[object], allowed: object, bounds: Bounds) -> str:
    if _is_table(allowed):
        needed = [one.name for one in fields(allowed) if _is_required(one)]
        return f"this section is missing; it needs {_listed(needed)}"
    return f"this key is missing; expected {_expected(allowed, bounds)}. {item.metadata['text']}"


def _hint(allowed: object, value: object, bounds: Bounds) -> str:
    """Return how to write a value that was meant right but written wrong, or the nearest valid one."""
    kinds = _alternatives(allowed)
    for meant, text in _rewritings(value):
        if any(_fits(kind, meant, bounds) for kind in kinds):
            return f" (write {text})"
    if str in kinds and isinstance(value, dict):
        return ' (a name with a dot is written in quotes, such as "f0.5")'
    if isinstance(value, str):
        literals = [kind for kind in kinds if get_origin(kind) is Literal]
        return _nearest(value, [name for kind in literals for name in get_args(kind)])
    return ""


def _rewritings(value: object) -> Iterator[tuple[object, str]]:
    """Yield values that may have been meant, with their TOML."""
    if isinstance(value, str):
        with suppress(ValueError):
            yield tomllib.loads(f"value = {value}")["value"], f"{_shown(value)[1:-1]} without quotes"
        slug = re.sub(r"[^a-z0-9_-]+", "-", value.lower()).strip("-_")
        yield slug, _shown(slug)
    if isinstance(value, float) and value.is_integer():
        yield int(value), str(int(value))
    if isinstance(value, date | time):
        yield value.isoformat(), _shown(value.isoformat())
    if isinstance(value, dict):
        yield [value], "the header in double brackets"
    elif not isinstance(value, list):
        yield [value], f"[{_shown(value)}]"


# -- what must go together ---------------------------------------------------------------------------------


def _limit_findings(targets: TargetSettings) -> Iterator[Finding]:
    for name, expression in targets.satisfice.items():
        problem = _limit_problem(name, expression)
        if problem:
            yield ("targets", "satisfice", name), problem
    if isinstance(targets.optimize, dict):
        if not targets.optimize:
            yield ("targets", "optimize"), "expected at least one metric with its weight"
        for name, weight in targets.optimize.items():
            if weight == 0:
                yield ("targets", "optimize", name), "a weight of 0 changes nothing; expected another number"


def _limit_problem(name: str, expression: str) -> str:
    """Return what is wrong with a limit, whatever the task; nothing if it is right."""
    return _name_problem(name) or _expression_problem(name.partition("@")[0], expression)


def _name_problem(name: str) -> str:
    metric, at, column = name.partition("@")
    if at and metric in RESOURCES:
        return f"{metric} is measured for the whole model, not on slices; write it without @{column}"
    if at and not column:
        return f"a column must follow the @, such as {_shown(metric + '@payment_type')}"
    if metric in METRIC_TASKS or metric in RESOURCES:
        return ""
    known = (*METRIC_TASKS, *RESOURCES)
    return f"unknown metric {_shown(metric)}; expected one of {', '.join(known)}{_nearest(metric, known)}"


def _expression_problem(metric: str, expression: str) -> str:
    found = re.fullmatch(_LIMIT, expression)
    if found is None or not isfinite(float(found[2])):
        return _LIMIT_FORM
    value, facts = float(found[2]), METRIC_TASKS.get(metric, _RESOURCE)
    if value < facts.low:
        return f"{metric} is never below {facts.low:g}; expected a larger number"
    return f"{metric} is never above {facts.high:g}; expected a smaller number" if value > facts.high else ""


_RESOURCE: Final = MetricFacts((), "down", 0, inf)     # also stands for what is unknown: it has no task


def _task_findings(charter: CharterSettings, targets: TargetSettings) -> Iterator[Finding]:
    """Find metrics of another task; unknown limits have been found before."""
    for name in targets.satisfice:
        metric = name.partition("@")[0]
        if metric in METRIC_TASKS and charter.task not in METRIC_TASKS[metric].tasks:
            yield ("targets", "satisfice", name), _other_task(metric, charter.task)
    weighted = isinstance(targets.optimize, dict)
    for name in targets.optimize if isinstance(targets.optimize, dict) else (targets.optimize,):
        if charter.task not in METRIC_TASKS.get(name, _RESOURCE).tasks:
            yield ("targets", "optimize", *((name,) if weighted else ())), _other_task(name, charter.task)
    if targets.positive is not None and charter.task != "binary":
        yield ("targets", "positive"), f'is used only with task = "binary", and it is {_shown(charter.task)}'


def _other_task(metric: str, task: str) -> str:
    known = metrics_of(task)
    what = f"{metric} is no metric of the task {_shown(task)}" if metric in METRIC_TASKS else "unknown metric"
    return f"{what}; expected one of {_listed(known)}{_nearest(metric, known)}"


def _source_findings(data: DataSettings) -> Iterator[Finding]:
    if data.query is None and is_database(data.source):
        yield ("data", "source"), 'a database needs a query; add query = "SELECT ..." to [data]'
    if data.query is not None and not is_database(data.source):
        schemes = ", ".join(sorted(_DATABASES))
        yield ("data", "query"), f"is used only if source is a database URL, {schemes}, followed by ://"


def _column_findings(data: DataSettings, features: FeatureSettings) -> Iterator[Finding]:
    """Find a label that would be lost or given away, and columns that are needed but not kept."""
    lists: dict[Path, Sequence[str]] = {
        ("data", "known_after"): data.known_after,
        ("data", "privacy", "redact"): data.privacy.redact,
        ("features", "exclude"): features.exclude,
        ("features", "include"): features.include,
    }
    for path, columns in lists.items():
        if data.label in columns:
            yield (*path, columns.index(data.label)), "this is the label, and it is needed; take it out here"
    for role in ("key", "time", "group"):
        column = getattr(data, role)
        if column is not None and column == data.label:
            yield ("data", role), "this is the label; expected another column"
        if column in data.privacy.redact:
            yield ("data", role), "the column is dropped by privacy.redact; keep it or name another"


def _split_findings(data: DataSettings, split: SplitSettings) -> Iterator[Finding]:
    if split.validation + split.test >= 1:
        yield ("split", "test"), (
            f"validation + test = {split.validation:g} + {split.test:g} leaves no rows to train on; "
            f"expected a sum below 1"
        )
    if split.by in ("time", "group") and getattr(data, split.by) is None:
        yield ("split", "by"), f'needs to know the column; add {split.by} = "..." to [data]'


def _date_findings(split: SplitSettings) -> Iterator[Finding]:
    dates = {name: getattr(split, name) for name in ("validation_from", "test_from")}
    for name, text in dates.items():
        if text is not None and split.by != "time":
            yield ("split", name), f'is used only with by = "time", and by is {_shown(split.by)}'
        elif text is not None and _moment(text) is None:
            yield ("split", name), 'expected an ISO 8601 date, such as "2015-01-31" or "2015-01-31T08:00:00"'
    validation, test = (_moment(text or "") for text in dates.values())
    if validation is None or test is None:
        return
    if (validation.tzinfo is None) != (test.tzinfo is None):
        yield ("split", "test_from"), "one date has a time zone and the other has none; both or neither may"
    elif validation >= test:
        yield ("split", "validation_from"), f"must be before test_from = {_shown(split.test_from)}"


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _candidate_findings(candidates: Sequence[CandidateSettings]) -> Iterator[Finding]:
    for index, candidate in enumerate(candidates):
        place = ("candidates", index)
        if candidate.name is not None and candidate.name in [other.name for other in candidates[:index]]:
            yield (*place, "name"), "an earlier candidate has this name; expected another"
        for parameter, space in candidate.search.items():
            path = (*place, "search", parameter)
            if parameter in candidate.params:
                yield path, "the parameter is fixed in params; expected it in one of the two"
            yield from ((path, problem) for problem in _space_problems(space))


def _space_problems(space: Range | Sequence[object]) -> Iterator[str]:
    if not isinstance(space, Range):
        if not space:
            yield "expected at least one choice"
        return
    if space.low >= space.high:
        yield f"low must be below high, and {space.low:g} is not below {space.high:g}"
    if space.log and space.low <= 0:
        yield f"low must be above 0 with log = true, and it is {space.low:g}"


_CHECKS: Final[tuple[tuple[tuple[str, ...], Callable[..., Iterator[Finding]]], ...]] = (
    (("targets",), _limit_findings),
    (("charter", "targets"), _task_findings),
    (("data",), _source_findings),
    (("data", "features"), _column_findings),
    (("data", "split"), _split_findings),
    (("split",), _date_findings),
    (("candidates",), _candidate_findings),
)


# -- limits ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bound that a measured value must keep.

    Attributes
    ----------
    metric : str
        A metric or a resource of ``loopwright.measures.catalogue``.
    column : str or None
        Column on whose every slice the limit must hold; None for all rows together.
    comparison : str
        ``"<="``, ``">="``, ``"<"`` or ``">"``.
    value : float
        The bound, in the unit of the metric.
    """

    metric: str
    column: str | None
    comparison: Comparison
    value: float

    def holds(self, value: float) -> bool:
        """Say whether a value keeps the limit; NaN, which is no measurement, never does.

        Examples
        --------
        >>> target("log_loss <= 0.35").holds(0.4)
        False
        """
        return _COMPARISONS[self.comparison](value, self.value)

    @property
    def name(self) -> str:
        """The key that a project file says it under: ``recall`` or ``recall@payment_type``."""
        return self.metric if self.column is None else f"{self.metric}@{self.column}"

    def __str__(self) -> str:
        return f"{self.name} {self.comparison} {self.value:g}"


_COMPARISONS: Final[dict[Comparison, Callable[[float, float], bool]]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}


def target(expression: str) -> Limit:
    """Return the limit that an expression describes.

    Parameters
    ----------
    expression : str
        ``metric <= number`` or ``metric@column >= number``; ``<`` and ``>`` too.

    Raises
    ------
    ProjectError
        If it is no such expression, or names no metric and no resource.

    Examples
    --------
    >>> target("recall@payment_type >= 0.6")
    Limit(metric='recall', column='payment_type', comparison='>=', value=0.6)
    """
    found = re.fullmatch(rf"\s*(\S.*?){_LIMIT}", expression, re.DOTALL)
    if found is None:
        raise ProjectError(f'{_shown(expression)} is no limit; expected one such as "recall@country >= 0.6"')
    return _limit(found[1], found[2] + found[3])


def _limit(name: str, expression: str) -> Limit:
    problem = _limit_problem(name, expression)
    if problem:
        raise ProjectError(f"{_key(name)} = {_shown(expression)}: {problem}")
    comparison, value = cast(re.Match[str], re.fullmatch(_LIMIT, expression)).groups()
    metric, _, column = name.partition("@")
    return Limit(
        metric=metric, column=column or None, comparison=cast(Comparison, comparison), value=float(value)
    )


def limits(targets: TargetSettings) -> tuple[Limit, ...]:
    """Return the limits of a project, in the order in which its file lists them.

    Raises
    ------
    ProjectError
        If one of them is no limit; a project file that was read holds none such.

    Examples
    --------
    >>> limits(TargetSettings(optimize="roc_auc", satisfice={"log_loss": "<= 0.35"}))
    (Limit(metric='log_loss', column=None, comparison='<=', value=0.35),)
    """
    return tuple(_limit(name, expression) for name, expression in targets.satisfice.items())


def is_database(source: str) -> bool:
    """Say whether a source is a database URL, which is read by a query, rather than files.

    Examples
    --------
    >>> is_database("postgresql+psycopg://host/trips"), is_database("s3://bucket/trips.parquet")
    (True, False)
    """
    scheme, separator, _ = source.partition("://")
    return bool(separator) and scheme.lower().split("+")[0] in _DATABASES


# -- for editors and readers -------------------------------------------------------------------------------


def json_schema() -> dict[str, object]:
    """Return the JSON Schema (draft 2020-12) of project files, by which editors complete and check them.

    It holds all that concerns one key; what two keys must have in common only ``parse`` knows.

    Examples
    --------
    >>> json_schema()["required"]
    ['project', 'charter', 'targets', 'data']
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Loopwright project file",
        **_table_schema(Settings),
    }


def _table_schema(kind: Kind) -> dict[str, object]:
    items = fields(kind)
    return {
        "type": "object",
        "description": _summary(kind),
        "properties": {item.name: _key_schema(kind, item) for item in items},
        "required": [item.name for item in items if _is_required(item)],
        "additionalProperties": False,
    }


def _key_schema(kind: Kind, item: Field[object]) -> dict[str, object]:
    allowed = _hints(kind)[item.name]
    schema = _schema(allowed, item.metadata["limits"])
    if kind is TargetSettings:
        schema |= _target_schemas().get(item.name, {})
    if not _is_required(item) and not _is_table(allowed) and _default(item) is not None:
        default = _default(item)
        schema |= {"default": list(default) if isinstance(default, tuple) else default}
    return {**schema, "description": item.metadata["text"]}


def _target_schemas() -> dict[str, dict[str, object]]:
    """Return what no type says of the keys of [targets]: the names of metrics and the form of limits."""
    names, costs = ("|".join(map(re.escape, table)) for table in (METRIC_TASKS, RESOURCES))
    metric: dict[str, object] = {"enum": list(METRIC_TASKS)}
    weights: dict[str, object] = {"additionalProperties": {"type": "number"}, "minProperties": 1}
    return {
        "optimize": {"anyOf": [metric, {"type": "object", "propertyNames": metric, **weights}]},
        "satisfice": {
            "propertyNames": {"pattern": f"^(({names})(@.+)?|{costs})$"},
            "additionalProperties": {"type": "string", "pattern": f"^{_LIMIT}$"},
        },
    }


def _schema(allowed: object, bounds: Bounds) -> dict[str, object]:
    kinds = _alternatives(allowed)
    schemas = [_kind_schema(kind, bounds) for kind in kinds if not (kind is int and float in kinds)]
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _kind_schema(kind: object, bounds: Bounds) -> dict[str, object]:
    if get_origin(kind) is Literal:
        return {"enum": list(get_args(kind))}
    if _is_table(kind):
        return _table_schema(kind)
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": _schema(get_args(kind)[1], bounds)}
    if get_origin(kind) in (tuple, list):
        return {"type": "array", "items": _schema(get_args(kind)[0], bounds)}
    name, words = _SCHEMA_WORDS[cast(type, kind)]
    return {"type": name, **{words[bound]: value for bound, value in bounds.items() if bound in words}}


_SCHEMA_BOUNDS: Final = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum"}
_SCHEMA_WORDS: Final[dict[type, tuple[str, dict[str, str]]]] = {
    str: ("string", {"pattern": "pattern"}),
    bool: ("boolean", {}),
    int: ("integer", _SCHEMA_BOUNDS),
    float: ("number", _SCHEMA_BOUNDS),
}


def reference() -> str:
    """Return the reference page of the project file, as Markdown.

    Examples
    --------
    >>> print(reference().splitlines()[0])
    # The project file
    """
    sections = [_section_page(heading, kind) for heading, kind in _sections()]
    return "\n\n".join([_INTRODUCTION, *sections, _metric_page(), _resource_page()]) + "\n"


_INTRODUCTION: Final = """\
# The project file

`loopwright.toml` lies in the project folder. It is read strictly: an unknown key, a wrong type or a value
outside its limits stops every command with the file, the line and what is allowed. This page is made from
the code that reads it."""


def _sections() -> Iterator[tuple[str, Kind]]:
    """Yield the header of every table that a project file may have, with its dataclass."""
    for item in fields(Settings):
        allowed = _hints(Settings)[item.name]
        if _is_table(allowed):
            yield f"[{item.name}]", allowed
            yield from _tables_within(item.name, allowed)
        else:
            (kind, *_) = get_args(allowed)
            yield f"[[{item.name}]]", kind
            yield from _tables_within(item.name, kind)


def _tables_within(name: str, kind: Kind) -> Iterator[tuple[str, Kind]]:
    for item in fields(kind):
        allowed = _hints(kind)[item.name]
        if _is_table(allowed):
            yield f"[{name}.{item.name}]", allowed
        elif get_origin(allowed) is dict:
            tables = filter(_is_table, _alternatives(get_args(allowed)[1]))
            yield from ((f"[{name}.{item.name}.NAME]", table) for table in tables)


def _section_page(heading: str, kind: Kind) -> str:
    rows = [_row(kind, item) for item in fields(kind) if not _is_table(_hints(kind)[item.name])]
    grid = _grid(("Key", "Type", "Limits", "Default", "Meaning"), rows)
    return f"## `{heading}`\n\n{_summary(kind)}\n\n{grid}"


def _row(kind: Kind, item: Field[object]) -> tuple[str, ...]:
    allowed, bounds = _hints(kind)[item.name], item.metadata["limits"]
    if _is_required(item):
        default = "required"
    else:
        default = "not set" if _default(item) is None else f"`{_shown(_default(item))}`"
    limit = _limit_words(allowed, bounds)
    return f"`{item.name}`", _expected(allowed, {}), limit, default, item.metadata["text"]


def _limit_words(allowed: object, bounds: Bounds) -> str:
    if "pattern" in bounds:
        return f"matches `{bounds['pattern']}`"
    return _bound_words(float, bounds).removeprefix("of ") if {int, float} & {*_alternatives(allowed)} else ""


def _metric_page() -> str:
    rows = [
        (f"`{name}`", ", ".join(facts.tasks), "higher" if facts.direction == "up" else "lower")
        for name, facts in METRIC_TASKS.items()
    ]
    return "## Metrics\n\n" + _grid(("Name", "Tasks", "Better"), rows)


def _resource_page() -> str:
    rows = [(f"`{name}`", meaning) for name, meaning in RESOURCES.items()]
    return "## Resources that a limit may name\n\n" + _grid(("Name", "Meaning"), rows)


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = (head, ["---"] * len(head), *rows)
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _summary(kind: type) -> str:
    return (kind.__doc__ or "").split("\n")[0]
