"""Estimators by name."""

from __future__ import annotations

import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from loopwright.errors import TrainingError
from loopwright.stages.training.estimators import build, is_tree_based, load_estimator, takes_missing


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("sklearn.ensemble.HistGradientBostingClassifier", "did you mean 'HistGradientBoostingClassifier'"),
        ("sklearn.ensembl.RandomForestClassifier", "did you mean 'sklearn.ensemble'"),
        ("sklearn.ensemble.abc", "has no estimator 'abc'"),
        ("sklearn.linear_model.Ridge", "needs a classifier.*did you mean 'RidgeClassifier'"),
        ("nosuchlibrary.Model", "'nosuchlibrary' is not installed"),
        ("sklearn.ensemble.VotingClassifier", "needs other estimators"),
        ("sklearn.metrics.roc_auc_score", "has no estimator"),
    ],
)
def test_what_cannot_be_used_is_an_error_with_the_nearest_name(path, said):
    with pytest.raises(TrainingError, match=said):
        load_estimator(path, task="binary")


def test_numbers_need_a_regressor():
    with pytest.raises(TrainingError, match=r"needs a regressor.*did you mean 'RandomForestRegressor'"):
        load_estimator("sklearn.ensemble.RandomForestClassifier", task="regression")


def test_the_seed_reaches_estimators_that_take_one_unless_the_user_gives_another():
    assert build(RandomForestClassifier, {}, task="binary", seed=5).random_state == 5
    assert build(RandomForestClassifier, {"random_state": 9}, task="binary", seed=5).random_state == 9
    assert build(KNeighborsClassifier, {}, task="binary", seed=5) is not None


def test_a_wrong_parameter_names_the_nearest_one():
    with pytest.raises(TrainingError, match=r"no parameter 'max_leafs_nodes' .did you mean 'max_leaf_nodes'"):
        build(HistGradientBoostingClassifier, {"max_leafs_nodes": 3}, task="binary", seed=0)


def test_estimators_do_not_start_threads_of_their_own():
    assert build(RandomForestClassifier, {"n_jobs": 1}, task="binary", seed=0).n_jobs == 1
    with pytest.raises(TrainingError, match="n_jobs = -1"):
        build(RandomForestClassifier, {"n_jobs": -1}, task="binary", seed=0)


def test_classifiers_without_probabilities_are_calibrated():
    made = build(LinearSVC, {"C": 0.5}, task="binary", seed=3)
    assert isinstance(made, CalibratedClassifierCV)
    assert (made.estimator.C, made.estimator.random_state) == (0.5, 3)
    assert isinstance(build(LogisticRegression, {}, task="binary", seed=3), LogisticRegression)


def test_trees_need_no_scaling_and_some_estimators_take_missing_numbers():
    assert [is_tree_based(each()) for each in (RandomForestClassifier, Ridge)] == [True, False]
    assert [takes_missing(each()) for each in (RandomForestClassifier, Ridge, BaggingClassifier)] == [
        True,
        False,
        False,
    ]
