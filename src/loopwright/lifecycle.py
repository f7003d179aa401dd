"""The whole line, from the rows of a source to a champion, as one readable function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopwright.errors import LoopwrightError
from loopwright.project import Project
from loopwright.records import (
    Alert,
    Anomaly,
    Charter,
    DatasetVersion,
    Deployment,
    Evidence,
    FeatureSet,
    Gate,
    LabelSet,
    Model,
    PredictionLog,
    Ref,
    Run,
    Schema,
    Statistics,
)
from loopwright.settings import CandidateSettings, SplitSettings
from loopwright.stages import charter as charters
from loopwright.stages import data, evaluation, features, labels, monitoring, registry, retraining, serving, training
from loopwright.stages.training import Material
from loopwright.step import together
from loopwright.store.metadata import now

if TYPE_CHECKING:
    from loopwright.stages.monitoring.windows import WindowReport
    from loopwright.stages.retraining.policy import Decision

__all__ = ["DataRefused", "Line", "Tick", "retrain", "run", "tick"]


class DataRefused(LoopwrightError):
    """The data differ from the schema in a way that the project file does not let pass."""

    exit_code = 20                 # a gate said no, as opposed to: something is broken

    def __init__(self, anomalies: Sequence[Anomaly]) -> None:
        told = "\n".join(f"  {item.column} ({item.part}): {item.description}" for item in anomalies[:10])
        more = f"\n  and {len(anomalies) - 10} more" if len(anomalies) > 10 else ""
        super().__init__(
            f"the data do not fit {data.SCHEMA_FILE}:\n{told}{more}\n"
            f"Mend the data, or change {data.SCHEMA_FILE} if this is right from now on; "
            f'[data] on_anomaly = "warn" lets the run go on.'
        )
        self.anomalies = tuple(anomalies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """Everything that a run of the line made or recalled."""

    charter: Charter
    dataset: DatasetVersion
    parts: DatasetVersion
    labels: LabelSet
    statistics: Statistics
    schema: Schema
    anomalies: tuple[Anomaly, ...]
    features: FeatureSet
    runs: tuple[Run, ...]
    final: Run
    model: Model
    evidence: tuple[Evidence, ...]
    gate: Gate
    promoted: bool                 # the model became champion just now
    deployment: Deployment | None = None  # the model was handed to the release just now, because another one serves


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What a run of the line is about; by default the source and the settings of the project file.

    Attributes
    ----------
    rule : SplitSettings
        How rows are divided.
    candidates : tuple of CandidateSettings
        What is tried.
    because : tuple of Ref
        What the training answers to: alerts. They stand in ``made_from`` of its runs.
    half_life_days : float or None
        So much older a row counts half when fitting; all count the same if None.
    """

    rule: SplitSettings
    candidates: tuple[CandidateSettings, ...]
    because: tuple[Ref, ...] = ()
    half_life_days: float | None = None


