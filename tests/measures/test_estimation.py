"""Metrics estimated from scores alone, and what they are worth once outcomes are known."""

from __future__ import annotations

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import DataError, EmptySample, LoopwrightError
from loopwright.measures.catalogue import metrics_of
from loopwright.measures.estimation import (
    Calibrator,
    estimate,
    expected_sums,
    fit_calibrator,
    recalibrate,
    row_error,
)
from loopwright.measures.metrics import score, sums_of

BLIND = {"calibration_error", "prediction_bias", "median_absolute_error", "r2"}


def drawn(generator, rows, *, overconfident=1.0):
    """Return outcomes and the scores of a model that says logits this many times too large."""
    logit = generator.normal(size=rows)
    truth = (generator.random(rows) < 1 / (1 + np.exp(-logit))).astype(int)
    return truth, 1 / (1 + np.exp(-overconfident * logit))


def several(generator, rows, classes=4):
    scores = generator.dirichlet(np.ones(classes), size=rows)
    truth = (np.cumsum(scores, axis=1) < generator.random((rows, 1))).sum(axis=1)
    return np.minimum(truth, classes - 1), scores


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.integers(0, 1), st.integers(1, 19)), min_size=4, max_size=80),
    name=st.sampled_from([name for name in metrics_of("binary") if name not in BLIND]),
)
def test_chances_that_are_certain_give_the_metric_itself(rows, name):
    truth, steps = np.array(rows).T
    scores = steps / 20
    sums = expected_sums(name, scores, np.stack([1.0 - truth, truth], axis=1), task="binary")
    whole = sums_of(name, truth, scores, task="binary").whole
    assert sums.whole == pytest.approx(whole, nan_ok=True)


def test_chances_that_are_certain_give_the_metric_itself_for_several_classes():
    truth, scores = several(np.random.default_rng(0), 300)
    for name in metrics_of("multiclass"):
        sums = expected_sums(name, scores, np.eye(4)[truth], task="multiclass")
        assert sums.whole == pytest.approx(score(name, truth, scores, task="multiclass"))


def test_of_two_rows_that_share_a_half_chance_every_order_is_as_likely():
    scores, chances = np.array([0.4, 0.6]), np.full((2, 2), 0.5)
    assert expected_sums("roc_auc", scores, chances, task="binary").whole == pytest.approx(0.5)


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_outcomes_are_in_the_range_as_often_as_it_says(task):
    generator = np.random.default_rng(1)
    make = drawn if task == "binary" else several
    calibrator = fit_calibrator(*make(generator, 4000), task=task)
    names = ("roc_auc", "f1", "log_loss") if task == "binary" else ("macro_roc_auc", "accuracy", "log_loss")
    held = []
    for seed in range(40):
        truth, scores = make(generator, 400)
        for name in names:
            found = estimate(name, scores, calibrator=calibrator, draws=100, seed=seed)
            held.append(found.low <= score(name, truth, scores, task=task) <= found.high)
    # 120 ranges of 95 %, three of each window alike.
    assert np.mean(held) > 0.88


def test_rows_that_the_model_is_less_sure_of_are_expected_to_be_answered_worse():
    generator = np.random.default_rng(2)
    truth, scores = drawn(generator, 6000)
    calibrator = fit_calibrator(truth, scores, task="binary")
    truth, scores = drawn(generator, 20_000)
    unsure = np.abs(scores - 0.5) < 0.25
    found = estimate("roc_auc", scores[unsure], calibrator=calibrator)
    assert found.value < estimate("roc_auc", scores, calibrator=calibrator).value - 0.05
    assert found.value == pytest.approx(score("roc_auc", truth[unsure], scores[unsure], task="binary"), abs=0.015)


def test_a_change_of_what_becomes_of_equal_rows_is_not_seen():
    generator = np.random.default_rng(3)
    calibrator = fit_calibrator(*drawn(generator, 4000), task="binary")
    _, scores = drawn(generator, 2000)
    turned = (generator.random(2000) < 1 - scores).astype(int)
    assert score("roc_auc", turned, scores, task="binary") < 0.4
    assert estimate("roc_auc", scores, calibrator=calibrator).low > 0.6


def test_overconfident_scores_are_recalibrated_and_calibrated_ones_left_alone_or_hardly_changed():
    generator = np.random.default_rng(4)
    truth, scores = drawn(generator, 6000, overconfident=3.0)
    calibrator = fit_calibrator(truth, scores, task="binary")
    assert calibrator.method == "isotonic"
    truth, scores = drawn(generator, 6000, overconfident=3.0)
    better = recalibrate(scores, calibrator=calibrator)[:, 1]
    before, after = (score("calibration_error", truth, each, task="binary") for each in (scores, better))
    assert after < before / 3
    truth, scores = drawn(generator, 6000)
    same = recalibrate(scores, calibrator=fit_calibrator(truth, scores, task="binary"))[:, 1]
    assert np.abs(same - scores).mean() < 0.03


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=12, max_size=200))
def test_recalibrated_probabilities_rise_with_the_scores(rows):
    truth, steps = np.array(rows).T
    calibrator = fit_calibrator(truth, steps / 20, task="binary")
    levels = recalibrate(np.linspace(0, 1, 50), calibrator=calibrator)
    assert np.all(np.diff(levels[:, 1]) >= 0)
    assert levels.sum(axis=1) == pytest.approx(1.0)
    assert levels.min() >= 0


