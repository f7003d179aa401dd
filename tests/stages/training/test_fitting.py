"""Fitting and asking."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPRegressor
from sklearn.svm import LinearSVC

from loopwright.errors import TrainingError
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.pipelines import pipeline

CLASSIFIERS = [LogisticRegression, HistGradientBoostingClassifier, LinearSVC]


def made(rows, estimator, task, **params):
    return pipeline(estimator, params, features=rows.features, frame=rows.frame, task=task, seed=0)


@pytest.mark.parametrize("estimator", CLASSIFIERS)
def test_predictions_have_the_shape_of_the_task(train, test, estimator):
    for task, shape in [("binary", (300,)), ("multiclass", (300, 3))]:
        fitted = fit(made(train, estimator, task), train.frame, train.labels[task]).pipeline
        said = predict(fitted, test.frame, task=task)
        assert said.shape == shape
        assert said.dtype == np.float64
        assert ((said >= 0) & (said <= 1)).all()


@pytest.mark.parametrize("estimator", [Ridge, HistGradientBoostingRegressor])
def test_numbers_are_predicted_better_than_their_mean(train, test, estimator):
    fitted = fit(made(train, estimator, "regression"), train.frame, train.labels["regression"]).pipeline
    said = predict(fitted, test.frame, task="regression")
    truth = test.labels["regression"]
    assert np.mean((said - truth) ** 2) < 0.5 * np.var(truth)


def test_no_rows_have_no_predictions_but_their_shape(train, test):
    for task, shape in [("binary", (0,)), ("multiclass", (0, 3))]:
        fitted = fit(made(train, LogisticRegression, task), train.frame, train.labels[task]).pipeline
        assert predict(fitted, test.frame.head(0), task=task).shape == shape


def test_warnings_of_the_estimator_are_notes(train):
    lazy = made(train, MLPRegressor, "regression", max_iter=2)
    notes = fit(lazy, train.frame, train.labels["regression"]).notes
    assert any(note.startswith("ConvergenceWarning:") for note in notes)


def test_a_failing_estimator_is_quoted_with_its_configuration(train):
    broken = made(train, LogisticRegression, "binary", C=-1.0)
    with pytest.raises(
        TrainingError, match=r"LogisticRegression\(C=-1.0.*could not be fitted to 600 rows.*'C'"
    ):
        fit(broken, train.frame, train.labels["binary"])


def test_other_columns_than_in_training_are_an_error(train):
    fitted = fit(made(train, Ridge, "regression"), train.frame, train.labels["regression"]).pipeline
    with pytest.raises(TrainingError, match="could not predict 600 rows"):
        predict(fitted, train.frame.drop("miles"), task="regression")


def test_a_class_without_rows_is_an_error(train):
    with pytest.raises(TrainingError, match=r"of 4 classes, number 3 .*has no row among the 600"):
        fit(made(train, LogisticRegression, "multiclass"), train.frame, train.labels["multiclass"], classes=4)
    with pytest.raises(TrainingError, match="of 2 classes, number 1"):
        fit(made(train, LogisticRegression, "binary"), train.frame, np.zeros(600, dtype=np.int64))


def test_missing_labels_and_wrong_numbers_of_labels_are_errors(train):
    ridge = made(train, Ridge, "regression")
    holes = np.where(np.arange(600) < 3, np.nan, train.labels["regression"])
    with pytest.raises(TrainingError, match="3 of 600 labels are missing"):
        fit(ridge, train.frame, holes)
    with pytest.raises(TrainingError, match="600 rows came with 2 labels"):
        fit(ridge, train.frame, np.array([1.0, 2.0]))
    with pytest.raises(TrainingError, match="no training rows"):
        fit(ridge, train.frame.head(0), np.array([]))


def test_the_same_seed_gives_the_same_model_to_the_bit(train, test):
    said = [
        predict(
            fit(
                made(train, HistGradientBoostingClassifier, "binary"), train.frame, train.labels["binary"]
            ).pipeline,
            test.frame,
            task="binary",
        )
        for _ in range(2)
    ]
    assert np.array_equal(*said)
