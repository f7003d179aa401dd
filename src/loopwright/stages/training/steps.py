"""The training room's verbs: train, baselines, search, choose, finish, check."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from loopwright.codedigest import Code
from loopwright.errors import TrainingError
from loopwright.project import Project
from loopwright.records import Evidence, Run
from loopwright.settings import CandidateSettings, TrainingSettings
from loopwright.stages.data import ROW, read
from loopwright.stages.features import examples
from loopwright.stages.training.ladder import BASELINES, LINEAR
from loopwright.stages.training.material import Configuration, Material
from loopwright.step import step
from loopwright.store.metadata import now
from loopwright.userfiles import code_refs, load

if TYPE_CHECKING:
    import polars as pl

__all__ = ["baselines", "check", "choose", "finish", "search", "train"]

_LIBRARIES = ("scikit-learn", "numpy", "polars")


@step(uses=_LIBRARIES)
def train(project: Project, *, name: str, of: Material, by: Configuration) -> Run:
    """Fit one configuration on the training part and score it on the validation part.

    Parameters
    ----------
    project : Project
    name : str
        What the run is called.
    of : Material
    by : Configuration

    Returns
    -------
    Run
        With ``failed`` set if the estimator could not be fitted; a final fit that fails raises instead.

    Raises
    ------
    TrainingError
        If a final fit fails, or if the configuration names an estimator or parameter that does not exist.
    """
    from loopwright.stages.training.running import fitted_run

    rows = examples(project, of.features, of.labels, of.parts)
    if of.half_life_days is not None:
        rows = _dated(project, rows, of=of)
    return fitted_run(rows, name=name, of=of, by=by, keep=project.artifacts.put, row=ROW)


def _dated(project: Project, rows: pl.DataFrame, *, of: Material) -> pl.DataFrame:
    """Add when each row happened, if its dataset version says so."""
    from loopwright.stages.training.running import TIME

    if of.dataset.time is None:
        return rows
    times = project.tables.read(of.dataset.table, columns=[ROW, of.dataset.time]).collect()
    return rows.join(times.rename({of.dataset.time: TIME}), on=ROW, how="left", maintain_order="left")


@step(uses=_LIBRARIES)
def _baseline(project: Project, *, name: str, of: Material, seed: int, rule: Code | None) -> Run:
    from loopwright.stages.training.running import baseline_run, heuristic_run

    rows = examples(project, of.features, of.labels, of.parts)
    if rule is None:
        return baseline_run(rows, name=name, of=of, seed=seed, keep=project.artifacts.put, row=ROW)
    function = load(project, rule)[rule.functions[0]]
    source = read(project, of.dataset, parts=of.parts)
    run = heuristic_run(rows, source, function, name=name, file=rule.file, of=of, keep=project.artifacts.put, row=ROW)
    return replace(run, made_from=(*run.made_from, *code_refs(project, rule, rule.functions)))


def baselines(project: Project, material: Material) -> tuple[Run, ...]:
    """Score what any model must beat: chance, the most frequent answer, the user's rule, a simple linear model.

    For them all rows count the same, whatever the half-life of the material.

    Parameters
    ----------
    project : Project
    material : Material

    Returns
    -------
    tuple of Run
    """
    task, seed = material.charter.task, project.settings.training.seed
    plain = replace(material.for_training, half_life_days=None)
    runs = [_baseline(project, name=name, of=plain, seed=seed, rule=None) for name in BASELINES[task]]
    if material.charter.without_ml:
        rule = project.code(material.charter.without_ml)
        name = f"heuristic {rule.functions[0]}"
        runs.append(_baseline(project, name=name, of=plain, seed=seed, rule=rule))
    estimator, params = LINEAR[task]
    linear = Configuration(role="baseline", estimator=estimator, params=dict(params), seed=seed)
    runs.append(train(project, name="linear", of=plain, by=linear))
    return tuple(runs)


def search(
    project: Project, material: Material, *, candidates: tuple[CandidateSettings, ...] | None = None
) -> tuple[Run, ...]:
    """Try the candidates of the project file, each by a coarse-to-fine random search.

    A round's trials run at the same time; the next round is drawn around the best of those before. Every trial is
    a step of its own, so that an interrupted search goes on where it stopped.

    Parameters
    ----------
    project : Project
    material : Material
    candidates : tuple of CandidateSettings, default: those of the project file

    Returns
    -------
    tuple of Run

    Raises
    ------
    TrainingError
        If no trial at all could be fitted.
    """
    settings = project.settings.training
    estimator, params = LINEAR[material.charter.task]
    chosen = project.settings.candidates if candidates is None else candidates
    found = [
        _search(project, name=_title(candidate), of=material.for_training, candidate=candidate, settings=settings)
        for candidate in chosen or (CandidateSettings(estimator=estimator, params=dict(params)),)
    ]
    runs = tuple(run for each in found for run in each)
    if all(run.failed for run in runs):
        raise TrainingError(f"none of {len(runs)} trials could be fitted. The first one failed so: {runs[0].failed}")
    return runs


@step(uses=("optuna", *_LIBRARIES))
def _search(
    project: Project, *, name: str, of: Material, candidate: CandidateSettings, settings: TrainingSettings
) -> tuple[Run, ...]:
    """Search one candidate, round by round; an interrupted search recalls the trials that it has."""
    from loopwright.stages.training.rounds import seed_of, shares

    runs: list[Run] = []
    total = sum(shares(settings, candidate))
    for round_, trials in enumerate(shares(settings, candidate), start=1):
        proposed = _proposals(candidate, round_, trials, runs, settings)
        named = [
            (
                f"{name} #{len(runs) + place}",
                Configuration(
                    role="trial",
                    estimator=candidate.estimator,
                    params={**candidate.params, **params},
                    seed=seed_of(settings.seed, name),
                    round=round_,
                    searched=tuple(candidate.search),
                ),
            )
            for place, params in enumerate(proposed, start=1)
        ]
        runs += project.engine.map(lambda item: train(project, name=item[0], of=of, by=item[1]), named)
        project.progress.advanced(f"search {name}", done=len(runs), total=total, doing=_standing(runs))
    return tuple(runs)


def _title(candidate: CandidateSettings) -> str:
    return candidate.name or candidate.estimator.rpartition(".")[2]


def _standing(runs: Sequence[Run]) -> str:
    """Say how far a search has come, for whoever watches."""
    objectives = [run.objective for run in runs if run.objective is not None]
    return f"best {max(objectives):.4f}" if objectives else "no trial could be fitted yet"


def _proposals(
    candidate: CandidateSettings, round_: int, trials: int, runs: Sequence[Run], settings: TrainingSettings
) -> list[dict[str, str | int | float | bool | None]]:
    """Return the parameters of a round; without a search space there is one trial and Optuna is not needed."""
    if not candidate.search:
        return [{}]
    from loopwright.stages.training.searching import propose

    earlier = [(run.search, run.objective) for run in runs if run.objective is not None]
    return propose(candidate, round=round_, trials=trials, earlier=earlier, keep=settings.keep, seed=settings.seed)


def choose(runs: Sequence[Run]) -> Run:
    """Return the run with the best objective on the validation part; of equals the first.

    Raises
    ------
    TrainingError
        If every run failed.

    Examples
    --------
    >>> choose([])
    Traceback (most recent call last):
        ...
    loopwright.errors.TrainingError: there is no run to choose from.
    """
    fitted = [run for run in runs if run.objective is not None]
    if not fitted:
        raise TrainingError("there is no run to choose from.")
    return max(fitted, key=lambda run: run.objective or 0.0)


def finish(project: Project, material: Material, chosen: Run) -> Run:
    """Fit the chosen configuration once more and keep the pipeline and its predictions.

    Parameters
    ----------
    project : Project
    material : Material
    chosen : Run
        A trial; the final fit must come to the same validation score, which shows that training is reproducible.

    Returns
    -------
    Run
    """
    again = Configuration(role="final", estimator=chosen.estimator, params=chosen.params, seed=chosen.seed)
    return train(project, name=chosen.estimator.rpartition(".")[2], of=material.for_training, by=again)


def check(project: Project, *, of: Material, trials: tuple[Run, ...], chosen: Run, final: Run) -> tuple[Evidence, ...]:
    """Check that training is sane: it can overfit a tiny batch, learns nothing from shuffled labels, and repeats.

    Parameters
    ----------
    project : Project
    of : Material
    trials : tuple of Run
    chosen, final : Run

    Returns
    -------
    tuple of Evidence
    """
    return _check(project, of=of.for_training, trials=trials, chosen=chosen, final=final)


@step(uses=_LIBRARIES)
def _check(project: Project, *, of: Material, trials: tuple[Run, ...], chosen: Run, final: Run) -> tuple[Evidence, ...]:
    from loopwright.stages.training.checking import checked

    rows = examples(project, of.features, of.labels, of.parts)
    return checked(
        rows, of=of, trials=trials, chosen=chosen, final=final, settings=project.settings.training, row=ROW, at=now()
    )
