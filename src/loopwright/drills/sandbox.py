"""A copy of a project in which faults may do no harm: its champion, the rows behind it, and stores of its own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from loopwright.drills.settingsfile import written
from loopwright.errors import LoopwrightError, UnknownRecord
from loopwright.project import PROJECT_FILE, Project
from loopwright.records import (
    Artifact,
    Charter,
    FeatureSet,
    Gate,
    Model,
    Record,
    Ref,
    Run,
    Schema,
    Table,
)
from loopwright.records.charter import Target
from loopwright.settings import Settings, StoreSettings
from loopwright.stages import registry

if TYPE_CHECKING:
    import polars as pl

__all__ = ["Sandbox", "doubled", "sandbox"]

WINDOW_HOURS = 168.0
_LATE_DAYS = 0.5
# Stricter than any project asks for, so that a drill of a few windows does not fail by chance; what is noticed under
# stricter limits is noticed under the project's own.
_FALSE_ALARMS_PER_YEAR = 0.1
_KEPT = (Charter, Schema, FeatureSet, Run, Model, Gate)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """A copy of a project that a drill is held in.

    Attributes
    ----------
    project : Project
        The copy.
    champion : Model
        The real project's.
    rows : DataFrame
        Rows of the champion's dataset version with their part in ``__part``.
    """

    project: Project
    champion: Model
    rows: pl.DataFrame


@contextmanager
def sandbox(project: Project, *, keep: bool = False) -> Iterator[Sandbox]:
    """Make a copy for a block, and take it away afterwards.

    What is read of the project goes through its stores, wherever they lie; nothing is written there. The copy has
    the champion, what it was made from and judged by, and the code of the label; no log, no release, no alerts.

    Parameters
    ----------
    project : Project
    keep : bool, default=False
        Leave the copy where it is, to look at it.

    Raises
    ------
    UnknownRecord
        If there is no champion.
    """
    champion = registry.champion(project)
    if champion is None:
        raise UnknownRecord(
            "there is no champion to hold a drill with: no model has passed its gate. `loopwright run` trains one, and "
            "`loopwright gate` says what is missing."
        )
    folder = Path(tempfile.mkdtemp(prefix="loopwright-drill-"))
    try:
        with _copy(project, champion, folder).closing() as copy:
            of = registry.material(copy, champion)
            from loopwright.stages.data import read

            rows = read(copy, of.dataset, parts=of.parts).drop_nulls("__part")
            yield Sandbox(project=copy, champion=champion, rows=rows)
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def _copy(project: Project, champion: Model, folder: Path) -> Project:
    (folder / PROJECT_FILE).write_text(written(_settings(project.settings)), encoding="utf-8")
    _copy_code(project, folder)
    copy = Project.open(folder)
    of = registry.material(project, champion)
    for record in (of.dataset, of.parts, of.labels):
        copy.metadata.remember(replace(record, table=_copied_table(project, copy, record.table)))
    for kind in _KEPT:
        copy.metadata.remember(*project.metadata.all(kind))
    _copy_artifacts(project, copy, [artifact for artifact in (champion.file, champion.feature_code) if artifact])
    return copy


def _settings(settings: Settings) -> Settings:
    """Return the settings of the copy: stores of its own, nobody is told, windows of a week."""
    from loopwright.drills.traffic import rows_for

    monitor = settings.monitor
    return replace(
        settings,
        stores=StoreSettings(),
        monitor=replace(
            monitor, window_hours=WINDOW_HOURS, clock="event", webhook=None, email=None, late_days=_LATE_DAYS,
            min_rows=min(monitor.min_rows, rows_for(monitor.min_rows) // 2),
            false_alarms_per_year=min(monitor.false_alarms_per_year, _FALSE_ALARMS_PER_YEAR),
        ),
        release=replace(settings.release, strategy="canary", steps=(0.5,), held_back=0.0),
        serving=replace(settings.serving, host="127.0.0.1", port=0),
    )


def _copy_code(project: Project, folder: Path) -> None:
    """Copy the files that it takes to make the label."""
    label = project.settings.data.label
    if ":" not in label:
        return
    code = project.code(label)
    for path in project.code_index.modules(code.file.removesuffix(".py"), code.functions):
        target = folder / path.relative_to(project.folder)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)


def _copied_table(project: Project, copy: Project, table: Table) -> Table:
    """Write a table's rows again; a table is its rows, so that records which hold it stay the same records."""
    made = copy.tables.write(table.name, project.tables.read(table).collect())
    if made.sha256 != table.sha256:
        raise LoopwrightError(
            f"the table {table.name} comes out of its copy with other rows, so no drill can be held. See whether the "
            f"store is whole: `loopwright check`."
        )
    return made


def _copy_artifacts(project: Project, copy: Project, artifacts: Sequence[Artifact]) -> None:
    for artifact in artifacts:
        copy.artifacts.put(project.artifacts.get(artifact), name=artifact.name, media_type=artifact.media_type)


def doubled(project: Project, model: Model, *, latency_limit_ms: float | None = None) -> Model:
    """Register a model once more, with the same file and a gate of its own, and return the double.

    Parameters
    ----------
    project : Project
        A copy.
    model : Model
    latency_limit_ms : float, optional
        Limit on ``latency_p99_ms`` in the charter of the double.
    """
    charter = registry.material(project, model).charter
    if latency_limit_ms is not None:
        others = tuple(target for target in charter.satisfice if target.metric != "latency_p99_ms")
        limit = Target(metric="latency_p99_ms", comparison="<=", limit=latency_limit_ms)
        charter = replace(charter, satisfice=(*others, limit))
        project.metadata.remember(charter)
    made_from = tuple(charter.ref if ref.kind == "charter" else ref for ref in model.made_from)
    double = replace(model, made_from=(*made_from, Ref(kind="model", digest=model.digest)))
    gate = next(gate for gate in reversed(project.metadata.all(Gate)) if gate.subject.digest == model.digest)
    records: tuple[Record, ...] = (double, replace(gate, subject=double.ref, made_from=(double.ref,)))
    for record in records:
        project.metadata.remember(record)
    return project.metadata.get(Model, double.digest)
