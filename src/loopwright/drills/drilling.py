"""Which drills there are, and how one is held: in a copy, with a line of evidence for the project."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from loopwright.drills.faults import Fault, broken_schema, half_null, times
from loopwright.drills.noticing import notice
from loopwright.drills.results import DrillResult, evidence_of
from loopwright.drills.returning import return_champion
from loopwright.drills.running import running
from loopwright.drills.sandbox import Sandbox, doubled, sandbox
from loopwright.errors import LoopwrightError, nearest
from loopwright.project import Project
from loopwright.records import Evidence
from loopwright.stages import registry, serving
from loopwright.store.metadata import now

__all__ = ["DRILLS", "HOW", "NothingToDo", "drill"]

_FACTOR = 100
_SLOWER = 10
_FASTEST_LIMIT_MS = 50.0           # below it a busy machine alone is slower
_MEASURED = 30
_BY = "loopwright drill"


class NothingToDo(LoopwrightError):
    """The project gives a drill nothing to do; the message says why."""


def drill(project: Project, name: str, *, keep: bool = False) -> DrillResult:
    """Hold a drill in a copy of the project, and remember what came of it in the project.

    Parameters
    ----------
    project : Project
        Must have a champion.
    name : str
        One of ``DRILLS``.
    keep : bool, default=False
        Leave the copy; the steps of the result say where it is.

    Raises
    ------
    UnknownRecord
        If there is no champion.
    LoopwrightError
        If there is no such drill, or it could not be held.
    """
    if name not in DRILLS:
        raise LoopwrightError(f"there is no drill {name!r}{nearest(name, DRILLS)}; there are {', '.join(DRILLS)}.")
    with sandbox(project, keep=keep) as box:
        serving.deploy(box.project, box.champion, by=_BY, why="a drill")
        try:
            result = HOW[name](project, box)
        except NothingToDo as reason:
            result = _not_held(name, str(reason))
        if keep:
            result = replace(result, steps=(*result.steps, f"the copy is kept in {box.project.folder}"))
    if result.passed is not None:
        project.metadata.remember(evidence_of(result, model=box.champion.ref, at=now()))
    return result


def _not_held(name: str, reason: str) -> DrillResult:
    return DrillResult(
        name=name, passed=None, noticed_by="nothing", after_rows=None, after_seconds=None, after_windows=None,
        expected_cause="", explanation=f"not held: {reason}", steps=(),
    )


# -- the drills --------------------------------------------------------------------------------------------


def _rollback(_: Project, box: Sandbox) -> DrillResult:
    return return_champion(box)


def _unit_change(project: Project, box: Sandbox) -> DrillResult:
    column = _numbers(project, box)[0]
    return notice(box, Fault(
        name="unit-change", says=f"{column} was sent {_FACTOR} times as large", causes=("unit change",),
        change=lambda rows: times(rows, column, factor=_FACTOR),
    ))


def _null_storm(project: Project, box: Sandbox) -> DrillResult:
    from loopwright.drills.choosing import nullable_first

    found = nullable_first(
        box.champion.inputs, box.rows, matter=_importances(project, box), ignored=_ignored(project)
    )
    if not found:
        raise NothingToDo("the model takes no column that is there in most rows.")
    column = found[0]
    return notice(box, Fault(
        name="null-storm", says=f"{column} was null in half of the rows", causes=("upstream null", "schema break"),
        change=lambda rows: half_null(rows, column),
    ))


def _schema_break(project: Project, box: Sandbox) -> DrillResult:
    matter = _importances(project, box)
    columns = sorted((item.name for item in box.champion.inputs), key=lambda name: -matter.get(name, 0.0))
    numeric = [item.name for item in box.champion.inputs if item.type in ("int", "float")]
    renamed = next((name for name in columns if [name] != numeric), columns[0])
    as_text = [name for name in columns if name in numeric and name != renamed][:1]
    told = f" and {as_text[0]} was sent as text" if as_text else ""
    return notice(box, Fault(
        name="schema-break", says=f"{renamed} was sent under another name{told}", causes=("schema break",),
        change=lambda rows: broken_schema(rows, renamed=renamed, as_text=as_text),
    ))


def _latency(_: Project, box: Sandbox) -> DrillResult:
    limits = [
        target.limit for target in registry.material(box.project, box.champion).charter.satisfice
        if target.metric == "latency_p99_ms"
    ]
    if limits:
        limit, of = min(limits), "the charter's limit"
    else:
        limit = max(_SLOWER * _usual_latency_ms(box), _FASTEST_LIMIT_MS)
        of = f"at least {_SLOWER} times the usual, as no limit is set"
        double = doubled(box.project, box.champion, latency_limit_ms=limit)
        serving.deploy(box.project, double, by=_BY, why="a drill: the champion with a limit on its latency")
    delay = 1.5 * limit
    return notice(box, Fault(
        name="latency", says=f"answers came {delay:,.0f} ms later ({limit:,.0f} ms is {of})", causes=("slow answers",),
        delay_ms=delay,
    ))


def _lost_labels(_: Project, box: Sandbox) -> DrillResult:
    return notice(box, Fault(
        name="lost-labels", says="outcomes stopped coming", causes=("lost labels",), is_told=False
    ))


HOW: dict[str, Callable[[Project, Sandbox], DrillResult]] = {
    "rollback": _rollback, "schema-break": _schema_break, "unit-change": _unit_change, "null-storm": _null_storm,
    "latency": _latency, "lost-labels": _lost_labels,
}

DRILLS: Mapping[str, str] = {
    "rollback": "A canary is taken back, and then a champion; neither may answer a second later.",
    "schema-break": "A column is renamed, and another is sent as text.",
    "unit-change": "The number that matters most is sent a hundred times as large.",
    "null-storm": "A column is null in half of the rows.",
    "latency": "The model answers too slowly.",
    "lost-labels": "Outcomes stop coming.",
}
"""The drills by name, and what is done in each."""


# -- what they are held with -------------------------------------------------------------------------------


def _numbers(project: Project, box: Sandbox) -> list[str]:
    from loopwright.drills.choosing import numbers

    found = numbers(box.champion.inputs, box.rows, matter=_importances(project, box), ignored=_ignored(project))
    if not found:
        raise NothingToDo("the model takes no number with a unit, only codes, flags and texts.")
    return found


def _importances(project: Project, box: Sandbox) -> dict[str, float]:
    from loopwright.drills.choosing import importances

    features = registry.material(project, box.champion).features.features
    return importances(project.metadata.all(Evidence), features, model=box.champion.digest)


def _ignored(project: Project) -> tuple[str, ...]:
    return project.settings.monitor.ignore


def _usual_latency_ms(box: Sandbox) -> float:
    """Return how long all but the slowest answers of a server take, and throw its log away."""
    from loopwright.drills.traffic import pool, sendable

    drawn = pool(box.rows, wanted=_MEASURED).head(_MEASURED)
    with running(box.project, start=datetime.now()) as server:
        client = server.client()
        for place, row in enumerate(sendable(drawn, [name for name in server.asked if name in drawn.columns])):
            client.post("/predict", {"row": row, "id": f"before-{place}"})
        rows, _ = serving.live_rows(box.project)
    shutil.rmtree(box.project.folder / box.project.settings.stores.log)
    # Not the slowest: the first answer pays for what is loaded at first use.
    return float(rows["__latency_ms"].quantile(0.95) or 0.0)