def run(project: Project, *, by: str = "loopwright run") -> Line:
    """Carry a project from its source to a champion; what has not changed is recalled.

    If a model serves already, one that passes its gate is not champion yet but handed to the release.

    Parameters
    ----------
    project : Project
    by : str
        Who promotes, for the history of the alias.

    Returns
    -------
    Line
        ``gate.passed`` says whether the model may be champion.

    Raises
    ------
    DataRefused
        If anomalies of severity error were found and the project file says to stop.
    LoopwrightError
        If anything else is in the way; the message says what to do.
    """
    errand = Errand(rule=project.settings.split, candidates=project.settings.candidates)
    charter = charters.adopt(project)
    return _line(project, charter, data.ingest(project), errand, by=by)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What one look at the live traffic came to."""

    log: PredictionLog | None
    reports: tuple[WindowReport, ...]      # windows that are new, or that outcomes were added to
    alerts: tuple[Alert, ...]              # made just now
    untold: tuple[str, ...]                # people who could not be told of them, and why
    verdict: str                           # what the canary's judge says; "" if nothing is tried
    deployment: Deployment | None          # the transition that was made
    decision: str                          # why a model is trained or not; "" if it was not asked
    line: Line | None                      # the training that followed
    warnings: tuple[str, ...] = ()         # what speaks against learning from the rows that it learned from


def tick(project: Project, *, at: str | None = None, by: str = "loopwright watch", train: bool = True) -> Tick:
    """Close the loop once: compact the log, watch, judge the canary, decide on training, and train.

    Made to be called by a scheduler, as often as one likes: what has been done is not done again, and two that run
    at the same time wait for each other.

    Parameters
    ----------
    project : Project
    at : str, default: the current time
        Moment that is taken for now, UTC, ISO 8601; windows that end later are not looked at.
    by : str
        Who acts, for the histories.
    train : bool, default=True
        Train if the policy says so.

    Raises
    ------
    LoopwrightError
        If nothing is deployed yet, or anything else is in the way.
    """
    with project.metadata.ledger.hold("tick"):
        moment = at or now()
        watched = monitoring.watch(project, at=moment)
        verdict, deployment = serving.steer(project, at=moment, by=by)
        asks = train and deployment is None
        decision = retraining.decide(project, at=moment, windows=watched.windows) if asks else None
        line, warned = _train(project, decision, at=moment, by=by) if decision and decision.retrain else (None, ())
    return Tick(
        log=watched.log, reports=watched.reports, alerts=watched.alerts, untold=watched.untold, verdict=verdict,
        deployment=deployment or (line.deployment if line else None), decision=decision.why if decision else "",
        line=line, warnings=warned,
    )


def retrain(project: Project, *, at: str | None = None, by: str = "loopwright retrain", why: str) -> Tick:
    """Train on the source and on what was logged since, because a person asks for it.

    Parameters
    ----------
    project : Project
    at : str, default: the current time
    by, why : str
        Kept with the decision.
    """
    with project.metadata.ledger.hold("tick"):
        moment = at or now()
        decision = retraining.decide(project, at=moment, asked_by=f"{by}: {why}")
        line, warned = _train(project, decision, at=moment, by=by) if decision.retrain else (None, ())
    return Tick(
        log=None, reports=(), alerts=(), untold=(), verdict="", deployment=line.deployment if line else None,
        decision=decision.why, line=line, warnings=warned,
    )


def _train(project: Project, decision: Decision, *, at: str, by: str) -> tuple[Line, tuple[str, ...]]:
    """Train a new model on the data that a back-test chooses, and carry it to its gate and into the release.

    Also returned is what speaks against learning from these data.
    """
    charter = charters.adopt(project)
    gathered = retraining.gather(project, at=at)
    choice = retraining.choose(project, charter, gathered, decision)
    errand = Errand(
        rule=retraining.rule(project, gathered, decision), candidates=retraining.candidates(project),
        because=decision.alerts, half_life_days=choice.half_life_days,
    )
    line = _line(project, charter, retraining.take(project, gathered, choice), errand, by=by)
    return line, retraining.warnings(project, gathered)


def _line(project: Project, charter: Charter, dataset: DatasetVersion, errand: Errand, *, by: str) -> Line:
    """Carry a dataset version to a model that is judged, and promoted or offered if it may be."""
    labelset = labels.label(project, dataset)
    parts = data.split(project, dataset, labelset, rule=errand.rule)

    statistics, featureset = together(
        project,
        lambda: data.describe(project, dataset, parts),
        lambda: features.build(project, dataset, parts, labelset),
    )
    schema = data.review(project, data.infer(project, dataset, statistics, data=project.settings.data))
    anomalies, validated = data.validate(project, dataset, parts, statistics, schema)
    _stop_for(anomalies, project)

    material = Material(
        charter=charter, dataset=dataset, parts=parts, labels=labelset, features=featureset, because=errand.because,
        half_life_days=errand.half_life_days,
    )
    suspicions, examined, baselines = together(
        project,
        lambda: features.suspect(project, dataset, parts, labelset, featureset),
        lambda: features.examine(project, dataset, featureset),
        lambda: training.baselines(project, material),
    )
    trials = training.search(project, material, candidates=errand.candidates)
    chosen = training.choose(trials)
    final = training.finish(project, material, chosen)

    sane, (model, packed) = together(
        project,
        lambda: training.check(project, of=material, trials=trials, chosen=chosen, final=final),
        lambda: registry.register(project, material, final),
    )
    rival = registry.rival(project, model)
    judged = evaluation.evaluate(project, material, model=model, final=final, baselines=baselines, rival=rival)
    evidence = (validated, *suspicions, *examined, *sane, *packed, *judged)
    gate = evaluation.judge(project, material, model=model, rival=rival, evidence=evidence)
    promoted, deployment = _release(project, model, gate, because=errand.because, by=by)
    witnessed = evaluation.witness(project, model=model, gate=gate)
    return Line(
        charter=charter, dataset=dataset, parts=parts, labels=labelset, statistics=statistics, schema=schema,
        anomalies=anomalies, features=featureset, runs=(*baselines, *trials), final=final, model=model,
        evidence=(*evidence, *witnessed), gate=gate, promoted=promoted, deployment=deployment,
    )


def _release(
    project: Project, model: Model, gate: Gate, *, because: tuple[Ref, ...], by: str
) -> tuple[bool, Deployment | None]:
    """Make a model champion at once, or hand it to the release where another one serves."""
    if not gate.passed:
        return False, None
    why = f"passed gate {gate.digest[:12]} with {len(gate.reasons)} demands"
    if serving.current(project) is None:
        return registry.promote(project, model, gate, by=by, why=why), None
    if serving.was_deployed(project, model):
        return False, None
    return False, serving.offer(project, model, gate, because=because, by=by, why=why)


def _stop_for(anomalies: Sequence[Anomaly], project: Project) -> None:
    errors = [item for item in anomalies if item.severity == "error"]
    if errors and project.settings.data.on_anomaly == "stop":
        raise DataRefused(errors)
