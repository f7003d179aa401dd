"""The monitoring room's verbs: watch, acknowledge, silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopwright.errors import LoopwrightError, UnknownRecord
from loopwright.project import Project, library_version
from loopwright.protocols import Notifier
from loopwright.records import Alert, Artifact, Deployment, Evidence, Gate, Model, PredictionLog, Record, Ref, Schema
from loopwright.settings import MonitorSettings
from loopwright.stages import registry, serving
from loopwright.stages.data import ROW, read
from loopwright.stages.monitoring.spans import naive
from loopwright.step import step
from loopwright.store.metadata import now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import polars as pl

    from loopwright.stages.monitoring.incidents import Context
    from loopwright.stages.monitoring.passports import Named
    from loopwright.stages.monitoring.references import References
    from loopwright.stages.monitoring.spans import Span
    from loopwright.stages.monitoring.standing import Standing
    from loopwright.stages.monitoring.touching import Touched
    from loopwright.stages.monitoring.watching import Watch
    from loopwright.stages.monitoring.windows import WindowReport
    from loopwright.stages.registry import Applied
    from loopwright.stages.training import Material

__all__ = [
    "Watched", "acknowledge", "alerts", "answered_by", "find_alert", "passport", "references_of", "reports", "silence",
    "standings", "touched", "watch",
]

WINDOW = "watch.window"


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What a look at the live traffic came to.

    Attributes
    ----------
    log : PredictionLog
    reports : tuple of WindowReport
        Windows that are new, or read again because outcomes came.
    windows : tuple of WindowReport
        All that there are, in the order of time.
    alerts : tuple of Alert
        Made just now.
    untold : tuple of str
        Who could not be told of them, and why; it is tried again with the next look.
    """

    log: PredictionLog
    reports: tuple[WindowReport, ...]
    windows: tuple[WindowReport, ...]
    alerts: tuple[Alert, ...]
    untold: tuple[str, ...]


def watch(project: Project, *, at: str | None = None) -> Watched:
    """Read the windows of live traffic that have ended, make alerts, and tell whom the project file names.

    Windows are read again while outcomes are to be expected. What has been said already is not said again.

    Parameters
    ----------
    project : Project
    at : str, default: the current time
        Taken for now, UTC, ISO 8601.

    Raises
    ------
    LoopwrightError
        If nothing is deployed.
    """
    state = _deployed(project)
    moment = naive(at or now())
    log = serving.compact(project)
    before, again = _settled(reports(project))
    read_ = _Reading(project, state, log, before)
    fresh = read_.windows(again, moment)
    changed = tuple(report for report in fresh if report not in again)
    made_from = (log.ref, *(_remember_window(project, report, log) for report in changed))
    made = _alerts(project, [*before, *fresh], read_.context(), state=state, made_from=made_from)
    if changed:
        _witness(project, read_, changed)
    windows = (*before, *fresh)
    untold = _tell(project, windows, at=at or now())
    return Watched(log=log, reports=changed, windows=windows, alerts=made, untold=untold)


