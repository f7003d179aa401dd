"""Models are trained as steps: baselines first, then a search that can go on, then the chosen one once more."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from loopwright.errors import TrainingError, UserCodeError
from loopwright.project import Project, Silent
from loopwright.records import Run
from loopwright.stages import training
from loopwright.stages.data import ROW
from loopwright.stages.training import Configuration


def reopened(project: Project, text: str, progress=None) -> Project:
    """Return another handle on a project, with a second project file."""
    over = project.folder / "over.toml"
    over.write_text(text)
    return Project.open(project.folder, config=over, progress=progress)


class Watching(Silent):
    """Keeps how far a search has come."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, int]] = []

    def advanced(self, step: str, *, done: int, total: int, doing: str) -> None:
        assert step.startswith("search ")
        assert doing.startswith("best 0.") or doing == "no trial could be fitted yet"
        self.seen.append((done, total))


def test_the_baselines_are_chance_the_usual_answer_the_users_rule_and_a_line(worked):
    runs = training.baselines(worked.project, worked.material)
    assert [run.name for run in runs] == ["random", "majority", "heuristic card", "linear"]
    assert {run.role for run in runs} == {"baseline"}
    assert all(run.predictions for run in runs)
    assert runs == worked.line.runs[:4]


def test_the_users_rule_points_back_at_its_code(worked):
    rule = worked.line.runs[2]
    assert [ref.name for ref in rule.made_from if ref.kind == "code"] == ["heuristics.py: function `card`"]
    assert rule.estimator == "heuristics:card"


def test_a_rule_that_is_not_there_is_told(copied, worked):
    material = replace(worked.material, charter=replace(worked.material.charter, without_ml="heuristics:cart"))
    with pytest.raises(UserCodeError, match=r"heuristics\.py has no function 'cart' \(did you mean 'card'\?\)"):
        training.baselines(copied, material)


def test_a_search_has_as_many_trials_as_asked_for_in_rounds(worked):
    trials = [run for run in worked.line.runs if run.role == "trial"]
    assert [run.name for run in trials] == [f"LogisticRegression #{number}" for number in (1, 2, 3, 4)]
    assert [run.round for run in trials] == [1, 1, 2, 2]
    assert all(0.1 <= run.search["C"] <= 10 for run in trials)
    assert len({run.search["C"] for run in trials}) == 4
    assert all(run.predictions is None and run.pipeline is None for run in trials)


def test_a_longer_search_recalls_the_trials_that_it_has(copied, worked):
    watching = Watching()
    text = "[training]\ntrials = 3\nrounds = 1\n"
    with reopened(copied, text, watching).closing() as project:
        runs = training.search(project, worked.material)
        recalled = [outcome.recalled for outcome in project.outcomes if outcome.step.startswith("train ")]
    assert watching.seen == [(3, 3)]
    assert recalled.count(True) == 2
    assert [run.digest for run in runs[:2]] == [run.digest for run in worked.line.runs[4:6]]


def test_without_candidates_the_simple_line_is_tried(copied, worked):
    with reopened(copied, "candidates = []\n").closing() as project:
        (only,) = training.search(project, worked.material)
    assert only.estimator == "sklearn.linear_model.LogisticRegression"
    assert only.objective == worked.line.runs[3].objective


def test_a_trial_that_cannot_be_fitted_is_kept_with_its_reason_and_the_others_go_on(copied, worked):
    text = (
        '[[candidates]]\nestimator = "sklearn.linear_model.LogisticRegression"\n'
        'params = { C = 0.5, max_iter = 200 }\n'
        'search = { solver = ["lbfgs", "no_such_solver"] }\n'
        "[training]\ntrials = 4\nrounds = 1\n"
    )
    with reopened(copied, text).closing() as project:
        runs = training.search(project, worked.material)
    failed = [run for run in runs if run.failed]
    assert {run.search["solver"] for run in failed} == {"no_such_solver"}
    assert all(run.objective is None and "no_such_solver" in run.failed for run in failed)
    assert training.choose(runs).search["solver"] == "lbfgs"


