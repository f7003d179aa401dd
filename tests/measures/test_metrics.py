"""Named metrics: equal to scikit-learn where both are defined, an error where there is no value."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from loopwright.errors import DataError, EmptySample, LoopwrightError, Undefined
from loopwright.measures.metrics import METRICS, metric, score

sk = pytest.importorskip("sklearn.metrics")

# Two decimals make ties likely.
probabilities = st.integers(0, 100).map(lambda percent: percent / 100)
values = st.floats(-1e3, 1e3, allow_nan=False).map(lambda value: round(value, 3))


@st.composite
def binary(draw):
    rows = draw(st.integers(2, 40))
    truth = draw(arrays(np.int64, rows, elements=st.integers(0, 1)))
    truth[:2] = 0, 1
    return truth, draw(arrays(np.float64, rows, elements=probabilities))


@st.composite
def multiclass(draw):
    classes, rows = draw(st.integers(2, 5)), draw(st.integers(6, 30))
    truth = draw(arrays(np.int64, rows, elements=st.integers(0, classes - 1)))
    truth[:classes] = np.arange(classes)
    raw = draw(arrays(np.float64, (rows, classes), elements=st.floats(0.01, 1)))
    return truth, raw / raw.sum(axis=1, keepdims=True)


@st.composite
def regression(draw):
    rows = draw(st.integers(2, 40))
    truth = draw(arrays(np.float64, rows, elements=values))
    truth[0] = truth[1] + 1
    return truth, draw(arrays(np.float64, rows, elements=values))


def decided(probability):
    return (probability >= 0.5).astype(int)


BINARY = {
    "accuracy": lambda t, p: sk.accuracy_score(t, decided(p)),
    "average_precision": sk.average_precision_score,
    "balanced_accuracy": lambda t, p: sk.balanced_accuracy_score(t, decided(p)),
    "brier_loss": sk.brier_score_loss,
    "f0.5": lambda t, p: sk.fbeta_score(t, decided(p), beta=0.5, zero_division=0),
    "f1": lambda t, p: sk.f1_score(t, decided(p), zero_division=0),
    "f2": lambda t, p: sk.fbeta_score(t, decided(p), beta=2, zero_division=0),
    "log_loss": sk.log_loss,
    "matthews_correlation": lambda t, p: sk.matthews_corrcoef(t, decided(p)),
    "recall": lambda t, p: sk.recall_score(t, decided(p)),
    "roc_auc": sk.roc_auc_score,
    "specificity": lambda t, p: sk.recall_score(t, decided(p), pos_label=0),
}
MULTICLASS = {
    "accuracy": lambda t, p: sk.accuracy_score(t, p.argmax(axis=1)),
    "balanced_accuracy": lambda t, p: sk.balanced_accuracy_score(t, p.argmax(axis=1)),
    "brier_loss": lambda t, p: sk.brier_score_loss(t, p, labels=range(p.shape[1]), scale_by_half=False),
    "log_loss": lambda t, p: sk.log_loss(t, p, labels=range(p.shape[1])),
    "macro_f1": lambda t, p: sk.f1_score(t, p.argmax(axis=1), average="macro"),
}
REGRESSION = {
    "mae": sk.mean_absolute_error,
    "median_absolute_error": sk.median_absolute_error,
    "r2": sk.r2_score,
    "rmse": sk.root_mean_squared_error,
}


@settings(max_examples=60, deadline=None)
@given(sample=binary())
def test_binary_metrics_equal_scikit_learn(sample):
    for name, reference in BINARY.items():
        assert score(name, *sample, task="binary") == pytest.approx(reference(*sample), abs=1e-12), name


@settings(max_examples=60, deadline=None)
@given(sample=multiclass())
def test_multiclass_metrics_equal_scikit_learn(sample):
    for name, reference in MULTICLASS.items():
        assert score(name, *sample, task="multiclass") == pytest.approx(reference(*sample), abs=1e-12), name


@settings(max_examples=40, deadline=None)
@given(sample=multiclass())
def test_the_mean_roc_area_of_classes_equals_scikit_learn(sample):
    truth, probability = sample
    classes = range(probability.shape[1])
    areas = [sk.roc_auc_score(truth == each, probability[:, each]) for each in classes]
    found = score("macro_roc_auc", truth, probability, task="multiclass")
    assert found == pytest.approx(np.mean(areas), abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(sample=regression())
def test_regression_metrics_equal_scikit_learn(sample):
    for name, reference in REGRESSION.items():
        expected = pytest.approx(reference(*sample), rel=1e-9, abs=1e-9)
        assert score(name, *sample, task="regression") == expected, name


@settings(max_examples=40, deadline=None)
@given(sample=regression())
def test_relative_errors_equal_scikit_learn_where_the_truth_allows_them(sample):
    truth, prediction = (np.abs(each) + 0.5 for each in sample)
    assert score("mape", truth, prediction, task="regression") == pytest.approx(
        sk.mean_absolute_percentage_error(truth, prediction)
    )
    assert score("rmsle", truth, prediction, task="regression") == pytest.approx(
        sk.root_mean_squared_log_error(truth, prediction), abs=1e-9
    )


def test_precision_equals_scikit_learn():
    truth, probability = [0, 1, 1, 0], [0.9, 0.8, 0.1, 0.2]
    assert score("precision", truth, probability, task="binary") == sk.precision_score(truth, [1, 1, 0, 0])


def test_a_certain_error_costs_as_much_log_loss_as_in_scikit_learn():
    truth, probability = [0, 1], [1.0, 1.0]
    expected = sk.log_loss(truth, probability)
    assert score("log_loss", truth, probability, task="binary") == pytest.approx(expected)


def test_a_constant_score_ranks_like_chance():
    truth = [0, 0, 0, 1]
    assert score("roc_auc", truth, [0.3] * 4, task="binary") == 0.5
    assert score("average_precision", truth, [0.3] * 4, task="binary") == 0.25


def test_prediction_bias_is_the_distance_of_means_either_way():
    assert score("prediction_bias", [0, 1], [0.5, 0.7], task="binary") == pytest.approx(0.1)
    assert score("prediction_bias", [0, 1], [0.3, 0.5], task="binary") == pytest.approx(0.1)


def test_the_threshold_belongs_to_the_positive_side():
    assert score("recall", [1], [0.3], task="binary", threshold=0.3) == 1.0
    assert score("recall", [1], [0.3], task="binary", threshold=0.31) == 0.0


def test_decisions_that_never_vary_correlate_with_nothing():
    assert score("matthews_correlation", [0, 1, 1], [0.9] * 3, task="binary") == 0.0


def test_rmsle_reads_a_prediction_below_zero_as_zero():
    assert score("rmsle", [0.0, 0.0], [-3.0, 0.0], task="regression") == 0.0


@pytest.mark.parametrize(
    ("name", "truth", "prediction", "task"),
    [
        ("roc_auc", [1, 1], [0.1, 0.2], "binary"),
        ("average_precision", [0, 0], [0.1, 0.2], "binary"),
        ("recall", [0, 0], [0.1, 0.2], "binary"),
        ("specificity", [1, 1], [0.1, 0.2], "binary"),
        ("precision", [0, 1], [0.1, 0.2], "binary"),
        ("f1", [0, 0], [0.1, 0.2], "binary"),
        ("balanced_accuracy", [0, 0], [0.1, 0.2], "binary"),
        ("matthews_correlation", [1, 1], [0.1, 0.7], "binary"),
        ("macro_roc_auc", [0, 1], [[0.5, 0.3, 0.2], [0.2, 0.5, 0.3]], "multiclass"),
        ("r2", [2.0, 2.0], [1.0, 3.0], "regression"),
        ("mape", [0.0, 2.0], [1.0, 3.0], "regression"),
        ("rmsle", [-1.0, 2.0], [1.0, 3.0], "regression"),
    ],
)
def test_a_metric_without_a_value_is_an_error_that_says_why(name, truth, prediction, task):
    with pytest.raises(Undefined, match=name) as caught:
        score(name, truth, prediction, task=task)
    assert METRICS[name].undefined
    assert "nan" not in str(caught.value).lower()


def test_a_constant_truth_far_from_zero_has_no_r2():
    with pytest.raises(Undefined):
        score("r2", [1e9 + 0.1] * 30, np.linspace(0, 1, 30), task="regression")


@pytest.mark.parametrize("task", ["binary", "regression"])
def test_no_rows_are_an_error_not_a_zero(task):
    with pytest.raises(EmptySample):
        score({"binary": "accuracy", "regression": "mae"}[task], [], [], task=task)


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(DataError, match="shape"):
        score("roc_auc", [0, 1], [0.1, 0.2, 0.3], task="binary")


def test_a_misspelt_metric_is_answered_with_the_nearest_one():
    with pytest.raises(LoopwrightError, match="did you mean 'roc_auc'"):
        metric("roc_acu", "binary")


def test_a_metric_of_another_task_is_answered_with_those_of_this_one():
    with pytest.raises(LoopwrightError, match=r"'binary', not 'regression'.*rmse"):
        metric("roc_auc", "regression")


def test_names_say_which_way_is_better():
    for name, each in METRICS.items():
        assert each.name == name
        assert each.direction == "down" or not name.endswith(("_loss", "_error", "_bias"))
        assert each.tasks
        assert each.summary.endswith(".")
        assert "\n" not in each.summary


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_of_every_task_can_be_scored(name):
    generator = np.random.default_rng(5)
    truths = {"binary": [0, 1, 1, 0], "multiclass": [0, 1, 2, 1], "regression": [1.0, 2.0, 4.0, 3.0]}
    predictions = {
        "binary": [0.1, 0.8, 0.4, 0.6],
        "multiclass": generator.dirichlet([1, 1, 1], 4),
        "regression": [1.0, 2.5, 4.5, 2.0],
    }
    for task in METRICS[name].tasks:
        assert np.isfinite(score(name, truths[task], predictions[task], task=task))