class _Reading:
    """Reads windows one after the other, and keeps the rows that it has looked at."""

    def __init__(
        self, project: Project, state: Deployment, log: PredictionLog, before: Sequence[WindowReport]
    ) -> None:
        self.project, self.state, self.log = project, state, log
        self.done = list(before)
        self.frames: dict[str, pl.DataFrame] = {}
        self.refusals: dict[str, pl.DataFrame] = {}

    def windows(self, again: Sequence[WindowReport], moment: datetime) -> tuple[WindowReport, ...]:
        """Read windows again, and those that have ended since."""
        import polars as pl

        from loopwright.stages.monitoring.watching import window_report

        begin = naive(again[0].start) if again else naive(self.done[-1].end) if self.done else None
        live, refused = serving.live_rows(self.project, start=begin, end=moment)
        clock = serving.clock_column(self.project)
        came = clock.removeprefix("__")
        fresh = []
        for span in self._spans(pl.concat([live[clock], refused[came]]), again, moment):
            start = span[0].isoformat()
            inside = pl.col(clock).is_between(*span, closed="left")
            self.frames[start] = live.filter(inside)
            self.refusals[start] = refused.filter(pl.col(came).is_between(*span, closed="left"))
            by = self._by(self.frames[start], moment)
            report = window_report(self.frames[start], self.refusals[start], span, by=by, before=self.done)
            self.done.append(report)
            fresh.append(report)
        return tuple(fresh)

    def _spans(self, times: pl.Series, again: Sequence[WindowReport], moment: datetime) -> list[Span]:
        """Return the spans to read: those of windows that are read again, then new ones."""
        from loopwright.stages.monitoring.spans import due, joined

        known = [(naive(report.start), naive(report.end)) for report in again]
        last = known[-1][1] if known else naive(self.done[-1].end) if self.done else None
        if last is None and times.is_empty():
            return []
        monitor = self.project.settings.monitor
        found = due(last or _earliest(times), last, moment, hours=monitor.window_hours)
        rows = [int(times.is_between(*span, closed="left").sum()) for span in found]
        return [*known, *joined(found, rows, min_rows=monitor.min_rows)]

    def _by(self, frame: pl.DataFrame, moment: datetime) -> Watch:
        """Return what a window is read by: the champion's reference as it was then."""
        import polars as pl

        from loopwright.stages.monitoring.watching import Watch

        champions = frame.filter(pl.col("__arm") == "champion")["__model"]
        digest = champions[-1] if len(champions) else self._last_model()
        model = self.project.metadata.get(Model, digest)
        charter = registry.material(self.project, model).charter
        limits = [target.limit for target in charter.satisfice if target.metric == "latency_p99_ms"]
        return Watch(
            references=references_of(self.project, model), monitor=self.project.settings.monitor, model=digest,
            now=moment, latency_limit_ms=min(limits) if limits else None, private=_private(self.project),
            acts_on_outcome=charter.acts_on_outcome,
        )

    def _last_model(self) -> str:
        return self.done[-1].model if self.done else self.state.champion.digest

    def context(self) -> Context:
        """Return the rows that causes and examples are looked up in."""
        from loopwright.stages.monitoring.incidents import Context

        if not self.frames:
            return Context()
        model = self.project.metadata.get(Model, self.done[-1].model)
        rows = _reference_rows(self.project, registry.material(self.project, model))
        return Context(
            frames=self.frames, refusals=self.refusals, reference=rows, private=_private(self.project)
        )


def references_of(project: Project, model: Model) -> References:
    """Return what live traffic of a model is compared with; made once, and kept."""

    def load() -> References:
        from loopwright.stages.monitoring.references import decoded_references

        evidence = _reference(
            project, model=model, of=registry.material(project, model), monitor=_reading(project.settings.monitor),
            schema=serving.schema(project),
        )
        assert evidence.exhibit is not None  # noqa: S101 -- the step puts it there
        return decoded_references(project.artifacts.get(evidence.exhibit))

    return project.keep(("references", model.digest, repr(_reading(project.settings.monitor))), load)


@step(uses=("polars", "numpy", "scikit-learn", "onnxruntime"))
def _reference(project: Project, *, model: Model, of: Material, monitor: MonitorSettings, schema: Schema) -> Evidence:
    import numpy as np

    from loopwright.stages.monitoring.references import Answered, encoded_references, reference_evidence, references

    rows = _reference_rows(project, of)
    labels = project.tables.read(of.labels.table).collect().rename({"label": "__label"})
    test = rows.join(labels, on=ROW, how="left", maintain_order="left").filter(
        rows["__part"] == "test"
    ).drop_nulls("__label")
    time = of.dataset.time
    answered = Answered(
        truth=test["__label"].cast(float).to_numpy().astype(np.float64),
        scores=registry.applied(project, model).predict(test), at=test[time] if time else None,
    )
    found = references(
        rows, answered, model=model, charter=of.charter, schema=schema, monitor=monitor, at=time
    )
    artifact = project.artifacts.put(
        encoded_references(found), name="reference.json", media_type="application/json"
    )
    return reference_evidence(found, model=model.ref, artifact=artifact, at=now())


