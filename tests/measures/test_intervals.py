"""Intervals: they cover what they say, are never narrow by accident, and never depend on chance alone."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest

from loopwright.errors import EmptySample, LoopwrightError, Undefined
from loopwright.measures.intervals import bootstrap, effective_freedom
from loopwright.measures.metrics import METRICS
from loopwright.measures.quantiles import wilson


def scored(rows, generator, *, positives=0.3, distance=1.2):
    """Rows whose true ROC area is known: scores are normal, positives moved up by a distance."""
    truth = (generator.random(rows) < positives).astype(int)
    truth[:2] = 0, 1
    return truth, 1 / (1 + np.exp(-(generator.normal(size=rows) + distance * truth)))


def roc_area(distance):
    return NormalDist().cdf(distance / np.sqrt(2))


def share_covered(name, true, sample, *, task, rows, trials):
    generator = np.random.default_rng(rows)
    covered = 0
    for seed in range(trials):
        truth, prediction = sample(rows, generator)
        found = bootstrap(name, truth, prediction, task=task, resamples=400, seed=seed)
        covered += found.low <= true <= found.high
    return covered / trials


def normal_errors(rows, generator):
    truth = generator.normal(size=rows)
    return truth, truth + generator.normal(size=rows)


def mostly_right(rows, generator):
    truth = generator.integers(0, 2, rows)
    return truth, np.where(generator.random(rows) < 0.9, truth, 1 - truth) * 0.8 + 0.1


def rare(rows, generator):
    """One row in ten is positive; nine in ten of those are found."""
    truth = (generator.random(rows) < 0.1).astype(int)
    truth[:2] = 0, 1
    return truth, (generator.random(rows) < np.where(truth == 1, 0.9, 0.05)).astype(float)


# Three standard deviations of the simulation itself below 95 % is 91.7 % for 250 trials.
@pytest.mark.parametrize(
    ("name", "true", "sample", "task", "rows"),
    [
        ("roc_auc", roc_area(1.2), scored, "binary", 200),
        ("accuracy", 0.9, mostly_right, "binary", 200),
        ("accuracy", 0.9, mostly_right, "binary", 2000),
        ("rmse", 1.0, normal_errors, "regression", 200),
        ("rmse", 1.0, normal_errors, "regression", 2000),
        ("balanced_accuracy", 0.925, rare, "binary", 60),
        ("f1", 0.18 / 0.235, rare, "binary", 200),
    ],
)
def test_95_percent_intervals_cover_the_truth(name, true, sample, task, rows):
    assert share_covered(name, true, sample, task=task, rows=rows, trials=250) >= 0.917


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "true", "sample", "task"),
    [
        ("roc_auc", roc_area(1.2), scored, "binary"),
        ("mae", np.sqrt(2 / np.pi), normal_errors, "regression"),
        ("median_absolute_error", NormalDist().inv_cdf(0.75), normal_errors, "regression"),
    ],
)
def test_95_percent_intervals_cover_the_truth_on_2000_rows(name, true, sample, task):
    assert share_covered(name, true, sample, task=task, rows=2000, trials=250) >= 0.917


def test_the_same_seed_gives_the_same_interval():
    truth, probability = scored(300, np.random.default_rng(0))
    first, second = (bootstrap("roc_auc", truth, probability, task="binary", seed=3) for _ in range(2))
    assert first == second


@pytest.mark.parametrize("name", [name for name in METRICS if "binary" in METRICS[name].tasks])
def test_every_binary_metric_lies_in_its_interval(name):
    truth, probability = scored(400, np.random.default_rng(1))
    found = bootstrap(name, truth, probability, task="binary")
    assert found.low <= found.value <= found.high
    assert found.rows == 400
    low, high = METRICS[name].bounds or (-np.inf, np.inf)
    assert low <= found.low < found.high <= high


@pytest.mark.parametrize("name", [name for name in METRICS if "multiclass" in METRICS[name].tasks])
def test_every_multiclass_metric_lies_in_its_interval(name):
    generator = np.random.default_rng(2)
    truth = generator.integers(0, 3, 300)
    probability = generator.dirichlet([1, 1, 1], 300) / 2
    probability[np.arange(300), truth] += 0.5
    found = bootstrap(name, truth, probability, task="multiclass")
    assert found.low <= found.value <= found.high
    assert found.low < found.high


@pytest.mark.parametrize("name", [name for name in METRICS if "regression" in METRICS[name].tasks])
def test_every_regression_metric_lies_in_its_interval(name):
    generator = np.random.default_rng(3)
    truth = generator.gamma(2.0, size=300) + 0.1
    found = bootstrap(name, truth, truth * generator.lognormal(0, 0.3, 300), task="regression")
    assert found.low < found.value < found.high


@pytest.mark.parametrize("name", ["accuracy", "recall", "precision", "specificity", "f1", "f2", "roc_auc",
                                  "average_precision", "balanced_accuracy", "matthews_correlation"])
def test_perfection_on_six_rows_is_no_proof_of_perfection(name):
    truth = [0, 0, 0, 1, 1, 1]
    found = bootstrap(name, truth, [0.1, 0.2, 0.3, 0.7, 0.8, 0.9], task="binary")
    assert found.value == pytest.approx(1)
    assert found.low < 0.8
    assert found.high == pytest.approx(1)


def test_finding_nothing_in_six_rows_is_no_proof_of_uselessness():
    found = bootstrap("recall", [1] * 6, [0.1] * 6, task="binary")
    assert (found.value, found.low) == (0.0, 0.0)
    assert found.high > 0.3


@pytest.mark.parametrize(
    ("name", "hits", "rows"), [("recall", 3, 4), ("precision", 3, 5), ("accuracy", 7, 10)]
)
def test_proportions_get_wilsons_interval(name, hits, rows):
    truth = [1, 1, 1, 1, 0, 0, 0, 0, 0, 0]
    decided = [1, 1, 1, 0, 1, 1, 0, 0, 0, 0]
    found = bootstrap(name, truth, np.array(decided, float), task="binary")
    assert (found.low, found.high) == tuple(float(end) for end in wilson(hits, rows))
    assert found.method == "wilson"


def test_binning_many_scores_hardly_changes_the_interval():
    truth, probability = scored(20_000, np.random.default_rng(4))
    found = bootstrap("roc_auc", truth, probability, task="binary")
    # Hanley & McNeil's formula for the standard error, which holds for scores like these.
    area, positives = found.value, truth.sum()
    above, twice = area / (2 - area), 2 * area**2 / (1 + area)
    negatives = len(truth) - positives
    error = np.sqrt(
        (area * (1 - area) + (positives - 1) * (above - area**2) + (negatives - 1) * (twice - area**2))
        / (positives * negatives)
    )
    assert (found.high - found.low) / (2 * 1.96 * error) == pytest.approx(1, abs=0.15)


def test_rare_positives_among_many_rows_keep_their_order():
    truth, probability = scored(50_000, np.random.default_rng(5), positives=0.002, distance=2.0)
    found = bootstrap("average_precision", truth, probability, task="binary")
    assert found.low < found.value < found.high
    assert found.high - found.low > 0.02


def test_unbiased_probabilities_may_have_a_bias_of_zero():
    generator = np.random.default_rng(6)
    probability = generator.random(500)
    truth = (generator.random(500) < probability).astype(int)
    found = bootstrap("prediction_bias", truth, probability, task="binary")
    assert found.low == 0.0 < found.high


def test_one_row_has_a_proportion_but_no_mean_error_with_an_interval():
    assert bootstrap("accuracy", [1], [0.9], task="binary").low < 0.3
    with pytest.raises(Undefined, match="two rows"):
        bootstrap("rmse", [1.0], [2.0], task="regression")


def test_no_rows_are_an_error():
    with pytest.raises(EmptySample):
        bootstrap("accuracy", [], [], task="binary")


@pytest.mark.parametrize("options", [{"level": 1.0}, {"level": 0.0}, {"resamples": 10}])
def test_an_impossible_level_or_too_few_resamples_are_refused(options):
    with pytest.raises(LoopwrightError, match=r"level|resamples"):
        bootstrap("accuracy", [0, 1], [0.1, 0.9], task="binary", **options)


def test_a_higher_level_is_a_wider_interval():
    truth, probability = scored(300, np.random.default_rng(8))
    narrow, wide = (
        bootstrap("log_loss", truth, probability, task="binary", level=level) for level in (0.8, 0.95)
    )
    assert wide.low < narrow.low < narrow.high < wide.high


def test_three_influential_rows_show_the_variance_with_few_degrees_of_freedom():
    influences, ones = np.zeros(1000), np.ones(1000, dtype=np.int64)
    influences[:3] = 1.0
    assert effective_freedom(influences - influences.mean(), ones) < 7
    assert effective_freedom(np.random.default_rng(9).normal(size=1000), ones) > 800
