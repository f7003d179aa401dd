"""A run is fitted on the training part, chosen on the validation part, and never scored on the test part."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from loopwright.errors import TrainingError, UnknownColumn, UserCodeError
from loopwright.stages.data import ROW
from loopwright.stages.training.fitting import fit
from loopwright.stages.training.material import Configuration
from loopwright.stages.training.persisting import from_skops
from loopwright.stages.training.pipelines import pipeline
from loopwright.stages.training.recency import recency_weights
from loopwright.stages.training.running import (
    TIME,
    baseline_run,
    fitted_run,
    heuristic_run,
    parts_of,
    threshold_of,
)

LOGISTIC = "sklearn.linear_model.LogisticRegression"
TRIAL = Configuration(role="trial", estimator=LOGISTIC, params={"C": 0.5}, seed=3, round=2, searched=("C",))


def fitted(worked, keep, by, rows=None):
    rows = worked.examples if rows is None else rows
    return fitted_run(rows, name="a", of=worked.material, by=by, keep=keep, row=ROW)


def measured(run, metric, part):
    return next(item.value for item in run.metrics if (item.metric, item.part) == (metric, part))


# -- parts -------------------------------------------------------------------------------------------------


def test_rows_are_divided_without_loss_and_keep_their_positions(worked):
    parts = parts_of(worked.examples, features=worked.line.features, labels=worked.line.labels, row=ROW)
    assert list(parts) == ["train", "validation", "test"]
    assert sorted(np.concatenate([part.rows for part in parts.values()]).tolist()) == list(range(600))
    for name, part in parts.items():
        rows = worked.rows[part.rows]
        assert set(rows["__part"]) == {name}
        assert part.truth.tolist() == rows["tipped"].to_list()
        assert part.inputs.columns == [item.name for item in worked.line.features.features]
        assert part.inputs.height == len(part.rows)


def test_rows_without_a_label_belong_to_no_part(worked):
    rows = worked.examples.with_columns(
        pl.when(pl.col(ROW) < 100).then(None).otherwise("__label").alias("__label")
    )
    parts = parts_of(rows, features=worked.line.features, labels=worked.line.labels, row=ROW)
    assert sum(len(part.rows) for part in parts.values()) == 500
    assert min(part.rows.min() for part in parts.values()) >= 100


# -- fits --------------------------------------------------------------------------------------------------


def test_a_trial_sees_training_and_validation_and_keeps_nothing(worked, keep):
    run = fitted(worked, keep, TRIAL)
    assert {item.part for item in run.metrics} == {"train", "validation"}
    assert (run.pipeline, run.predictions, keep.contents) == (None, None, {})
    assert (run.search, run.round, run.seed) == ({"C": 0.5}, 2, 3)
    assert run.objective == measured(run, "roc_auc", "validation")
    assert run.seconds > 0


def test_the_test_part_does_not_move_a_trial(worked, keep):
    upside_down = pl.when(pl.col("__part") == "test").then(1 - pl.col("__label")).otherwise("__label")
    rows = worked.examples.with_columns(upside_down.alias("__label"))
    assert fitted(worked, keep, TRIAL, rows).metrics == fitted(worked, keep, TRIAL).metrics


def test_a_final_fit_keeps_its_pipeline_and_its_predictions_of_validation_and_test(worked, keep):
    run = fitted(worked, keep, replace(TRIAL, role="final"))
    assert set(keep.contents) == {"pipeline.skops", "predictions.parquet"}
    said = pl.read_parquet(io.BytesIO(keep.contents["predictions.parquet"]))
    assert said.columns == [ROW, "part", "label", "prediction"]
    assert set(said["part"]) == {"validation", "test"}
    validation = said.filter(part="validation")
    assert roc_auc_score(validation["label"], validation["prediction"]) == pytest.approx(run.objective)
    truth = worked.rows[said[ROW].to_list()]
    assert said["label"].to_list() == truth["tipped"].to_list()
    parts = parts_of(worked.examples, features=worked.line.features, labels=worked.line.labels, row=ROW)
    again = from_skops(keep.contents["pipeline.skops"]).predict_proba(parts["test"].inputs)[:, 1]
    assert said.filter(part="test")["prediction"].to_list() == pytest.approx(again.tolist())


def test_a_trial_that_fails_says_so_and_a_final_fit_that_fails_stops(worked, keep):
    wrong = replace(TRIAL, params={"solver": "nonsense"})
    run = fitted(worked, keep, wrong)
    assert "nonsense" in run.failed
    assert (run.objective, run.metrics, run.threshold) == (None, (), None)
    with pytest.raises(TrainingError, match="nonsense"):
        fitted(worked, keep, replace(wrong, role="final"))


def test_the_environment_of_a_run_is_kept(worked, keep):
    libraries = fitted(worked, keep, TRIAL).libraries
    assert set(libraries) == {"loopwright", "scikit-learn", "numpy", "polars"}
    assert all(version[0].isdigit() for version in libraries.values())


# -- weights -----------------------------------------------------------------------------------------------


def dated(worked):
    """Return the examples with a time; the oldest come first."""
    return worked.examples.with_columns(
        (pl.datetime(2015, 1, 1) + pl.duration(days=pl.col(ROW))).alias(TIME)
    )


def test_a_half_life_lets_old_rows_count_less_in_the_fit_and_not_in_the_scores(worked, keep):
    material = replace(worked.material, half_life_days=100.0)
    run = fitted_run(dated(worked), name="a", of=material, by=TRIAL, keep=keep, row=ROW)
    assert run.half_life_days == 100.0
    plain = fitted(worked, keep, TRIAL)
    assert plain.half_life_days is None
    assert run.metrics != plain.metrics
    assert run.digest != plain.digest
    parts = parts_of(dated(worked), features=worked.line.features, labels=worked.line.labels, row=ROW)
    train, validation = parts["train"], parts["validation"]
    by_hand = pipeline(LOGISTIC, {"C": 0.5}, features=worked.line.features.features, frame=train.inputs, task="binary",
                       seed=3)
    weights = recency_weights(train.times, half_life_days=100.0)
    said = fit(by_hand, train.inputs, train.truth, weights=weights).pipeline.predict_proba(validation.inputs)[:, 1]
    assert run.objective == pytest.approx(roc_auc_score(validation.truth, said))


def test_an_endless_half_life_is_no_weight_at_all(worked, keep):
    material = replace(worked.material, half_life_days=1e12)
    run = fitted_run(dated(worked), name="a", of=material, by=TRIAL, keep=keep, row=ROW)
    assert run.objective == pytest.approx(fitted(worked, keep, TRIAL).objective)


def test_without_a_time_nothing_can_be_weighted(worked, keep):
    material = replace(worked.material, half_life_days=100.0)
    run = fitted_run(worked.examples, name="a", of=material, by=TRIAL, keep=keep, row=ROW)
    assert "it is not known when they happened" in run.failed


def test_what_is_to_be_beaten_counts_all_rows_the_same(worked, keep):
    material = replace(worked.material, half_life_days=100.0)
    by = replace(TRIAL, role="baseline")
    run = fitted_run(dated(worked), name="linear", of=material, by=by, keep=keep, row=ROW)
    plain = fitted(worked, keep, by)
    assert run.half_life_days is None
    assert run.metrics == plain.metrics


# -- baselines ---------------------------------------------------------------------------------------------


def test_the_usual_answer_has_no_skill_and_chance_is_the_same_every_time(worked, keep):
    def baseline(name):
        return baseline_run(worked.examples, name=name, of=worked.material, seed=0, keep=keep, row=ROW)

    assert baseline("majority").objective == 0.5
    first = baseline("random")
    assert replace(baseline("random"), seconds=first.seconds) == first
    assert first.objective != 0.5
    assert (first.role, first.estimator) == ("baseline", "random")


def heuristic(worked, keep, rule, name="heuristic card"):
    return heuristic_run(
        worked.examples, worked.rows, rule, name=name, file="heuristics.py", of=worked.material, keep=keep, row=ROW
    )


def test_a_rule_is_scored_as_it_answers(worked, keep):
    run = heuristic(worked, keep, lambda payment: (payment == "card").fill_null(value=False))
    validation = worked.rows.filter(pl.col("__part") == "validation")
    right = ((validation["payment"] == "card").fill_null(value=False) == (validation["tipped"] == 1)).mean()
    assert measured(run, "accuracy", "validation") == pytest.approx(right)
    assert run.estimator == "heuristics:card"
    assert run.predictions.name == "predictions.parquet"


@pytest.mark.parametrize(
    ("rule", "error", "message"),
    [
        (lambda paymnt: paymnt == "card", UnknownColumn, "'paymnt'.*did you mean 'payment'"),
        (lambda payment: payment is None, UserCodeError, "returned bool, not a Polars expression"),
        (lambda payment: payment.no_such_method(), UserCodeError, "while the rule was applied: AttributeError"),
        (lambda payment: payment + 1.5, UserCodeError, "heuristics.py.*while the rule was applied"),
    ],
)
def test_a_rule_that_cannot_be_applied_is_blamed(worked, keep, rule, error, message):
    with pytest.raises(error, match=message):
        heuristic(worked, keep, rule)


# -- threshold ---------------------------------------------------------------------------------------------


def test_the_threshold_is_what_the_charter_says_or_the_best_one_for_its_metric():
    truth, probability = np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.3, 0.4])
    assert threshold_of(0.5, truth, probability) == 0.5
    best = threshold_of("f1", truth, probability)
    assert 0.2 < best <= 0.3


def test_other_tasks_have_no_threshold(worked, keep):
    assert fitted(worked, keep, TRIAL).threshold == 0.5
    charter = replace(worked.material.charter, task="regression", optimize={"mae": 1.0}, without_ml=None)
    labels = replace(worked.material.labels, task="regression", classes=(), counts=(), mean=0.5)
    material = replace(worked.material, charter=charter, labels=labels)
    run = baseline_run(worked.examples, name="mean", of=material, seed=0, keep=keep, row=ROW)
    assert run.threshold is None
    assert run.objective == -measured(run, "mae", "validation")
