"""The whole line, from the rows of a source to a champion, as one readable function."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from loopwright.errors import LoopwrightError
from loopwright.project import Project
from loopwright.records import (
    Anomaly,
    Charter,
    DatasetVersion,
    Evidence,
    FeatureSet,
    Gate,
    LabelSet,
    Model,
    Run,
    Schema,
    Statistics,
)
from loopwright.stages import charter as charters
from loopwright.stages import data, features, labels, registry, training
from loopwright.stages.evaluation import steps as evaluation
from loopwright.stages.training import Material
from loopwright.step import together

__all__ = ["DataRefused", "Line", "run"]


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


def run(project: Project, *, by: str = "loopwright run") -> Line:
    """Carry a project from its source to a champion; what has not changed is recalled.

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
    charter = charters.adopt(project)
    dataset = data.ingest(project)
    labelset = labels.label(project, dataset)
    parts = data.split(project, dataset, labelset, rule=project.settings.split)

    statistics, featureset = together(
        project,
        lambda: data.describe(project, dataset, parts),
        lambda: features.build(project, dataset, parts, labelset),
    )
    schema = data.review(project, data.infer(project, dataset, statistics, data=project.settings.data))
    anomalies, validated = data.validate(project, dataset, parts, statistics, schema)
    _stop_for(anomalies, project)

    material = Material(charter=charter, dataset=dataset, parts=parts, labels=labelset, features=featureset)
    suspicions, examined, baselines = together(
        project,
        lambda: features.suspect(project, dataset, parts, labelset, featureset),
        lambda: features.examine(project, dataset, featureset),
        lambda: training.baselines(project, material),
    )
    trials = training.search(project, material)
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
    promoted = gate.passed and registry.promote(
        project, model, gate, by=by, why=f"passed gate {gate.digest[:12]} with {len(gate.reasons)} demands"
    )
    witnessed = evaluation.witness(project, model=model, gate=gate)
    return Line(
        charter=charter, dataset=dataset, parts=parts, labels=labelset, statistics=statistics, schema=schema,
        anomalies=anomalies, features=featureset, runs=(*baselines, *trials), final=final, model=model,
        evidence=(*evidence, *witnessed), gate=gate, promoted=promoted,
    )


def _stop_for(anomalies: Sequence[Anomaly], project: Project) -> None:
    errors = [item for item in anomalies if item.severity == "error"]
    if errors and project.settings.data.on_anomaly == "stop":
        raise DataRefused(errors)
