"""Checks of training: they pass what is sound and find what is broken."""

from __future__ import annotations

import itertools

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.dummy import DummyClassifier
from sklearn.pipeline import Pipeline

from loopwright.stages.training.pipelines import pipeline
from loopwright.stages.training.sanity import (
    against_chance,
    overfits_a_tiny_batch,
    predictions_are_finite,
    same_seed_same_model,
    shuffled_labels_give_chance,
)

SOUND = {
    "binary": [
        ("sklearn.ensemble.HistGradientBoostingClassifier", {"max_iter": 10}),
        ("sklearn.linear_model.LogisticRegression", {"C": 0.001}),
        ("sklearn.svm.LinearSVC", {}),
        ("sklearn.neighbors.KNeighborsClassifier", {"n_neighbors": 30}),
        ("sklearn.naive_bayes.GaussianNB", {}),
    ],
    "multiclass": [
        ("sklearn.ensemble.RandomForestClassifier", {"n_estimators": 10, "max_depth": 2}),
        ("sklearn.linear_model.LogisticRegression", {}),
    ],
    "regression": [
        ("sklearn.ensemble.HistGradientBoostingRegressor", {"max_iter": 10}),
        ("sklearn.linear_model.Ridge", {"alpha": 100.0}),
        ("sklearn.linear_model.Lasso", {}),
    ],
}
CASES = [(task, *case) for task, cases in SOUND.items() for case in cases]


def maker(rows, estimator, params, task):
    return lambda: pipeline(estimator, params, features=rows.features, frame=rows.frame, task=task, seed=0)


@pytest.mark.parametrize(("task", "estimator", "params"), CASES)
def test_sound_training_passes_every_check(train, test, task, estimator, params):
    make, labels = maker(train, estimator, params, task), train.labels[task]
    checks = [
        overfits_a_tiny_batch(make, train.frame, labels, task=task, seed=0),
        shuffled_labels_give_chance(
            make, train.frame, labels, test.frame, test.labels[task], task=task, seed=0
        ),
        same_seed_same_model(make, train.frame, labels, test.frame, task=task),
        predictions_are_finite(make, train.frame, labels, test.frame, task=task),
    ]
    assert [check.claim for check in checks if not check.passed] == []


def test_a_claim_says_what_was_changed_and_what_came_out(train):
    make = maker(train, "sklearn.linear_model.Ridge", {"alpha": 50.0}, "regression")
    check = overfits_a_tiny_batch(make, train.frame, train.labels["regression"], task="regression", seed=0)
    assert "(with alpha = 1e-06)" in check.claim
    assert "removes 100% of the error" in check.claim


def test_an_estimator_that_ignores_its_features_cannot_overfit(train):
    made = maker(train, "sklearn.linear_model.LogisticRegression", {}, "binary")()
    blind = Pipeline([("prepare", made[0]), ("model", DummyClassifier())])
    check = overfits_a_tiny_batch(lambda: blind, train.frame, train.labels["binary"], task="binary", seed=0)
    assert check.passed is False
    assert "do not reach it" in check.claim


def test_rows_that_do_not_differ_cannot_tell(make_rows):
    rows = make_rows(pl.DataFrame({"constant": np.ones(50)}), {"binary": np.arange(50) % 2})
    make = maker(rows, "sklearn.tree.DecisionTreeClassifier", {}, "binary")
    check = overfits_a_tiny_batch(make, rows.frame, rows.labels["binary"], task="binary", seed=0)
    assert check.passed is None


def test_few_rows_cannot_tell_chance_from_knowledge(train, test):
    make = maker(train, "sklearn.linear_model.LogisticRegression", {}, "binary")
    labels = train.labels["binary"]
    check = shuffled_labels_give_chance(
        make, train.frame, labels, test.frame.head(5), labels[:5], task="binary", seed=0
    )
    assert check.passed is None


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_knowledge_is_told_from_chance_even_when_little_of_it_leaked(task):
    draw = np.random.default_rng(0)
    truth = draw.integers(0, 2 if task == "binary" else 3, 2000)
    guess = np.where(draw.random(2000) < 0.15, truth, draw.permutation(truth))
    said = np.eye(3)[guess] if task == "multiclass" else guess.astype(float)
    labels = truth.astype(float) if task == "regression" else truth
    assert against_chance(labels, said, task=task, seed=0).passed is False


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.05, 0.95))
def test_guesses_are_called_chance(seed, share):
    draw = np.random.default_rng(seed)
    truth = (draw.random(200) < share).astype(np.int64)
    truth[:2] = [0, 1]
    # One false alarm in a thousand is promised; 4.5 standard deviations make it one in 150,000 here.
    check = against_chance(truth, draw.random(200), task="binary", seed=seed)
    middle = (check.low + check.high) / 2
    assert abs(check.value - middle) < 4.5 / 3.29 * (check.high - middle)


def test_a_constant_prediction_is_chance():
    truth = np.arange(100) % 2
    assert against_chance(truth, np.full(100, 0.3), task="binary", seed=0).passed
    assert against_chance(truth.astype(float), np.full(100, 0.3), task="regression", seed=0).passed


class Restless(ClassifierMixin, BaseEstimator):
    """Uses chance that no seed controls."""

    count = itertools.count(1)

    def fit(self, _rows, labels):
        self.classes_ = np.unique(labels)
        self.level_ = 1 / (2 + next(self.count))
        return self

    def predict_proba(self, rows):
        return np.tile([1 - self.level_, self.level_], (len(rows), 1))


class Overflowing(RegressorMixin, BaseEstimator):
    """Predicts nothing that is a number for every other row."""

    def fit(self, _rows, _labels):
        self.fitted_ = True
        return self

    def predict(self, rows):
        return np.where(np.arange(len(rows)) % 2, np.inf, 1.0)


def test_chance_that_no_seed_controls_is_found(train, test):
    prepare = maker(train, "sklearn.linear_model.LogisticRegression", {}, "binary")()[0]
    check = same_seed_same_model(
        lambda: Pipeline([("prepare", prepare), ("model", Restless())]),
        train.frame,
        train.labels["binary"],
        test.frame,
        task="binary",
    )
    assert check.passed is False
    assert "no seed controls" in check.claim


def test_predictions_that_are_no_numbers_are_counted(train, test):
    prepare = maker(train, "sklearn.linear_model.Ridge", {}, "regression")()[0]
    check = predictions_are_finite(
        lambda: Pipeline([("prepare", prepare), ("model", Overflowing())]),
        train.frame,
        train.labels["regression"],
        test.frame,
        task="regression",
    )
    assert (check.passed, check.value) == (False, 150.0)
    assert check.claim == "150 of 300 predictions are finite numbers"


def test_an_estimator_that_cannot_be_fitted_to_few_rows_fails_the_check_with_its_words(train):
    make = maker(train, "sklearn.linear_model.LogisticRegression", {"tol": -1.0}, "binary")
    check = overfits_a_tiny_batch(make, train.frame, train.labels["binary"], task="binary", seed=0)
    assert check.passed is False
    assert "'tol'" in check.claim
