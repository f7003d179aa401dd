"""What a single feature says: nothing for numbers of rows, everything for a copy of the label."""

from __future__ import annotations

import numpy as np
import pytest

from loopwright.errors import DataError, EmptySample, Undefined
from loopwright.measures.strength import strength

ROWS = 2000


def label(task, rows=ROWS, *, seed=0):
    generator = np.random.default_rng(seed)
    if task == "regression":
        return generator.normal(size=rows)
    return generator.integers(0, 2 if task == "binary" else 4, rows)


FLOOR = {"binary": 0.5, "multiclass": 0.0, "regression": 0.0}


@pytest.mark.parametrize("task", FLOOR)
def test_a_copy_of_the_label_gives_it_away(task):
    truth = label(task)
    found = strength(truth * -3.0, truth, task=task)
    assert found.score > 0.98
    assert found.low <= found.score <= found.high
    assert found.rows == ROWS


@pytest.mark.parametrize("task", FLOOR)
@pytest.mark.parametrize("kind", ["numeric", "categorical"])
def test_numbering_the_rows_says_nothing(task, kind):
    found = strength(np.random.default_rng(1).permutation(ROWS), label(task), task=task, kind=kind)
    assert found.score < FLOOR[task] + 0.04


@pytest.mark.parametrize("task", FLOOR)
def test_noise_says_nothing_on_average(task):
    generator = np.random.default_rng(2)
    scores = [
        strength(generator.normal(size=ROWS), label(task, seed=seed), task=task).score for seed in range(20)
    ]
    assert np.mean(scores) < FLOOR[task] + 0.01


@pytest.mark.parametrize("task", FLOOR)
def test_a_constant_or_empty_column_says_nothing(task):
    for column in (np.ones(ROWS), np.full(ROWS, np.nan)):
        assert strength(column, label(task), task=task).score == pytest.approx(FLOOR[task], abs=0.01)


def test_missing_values_can_say_everything():
    truth = label("binary")
    assert strength(np.where(truth == 1, np.nan, 7.0), truth, task="binary").score == 1.0


def test_a_category_is_as_strong_as_its_groups_differ():
    generator = np.random.default_rng(3)
    code = generator.integers(0, 5, 20_000)
    truth = (generator.random(20_000) < np.array([0.05, 0.1, 0.5, 0.9, 0.95])[code]).astype(int)
    by_code = strength(code, truth, task="binary", kind="categorical")
    by_name = strength(np.array(list("edcba"))[code], truth, task="binary", kind="categorical")
    assert by_code.score == pytest.approx(0.92, abs=0.02)
    assert by_name.score == pytest.approx(by_code.score, abs=0.002)


def test_a_feature_that_is_strong_in_no_straight_line_is_found():
    generator = np.random.default_rng(4)
    values = generator.normal(size=5000)
    assert strength(values, (np.abs(values) > 0.7).astype(int), task="binary").score > 0.95
    assert strength(values, values**2, task="regression").score > 0.8


def test_infinity_is_a_large_number():
    truth = label("binary")
    assert strength(np.where(truth == 1, np.inf, -np.inf), truth, task="binary").score == 1.0


def test_the_scale_is_named():
    scales = [strength(label(task), label(task), task=task).scale for task in FLOOR]
    assert scales == ["roc_auc", "information", "r2"]


def test_giving_the_label_away_on_ten_rows_is_not_certain():
    found = strength([1.0, 2.0] * 5, [0, 1] * 5, task="binary")
    assert (found.score, found.high) == (1.0, 1.0)
    assert found.low < 0.9


def test_the_same_seed_gives_the_same_strength():
    values, truth = np.random.default_rng(5).normal(size=ROWS), label("binary")
    assert strength(values, truth, task="binary", seed=4) == strength(values, truth, task="binary", seed=4)


@pytest.mark.parametrize(
    ("values", "truth", "options", "error"),
    [
        ([], [], {}, EmptySample),
        ([1.0] * 9, [1] * 9, {}, Undefined),
        ([1.0] * 3, [0, 1, 0], {}, Undefined),
        ([1.0] * 9, [0, 1] * 4 + [2], {}, DataError),
        ([1.0] * 8, [0, 1] * 5, {}, DataError),
        ([1.0] * 10, [0, np.nan] * 5, {}, DataError),
        (["a"] * 10, [0, 1] * 5, {}, DataError),
        (np.array([1, "a"] * 5, dtype=object), [0, 1] * 5, {"kind": "categorical"}, DataError),
        ([1.0] * 10, [0, 1] * 5, {"kind": "text"}, DataError),
        ([1.0] * 10, [0, 1] * 5, {"task": "ranking"}, DataError),
    ],
)
def test_what_cannot_be_measured_is_refused(values, truth, options, error):
    with pytest.raises(error):
        strength(values, truth, **{"task": "binary", **options})
