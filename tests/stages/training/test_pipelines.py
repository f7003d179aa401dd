"""Preprocessing and estimator as one."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression, Ridge

from loopwright.errors import TrainingError
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.pipelines import MAX_LEVELS, MIN_LEVEL_ROWS, pipeline

BOTH = [HistGradientBoostingClassifier, LogisticRegression]


def prepared(rows, estimator):
    made = pipeline(estimator, {}, features=rows.features, frame=rows.frame, task="binary", seed=0)
    return made[:-1].fit_transform(rows.frame), made[:-1].get_feature_names_out().tolist()


def test_trees_see_numbers_as_they_are_with_missing_ones(train):
    values, names = prepared(train, HistGradientBoostingClassifier)
    started = values[:, names.index("numbers__started")]
    assert np.array_equal(started, train.frame["started"].to_numpy())
    assert np.isnan(values).any()


def test_trees_that_take_no_missing_numbers_see_the_median(train):
    values, names = prepared(train, GradientBoostingClassifier)
    miles = train.frame["miles"].to_numpy()
    filled = values[np.isnan(miles), names.index("numbers__miles")]
    assert filled == pytest.approx(np.nanmedian(miles))


def test_linear_models_see_centred_numbers_without_gaps(train):
    values, names = prepared(train, LogisticRegression)
    numbers = values[:, [place for place, name in enumerate(names) if name.startswith("numbers__")]]
    assert np.abs(numbers.mean(axis=0)).max() < 1e-3
    assert np.isfinite(values).all()


def test_missing_text_is_a_value_and_unseen_text_is_none(train):
    _, names = prepared(train, LogisticRegression)
    assert {"text__payment_", "text__payment_card", "text__payment_cash"} <= set(names)
    made = pipeline(Ridge, {}, features=train.features, frame=train.frame, task="regression", seed=0)
    unseen = train.frame.head(1).with_columns(payment=pl.lit("crypto"))
    encoded = made[:-1].fit(train.frame).transform(unseen)
    assert encoded[0, -3:].tolist() == [0, 0, 0]


def test_rare_values_and_values_beyond_the_fiftieth_get_no_column(make_rows):
    values = [f"v{number:02d}" for number in range(MAX_LEVELS + 5) for _ in range(MIN_LEVEL_ROWS)]
    rows = make_rows(pl.DataFrame({"text": [*values, *["rare"] * (MIN_LEVEL_ROWS - 1)]}), {})
    _, names = prepared(rows, LogisticRegression)
    assert len(names) == MAX_LEVELS
    assert "text__text_rare" not in names


@pytest.mark.parametrize("estimator", BOTH)
@pytest.mark.parametrize("columns", [["miles"], ["payment"], ["constant"], ["miles", "payment"]])
def test_one_feature_or_one_kind_of_feature_is_enough(train, make_rows, estimator, columns):
    rows = make_rows(train.raw.select(columns), train.labels)
    made = pipeline(estimator, {}, features=rows.features, frame=rows.frame, task="binary", seed=0)
    said = predict(fit(made, rows.frame, rows.labels["binary"]).pipeline, rows.frame, task="binary")
    assert np.isfinite(said).all()


@pytest.mark.parametrize("estimator", BOTH)
def test_a_feature_without_any_value_is_left_out_even_if_it_has_values_later(train, make_rows, estimator):
    rows = make_rows(train.raw.with_columns(empty=pl.lit(None, dtype=pl.Float64)), train.labels)
    made = pipeline(estimator, {}, features=rows.features, frame=rows.frame, task="binary", seed=0)
    fitted = fit(made, rows.frame, rows.labels["binary"]).pipeline
    filled = rows.frame.with_columns(empty=pl.lit(7.0, dtype=pl.Float32))
    assert np.array_equal(predict(fitted, rows.frame, task="binary"), predict(fitted, filled, task="binary"))


def test_features_that_hold_nothing_are_an_error(make_rows):
    rows = make_rows(pl.DataFrame({"empty": [None] * 20, "id": [f"t{number}" for number in range(20)]}), {})
    with pytest.raises(TrainingError, match="none of the 2 features holds a value"):
        pipeline(Ridge, {}, features=rows.features, frame=rows.frame, task="regression", seed=0)


def test_an_estimator_may_be_named_by_its_path(train):
    made = pipeline(
        "sklearn.linear_model.Ridge",
        {"alpha": 2.0},
        features=train.features,
        frame=train.frame,
        task="regression",
        seed=0,
    )
    assert made[-1].alpha == 2.0
