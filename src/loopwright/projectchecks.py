"""What two keys of a project file must have in common, and what no type can say of one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

from loopwright.limits import limit_problem
from loopwright.measures.catalogue import METRIC_TASKS, metrics_of
from loopwright.settings import (
    CandidateSettings,
    CharterSettings,
    DataSettings,
    FeatureSettings,
    Range,
    SplitSettings,
    TargetSettings,
)
from loopwright.tomlplaces import Path
from loopwright.tomltext import listed, nearest_name, shown

__all__ = ["Finding", "findings", "is_database"]

Finding = tuple[Path, str]
"""The path of a key, and what is wrong with it."""

_DATABASES: Final = frozenset({"postgres", "postgresql", "sqlite"})


def is_database(source: str) -> bool:
    """Say whether a source is a database URL, which is read by a query, rather than files.

    Examples
    --------
    >>> is_database("postgresql+psycopg://host/trips"), is_database("s3://bucket/trips.parquet")
    (True, False)
    """
    scheme, separator, _ = source.partition("://")
    return bool(separator) and scheme.lower().split("+")[0] in _DATABASES


def findings(sections: Mapping[str, object]) -> Iterator[Finding]:
    """Yield what does not go together, among the sections that could be read.

    Parameters
    ----------
    sections : mapping of str to a section's settings
        Field of ``Settings`` -> its value; what looks at a section that is not there is not checked.

    Examples
    --------
    >>> list(findings({"split": SplitSettings(test_from="2015-01-01")}))
    [(('split', 'test_from'), 'is used only with by = "time", and by is "random"')]
    """
    for needed, find in _CHECKS:
        if all(name in sections for name in needed):
            yield from find(*(sections[name] for name in needed))


def _limit_findings(targets: TargetSettings) -> Iterator[Finding]:
    for name, expression in targets.satisfice.items():
        problem = limit_problem(name, expression)
        if problem:
            yield ("targets", "satisfice", name), problem
    if isinstance(targets.optimize, dict):
        if not targets.optimize:
            yield ("targets", "optimize"), "expected at least one metric with its weight"
        for name, weight in targets.optimize.items():
            if weight == 0:
                yield ("targets", "optimize", name), "a weight of 0 changes nothing; expected another number"


def _task_findings(charter: CharterSettings, targets: TargetSettings) -> Iterator[Finding]:
    """Find metrics of another task; unknown limits have been found before."""
    for name in targets.satisfice:
        metric = name.partition("@")[0]
        if metric in METRIC_TASKS and charter.task not in METRIC_TASKS[metric].tasks:
            yield ("targets", "satisfice", name), _other_task(metric, charter.task)
    weighted = isinstance(targets.optimize, dict)
    for name in targets.optimize if isinstance(targets.optimize, dict) else (targets.optimize,):
        if name not in metrics_of(charter.task):
            yield ("targets", "optimize", *((name,) if weighted else ())), _other_task(name, charter.task)
    if targets.positive is not None and charter.task != "binary":
        yield ("targets", "positive"), f'is used only with task = "binary", and it is {shown(charter.task)}'


def _other_task(metric: str, task: str) -> str:
    known = metrics_of(task)
    what = f"{metric} is no metric of the task {shown(task)}" if metric in METRIC_TASKS else "unknown metric"
    return f"{what}; expected one of {listed(known)}{nearest_name(metric, known)}"


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
            yield ("split", name), f'is used only with by = "time", and by is {shown(split.by)}'
        elif text is not None and _moment(text) is None:
            yield ("split", name), 'expected an ISO 8601 date, such as "2015-01-31" or "2015-01-31T08:00:00"'
    validation, test = (_moment(text or "") for text in dates.values())
    if validation is None or test is None:
        return
    if (validation.tzinfo is None) != (test.tzinfo is None):
        yield ("split", "test_from"), "one date has a time zone and the other has none; both or neither may"
    elif validation >= test:
        yield ("split", "validation_from"), f"must be before test_from = {shown(split.test_from)}"


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
