"""Runs side by side: baselines, trials of the search, and the final fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from loopwright.faces.web.findings import newest_of_each
from loopwright.faces.web.library import Library
from loopwright.faces.web.trails import Remembered, remembered
from loopwright.records import Charter, Evidence, Model, Ref, Run

__all__ = ["RunPage", "RunRow", "RunsPage", "run", "runs"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One run in the table."""

    run: Remembered[Run]
    metrics: dict[str, float]  # metric@part -> value


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsPage:
    """All runs, sorted as asked."""

    template: ClassVar[str] = "runs.html"
    place: ClassVar[str] = "/runs"

    project: str
    title: str
    rows: tuple[RunRow, ...]
    metrics: tuple[str, ...]  # columns of the table: metric@part
    sort: str  # "objective", "at", "seconds", "name" or one of the metrics; "-" before it: downwards
    role: str  # only runs of this role, if not empty
    every_metric: bool  # or only those that the charter names
    counts: dict[str, int]  # role -> runs

    @property
    def searches(self) -> tuple[tuple[str, tuple[Run, ...]], ...]:
        """The trials that did not fail, in the order they ran, by estimator; at least two each."""
        trials = sorted(
            (
                row
                for row in self.rows
                if row.run.record.role == "trial" and row.run.record.objective is not None
            ),
            key=lambda row: (row.run.at, row.run.record.round or 0, row.run.record.name),
        )
        groups: dict[str, list[Run]] = {}
        for row in trials:
            groups.setdefault(row.run.record.estimator, []).append(row.run.record)
        return tuple((estimator, tuple(group)) for estimator, group in groups.items() if len(group) > 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunPage:
    """One run: what was fitted, with what, and what came out."""

    template: ClassVar[str] = "run.html"
    place: ClassVar[str] = "/runs"

    project: str
    title: str
    run: Remembered[Run]
    evidence: tuple[Remembered[Evidence], ...]
    models: tuple[Remembered[Model], ...]
    made_from: tuple[Ref, ...]


def runs(
    library: Library, *, sort: str = "-objective", role: str = "", every_metric: bool = False
) -> RunsPage:
    """Compare the runs of the project.

    Parameters
    ----------
    library : Library
    sort : str, default="-objective"
        Column to sort by; with ``-`` before it the largest comes first. Unknown ones keep the order.
    role : str, optional
        ``"baseline"``, ``"trial"`` or ``"final"``: only these.
    every_metric : bool, default=False
        Show every metric on every part; otherwise those that the charter names, on the validation part.
    """
    everything = [one for one in library.all("run") if isinstance(one, Run)]
    rows = [
        RunRow(
            run=remembered(library, one),
            metrics={f"{metric.metric}@{metric.part}": metric.value for metric in one.metrics},
        )
        for one in everything
        if not role or one.role == role
    ]
    counts: dict[str, int] = {}
    for one in everything:
        counts[one.role] = counts.get(one.role, 0) + 1
    return RunsPage(
        project=library.name,
        title="Runs",
        rows=tuple(_sorted(rows, sort)),
        metrics=_columns(library, rows, everything=every_metric),
        sort=sort,
        role=role,
        every_metric=every_metric,
        counts=counts,
    )


def run(library: Library, record: Run) -> RunPage:
    """Look at one run."""
    digest = record.digest
    about = newest_of_each(
        one for one in library.all("evidence") if isinstance(one, Evidence) and one.subject.digest == digest
    )
    return RunPage(
        project=library.name,
        title=record.name,
        run=remembered(library, record),
        evidence=tuple(remembered(library, one) for one in about),
        models=tuple(remembered(library, one) for one in library.children(record) if isinstance(one, Model)),
        made_from=tuple(library.parents(record)),
    )


def _columns(library: Library, rows: list[RunRow], *, everything: bool) -> tuple[str, ...]:
    """Return the metrics to show, validation before training."""
    known = sorted({name for row in rows for name in row.metrics}, key=lambda name: name.endswith("@train"))
    charter = library.newest("charter")
    if everything or not isinstance(charter, Charter):
        return tuple(known)
    named = [f"{name}@validation" for name in (*charter.optimize, *(one.metric for one in charter.satisfice))]
    return tuple(dict.fromkeys(name for name in named if name in known))


def _sorted(rows: list[RunRow], sort: str) -> list[RunRow]:
    """Sort by a column; rows that have no value there come last, up or down."""
    name, down = sort.removeprefix("-"), sort.startswith("-")
    known = [row for row in rows if _value(row, name) is not None]
    rest = [row for row in rows if _value(row, name) is None]
    return sorted(known, key=lambda row: _value(row, name) or (0, 0.0, ""), reverse=down) + rest


def _value(row: RunRow, name: str) -> tuple[int, float, str] | None:
    """Return what a row is sorted by: a number or a text; None if it has none."""
    record = row.run.record
    value = {"objective": record.objective, "seconds": record.seconds, **row.metrics}.get(name)
    if value is not None:
        return (0, value, "")
    text = {"name": record.name, "at": row.run.at, "role": record.role}.get(name)
    return None if text is None else (1, 0.0, text.casefold())