def test_a_search_in_which_nothing_fits_stops_with_the_first_reason(copied, worked):
    text = (
        '[[candidates]]\nestimator = "sklearn.linear_model.LogisticRegression"\n'
        'params = { solver = "no_such_solver" }\n'
    )
    message = r"none of 1 trials could be fitted.*no_such_solver"
    with reopened(copied, text).closing() as project, pytest.raises(TrainingError, match=message):
        training.search(project, worked.material)


def test_a_parameter_that_does_not_exist_stops_the_search_with_the_nearest(copied, worked):
    text = '[[candidates]]\nestimator = "sklearn.linear_model.LogisticRegression"\nparams = { max_itr = 200 }\n'
    with reopened(copied, text).closing() as project, pytest.raises(TrainingError, match="max_itr"):
        training.search(project, worked.material)


def test_the_best_on_the_validation_part_is_chosen_and_of_equals_the_first():
    def run(name, objective):
        return Run(name=name, role="trial", estimator="x.Y", params={}, seed=0, metrics=(), objective=objective)

    assert training.choose([run("a", 0.5), run("b", 0.7), run("c", None), run("d", 0.7)]).name == "b"
    assert training.choose([run("a", -3.0), run("b", -2.0)]).name == "b"
    with pytest.raises(TrainingError, match="no run to choose from"):
        training.choose([run("a", None)])


def test_the_chosen_one_is_fitted_again_and_kept_with_its_predictions(worked):
    final = worked.line.final
    chosen = training.choose([run for run in worked.line.runs if run.role == "trial"])
    assert (final.role, final.params, final.seed) == ("final", chosen.params, chosen.seed)
    assert final.objective == pytest.approx(chosen.objective, abs=1e-12)
    assert worked.project.artifacts.get(final.pipeline)[:2] == b"PK"
    assert final.libraries.keys() >= {"scikit-learn", "polars", "numpy"}


def test_rows_are_weighted_by_the_time_of_their_dataset_version_and_baselines_are_not(copied, worked):
    days = worked.rows.select(ROW, pl.date(2015, 1, 1) + pl.duration(days=pl.col(ROW).reverse()).alias("day"))
    dated = worked.rows.drop("__part").with_columns(day=days.to_series(1))
    dataset = replace(worked.material.dataset, table=copied.tables.write("fares", dated), time="day")
    material = replace(worked.material, dataset=dataset, half_life_days=30.0)
    trials = training.search(copied, material)
    assert all(run.half_life_days == 30.0 and run.failed is None for run in trials)
    chosen = training.choose(trials)
    final = training.finish(copied, material, chosen)
    assert (final.half_life_days, final.objective) == (30.0, pytest.approx(chosen.objective, abs=1e-12))
    plain = training.finish(copied, replace(material, half_life_days=None), chosen)
    assert final.objective != plain.objective
    baselines = training.baselines(copied, material)
    assert [run.objective for run in baselines] == [run.objective for run in worked.line.runs[:4]]
    assert {run.half_life_days for run in baselines} == {None}


def test_rows_without_a_time_cannot_be_weighted(copied, worked):
    with pytest.raises(TrainingError, match="it is not known when they happened"):
        training.search(copied, replace(worked.material, half_life_days=30.0))


def test_training_is_checked_for_sanity(worked):
    line = worked.line
    trials = tuple(run for run in line.runs if run.role == "trial")
    evidence = training.check(
        worked.project, of=worked.material, trials=trials, chosen=training.choose(trials), final=line.final
    )
    assert {item.check: item.passed for item in evidence} == {
        "sanity.overfits_a_tiny_batch": True, "sanity.shuffled_labels_give_chance": True,
        "sanity.same_seed_same_model": True, "sanity.predictions_are_finite": True,
        "reproducible.refit": True, "search.tuned": True, "numeric.stable": True, "cost.training": None,
    }
    assert {item.subject for item in evidence} == {line.final.ref}


def test_a_run_can_be_made_by_hand(copied, worked):
    by = Configuration(role="baseline", estimator="sklearn.dummy.DummyClassifier", params={}, seed=0)
    run = training.train(copied, name="dummy", of=worked.material, by=by)
    assert run.objective == 0.5
    assert run.made_from == worked.material.refs