def _reference_rows(project: Project, of: Material) -> pl.DataFrame:
    """Return the rows of the model's dataset version that belong to a part, in the order of time."""

    def load() -> pl.DataFrame:
        rows = read(project, of.dataset, parts=of.parts).drop_nulls("__part")
        return rows.sort(of.dataset.time, maintain_order=True) if of.dataset.time else rows

    return project.keep(("reference rows", of.dataset.digest, of.parts.digest), load)


def _reading(monitor: MonitorSettings) -> MonitorSettings:
    """Return only what a reference depends on: another address for alerts makes nothing anew."""
    from dataclasses import replace

    return replace(monitor, webhook=None, email=None, clock="event", max_age_days=None)


def _private(project: Project) -> frozenset[str]:
    return frozenset(column.name for column in serving.schema(project).columns if column.pii)


def _deployed(project: Project) -> Deployment:
    state = serving.current(project)
    if state is None:
        raise LoopwrightError("nothing is deployed yet, so there is nothing to watch. `loopwright serve` begins.")
    return state


def reports(project: Project) -> list[WindowReport]:
    """Return the newest report of every window, in the order of time."""
    from loopwright.stages.monitoring.windows import decoded


    def load(exhibit: Artifact) -> WindowReport:
        return project.keep(("window", exhibit.sha256), lambda: decoded(project.artifacts.get(exhibit)))

    found = [item.exhibit for item in project.metadata.all(Evidence) if item.check == WINDOW and item.exhibit]
    newest = {report.start: report for report in map(load, found)}
    return [newest[start] for start in sorted(newest)]


def _earliest(times: pl.Series) -> datetime:
    from datetime import datetime

    first = times.min()
    assert isinstance(first, datetime)  # noqa: S101 -- the caller saw that there are some
    return first


def _settled(found: Sequence[WindowReport]) -> tuple[list[WindowReport], list[WindowReport]]:
    """Divide reports into those that stay as they are, and those from the first on that outcomes may still change."""
    first = next(
        (place for place, report in enumerate(found) if not all(item.mature for item in report.qualities)), len(found)
    )
    return list(found[:first]), list(found[first:])


def _remember_window(project: Project, report: WindowReport, log: PredictionLog) -> Ref:
    from loopwright.stages.monitoring.evidence import window_evidence
    from loopwright.stages.monitoring.windows import encoded

    artifact = project.artifacts.put(encoded(report), name="window.json", media_type="application/json")
    evidence = window_evidence(report, log=log.ref, artifact=artifact, at=now())
    project.metadata.remember(evidence)
    return evidence.ref


def _alerts(
    project: Project, found: Sequence[WindowReport], context: Context, *, state: Deployment, made_from: tuple[Ref, ...]
) -> tuple[Alert, ...]:
    from loopwright.stages.monitoring.incidents import incidents

    made = incidents(
        found, project.metadata.all(Alert), deployment=state.ref, made_from=made_from, context=context, at=now()
    )
    project.metadata.remember(*made)
    return made


def _witness(project: Project, reading: _Reading, changed: Sequence[WindowReport]) -> None:
    """Keep what a look has shown of the system as a whole: the ML Test Score is read off it."""
    from loopwright.stages.monitoring import evidence

    model = project.metadata.get(Model, reading.done[-1].model)
    run = registry.final_run(project, model)
    of = registry.material(project, model)
    rows = reading.frames[changed[-1].start]
    own = rows.filter(rows["__model"] == model.digest)
    found = [
        evidence.door_evidence(changed, subject=reading.state.ref, log=reading.log.ref, at=now()),
        *evidence.quality_evidence(reading.done, subject=model.ref, log=reading.log.ref, at=now()),
        evidence.age_evidence(
            of.parts, model=model.ref, monitor=project.settings.monitor, at=now(), seen=changed[-1].end
        ),
        evidence.dependency_evidence(
            run, installed={name: library_version(name) for name in run.libraries}, model=model.ref, at=now()
        ),
        *evidence.skew_evidence(own, _applied(project, model), model=model.ref, at=now()),
    ]
    project.metadata.remember(*found)


def _applied(project: Project, model: Model) -> Applied:
    """Return a model ready to predict, loaded once: every look answers rows with it."""
    return project.keep(("applied", model.digest), lambda: registry.applied(project, model))


