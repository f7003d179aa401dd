"""The number that a search maximises."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import TrainingError
from loopwright.stages.training.objective import objective

values = st.floats(-1e6, 1e6)


def test_losses_count_negatively():
    assert objective({"log_loss": 0.3}, {"log_loss": 1.0}) == -0.3
    assert objective({"roc_auc": 0.8, "rmse": 2.0}, {"roc_auc": 1.0, "rmse": 0.1}) == pytest.approx(0.6)


@given(worse=values, better=values)
def test_up_is_better_whichever_way_the_metric_points(worse, better):
    low, high = sorted([worse, better])
    assert objective({"roc_auc": low}, {"roc_auc": 1.0}) <= objective({"roc_auc": high}, {"roc_auc": 1.0})
    assert objective({"rmse": high}, {"rmse": 1.0}) <= objective({"rmse": low}, {"rmse": 1.0})


def test_a_metric_that_was_not_measured_is_named_with_the_nearest():
    with pytest.raises(TrainingError, match=r"'roc_au' was not measured.*did you mean 'roc_auc'"):
        objective({"roc_auc": 0.8}, {"roc_au": 1.0})


def test_a_metric_without_a_number_cannot_rank_trials():
    with pytest.raises(TrainingError, match="cannot be ranked"):
        objective({"roc_auc": math.nan}, {"roc_auc": 1.0})


def test_something_must_be_optimized():
    with pytest.raises(TrainingError, match="nothing is optimized"):
        objective({"roc_auc": 0.8}, {})