def test_isotonic_regression_is_that_of_scikit_learn():
    from sklearn.isotonic import IsotonicRegression

    generator = np.random.default_rng(5)
    scores = generator.integers(0, 100, 800) / 100
    truth = (generator.random(800) < scores**3).astype(int)
    calibrator = fit_calibrator(truth, scores, task="binary")
    assert calibrator.method == "isotonic"
    theirs = IsotonicRegression().fit(scores, truth).predict(scores)
    assert recalibrate(scores, calibrator=calibrator)[:, 1] == pytest.approx(theirs)


def test_errors_of_a_regression_are_estimated_by_what_is_predicted():
    generator = np.random.default_rng(6)
    said = generator.uniform(1, 100, 5000)
    truth = said + generator.normal(size=5000) * said / 10  # errors grow with the prediction
    calibrator = fit_calibrator(truth, said, task="regression")
    large = generator.uniform(60, 100, 2000)
    outcome = large + generator.normal(size=2000) * large / 10
    for name in ("mae", "rmse"):
        found = estimate(name, large, calibrator=calibrator)
        true = score(name, outcome, large, task="regression")
        assert found.low <= true <= found.high
        assert found.value == pytest.approx(true, rel=0.06)
        assert 0 < found.error < found.value / 20


def test_what_cannot_be_estimated_says_why():
    generator = np.random.default_rng(7)
    calibrator = fit_calibrator(*drawn(generator, 300), task="binary")
    for name in ("calibration_error", "prediction_bias"):
        assert "calibration" in estimate(name, [0.2, 0.7], calibrator=calibrator).why_none
    assert estimate("precision", [0.01, 0.02], calibrator=calibrator).why_none == "no row is decided positive"
    assert estimate("roc_auc", [], calibrator=calibrator).why_none == "there are no rows"
    truth = np.append(generator.uniform(1, 2, 99), 0.0)
    values = fit_calibrator(truth, truth + 0.1, task="regression")
    assert estimate("r2", [1.0, 2.0], calibrator=values).value is None
    assert estimate("median_absolute_error", [1.0, 2.0], calibrator=values).value is None
    assert estimate("mape", [1.0, 2.0], calibrator=values).why_none == "a true value is 0"


def test_every_other_metric_of_a_task_has_an_estimate():
    generator = np.random.default_rng(8)
    value = generator.uniform(1, 2, 200)
    samples = {
        "binary": drawn(generator, 200), "multiclass": several(generator, 200),
        "regression": (value + generator.normal(size=200) / 10, value),
    }
    for task, (truth, scores) in samples.items():
        calibrator = fit_calibrator(truth, scores, task=task)
        for name in set(metrics_of(task)) - BLIND:
            found = estimate(name, scores, calibrator=calibrator)
            assert found.low <= found.value <= found.high
            assert found.error >= 0


def test_the_error_of_an_estimate_is_what_windows_of_the_same_traffic_differ_by():
    generator = np.random.default_rng(9)
    calibrator = fit_calibrator(*drawn(generator, 3000), task="binary")
    for name in ("roc_auc", "accuracy", "log_loss"):
        found = [estimate(name, drawn(generator, 200)[1], calibrator=calibrator, draws=10) for _ in range(150)]
        spread = np.std([each.value for each in found])
        assert np.mean([each.error for each in found]) == pytest.approx(spread, rel=0.25)


def test_a_calibrator_survives_encoding_and_gives_the_same_estimate():
    calibrator = fit_calibrator(*drawn(np.random.default_rng(10), 500, overconfident=2.0), task="binary")
    again = msgspec.json.decode(msgspec.json.encode(calibrator), type=Calibrator)
    assert again == calibrator
    scores = [0.1, 0.5, 0.9] * 20
    assert estimate("f1", scores, calibrator=again) == estimate("f1", scores, calibrator=calibrator)


def test_the_error_of_a_mean_is_that_of_the_textbook():
    generator = np.random.default_rng(11)
    loss = generator.exponential(size=400)
    error, freedom = row_error(sums_of("mae", np.zeros(400), loss, task="regression"))
    assert error == pytest.approx(np.std(loss, ddof=1) / 20)
    assert 20 < freedom < 400  # a skewed loss tells less of its own variance


def test_scores_that_do_not_fit_are_errors():
    calibrator = fit_calibrator([0, 1] * 30, [0.2, 0.7] * 30, task="binary")
    with pytest.raises(DataError, match="finite numbers"):
        estimate("roc_auc", [0.2, np.nan], calibrator=calibrator)
    with pytest.raises(DataError, match="shape"):
        estimate("roc_auc", [[0.2, 0.8]], calibrator=calibrator)
    with pytest.raises(LoopwrightError, match="rmse"):
        estimate("rmse", [0.2], calibrator=calibrator)
    with pytest.raises(DataError, match="no probabilities"):
        recalibrate([1.0], calibrator=fit_calibrator([1.0, 2.0], [1.0, 2.0], task="regression"))
    with pytest.raises(EmptySample):
        fit_calibrator([], [], task="binary")
