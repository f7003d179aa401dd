"""ONNX of a whole fitted pipeline."""

from __future__ import annotations

import numpy as np
import onnx
import polars as pl
import pytest
from sklearn.ensemble import (
    ExtraTreesRegressor,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neural_network import MLPClassifier
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from loopwright.errors import ModelError
from loopwright.stages.registry.conversion import ML_OPSET, OPSET, to_onnx
from loopwright.stages.registry.parity import parity, unit_of
from loopwright.stages.registry.scoring import onnx_scorer
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.pipelines import pipeline

ESTIMATORS = [
    ("binary", HistGradientBoostingClassifier, {"max_iter": 20}),
    ("binary", RandomForestClassifier, {"n_estimators": 10}),
    ("binary", DecisionTreeClassifier, {}),
    ("binary", GradientBoostingClassifier, {"n_estimators": 10}),
    ("binary", LogisticRegression, {}),
    ("binary", LinearSVC, {}),
    ("multiclass", HistGradientBoostingClassifier, {"max_iter": 10}),
    ("multiclass", RandomForestClassifier, {"n_estimators": 10}),
    ("multiclass", LogisticRegression, {}),
    ("multiclass", LinearSVC, {}),
    ("multiclass", MLPClassifier, {"max_iter": 20}),
    ("regression", HistGradientBoostingRegressor, {"max_iter": 20}),
    ("regression", RandomForestRegressor, {"n_estimators": 5}),
    ("regression", ExtraTreesRegressor, {"n_estimators": 5}),
    ("regression", Ridge, {}),
]


def fitted(rows, estimator, params, task):
    made = pipeline(estimator, params, features=rows.features, frame=rows.frame, task=task, seed=0)
    return fit(made, rows.frame, rows.labels[task]).pipeline


def compared(model, rows, frame, task):
    scorer = onnx_scorer(
        to_onnx(model, rows.features), features=rows.features, task=task, classes=classes(task)
    )
    expected = predict(model, frame, task=task)
    return parity(expected, scorer.predict(frame), unit=unit_of(expected, task=task))


def classes(task):
    return {"binary": 2, "multiclass": 3, "regression": 0}[task]


@pytest.mark.parametrize(("task", "estimator", "params"), ESTIMATORS)
def test_no_row_moves_with_missing_numbers_unseen_text_and_huge_numbers(train, test, task, estimator, params):
    frame = test.frame.with_columns(
        payment=pl.when(pl.int_range(pl.len()) % 7 == 0).then(pl.lit("crypto")).otherwise("payment"),
        hour=pl.when(pl.int_range(pl.len()) % 5 == 0).then(float("nan")).otherwise("hour").cast(pl.Float32),
    )
    found = compared(fitted(train, estimator, params, task), train, frame, task)
    assert found.passed, found


def test_thresholds_between_neighbouring_floats_do_not_move_rows(make_rows):
    # Times near 1.38e9 lie 128 apart in 32 bits: every threshold falls between two neighbours.
    draw = np.random.default_rng(0)
    times = 1_380_000_000 + 128 * draw.integers(0, 2000, 3000)
    rows = make_rows(
        pl.DataFrame({"time": times}), {"regression": draw.normal(size=3000) + times % 1280 / 128}
    )
    model = fitted(rows, HistGradientBoostingRegressor, {"min_samples_leaf": 1}, "regression")
    assert compared(model, rows, rows.frame, "regression").passed


def test_odd_names_of_features_do_not_matter(train, make_rows):
    names = {
        "miles": "trip miles",
        "payment": "größe/art",
        "hour": "label",
        "started": "probabilities",
        "constant": "1",
    }
    rows = make_rows(train.raw.rename(names), train.labels)
    assert compared(fitted(rows, LogisticRegression, {}, "binary"), rows, rows.frame, "binary").passed


def test_features_that_the_pipeline_leaves_out_are_inputs_still(train, make_rows):
    rows = make_rows(train.raw.with_columns(empty=pl.lit(None, dtype=pl.Float64)), train.labels)
    model = fitted(rows, HistGradientBoostingClassifier, {"max_iter": 5}, "binary")
    assert len(onnx.load_model_from_string(to_onnx(model, rows.features)).graph.input) == len(rows.features)
    assert compared(model, rows, rows.frame, "binary").passed


@pytest.mark.parametrize("columns", [["miles"], ["payment"]])
@pytest.mark.parametrize("estimator", [HistGradientBoostingClassifier, LogisticRegression])
def test_one_kind_of_feature_is_enough(train, make_rows, columns, estimator):
    rows = make_rows(train.raw.select(columns), train.labels)
    assert compared(fitted(rows, estimator, {}, "binary"), rows, rows.frame, "binary").passed


def test_converting_leaves_the_pipeline_as_it_was(train, test):
    model = fitted(train, HistGradientBoostingClassifier, {"max_iter": 20}, "binary")
    before = [tree[0].nodes["num_threshold"].copy() for tree in model[-1]._predictors]
    to_onnx(model, train.features)
    for tree, kept in zip(model[-1]._predictors, before, strict=True):
        assert np.array_equal(tree[0].nodes["num_threshold"], kept)


def test_the_same_pipeline_gives_the_same_bytes_of_the_pinned_version(train):
    model = fitted(train, RandomForestClassifier, {"n_estimators": 5}, "binary")
    content = to_onnx(model, train.features)
    assert content == to_onnx(model, train.features)
    versions = {each.domain: each.version for each in onnx.load_model_from_string(content).opset_import}
    assert versions[""] <= OPSET
    assert versions["ai.onnx.ml"] <= ML_OPSET


def test_what_has_no_onnx_form_is_an_error_that_says_why(train):
    model = fitted(train, KernelRidge, {}, "regression")
    with pytest.raises(
        ModelError, match=r"KernelRidge cannot be converted to ONNX: .*Keep the model as skops"
    ):
        to_onnx(model, train.features)
