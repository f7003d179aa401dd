"""The retraining room's verbs: decide, gather, choose, take."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from loopwright.errors import TrainingError
from loopwright.project import Project
from loopwright.records import Alert, DatasetVersion, Evidence, Model, PredictionLog, Ref
from loopwright.settings import CandidateSettings, RetrainingSettings, SplitSettings
from loopwright.stages import features, labels, monitoring, registry, serving
from loopwright.stages.data import ROW, ingest, read, split
from loopwright.stages.monitoring.spans import naive
from loopwright.stages.training import Configuration, Material
from loopwright.step import step
from loopwright.store.metadata import now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    import polars as pl

    from loopwright.records import Charter
    from loopwright.stages.monitoring.windows import WindowReport
    from loopwright.stages.retraining.backtest import Backtest
    from loopwright.stages.retraining.choices import DataChoice
    from loopwright.stages.retraining.gathering import BadWindow
    from loopwright.stages.retraining.policy import Decision

__all__ = ["candidates", "choose", "decide", "gather", "rule", "take", "warnings"]

DECISION = "retraining.decision"
CHOICE = "retraining.choice"


def decide(
    project: Project, *, at: str | None = None, asked_by: str = "", windows: Sequence[WindowReport] | None = None
) -> Decision:
    """Decide whether to train a new model now, and keep the decision with its reasons if it is another than before.

    Parameters
    ----------
    project : Project
    at : str, default: the current time
        Taken for now, UTC, ISO 8601.
    asked_by : str
        The person who asks for it, and why.
    windows : sequence of WindowReport, default: those of the project
        Where they have been read already.

    Returns
    -------
    Decision
    """
    from loopwright.stages.retraining.policy import Facts, newest_qualities
    from loopwright.stages.retraining.policy import decide as decided

    moment = naive(at or now())
    trained = _trained(project)
    answered = _answered(project)
    found = monitoring.reports(project) if windows is None else windows
    standing = monitoring.standings(project, at=at, windows=found)
    decision = decided(
        Facts(
            now=moment, trained=trained,
            alerts=tuple(
                alert for alert, its in standing if its.state != "over" and alert.digest not in answered
            ),
            qualities=newest_qualities(found), new_labels=_new_labels(found, trained),
            challenger=_challenger(project), asked_by=asked_by,
        ),
        project.settings.retraining,
    )
    _remember_decision(project, decision)
    return decision


def _answered(project: Project) -> set[str]:
    """Return the alerts that a training has answered: with a model that is being tried, or that has served.

    One that failed its gate, or was sent away from its trial, has answered nothing: what was wrong is wrong still.
    """
    states = serving.history(project)
    answers = {state.champion.digest for state in states}
    answers |= {state.challenger.digest for state in states[-1:] if state.challenger}
    return {
        ref.digest
        for model in project.metadata.all(Model) if model.digest in answers
        for ref in registry.final_run(project, model).made_from if ref.kind == "alert"
    }


def _trained(project: Project) -> datetime | None:
    """Return the time of the newest row that a model was trained on to serve: labels from then on are new."""
    lasts = [
        part.last
        for model in project.metadata.all(Model)
        for part in registry.material(project, model).parts.parts if part.last
    ]
    return max(map(naive, lasts)) if lasts else None


def _new_labels(found: Sequence[WindowReport], trained: datetime | None) -> int:
    """Return how many outcomes are known of rows that came after those that were trained on."""
    return sum(
        max((reading.rows for reading in report.qualities), default=0)
        for report in found if trained is None or naive(report.start) >= trained
    )


def _challenger(project: Project) -> str:
    state = serving.current(project)
    if state is None or state.challenger is None:
        return ""
    number = project.metadata.get(Model, state.challenger.digest).number
    how = f"a canary at {state.share:.0%}" if state.stage == "canary" else "a shadow"
    return f"v{number} as {how}"


def _remember_decision(
    project: Project, decision: Decision, *, choices: Sequence[dict[str, object]] = ()
) -> None:
    """Keep a decision, later once more with how the choices of data did; a no that was said before is kept once."""
    import msgspec

    earlier = [item for item in project.metadata.all(Evidence) if item.check == DECISION]
    exhibit = project.artifacts.put(
        msgspec.json.encode({"retrain": decision.retrain, "reasons": decision.reasons, "choices": choices}),
        name="decision.json", media_type="application/json",
    )
    state = serving.current(project)
    subject = state.ref if state else Ref(kind="file", digest="0" * 64, name="loopwright.toml")
    if earlier and (earlier[-1].claim, earlier[-1].subject) == (decision.why, subject) and not decision.retrain:
        return
    project.metadata.remember(
        Evidence(
            made_from=(subject, *decision.alerts), check=DECISION, subject=subject, passed=decision.retrain,
            claim=decision.why, exhibit=exhibit, at=now(),
        )
    )


def gather(project: Project, *, at: str | None = None) -> DatasetVersion:
    """Put the rows of the source and the logged rows whose outcome is known together, as a new dataset version.

    Rows of windows in which an input was broken are left out.

    Parameters
    ----------
    project : Project
    at : str, default: the current time
        Only what was asked before is taken; UTC, ISO 8601.

    Returns
    -------
    DatasetVersion
        Made from the version of the source, the prediction log, and the alerts that told what was broken.
    """
    from loopwright.records.dataset_version import Column
    from loopwright.stages.data.column_types import type_name
    from loopwright.stages.data.ingesting import with_rows
    from loopwright.stages.retraining.gathering import training_rows

    base, settings = ingest(project), project.settings
    live, _ = serving.live_rows(project, end=naive(at or now()))
    broken = _broken(project)
    data = settings.data
    outcome = tuple(data.known_after) if ":" in data.label else (data.label,)
    gathered = training_rows(
        read(project, base).drop(ROW), live, time=data.time, key=data.key, outcome=outcome,
        exclude=[window for window, _ in broken], clock=settings.monitor.clock, redact=data.privacy.redact,
    )
    log = project.metadata.newest(PredictionLog)
    version = DatasetVersion(
        made_from=(base.ref, *((log.ref,) if log else ()), *(ref for _, ref in broken)),
        name=base.name,
        table=project.tables.write(base.name, with_rows(gathered.frame, ROW)),
        source=f"{base.source} and {gathered.from_live:,} rows of the prediction log",
        files=base.files, key=base.key, time=base.time, group=base.group,
        columns=tuple(Column(name=name, type=type_name(kind)) for name, kind in gathered.frame.schema.items()),
    )
    project.metadata.remember(version)
    _guard(project, live, version, source_rows=gathered.from_source)
    return project.metadata.get(DatasetVersion, version.digest)


def _guard(project: Project, live: pl.DataFrame, version: DatasetVersion, *, source_rows: int) -> None:
    """Keep whether the labels to learn from were shaped by the model's own decisions."""
    from loopwright.stages.retraining.guard import feedback, feedback_evidence

    if live.is_empty():
        return
    found = feedback(live, acts_on_outcome=project.settings.charter.acts_on_outcome, source_rows=source_rows)
    project.metadata.remember(feedback_evidence(found, subject=version.ref, made_from=version.made_from, at=now()))


