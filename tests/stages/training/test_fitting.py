"""Fitting and asking."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
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


# -- weights -----------------------------------------------------------------------------------------------


def weighted_rows():
    draw = np.random.default_rng(0)
    frame = pl.DataFrame({"miles": draw.normal(size=200), "hour": draw.normal(size=200)})
    truth = (draw.random(200) < 1 / (1 + np.exp(-frame["miles"].to_numpy()))).astype(np.int64)
    return frame, truth, draw.integers(1, 4, 200)


def test_a_row_of_weight_three_is_three_rows():
    frame, truth, times = weighted_rows()
    weighted = fit(make_pipeline(LogisticRegression(tol=1e-10)), frame, truth, weights=times.astype(np.float64))
    rows = np.repeat(np.arange(200), times)
    repeated = fit(make_pipeline(LogisticRegression(tol=1e-10)), frame[rows], truth[rows])
    said = [predict(each.pipeline, frame, task="binary") for each in (weighted, repeated)]
    assert said[0] == pytest.approx(said[1], abs=1e-6)
    plain = fit(make_pipeline(LogisticRegression(tol=1e-10)), frame, truth)
    assert said[0] != pytest.approx(predict(plain.pipeline, frame, task="binary"), abs=1e-3)


@pytest.mark.parametrize("estimator", [*CLASSIFIERS, Ridge, HistGradientBoostingRegressor])
def test_weights_reach_the_estimator_behind_its_preparation(train, estimator):
    task = "binary" if estimator in CLASSIFIERS else "regression"
    odd = np.where(np.arange(600) % 2 == 1, 1.0, 1e-6)
    truth = train.labels[task]
    truth = np.where(odd == 1.0, truth, 1 - truth) if task == "binary" else np.where(odd == 1.0, truth, -100.0)
    fitted = [fit(made(train, estimator, task), train.frame, truth, weights=weights) for weights in (odd, None)]
    said = [predict(each.pipeline, train.frame, task=task) for each in fitted]
    off = [np.abs(each - train.labels[task])[odd == 1.0].mean() for each in said]
    assert off[0] < 0.9 * off[1]


@pytest.mark.parametrize("estimator", [KNeighborsClassifier, LinearDiscriminantAnalysis])
def test_an_estimator_that_takes_no_weights_is_named_with_a_way_out(train, estimator):
    with pytest.raises(TrainingError, match=rf'{estimator.__name__} cannot let some rows.*"weighted" out of `data`'):
        fit(made(train, estimator, "binary"), train.frame, train.labels["binary"], weights=np.ones(600))


def test_calibration_does_not_hide_that_the_estimator_inside_takes_no_weights(train):
    inner = CalibratedClassifierCV(KNeighborsClassifier(), ensemble=False)
    with pytest.raises(TrainingError, match="KNeighborsClassifier cannot let some rows count more"):
        fit(make_pipeline(inner), train.frame.select("hour"), train.labels["binary"], weights=np.ones(600))


@pytest.mark.parametrize("weights", [np.ones(5), np.zeros(600), np.full(600, np.nan), -np.ones(600)])
def test_weights_are_one_number_above_nothing_for_each_row(train, weights):
    with pytest.raises(TrainingError, match="600 rows came with weights that are not one number above 0"):
        fit(made(train, Ridge, "regression"), train.frame, train.labels["regression"], weights=weights)
