"""Baselines and the user's rule."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import TrainingError, UserCodeError
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.pipelines import pipeline
from loopwright.stages.training.simple_answers import BASELINES, LINEAR, baseline, heuristic

YES_NO = ("no", "yes")


@given(shares=st.lists(st.integers(1, 50), min_size=3, max_size=5), seed=st.integers(0, 100))
def test_random_answers_follow_the_shares_of_the_classes(shares, seed):
    labels = np.repeat(np.arange(len(shares)), shares)
    said = baseline("random", labels, rows=2000, task="multiclass", seed=seed)
    assert set(np.unique(said)) <= {0.0, 1.0}
    assert np.array_equal(said.sum(axis=1), np.ones(2000))
    assert said.mean(axis=0) == pytest.approx(np.array(shares) / sum(shares), abs=0.06)


def test_the_same_seed_gives_the_same_random_answers():
    labels = np.array([0, 1, 1])
    first, again, other = (
        baseline("random", labels, rows=50, task="binary", seed=seed) for seed in (1, 1, 2)
    )
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_the_majority_is_said_with_its_share():
    assert baseline("majority", np.array([0, 1, 1, 1]), rows=1, task="binary").tolist() == [0.75]
    said = baseline("majority", np.array([0, 0, 2]), rows=2, task="multiclass", classes=4)
    assert said == pytest.approx(np.array([[2 / 3, 0, 1 / 3, 0]] * 2))


def test_numbers_have_mean_and_median():
    labels = np.array([1.0, 2.0, 6.0])
    assert baseline("mean", labels, rows=2, task="regression").tolist() == [3.0, 3.0]
    assert baseline("median", labels, rows=1, task="regression").tolist() == [2.0]


def test_a_baseline_of_another_task_is_an_error():
    with pytest.raises(TrainingError, match="regression has no baseline 'majority'; it has mean, median"):
        baseline("majority", np.array([1.0]), rows=1, task="regression")
    with pytest.raises(TrainingError, match="no training labels"):
        baseline("mean", np.array([]), rows=1, task="regression")


@pytest.mark.parametrize("task", list(BASELINES))
def test_each_task_has_a_linear_model_that_fits(train, test, task):
    estimator, params = LINEAR[task]
    made = pipeline(estimator, params, features=train.features, frame=train.frame, task=task, seed=0)
    fitted = fit(made, train.frame, train.labels[task])
    assert fitted.notes == ()
    assert len(predict(fitted.pipeline, test.frame, task=task)) == 300


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ([True, False], [1.0, 0.0]),
        ([0.25, 1.0], [0.25, 1.0]),
        ([1, 0], [1.0, 0.0]),
        (["yes", "no"], [1.0, 0.0]),
    ],
)
def test_a_binary_rule_may_say_it_in_four_ways(said, expected):
    assert heuristic(pl.Series(said), task="binary", classes=YES_NO).tolist() == expected


def test_whole_numbers_that_are_classes_are_classes():
    assert heuristic(pl.Series([1, 2]), task="binary", classes=("1", "2")).tolist() == [0.0, 1.0]
    assert heuristic(pl.Series([0, 1]), task="binary", classes=("1", "0")).tolist() == [1.0, 0.0]


def test_a_rule_for_numbers_says_numbers():
    assert heuristic(pl.Series([1, 2]), task="regression", classes=()).tolist() == [1.0, 2.0]
    with pytest.raises(UserCodeError, match="must say a number of each row, and it says Boolean"):
        heuristic(pl.Series([True]), task="regression", classes=())
    with pytest.raises(UserCodeError, match="says inf of row 2"):
        heuristic(pl.Series([1.0, float("inf")]), task="regression", classes=())


@pytest.mark.parametrize(
    ("said", "task", "message"),
    [
        ([True, None, None], "binary", "says nothing of 2 of 3 rows, the first of them row 2"),
        ([0.5, float("nan")], "binary", "says nothing of 1 of 2 rows"),
        ([0.5, 1.5], "binary", "says 1.5 of row 2, and a probability lies between 0 and 1"),
        (["no", "maybe"], "binary", "one of the classes 'no', 'yes'; of row 2 it says 'maybe'"),
        (["no", "maybe"], "multiclass", "of row 2 it says 'maybe'. Return a class"),
        ([0.5], "multiclass", "it says 0.5. Return a class"),
    ],
)
def test_what_is_no_prediction_is_an_error_that_names_a_row(said, task, message):
    with pytest.raises(UserCodeError, match=message):
        heuristic(pl.Series(said), task=task, classes=YES_NO)


@given(codes=st.lists(st.integers(0, 2), max_size=20))
def test_a_rule_that_says_the_true_class_is_always_right(codes):
    classes = ("a", "b", "c")
    said = pl.Series([classes[code] for code in codes], dtype=pl.String)
    assert heuristic(said, task="multiclass", classes=classes).argmax(axis=1).tolist() == codes