def warnings(project: Project, gathered: DatasetVersion) -> tuple[str, ...]:
    """Return what speaks against learning from gathered rows: that the model shaped their labels."""
    return tuple(
        item.claim for item in project.metadata.all(Evidence)
        if item.check == "feedback.loop" and item.subject == gathered.ref and item.passed is False
    )[-1:]


def _broken(project: Project) -> list[tuple[BadWindow, Ref]]:
    """Return the stretches of time whose rows must not be learned from, with the alerts that say so."""
    from datetime import timedelta

    from loopwright.stages.monitoring.incidents import ended_at
    from loopwright.stages.retraining.gathering import BadWindow
    from loopwright.stages.retraining.policy import FAULTS

    reports = monitoring.reports(project)
    found = []
    for alert in project.metadata.all(Alert):
        if alert.cause in FAULTS and (not alert.quantity.startswith("quality:")):
            end = ended_at(alert, reports)
            last = naive(end) if end else naive(reports[-1].end) + timedelta(days=1)
            found.append((BadWindow(start=naive(alert.first_bad), end=last, reason=alert.title), alert.ref))
    return found


def rule(project: Project, gathered: DatasetVersion, decision: Decision) -> SplitSettings:
    """Return how gathered rows are divided.

    As the project file says, but by shares where it names dates, which would leave what is new to the test part for
    ever. A training that answers a change is judged by rows from after it alone: a model that has learned what holds
    now must not be held back by what held before.

    Parameters
    ----------
    project : Project
    gathered : DatasetVersion
    decision : Decision
        Its alerts say since when things are bad.
    """
    settings = replace(project.settings.split, validation_from=None, test_from=None)
    since = _first_bad(project, decision)
    if since is None or gathered.time is None or settings.by != "time":
        return settings
    from loopwright.stages.retraining.dividing import since_change

    return since_change(read(project, gathered)[gathered.time], naive(since), settings=settings)


def _first_bad(project: Project, decision: Decision) -> str | None:
    """Return since when the newest of the alerts says that things are bad: what changed before has been answered."""
    found = [project.metadata.get(Alert, ref.digest) for ref in decision.alerts]
    return max((alert.first_bad for alert in found), default=None)


def candidates(project: Project) -> tuple[CandidateSettings, ...]:
    """Return what is fitted: the champion's configuration, or all candidates of the project file."""
    if project.settings.retraining.search:
        return project.settings.candidates
    model = _champion(project)
    name = model.estimator.rpartition(".")[2]
    return (CandidateSettings(estimator=model.estimator, name=name, params=dict(model.params)),)


def _champion(project: Project) -> Model:
    found = registry.champion(project)
    if found is None:
        raise TrainingError("there is no champion whose configuration could be fitted again. Run `loopwright run`.")
    return found


