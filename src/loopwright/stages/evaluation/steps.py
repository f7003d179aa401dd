"""The evaluation room's verbs: evaluate, judge, witness, attest, score."""

from __future__ import annotations

from typing import TYPE_CHECKING

from loopwright.codedigest import Code
from loopwright.errors import LoopwrightError
from loopwright.project import Project
from loopwright.records import Charter, Evidence, Gate, Model, Ref, Run
from loopwright.stages.data import ROW, read
from loopwright.stages.features import examples
from loopwright.stages.registry import applied
from loopwright.stages.training import Material
from loopwright.step import step
from loopwright.store.metadata import now
from loopwright.userfiles import load

if TYPE_CHECKING:
    from datetime import datetime

    from loopwright.stages.evaluation.maturity import ScoreCard

__all__ = ["attest", "evaluate", "judge", "score", "witness"]

SCENARIOS_FILE = "scenarios"
_LIBRARIES = ("polars", "numpy", "scikit-learn", "onnxruntime")


def evaluate(
    project: Project,
    material: Material,
    *,
    model: Model,
    final: Run,
    baselines: tuple[Run, ...],
    rival: Model | None,
) -> tuple[Evidence, ...]:
    """Judge a registered model on the test part, in every way that the charter and the user's files ask for.

    Parameters
    ----------
    project : Project
    material : Material
    model : Model
        What is judged is its file and its copy of the feature code, from the source rows on.
    final : Run
        The fit it came from.
    baselines : tuple of Run
    rival : Model or None
        The champion to compare with, applied to the same source rows.

    Returns
    -------
    tuple of Evidence
        Metrics with intervals on all rows and on slices, paired comparisons, importance, scenario tests, how
        quality ages, one explained row, pictures.
    """
    code = project.code(SCENARIOS_FILE) if project.has_code(SCENARIOS_FILE) else None
    rivals = (rival,) if rival else ()
    measured = _evaluate(project, of=material, model=model, final=final, baselines=baselines, rivals=rivals)
    if code is None or not code.functions:
        return measured
    return (*measured, *_rehearse(project, of=material, model=model, scenarios=code))


@step(uses=_LIBRARIES)
def _evaluate(
    project: Project, *, of: Material, model: Model, final: Run, baselines: tuple[Run, ...], rivals: tuple[Model, ...]
) -> tuple[Evidence, ...]:
    from loopwright.stages.evaluation.evaluating import Subject, evaluated

    rows = read(project, of.dataset, parts=of.parts)
    said = {run.name.split(" ")[0]: project.artifacts.get(run.predictions) for run in baselines if run.predictions}
    return evaluated(
        Subject(model=model, applied=applied(project, model)),
        examples(project, of.features, of.labels, of.parts),
        rows,
        of=of,
        final=project.artifacts.get(final.predictions) if final.predictions else b"",
        baselines=said,
        rival=applied(project, rivals[0]) if rivals else None,
        keep=project.artifacts.put,
        row=ROW,
        at=now(),
    )


@step(uses=_LIBRARIES)
def _rehearse(project: Project, *, of: Material, model: Model, scenarios: Code) -> tuple[Evidence, ...]:
    from loopwright.stages.evaluation.rehearsing import rehearsed

    rows = read(project, of.dataset, parts=of.parts)
    return rehearsed(load(project, scenarios), applied(project, model), rows, model=model, at=now())


def judge(
    project: Project, material: Material, *, model: Model, rival: Model | None, evidence: tuple[Evidence, ...]
) -> Gate:
    """Decide whether a model may become champion, and say why or why not.

    Parameters
    ----------
    project : Project
    material : Material
    model : Model
    rival : Model or None
        The champion it has to be no worse than.
    evidence : tuple of Evidence
        All that is known of the model.

    Returns
    -------
    Gate
    """
    rivals = (rival,) if rival else ()
    return _judge(project, of=material, model=model, rivals=rivals, evidence=evidence)


@step(uses=_LIBRARIES)
def _judge(
    project: Project, *, of: Material, model: Model, rivals: tuple[Model, ...], evidence: tuple[Evidence, ...]
) -> Gate:
    from loopwright.stages.evaluation.judging import judge as judged
    from loopwright.stages.evaluation.worst import worst_examples

    shown = worst_examples(
        read(project, of.dataset, parts=of.parts),
        examples(project, of.features, of.labels, of.parts),
        applied(project, model), of=of, row=ROW,
    )
    return judged(
        subject=model.ref, rival=rivals[0].ref if rivals else None, charter=of.charter, evidence=evidence,
        examples=shown, at=now(),
    )


def witness(project: Project, *, model: Model, gate: Gate) -> tuple[Evidence, ...]:
    """Keep what only a finished run can show: that a gate was asked, and that the code is reviewed in git.

    Parameters
    ----------
    project : Project
    model : Model
    gate : Gate

    Returns
    -------
    tuple of Evidence
    """
    from loopwright.stages.evaluation.reviewing import git_state

    state = git_state(project.folder)
    return _witness(project, model=model, gate=gate, commit=state.commit, uncommitted=state.uncommitted)


@step()
def _witness(
    project: Project,  # noqa: ARG001 -- every step takes the project
    *,
    model: Model,
    gate: Gate,
    commit: str | None,
    uncommitted: tuple[str, ...],
) -> tuple[Evidence, ...]:
    from loopwright.stages.evaluation.reviewing import gate_evidence, review_evidence

    found = [gate_evidence(gate, at=now())]
    # A folder that is not under version control has nothing to show, for or against.
    if commit is not None:
        found.append(review_evidence(model, commit=commit, uncommitted=uncommitted, at=now()))
    return tuple(found)


def attest(
    project: Project, test: str, *, by: str, note: str, link: str = "", expires: str | None = None
) -> Evidence:
    """Sign that something the machine cannot see has been done; worth half a point of the ML Test Score.

    Parameters
    ----------
    project : Project
    test : str
        One of the 28 tests, such as ``"D5"``.
    by : str
        Who signs.
    note : str
        What was done, in a sentence.
    link : str, optional
        Where the document lies.
    expires : str, optional
        ISO date from which it no longer counts.

    Returns
    -------
    Evidence

    Raises
    ------
    LoopwrightError
        If there is no such test, nobody signs, or the date is none.
    """
    from loopwright.stages.evaluation.attesting import attestation

    charter = project.metadata.newest(Charter)
    subject = charter.ref if charter else Ref(kind="file", digest="0" * 64, name="loopwright.toml")
    signed = attestation(test, subject=subject, by=by, note=note, link=link, expires=expires, at=now())
    project.metadata.remember(signed)
    return signed


def score(project: Project) -> ScoreCard:
    """Compute the ML Test Score from the evidence of this project as it stands now.

    Parameters
    ----------
    project : Project

    Returns
    -------
    ScoreCard
    """
    from datetime import UTC, datetime

    from loopwright.stages.evaluation.maturity import maturity

    evidence = [(item, _moment(item)) for item in project.metadata.all(Evidence)]
    return maturity(evidence, now=datetime.now(UTC), fresh_days=project.settings.evidence.fresh_days)


def _moment(evidence: Evidence) -> datetime:
    from datetime import datetime

    try:
        return datetime.fromisoformat(evidence.at)
    except ValueError as error:
        raise LoopwrightError(
            f"evidence {evidence.digest[:12]} has no readable time ({evidence.at!r}). Run again to renew it."
        ) from error
