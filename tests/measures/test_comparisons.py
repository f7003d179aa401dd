"""Comparisons in pairs: fair to both, seldom wrong about equals, honest about how many rows are missing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import DataError, EmptySample, Undefined
from loopwright.measures.comparisons import compare, holm
from loopwright.measures.metrics import METRICS


def twins(rows, generator, *, worse=0.0):
    """Two models of the same rows that err alike, b a little more if asked."""
    truth = (generator.random(rows) < 0.3).astype(int)
    truth[:2] = 0, 1
    shared = generator.normal(size=rows) * 0.9 + 1.2 * truth - 0.8
    a, b = (
        1 / (1 + np.exp(-(shared + noise * generator.normal(size=rows)))) for noise in (0.45, 0.45 + worse)
    )
    return truth, a, b


@pytest.mark.parametrize("name", ["roc_auc", "accuracy", "log_loss", "f1"])
@pytest.mark.parametrize("rows", [60, 250])
def test_equally_good_models_are_rarely_told_apart(name, rows):
    generator = np.random.default_rng(rows)
    claims = sum(
        compare(name, *twins(rows, generator), task="binary", resamples=200, seed=seed).better != "unclear"
        for seed in range(200)
    )
    # Nominal 5 % of 200 is 10; 20 is more than three standard deviations above.
    assert claims <= 20


def test_on_the_rows_needed_four_of_five_trials_decide():
    generator = np.random.default_rng(0)
    pilot = compare("log_loss", *twins(20_000, generator, worse=0.5), task="binary")
    assert pilot.better == "a"
    needed = pilot.rows_needed
    decided = sum(
        compare("log_loss", *twins(needed, generator, worse=0.5), task="binary", resamples=200).better == "a"
        for _ in range(200)
    )
    assert 0.65 <= decided / 200 <= 0.93


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), name=st.sampled_from(["roc_auc", "accuracy", "brier_loss", "f1"]))
def test_exchanging_the_models_turns_the_answer_round(seed, name):
    truth, a, b = twins(80, np.random.default_rng(seed), worse=1.0)
    forth = compare(name, truth, a, b, task="binary", resamples=200)
    back = compare(name, truth, b, a, task="binary", resamples=200)
    assert back.difference == pytest.approx(-forth.difference)
    assert (back.low, back.high) == pytest.approx((-forth.high, -forth.low))
    assert back.p_value == pytest.approx(forth.p_value)
    assert (forth.better, back.better) in {("a", "b"), ("b", "a"), ("unclear", "unclear")}


@pytest.mark.parametrize("name", [name for name in METRICS if "binary" in METRICS[name].tasks])
def test_a_model_is_no_better_than_itself(name):
    truth, a, _ = twins(100, np.random.default_rng(1))
    found = compare(name, truth, a, a, task="binary")
    assert (found.difference, found.p_value, found.better, found.rows_needed) == (0.0, 1.0, "unclear", None)
    assert found.low == found.high == 0.0


@pytest.mark.parametrize(("name", "better"), [("roc_auc", "a"), ("log_loss", "a"), ("accuracy", "a")])
def test_the_direction_of_the_metric_is_minded(name, better):
    truth, a, b = twins(2000, np.random.default_rng(2), worse=3.0)
    found = compare(name, truth, a, b, task="binary")
    assert found.better == better
    assert (found.difference > 0) == (name == "log_loss")
    assert found.p_value < 0.05


def test_the_range_excludes_zero_exactly_when_the_p_value_is_small():
    generator = np.random.default_rng(3)
    for worse in (0.0, 0.3, 0.6, 1.0):
        found = compare("brier_loss", *twins(300, generator, worse=worse), task="binary")
        assert (found.p_value < 0.05) == (found.better != "unclear")


def test_pairing_sees_what_two_intervals_would_not():
    generator = np.random.default_rng(4)
    truth = generator.normal(size=500) * 10
    noise = generator.normal(size=500)
    found = compare("mae", truth, truth + noise, truth + noise * 1.02, task="regression")
    assert found.better == "a"


def test_three_rows_decided_differently_prove_nothing():
    truth = np.array([0, 1] * 100)
    a = truth * 0.8 + 0.1
    b = a.copy()
    a[:3] = 1 - a[:3]
    found = compare("accuracy", truth, a, b, task="binary")
    assert found.difference == pytest.approx(0.015)
    assert found.better == "unclear"


def test_a_difference_that_is_the_same_in_every_row_needs_a_few_rows_to_be_believed():
    few = compare("mae", [1.0, 2.0, 3.0], [1.0, 2.0, 3.0], [2.0, 3.0, 4.0], task="regression")
    assert few.better == "unclear"
    truth = np.arange(20.0)
    many = compare("mae", truth, truth, truth + 1, task="regression")
    assert (many.better, many.difference) == ("a", 1.0)
    assert many.low < many.high


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_every_metric_of_the_other_tasks_can_be_compared(task):
    generator = np.random.default_rng(5)
    for name in (name for name in METRICS if task in METRICS[name].tasks):
        if task == "multiclass":
            truth = generator.integers(0, 3, 200)
            a, b = generator.dirichlet([1, 1, 1], (2, 200))
        else:
            truth = generator.gamma(2.0, size=200)
            a, b = truth + generator.random((2, 200))
        found = compare(name, truth, a, b, task=task, resamples=200)
        assert found.low < found.difference < found.high
        assert 0 <= found.p_value <= 1
        assert found.rows_needed is None or found.rows_needed > 0


def test_comparing_many_rows_agrees_with_comparing_fewer():
    truth, a, b = twins(40_000, np.random.default_rng(6), worse=0.2)
    whole = compare("roc_auc", truth, a, b, task="binary")
    part = compare("roc_auc", truth[:1000], a[:1000], b[:1000], task="binary")
    # A standard error shrinks with the root of the rows.
    assert (part.high - part.low) / (whole.high - whole.low) == pytest.approx(np.sqrt(40), rel=0.25)


def test_what_cannot_be_scored_cannot_be_compared():
    with pytest.raises(EmptySample):
        compare("accuracy", [], [], [], task="binary")
    with pytest.raises(Undefined):
        compare("roc_auc", [1, 1], [0.1, 0.2], [0.3, 0.2], task="binary")


def test_holm_multiplies_the_smallest_by_all_and_never_turns_the_order():
    assert holm([0.01, 0.02, 0.03, 0.9]) == pytest.approx((0.04, 0.06, 0.06, 0.9))
    assert holm([]) == ()


@given(p_values=st.lists(st.floats(0, 1), max_size=20))
def test_holm_never_makes_a_p_value_smaller(p_values):
    adjusted = holm(p_values)
    assert all(p <= q <= 1 for p, q in zip(p_values, adjusted, strict=True))
    assert sorted(range(len(p_values)), key=lambda at: (p_values[at], at)) == sorted(
        range(len(adjusted)), key=lambda at: (adjusted[at], p_values[at], at)
    )


def test_holm_refuses_what_is_no_p_value():
    with pytest.raises(DataError, match="between 0 and 1"):
        holm([0.1, 1.2])
