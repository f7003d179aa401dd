"""Losses per row, and the metrics that are functions of their means."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import Undefined
from loopwright.measures import losses

numbers = st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=50).map(np.array)


@given(errors=numbers)
def test_the_median_by_counts_is_the_median(errors):
    assert losses.median(errors, bins=None).whole == pytest.approx(np.median(errors))


def test_the_median_survives_binning_of_all_but_the_middle():
    errors = np.random.default_rng(0).lognormal(size=50_001)
    assert losses.median(errors, bins=1024).whole == pytest.approx(np.median(errors), rel=1e-2)


@given(prediction=numbers, shift=st.floats(-10, 10))
def test_bias_is_the_mean_difference(prediction, shift):
    truth = prediction - shift
    assert losses.bias(truth, prediction, signed=True).whole == pytest.approx(shift, abs=1e-9)
    assert losses.bias(truth, prediction, signed=False).whole == pytest.approx(abs(shift), abs=1e-9)


def test_two_classes_cost_the_same_however_they_are_written():
    truth, probability = np.array([0, 1, 1]), np.array([0.2, 0.7, 0.4])
    both = np.stack([1 - probability, probability], axis=1)
    assert losses.log_loss(truth, both) == pytest.approx(losses.log_loss(truth, probability))
    assert losses.brier(truth, both) == pytest.approx(2 * losses.brier(truth, probability))


def test_a_share_of_nothing_is_refused():
    with pytest.raises(Undefined, match="1 of 2 rows"):
        losses.relative(np.array([0.0, 1.0]), np.array([1.0, 1.0]))


def test_the_logarithm_of_a_negative_truth_is_refused():
    with pytest.raises(Undefined, match="down to -2"):
        losses.squared_log(np.array([-2.0, 1.0]), np.array([1.0, 1.0]))


def test_r2_is_not_lost_in_large_numbers():
    truth = 1e8 + np.arange(100.0)
    assert losses.r2(truth, truth + 1).whole == pytest.approx(1 - 1 / np.var(np.arange(100.0)))
