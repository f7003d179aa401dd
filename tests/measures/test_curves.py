"""Curves for drawing, and the best threshold."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import EmptySample, LoopwrightError, Undefined
from loopwright.measures.curves import best_threshold, precision_recall_curve, roc_curve
from loopwright.measures.metrics import score

sk = pytest.importorskip("sklearn.metrics")


def sample(seed, rows):
    generator = np.random.default_rng(seed)
    truth = (generator.random(rows) < 0.3).astype(int)
    truth[:2] = 0, 1
    return truth, np.round(1 / (1 + np.exp(-(generator.normal(size=rows) + truth))), 3)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1000), rows=st.integers(2, 60))
def test_a_short_roc_curve_is_scikit_learns(seed, rows):
    truth, probability = sample(seed, rows)
    x, y, threshold = sk.roc_curve(truth, probability)
    found = roc_curve(truth, probability)
    area = np.trapezoid(found.true_positive_rate, found.false_positive_rate)
    assert area == pytest.approx(np.trapezoid(y, x))
    assert set(found.threshold) - {None} <= set(threshold.tolist())
    assert (found.false_positive_rate[0], found.true_positive_rate[0], found.threshold[0]) == (0.0, 0.0, None)
    assert (found.false_positive_rate[-1], found.true_positive_rate[-1]) == (1.0, 1.0)


@pytest.mark.parametrize("points", [3, 50, 200])
def test_a_thinned_roc_curve_stays_near_the_whole_one(points):
    truth, _ = sample(0, 20_000)
    probability = 1 / (1 + np.exp(-(np.random.default_rng(1).normal(size=20_000) + truth)))
    x, y, _ = sk.roc_curve(truth, probability)
    found = roc_curve(truth, probability, points=points)
    assert len(found.threshold) <= points
    kept = np.stack([found.false_positive_rate, found.true_positive_rate], axis=1)
    near = np.abs(np.stack([x, y], axis=1)[:, None, :] - kept[None]).sum(axis=2).min(axis=1)
    assert near.max() <= 2 / (points - 2)


def test_points_of_a_thinned_precision_recall_curve_lie_on_it():
    truth, probability = sample(2, 5000)
    found = precision_recall_curve(truth, probability)
    assert len(found.threshold) <= 200
    points = list(zip(found.recall, found.precision, found.threshold, strict=True))
    for recall, precision, threshold in points[::20]:
        options = {"task": "binary", "threshold": threshold}
        assert score("recall", truth, probability, **options) == pytest.approx(recall)
        assert score("precision", truth, probability, **options) == pytest.approx(precision)
    assert list(found.recall) == sorted(found.recall)
    assert found.recall[-1] == 1.0


@pytest.mark.parametrize(
    "purpose", ["accuracy", "balanced_accuracy", "f0.5", "f1", "f2", "matthews_correlation", "youden"]
)
def test_no_other_threshold_is_better_than_the_best(purpose):
    truth, probability = sample(3, 300)
    metric = "balanced_accuracy" if purpose == "youden" else purpose

    def at(threshold):
        return score(metric, truth, probability, task="binary", threshold=threshold)

    chosen = at(best_threshold(truth, probability, maximise=purpose))
    assert chosen >= max(at(threshold) for threshold in np.unique(probability)) - 1e-12


def test_where_all_should_be_positive_the_threshold_lets_all_in():
    assert best_threshold([1, 1, 0], [0.2, 0.9, 0.5], maximise="f2") == 0.2


def test_an_unknown_purpose_is_answered_with_the_nearest():
    with pytest.raises(LoopwrightError, match="did you mean 'balanced_accuracy'"):
        best_threshold([0, 1], [0.1, 0.9], maximise="balanced_acuracy")


def test_one_class_has_no_curves():
    with pytest.raises(Undefined):
        roc_curve([1, 1], [0.1, 0.2])
    with pytest.raises(Undefined):
        precision_recall_curve([0, 0], [0.1, 0.2])
    with pytest.raises(Undefined):
        best_threshold([0, 0], [0.1, 0.2], maximise="youden")


def test_no_rows_have_no_curves():
    for curve in (roc_curve, precision_recall_curve, best_threshold):
        with pytest.raises(EmptySample):
            curve([], [])


def test_two_points_are_no_curve():
    with pytest.raises(LoopwrightError, match="points=2"):
        roc_curve([0, 1], [0.1, 0.9], points=2)
