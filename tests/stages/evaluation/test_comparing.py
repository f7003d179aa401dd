from __future__ import annotations

import numpy as np
import pytest

from loopwright.records.record import encode
from loopwright.stages.evaluation.comparing import better_when, compared

RANDOM = np.random.default_rng(1)
ROWS = 1500
TRUTH = (RANDOM.random(ROWS) < 0.4).astype(np.int64)
GOOD = np.clip(0.4 + 0.5 * (TRUTH - 0.4) + 0.2 * RANDOM.normal(size=ROWS), 0.01, 0.99)
NOISY = np.clip(GOOD + 0.2 * RANDOM.normal(size=ROWS), 0.01, 0.99)
AS_NOISY = np.clip(GOOD + 0.2 * RANDOM.normal(size=ROWS), 0.01, 0.99)
CONSTANT = np.full(ROWS, TRUTH.mean())


def one(mine, other, charter, model, *, truth=TRUTH, name="linear"):
    (found,) = compared(truth, mine, {name: other}, subject=model, charter=charter, part="test")
    assert encode(found)
    return found


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "brier_loss", "accuracy"])
def test_better_is_above_zero_whichever_way_the_metric_runs(metric, charter_with, model):
    charter = charter_with(optimize={metric: 1.0})
    found = one(GOOD, CONSTANT, charter, model, name="majority")
    assert found.check == "comparison.majority"
    assert found.passed is True
    assert 0 < found.low < found.value < found.high
    assert found.claim.startswith("The model is better than the majority baseline")


def test_a_worse_model_fails_and_the_numbers_are_the_better_ones_with_the_other_sign(charter_with, model):
    worse, better = one(CONSTANT, GOOD, charter_with(), model), one(GOOD, CONSTANT, charter_with(), model)
    assert worse.passed is False
    assert worse.value == pytest.approx(-better.value)
    assert "worse than the linear baseline" in worse.claim


def test_an_unclear_difference_says_how_many_rows_would_show_it(charter_with, model):
    found = one(NOISY, AS_NOISY, charter_with(), model)
    assert found.passed is None
    assert "unclear" in found.claim
    assert "rows would show it" in found.claim


def test_the_same_predictions_are_equally_good(charter_with, model):
    found = one(GOOD, GOOD.copy(), charter_with(), model)
    assert (found.value, found.passed) == (0.0, None)
    assert "equally good" in found.claim


def test_what_has_no_value_says_so(charter_with, model):
    found = one(GOOD, NOISY, charter_with(), model, truth=np.ones(ROWS, dtype=np.int64))
    assert (found.value, found.low, found.passed) == (None, None, None)
    assert "cannot be known" in found.claim


def test_a_weighted_sum_adds_gains_and_never_narrows_the_interval(charter_with, model):
    auc = one(GOOD, NOISY, charter_with(optimize={"roc_auc": 1.0}), model)
    loss = one(GOOD, NOISY, charter_with(optimize={"log_loss": 1.0}), model)
    both = one(GOOD, NOISY, charter_with(optimize={"roc_auc": 0.7, "log_loss": 0.3}), model)
    assert both.value == pytest.approx(0.7 * auc.value + 0.3 * loss.value)
    assert both.high - both.low == pytest.approx(0.7 * (auc.high - auc.low) + 0.3 * (loss.high - loss.low))


def test_a_model_without_skill_rarely_passes_for_better_than_a_constant(charter_with, model):
    random = np.random.default_rng(2)
    passed = 0
    for _ in range(60):
        truth = (random.random(150) < 0.4).astype(np.int64)
        found = one(random.random(150), np.full(150, 0.4), charter_with(), model, truth=truth)
        passed += found.passed is True
    assert passed <= 6  # 2.5 % expected; 6 of 60 or more has a chance below 1 %


def test_less_loss_and_more_score_are_better():
    assert (better_when("rmse"), better_when("r2")) == (-1, 1)