def alerts(project: Project) -> list[Alert]:
    """Return every alert, oldest first."""
    return project.metadata.all(Alert)


def standings(
    project: Project, *, at: str | None = None, windows: Sequence[WindowReport] | None = None
) -> list[tuple[Alert, Standing]]:
    """Return every alert with how it stands: open, acknowledged, silenced or over.

    Parameters
    ----------
    project : Project
    at : str, default: the current time
    windows : sequence of WindowReport, default: those of the project
        Where they have been read already.
    """
    from loopwright.stages.monitoring.standing import standing

    marks = [*project.metadata.mark_history("alert"), *project.metadata.mark_history("silence")]
    found = reports(project) if windows is None else list(windows)
    return [(alert, standing(alert, found, marks, at or now())) for alert in alerts(project)]


def find_alert(project: Project, digest: str) -> Alert:
    """Return the alert whose digest begins so.

    Raises
    ------
    UnknownRecord
    """
    found = project.metadata.find(f"alert:{digest.removeprefix('alert:')}")
    assert isinstance(found, Alert)  # noqa: S101 -- the kind was asked for
    return found


def acknowledge(project: Project, digest: str, *, by: str, note: str) -> None:
    """Say that somebody looks after an alert.

    Raises
    ------
    UnknownRecord
        If there is no such alert.
    """
    from loopwright.stages.monitoring.standing import acknowledgement

    project.metadata.mark("alert", find_alert(project, digest).digest, acknowledgement(by=by, note=note))


def silence(project: Project, pattern: str, *, until: str, by: str, why: str) -> None:
    """Tell nobody of alerts about some quantities until a time; they are still made and shown.

    Parameters
    ----------
    project : Project
    pattern : str
        Quantities, with ``*`` for anything: ``"drift:*"``.
    until : str
        UTC, ISO 8601.
    by, why : str

    Raises
    ------
    LoopwrightError
        If the end is not in the future or more than a year ahead, or there is no reason.
    """
    from loopwright.stages.monitoring import standing

    body = standing.silence(until=until, reason=why, by=by, now=now(), quantity=pattern)
    project.metadata.mark("silence", standing.silence_key(quantity=pattern), body)


def _tell(project: Project, windows: Sequence[WindowReport], *, at: str) -> tuple[str, ...]:
    """Tell whom the project file names of new alerts; return who could not be told, and why."""
    from loopwright.stages.monitoring import notifying

    wanted = notifying.notifiers(project.settings.monitor)
    if not wanted:
        return ()
    failures = []
    told = project.metadata.marks(notifying.TOLD)
    standing = {alert.digest: found for alert, found in standings(project, at=at, windows=windows)}
    for notifier in wanted:
        found = notifying.due(alerts(project), standing, told, notifier=notifier.name)
        for alert in found.held:
            project.metadata.mark(notifying.TOLD, notifying.told_key(notifier.name, alert), notifying.held())
        failures += [failure for message in found.messages if (failure := _deliver(project, notifier, message))]
    return tuple(failures)


def _deliver(project: Project, notifier: Notifier, message: tuple[Alert, ...]) -> str:
    """Tell one message; return why it could not be told, or nothing."""
    from loopwright.stages.monitoring import notifying

    body, failure = notifying.delivered(), ""
    try:
        notifier.notify(message)
    except LoopwrightError as error:
        body, failure = notifying.failed(error), f"{notifier.name}: {error}"
    for alert in message:
        project.metadata.mark(notifying.TOLD, notifying.told_key(notifier.name, alert), body)
    return failure


