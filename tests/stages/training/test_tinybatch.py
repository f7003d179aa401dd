"""Rows to learn by heart, and estimators that may."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import AdaBoostClassifier, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import LinearSVC

from loopwright.stages.training.tinybatch import MAX_ROWS, ability, easy_rows, freed


def test_what_keeps_from_learning_by_heart_is_taken_out_and_named():
    model, changes = freed(
        HistGradientBoostingRegressor(max_iter=3, learning_rate=0.01, l2_regularization=5.0)
    )
    assert (model.max_iter, model.learning_rate, model.l2_regularization) == (100, 0.1, 0.0)
    assert {"max_iter", "learning_rate", "l2_regularization", "min_samples_leaf"} <= changes.keys()


def test_what_is_free_already_is_not_named():
    assert freed(LogisticRegression(C=1e4, max_iter=10_000))[1] == {}


def test_bagging_goes_together_with_its_sample_size():
    assert freed(RandomForestRegressor(max_samples=0.5))[1] == {"bootstrap": False, "max_samples": None}


def test_the_calibration_around_a_classifier_is_taken_off():
    assert isinstance(freed(CalibratedClassifierCV(LinearSVC()))[0], LinearSVC)


@pytest.mark.parametrize(
    ("estimator", "able"),
    [
        (HistGradientBoostingRegressor(), "any rows"),
        (KNeighborsClassifier(), "any rows"),
        (Ridge(), "independent rows"),
        (LinearSVC(), "independent rows"),
        (AdaBoostClassifier(), "some rows"),
        (GaussianNB(), "some rows"),
        (PoissonRegressor(), "some rows"),
    ],
)
def test_estimators_are_asked_for_what_they_can_do(estimator, able):
    assert ability(estimator) == able


rows = st.integers(0, 10_000).map(
    lambda seed: np.random.default_rng(seed).integers(0, 3, size=(80, 4)).astype(float)
)


@given(prepared=rows, seed=st.integers(0, 100))
def test_rows_to_learn_differ_from_each_other(prepared, seed):
    labels = np.arange(80) % 3
    chosen = prepared[easy_rows(prepared, labels, independent=False, seed=seed)]
    assert len(np.unique(chosen, axis=0)) == len(chosen) <= MAX_ROWS


@given(prepared=rows, seed=st.integers(0, 100))
def test_independent_rows_can_be_given_any_answer_by_a_linear_model(prepared, seed):
    chosen = prepared[easy_rows(prepared, np.arange(80) % 3, independent=True, seed=seed)]
    extended = np.column_stack([np.ones(len(chosen)), chosen])
    assert np.linalg.matrix_rank(extended) == len(chosen)


def test_rare_classes_are_among_the_rows():
    labels = (np.arange(3000) == 17).astype(np.int64)
    chosen = easy_rows(np.arange(3000.0)[:, None], labels, independent=False, seed=0)
    assert 17 in chosen


def test_missing_numbers_are_a_value():
    assert (
        len(easy_rows(np.array([[np.nan], [np.nan], [1.0]]), np.array([0, 1, 1]), independent=False, seed=0))
        == 2
    )
