"""What is refused at the door, and what the refusal says."""

from __future__ import annotations

import numpy as np
import pytest

from loopwright.errors import DataError, EmptySample
from loopwright.measures.samples import checked, counts


@pytest.mark.parametrize(
    ("truth", "prediction", "task", "says"),
    [
        ([0, 1], [0.1], "binary", "shape"),
        ([0, 1], [[0.1, 0.9], [0.2, 0.8]], "binary", "shape"),
        ([0, 1], [0.1, 0.9], "multiclass", "n_classes"),
        ([[0, 1]], [[0.1, 0.9]], "regression", "shape"),
        ([0, 1], [0.1, np.nan], "binary", "row 1"),
        ([0.0, np.inf], [0.1, 0.2], "regression", "truth has a missing or infinite"),
        ([0, 2], [0.1, 0.2], "binary", "0 to 1"),
        ([0, -1], [0.1, 0.2], "binary", "-1"),
        ([0, 0.5], [0.1, 0.2], "binary", "0.5"),
        ([0, 3], [[0.5, 0.5], [0.5, 0.5]], "multiclass", "0 to 1"),
        ([0, 1], [0.1, 1.2], "binary", "predict_proba"),
        ([0, 1], [[0.5, 0.5], [0.5, 0.2]], "multiclass", "row 1 they add up to 0.7"),
        (["no", "yes"], [0.1, 0.2], "binary", "must be numbers"),
        ([0, 1], [0.1, 0.2], "ranking", "task"),
    ],
)
def test_what_is_no_sample_is_refused_with_the_reason(truth, prediction, task, says):
    with pytest.raises(DataError, match=says):
        checked(truth, prediction, task=task)


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_no_rows_are_no_sample(task):
    with pytest.raises(EmptySample):
        checked([], [], task=task)


def test_no_rows_of_several_classes_are_no_sample():
    with pytest.raises(EmptySample):
        checked(np.zeros(0), np.zeros((0, 3)), task="multiclass")


def test_probabilities_may_be_as_exact_as_float32_allows():
    probability = np.full((2, 3), 1 / 3, dtype=np.float32)
    assert checked([0, 2], probability, task="multiclass")[1].dtype == np.float64


def test_true_and_false_are_codes():
    truth, _ = checked(np.array([False, True]), [0.1, 0.2], task="binary")
    assert truth.tolist() == [0, 1]


@pytest.mark.parametrize("values", [[1, -1], [0.5, 1], [[1, 2]], ["a"], [np.nan]])
def test_what_is_no_count_is_refused(values):
    with pytest.raises(DataError, match="reference"):
        counts(values, name="reference")


@pytest.mark.parametrize("values", [[], [0, 0]])
def test_counts_of_nothing_are_an_error(values):
    with pytest.raises(EmptySample, match="current"):
        counts(values, name="current")
