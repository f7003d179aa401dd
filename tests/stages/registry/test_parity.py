"""Parity of a converted model, on pipelines known to move rows and on such that do not."""

from __future__ import annotations

import os

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from loopwright import datasets
from loopwright.errors import EmptySample, ModelError
from loopwright.stages.registry.conversion import to_onnx
from loopwright.stages.registry.parity import first_divergent_step, parity, unit_of
from loopwright.stages.registry.scoring import onnx_scorer
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.pipelines import pipeline

predictions = st.lists(st.floats(0, 1), min_size=1, max_size=30).map(np.array)


@given(expected=predictions)
def test_what_is_equal_passes(expected):
    found = parity(expected, expected.copy())
    assert (found.passed, found.rows_off, found.largest, found.examples) == (True, 0, 0.0, ())


@given(expected=predictions, off=st.floats(2e-4, 0.5), data=st.data())
def test_one_row_that_is_off_fails_and_is_named(expected, off, data):
    row = data.draw(st.integers(0, len(expected) - 1))
    actual = expected.copy()
    actual[row] += off
    found = parity(expected, actual)
    assert (found.passed, found.rows_off, found.examples) == (False, 1, (row,))
    assert found.share_off == 1 / len(expected)


def test_the_worst_rows_come_first():
    found = parity(np.zeros(8), np.array([0, 0.1, 0, 0.3, 0.2, 0.1, 0.1, 0.1]))
    assert found.examples == (3, 4, 1, 5, 6)


def test_a_row_of_several_classes_is_off_once():
    assert parity(np.zeros((3, 2)), np.array([[0, 0], [0.5, 0.5], [0, 0]])).rows_off == 1


def test_what_is_no_number_is_off_and_the_record_of_it_is_finite():
    found = parity(np.zeros(2), np.array([0.0, np.nan]))
    assert (found.rows_off, found.examples) == (1, (1,))
    assert np.isfinite(found.largest)


def test_values_are_compared_in_units_of_their_spread():
    fares = np.array([100.0, 200.0, 300.0])
    assert not parity(fares, fares + 1e-3).passed
    assert parity(fares, fares + 1e-3, unit=unit_of(fares, task="regression")).passed
    assert unit_of(np.array([5.0, 5.0]), task="regression") == 5.0
    assert unit_of(np.array([0.0, 0.0]), task="regression") == 1.0


def test_nothing_to_compare_and_other_shapes_are_errors():
    with pytest.raises(EmptySample):
        parity(np.array([]), np.array([]))
    with pytest.raises(ModelError, match=r"shape \(2,\).*shape \(3,\)"):
        parity(np.zeros(2), np.zeros(3))


def discrete(rows=4000, *, seed=0):
    """Return fares in steps of 5 cents, a tenth of them missing, as a taxi meter gives them."""
    draw = np.random.default_rng(seed)
    fares = 3.25 + 0.05 * draw.geometric(0.005, rows)
    return np.where(draw.random(rows) < 0.1, np.nan, fares), (draw.random(rows) < (fares % 2) / 2).astype(
        np.int64
    )


def scaled(estimator):
    """Return the usual pipeline: medians for what is missing, then scaling."""
    numbers = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
    return Pipeline([("prepare", ColumnTransformer([("numbers", numbers, ["fare"])])), ("model", estimator)])


def compared(made, rows):
    fit(made, rows.frame, rows.labels["binary"])
    content = to_onnx(made, rows.features)
    scorer = onnx_scorer(content, features=rows.features, task="binary", classes=2)
    return content, parity(predict(made, rows.frame, task="binary"), scorer.predict(rows.frame))


def test_scaling_before_histogram_boosting_moves_rows_and_the_step_is_named(make_rows):
    fares, labels = discrete()
    rows = make_rows(pl.DataFrame({"fare": fares}), {"binary": labels})
    made = scaled(HistGradientBoostingClassifier(random_state=0))
    content, found = compared(made, rows)
    assert not found.passed
    step = first_divergent_step(made, content, rows.frame, found.examples[0])
    assert step.startswith("prepare: numbers__fare is")


def test_our_own_preprocessing_moves_none_of_these_rows(make_rows):
    fares, labels = discrete()
    rows = make_rows(pl.DataFrame({"fare": fares}), {"binary": labels})
    for estimator in (HistGradientBoostingClassifier, GradientBoostingClassifier):
        made = pipeline(estimator, {}, features=rows.features, frame=rows.frame, task="binary", seed=0)
        assert compared(made, rows)[1].passed


def test_the_estimator_is_named_if_preprocessing_is_not_to_blame(train):
    made = pipeline(
        HistGradientBoostingClassifier,
        {"max_iter": 5},
        features=train.features,
        frame=train.frame,
        task="binary",
        seed=0,
    )
    content = compared(made, train)[0]
    other = pipeline(
        HistGradientBoostingClassifier,
        {"max_iter": 9},
        features=train.features,
        frame=train.frame,
        task="binary",
        seed=0,
    )
    fit(other, train.frame, train.labels["binary"])
    assert first_divergent_step(other, content, train.frame, 0) == "model: HistGradientBoostingClassifier"


def taxi():
    if not os.environ.get("LOOPWRIGHT_DATA"):
        pytest.skip("the taxi trips are in no data folder: LOOPWRIGHT_DATA is not set")
    rows = datasets.load("chicago-taxi").head(6000)
    tipped = (rows["tips"] > 0.2 * rows["fare"]).fill_null(value=False).to_numpy().astype(np.int64)
    # Tracts are read as text where they are; numbers with gaps are what parity is about.
    return rows.drop("tips").with_columns(pl.col("^.*tract$").cast(pl.Float64, strict=False)), tipped


@pytest.mark.parametrize(
    ("estimator", "params"),
    [
        ("sklearn.ensemble.HistGradientBoostingClassifier", {"max_iter": 40}),
        ("sklearn.ensemble.RandomForestClassifier", {"n_estimators": 10}),
        ("sklearn.ensemble.GradientBoostingClassifier", {"n_estimators": 15}),
        ("sklearn.linear_model.LogisticRegression", {}),
    ],
)
def test_no_real_taxi_trip_moves(make_rows, estimator, params):
    frame, tipped = taxi()
    rows = make_rows(frame, {"binary": tipped})
    made = pipeline(estimator, params, features=rows.features, frame=rows.frame, task="binary", seed=0)
    assert compared(made, rows)[1].passed


def test_a_wrong_conversion_of_two_class_discriminants_is_found_on_real_trips(make_rows):
    frame, tipped = taxi()
    rows = make_rows(frame, {"binary": tipped})
    made = pipeline(
        LinearDiscriminantAnalysis, {}, features=rows.features, frame=rows.frame, task="binary", seed=0
    )
    content, found = compared(made, rows)
    assert found.share_off > 0.5
    step = first_divergent_step(made, content, rows.frame, found.examples[0])
    assert step == "model: LinearDiscriminantAnalysis"
