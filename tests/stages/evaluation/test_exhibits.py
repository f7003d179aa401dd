from __future__ import annotations

import numpy as np
import pytest

from loopwright.errors import CorruptStore
from loopwright.stages.evaluation.exhibits import (
    ImportanceBars,
    confusion,
    decode_exhibit,
    encode_exhibit,
    exhibits_of,
    residuals,
    score_histogram,
)
from loopwright.stages.evaluation.importance import FeatureImportance

RANDOM = np.random.default_rng(0)
ROWS = 5000
TRUTH = (RANDOM.random(ROWS) < 0.3).astype(np.int64)
SAID = np.clip(0.3 + 0.3 * (TRUTH - 0.3) + 0.15 * RANDOM.normal(size=ROWS), 0.01, 0.99)
NUMBERS = RANDOM.normal(size=ROWS)
CASES = {
    "binary": (
        TRUTH, SAID, ("no", "yes"),
        ["roc", "precision_recall", "reliability", "confusion", "score_histogram"],
    ),
    "multiclass": (
        TRUTH, np.stack([0.9 - 0.9 * SAID, 0.9 * SAID, np.full(ROWS, 0.1)], axis=1), ("a", "b", "c"),
        ["confusion", "score_histogram"],
    ),
    "regression": (NUMBERS, NUMBERS + 0.1, (), ["residuals"]),
}


@pytest.mark.parametrize("task", CASES)
def test_each_task_has_its_pictures_small_and_readable_again(task):
    truth, said, classes, kinds = CASES[task]
    found = exhibits_of(truth, said, task=task, classes=classes)
    assert [each.kind for each in found] == kinds
    for each in found:
        body = encode_exhibit(each)
        assert len(body) < 40_000
        assert decode_exhibit(body) == each


def test_rows_of_one_class_have_no_curves():
    one = exhibits_of(np.zeros(50, dtype=np.int64), SAID[:50], task="binary", classes=("no", "yes"))
    assert [each.kind for each in one] == ["reliability", "confusion", "score_histogram"]


def test_the_confusion_matrix_follows_the_threshold():
    low = confusion(TRUTH, SAID, task="binary", classes=("no", "yes"), threshold=0.0)
    assert [row[0] for row in low.rows] == [0, 0]
    assert sum(map(sum, low.rows)) == ROWS
    truth, said, classes, _ = CASES["multiclass"]
    assert len(confusion(truth, said, task="multiclass", classes=classes).rows) == 3


def test_a_histogram_holds_every_row_once():
    for task in ("binary", "multiclass"):
        truth, said, classes, _ = CASES[task]
        found = score_histogram(truth, said, task=task, classes=classes)
        assert len(found.edges) == 21
        assert sum(sum(each.rows) for each in found.series) == ROWS


def test_bands_of_residuals_run_along_the_prediction():
    found = residuals(NUMBERS, NUMBERS + 0.1)
    assert len(found.residual) == 400
    assert list(found.band_predicted) == sorted(found.band_predicted)
    assert found.band_middle == pytest.approx((0.1,) * 10)
    assert len(residuals(NUMBERS[:3], NUMBERS[:3]).band_low) == 3


def test_bars_of_importance_are_an_exhibit():
    bars = ImportanceBars(
        metric="roc_auc", features=(FeatureImportance(name="fare", mean=0.1, low=0.0, high=0.2, rows=9),)
    )
    assert decode_exhibit(encode_exhibit(bars)) == bars


@pytest.mark.parametrize("body", [b"", b"{}", b'{"kind":"pie"}', b'{"kind":"roc"}', b"\xff\xfe"])
def test_bytes_that_are_no_exhibit_are_an_error(body):
    with pytest.raises(CorruptStore, match="cannot be read"):
        decode_exhibit(body)
