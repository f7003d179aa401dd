"""The coarse-to-fine search."""

from __future__ import annotations

import random

import numpy as np
import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import TrainingError
from loopwright.records.run import Run
from loopwright.settings import CandidateSettings, Range
from loopwright.stages.training.searching import propose, study

CANDIDATE = CandidateSettings(
    estimator="sklearn.ensemble.HistGradientBoostingClassifier",
    search={
        "learning_rate": Range(low=0.01, high=0.3, log=True),
        "max_leaf_nodes": Range(low=8, high=64),
        "class_weight": ["balanced", None],
    },
)


def height(params):
    """Return a made-up objective with its top at learning_rate 0.05, 40 leaves, no class weights."""
    return (
        -abs(np.log(params["learning_rate"] / 0.05))
        - abs(params["max_leaf_nodes"] - 40) / 20
        - (params["class_weight"] is not None)
    )


def searched(rounds, *, seed=0, trials=12, keep=0.25):
    earlier = []
    for number in range(1, rounds + 1):
        proposed = propose(CANDIDATE, round=number, trials=trials, earlier=earlier, keep=keep, seed=seed)
        earlier += [(params, height(params)) for params in proposed]
    return earlier


def test_the_first_trial_has_the_estimators_own_defaults():
    first = propose(CANDIDATE, round=1, trials=2, earlier=[], keep=0.25, seed=0)[0]
    assert first == {"learning_rate": 0.1, "max_leaf_nodes": 31, "class_weight": None}


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), round_=st.integers(1, 5), keep=st.floats(0.05, 1))
def test_no_trial_leaves_the_space(seed, round_, keep):
    earlier = [(params, height(params)) for params, _ in searched(1, seed=seed, trials=6)]
    for params in propose(CANDIDATE, round=round_, trials=6, earlier=earlier, keep=keep, seed=seed):
        assert 0.01 <= params["learning_rate"] <= 0.3
        assert isinstance(params["max_leaf_nodes"], int)
        assert 8 <= params["max_leaf_nodes"] <= 64
        assert params["class_weight"] in ("balanced", None)


def test_the_order_in_which_trials_finished_makes_no_difference():
    earlier = searched(2)
    shuffled = random.Random(1).sample(earlier, len(earlier))
    wanted = {"round": 3, "trials": 8, "keep": 0.25, "seed": 0}
    assert propose(CANDIDATE, earlier=earlier, **wanted) == propose(CANDIDATE, earlier=shuffled, **wanted)


def test_a_longer_round_begins_with_the_trials_of_a_shorter_one():
    wanted = {"round": 1, "earlier": [], "keep": 0.25, "seed": 3}
    assert propose(CANDIDATE, trials=9, **wanted)[:4] == propose(CANDIDATE, trials=4, **wanted)


def test_seeds_and_rounds_give_different_trials():
    proposed = {
        (seed, number): str(propose(CANDIDATE, round=number, trials=3, earlier=[], keep=0.25, seed=seed)[1:])
        for seed in (0, 1)
        for number in (1, 2)
    }
    assert len(set(proposed.values())) == 4


def test_later_rounds_come_closer_to_the_best():
    earlier = searched(4, trials=20)
    spread = [
        np.std([np.log(params["learning_rate"]) for params, _ in earlier[start : start + 20]])
        for start in (0, 60)
    ]
    assert spread[1] < spread[0] / 2
    assert max(value for _, value in earlier) > -0.3


def test_coarse_to_fine_beats_the_same_number_of_blind_trials_most_of_the_time():
    wins = [
        max(value for _, value in searched(4, seed=seed, trials=8))
        > max(value for _, value in searched(1, seed=seed, trials=32))
        for seed in range(20)
    ]
    assert sum(wins) >= 14


def test_failed_trials_do_not_steer_the_search():
    earlier = searched(1)
    failed = [({"learning_rate": 0.01, "max_leaf_nodes": 8, "class_weight": "balanced"}, None)]
    wanted = {"round": 2, "trials": 4, "keep": 0.25, "seed": 0}
    assert propose(CANDIDATE, earlier=[*earlier, *failed], **wanted) != []
    assert all(
        params["class_weight"] is None for params in propose(CANDIDATE, earlier=earlier + failed, **wanted)
    )


def test_nothing_is_tried_twice_and_a_small_space_is_used_up():
    small = CandidateSettings(
        estimator="sklearn.linear_model.Ridge", search={"solver": ["svd", "lsqr", "auto"]}
    )
    proposed = propose(small, round=1, trials=10, earlier=[], keep=1.0, seed=0)
    assert sorted(params["solver"] for params in proposed) == ["auto", "lsqr", "svd"]
    done = [(params, 1.0) for params in proposed]
    assert propose(small, round=2, trials=10, earlier=done, keep=1.0, seed=0) == []


def test_without_a_space_there_is_one_trial():
    plain = CandidateSettings(estimator="sklearn.linear_model.Ridge")
    assert propose(plain, round=1, trials=5, earlier=[], keep=0.5, seed=0) == [{}]
    assert propose(plain, round=2, trials=5, earlier=[({}, 1.0)], keep=0.5, seed=0) == []


def test_an_unknown_estimator_is_named_with_the_nearest():
    wrong = CandidateSettings(estimator="sklearn.linear_model.Rigde", search={"alpha": [1.0]})
    with pytest.raises(TrainingError, match="did you mean 'Ridge'"):
        propose(wrong, round=1, trials=1, earlier=[], keep=0.5, seed=0)


def run(number, params, objective):
    return Run(
        name=f"trial #{number}",
        role="trial",
        estimator=CANDIDATE.estimator,
        params=params,
        search=params,
        seed=0,
        metrics=(),
        objective=objective,
        failed=None if objective is not None else "no",
    )


def test_runs_become_an_optuna_study():
    runs = [run(number, params, value) for number, (params, value) in enumerate(searched(2))]
    made = study(CANDIDATE, [*runs, run(99, {"learning_rate": 7.0}, None)])
    assert len(made.trials) == 25
    assert made.best_value == max(each.objective for each in runs)
    assert made.trials[-1].state == optuna.trial.TrialState.FAIL
    assert made.trials[-1].user_attrs == {"name": "trial #99", "learning_rate": 7.0}


def test_optuna_says_nothing_and_keeps_its_settings(capfd):
    before = optuna.logging.get_verbosity()
    propose(CANDIDATE, round=1, trials=2, earlier=[], keep=0.5, seed=0)
    study(CANDIDATE, [])
    assert optuna.logging.get_verbosity() == before
    assert capfd.readouterr() == ("", "")