def passport(project: Project, prediction: str) -> dict[str, object]:
    """Return everything behind one prediction, as plain data.

    Parameters
    ----------
    project : Project
    prediction : str
        Its id.

    Returns
    -------
    dict
        Model, transform, features, explanation, training data, labels, gate, who let it in, outcome, alerts since.

    Raises
    ------
    UnknownRecord
        If the log has no such prediction.
    """
    from loopwright.stages.monitoring.passports import Passport, Prediction, contributions, features_seen, let_in

    rows, _ = serving.live_rows(project)
    frame = rows.filter(rows["__id"] == prediction)
    if frame.is_empty():
        raise UnknownRecord(
            f"the log has no prediction {prediction!r} among {rows.height:,}. Give the id that the answer gave."
        )
    found = Prediction(frame=frame)
    model = project.metadata.get(Model, frame["__model"][0])
    other = frame["__other_model"][0]
    of, applied = registry.material(project, model), registry.applied(project, model)
    source = frame.select([item.name for item in model.inputs])
    computed, seen = features_seen(applied, source)
    background = _reference_rows(project, of).select(source.columns)
    gates = [gate for gate in project.metadata.all(Gate) if gate.subject.digest == model.digest]
    return Passport(
        prediction=found, model=model, deployment=project.metadata.get(Deployment, frame["__deployment"][0]),
        other=project.metadata.get(Model, other) if other else None, features=seen,
        explanation=contributions(applied, computed, background.sample(min(200, background.height), seed=0)),
        let_in=let_in(serving.history(project), model), approved=gates[-1] if gates else None,
        lineage=_behind(project, of, model, gates),
        alerts=tuple(alert for alert in alerts(project) if naive(alert.last_bad) > frame["__at"][0]),
    ).data(_outcome(frame, model))


def answered_by(project: Project, prediction: str) -> Ref | None:
    """Return the model that gave a prediction; None if the log has no such id."""
    if serving.current(project) is None:
        return None
    rows, _ = serving.live_rows(project)
    found = rows.filter(rows["__id"] == prediction)["__model"]
    return Ref(kind="model", digest=found[0]) if len(found) else None


def _outcome(frame: pl.DataFrame, model: Model) -> str | float | None:
    """Return what became of a row, as people say it."""
    label = frame["__label"][0]
    return label if label is None or not model.classes else model.classes[int(label)]


def _behind(project: Project, of: Material, model: Model, gates: Sequence[Gate]) -> tuple[Named, ...]:
    """Return the records that a model rests on, nearest first."""
    from loopwright.stages.monitoring.passports import named

    run = registry.final_run(project, model)
    told: list[tuple[Record, str, str]] = [
        (run, run.name, f"fitted with seed {run.seed}"),
        (of.features, f"{len(of.features.features)} features", ", ".join(item.name for item in of.features.features)),
        (of.labels, f"label {of.labels.name}", f"of {of.labels.rows:,} rows"),
        (of.dataset, f"{of.dataset.name} v{of.dataset.number}", f"{of.dataset.rows:,} rows of {of.dataset.source}"),
    ]
    if gates:
        reasons = len(gates[-1].reasons)
        told.insert(0, (gates[-1], "gate", f"{'passed' if gates[-1].passed else 'said no'}, {reasons} demands"))
    return tuple(named(record, name, says, project.metadata.at(record)) for record, name, says in told)


def touched(project: Project, key: str) -> Touched:
    """Return what a source row went into: the part of each dataset version, the models fitted to it, its prediction.

    Parameters
    ----------
    project : Project
    key : str
        Value of the project's key column.

    Raises
    ------
    LoopwrightError
        If the project file names no key column.
    UnknownRecord
        If neither the data nor the log know it.
    """
    from loopwright.stages.monitoring.touching import Touched, parts_with

    column = project.settings.data.key
    if column is None:
        raise LoopwrightError("rows have no names here: name the key column in [data] key of loopwright.toml.")
    models = project.metadata.all(Model)
    of = {model.digest: registry.material(project, model) for model in models}
    found = {
        model.digest: parts_with(read(project, of[model.digest].dataset, parts=of[model.digest].parts), column, key)
        for model in models
    }
    rows, _ = serving.live_rows(project)
    asked = rows.filter(rows["__id"] == key)
    answer = Touched(
        key=key,
        parts=tuple(
            (f"v{model.number}", f"{of[model.digest].dataset.name} v{of[model.digest].dataset.number}", part)
            for model in models for part in found[model.digest]
        ),
        predictions=tuple(asked["__id"]),
        answered_by=tuple(f"v{project.metadata.get(Model, digest).number}" for digest in asked["__model"]),
    )
    if not answer.parts and not answer.predictions:
        raise UnknownRecord(f"no dataset version of a model has a row {column} = {key!r}, and nobody asked about it.")
    return answer
