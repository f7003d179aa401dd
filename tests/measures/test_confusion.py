"""Confusion matrices and the rates made from their counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError, EmptySample
from loopwright.measures.confusion import BINARY_RATES, CLASS_RATES, confusion_matrix, ratio

cells = st.lists(st.integers(0, 50), min_size=4, max_size=4).map(lambda each: np.array(each, dtype=float))


@given(codes=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1))
def test_a_confusion_matrix_counts_every_row_once(codes):
    truth, predicted = np.array(codes).T
    matrix = confusion_matrix(truth, predicted, classes=4)
    assert matrix.sum() == len(codes)
    assert matrix[truth[0], predicted[0]] > 0
    assert matrix.sum(axis=1).tolist() == np.bincount(truth, minlength=4).tolist()


@pytest.mark.parametrize(
    ("truth", "predicted"), [([0, 1], [0]), ([0, 2], [0, 1]), ([0, -1], [0, 1]), ([0.0, 1.0], [0, 1])]
)
def test_what_is_no_class_code_is_refused(truth, predicted):
    with pytest.raises(DataError):
        confusion_matrix(truth, predicted, classes=2)


def test_no_rows_have_no_confusion():
    with pytest.raises(EmptySample):
        confusion_matrix(np.zeros(0, int), np.zeros(0, int), classes=2)


@given(several=st.lists(cells, min_size=1, max_size=5))
@pytest.mark.parametrize("name", BINARY_RATES)
def test_many_matrices_at_once_have_the_rates_of_each(name, several):
    together = BINARY_RATES[name](np.stack(several))
    alone = [float(BINARY_RATES[name](each)) for each in several]
    assert together == pytest.approx(alone, nan_ok=True)


@given(counts=cells)
def test_rates_are_bounded_or_unknown(counts):
    for name, rate in BINARY_RATES.items():
        value = float(rate(counts))
        low = -1 if name in ("matthews_correlation", "youden") else 0
        assert np.isnan(value) or low <= value <= 1, name


@given(counts=cells)
def test_two_classes_of_several_have_the_rates_of_binary_decisions(counts):
    tn, fp, fn, tp = counts
    sums = np.array([tn + fp, fn + tp, tn + fn, fp + tp, tn, tp])
    assert CLASS_RATES["accuracy"](sums) == pytest.approx(BINARY_RATES["accuracy"](counts), nan_ok=True)
    if tn + fp and fn + tp:
        expected = BINARY_RATES["balanced_accuracy"](counts)
        assert CLASS_RATES["balanced_accuracy"](sums) == pytest.approx(expected)


def test_dividing_by_nothing_is_unknown():
    assert np.isnan(ratio(np.array(0.0), np.array(0.0)))