def choose(
    project: Project, charter: Charter, gathered: DatasetVersion, decision: Decision
) -> DataChoice:
    """Measure which data to train on, by training on what there would have been before the newest rows.

    Parameters
    ----------
    project : Project
    charter : Charter
    gathered : DatasetVersion
    decision : Decision
        Its alerts say since when things are bad.

    Returns
    -------
    DataChoice
        How each did is kept as the evidence ``retraining.choice``.
    """
    import msgspec

    from loopwright.stages.retraining.choices import DataChoice

    first_bad = _first_bad(project, decision)
    labelled = labels.label(project, gathered)
    parts = split(project, gathered, labelled, rule=rule(project, gathered, decision))
    featured = features.build(project, gathered, parts, labelled)
    material = Material(charter=charter, dataset=gathered, parts=parts, labels=labelled, features=featured)
    model = _champion(project)
    run = registry.final_run(project, model)
    evidence = _choose(
        project, of=material.for_training, settings=_choosing(project.settings.retraining), first_bad=first_bad,
        by=Configuration(role="trial", estimator=run.estimator, params=run.params, seed=run.seed),
        late_days=project.settings.monitor.late_days,
    )
    assert evidence.exhibit is not None  # noqa: S101 -- the step puts it there
    exhibit = msgspec.json.decode(project.artifacts.get(evidence.exhibit))
    chosen = msgspec.convert(exhibit["chosen"], DataChoice)
    tried = sorted(exhibit["choices"], key=lambda item: item["name"] != chosen.name)
    _remember_decision(project, decision, choices=tried)
    return chosen


@step(uses=("polars", "scikit-learn", "numpy"))
def _choose(
    project: Project, *, of: Material, settings: RetrainingSettings, first_bad: str | None, by: Configuration,
    late_days: float,
) -> Evidence:
    import numpy as np
    import polars as pl

    from loopwright.stages.features.matrix import matrix
    from loopwright.stages.retraining.backtest import Rolling, backtest, learner
    from loopwright.stages.retraining.choices import choices, newest_moment

    # The newest rows are asked about, those of the test part among them: without them a choice would have to wait for
    # as many outcomes again. What the gate says of the choice is that much too kind; the canary's traffic is fresh.
    rows = features.examples(project, of.features, of.labels, of.parts).filter(pl.col("__label").is_not_null())
    times = _times(project, of, rows)
    values = rows["__label"].to_numpy()
    truth = values.astype(np.int64) if of.labels.classes else values.astype(np.float64)
    options = choices(
        # Without a time column nobody knows which rows are new.
        settings if of.dataset.time else replace(settings, data=("all",)),
        first_bad=naive(first_bad) if first_bad else None, newest=newest_moment(times),
    )
    found = backtest(
        times, truth, options, charter=of.charter, how=Rolling(gap_days=late_days),
        learn=learner(
            matrix(rows, of.features.features), truth, features=of.features.features, by=by, task=of.charter.task,
            classes=len(of.labels.classes),
        ),
    )
    return _choice_evidence(project, found, of)


def _choice_evidence(project: Project, found: Backtest, of: Material) -> Evidence:
    import msgspec

    tried = [
        {
            "name": item.choice.name, "rows": item.trained[-1] if item.trained else None, "said": item.said,
            **({"score": item.score.value, "low": item.score.low, "high": item.score.high} if item.score else {}),
        }
        for item in found.tried
    ]
    exhibit = project.artifacts.put(
        msgspec.json.encode({"chosen": found.chosen, "choices": tried}), name="choice.json",
        media_type="application/json",
    )
    return Evidence(
        made_from=of.refs, check=CHOICE, subject=of.dataset.ref, passed=None, claim=found.why, exhibit=exhibit,
        at=now(),
    )


def _times(project: Project, of: Material, rows: pl.DataFrame) -> pl.Series:
    """Return when each row happened; without a time column the order of the rows stands for it, a second apart."""
    import polars as pl

    if of.dataset.time is None:
        return (rows[ROW].cast(pl.Int64) * 1_000_000).cast(pl.Datetime("us"))
    source = read(project, of.dataset).select(ROW, of.dataset.time)
    return rows.select(ROW).join(source, on=ROW, how="left", maintain_order="left")[of.dataset.time]


def _choosing(settings: RetrainingSettings) -> RetrainingSettings:
    """Return only what the choice depends on."""
    return RetrainingSettings(
        data=settings.data, recent_days=settings.recent_days, half_life_days=settings.half_life_days
    )


def take(project: Project, gathered: DatasetVersion, choice: DataChoice) -> DatasetVersion:
    """Return the rows that were chosen, as a dataset version; the gathered one itself if all are."""
    if choice.start is None or gathered.time is None:
        return gathered
    from loopwright.stages.data.ingesting import with_rows
    from loopwright.stages.retraining.choices import rows_of

    rows = read(project, gathered).drop(ROW)
    taken = rows[rows_of(choice, rows[gathered.time])]
    version = replace(
        gathered, made_from=(gathered.ref,), table=project.tables.write(gathered.name, with_rows(taken, ROW)),
        source=f"{gathered.source}, from {choice.start:%Y-%m-%d} on", number=0,
    )
    project.metadata.remember(version)
    return project.metadata.get(DatasetVersion, version.digest)
