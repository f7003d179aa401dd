from __future__ import annotations

import time

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import recall_score, roc_auc_score
from threadpoolctl import threadpool_limits

from loopwright.errors import EmptySample
from loopwright.measures.catalogue import metrics_of
from loopwright.records.charter import Target
from loopwright.records.record import encode
from loopwright.stages.evaluation.metrics import charter_metrics, metric_evidence

RANDOM = np.random.default_rng(0)
ROWS = 2000
TRUTH = (RANDOM.random(ROWS) < 0.3).astype(np.int64)
SAID = np.clip(0.3 + 0.3 * (TRUTH - 0.3) + 0.15 * RANDOM.normal(size=ROWS), 0.01, 0.99)


@pytest.fixture
def measured(model):
    """Measure on the test part, and find evidence by metric and slice."""

    def run(charter, truth=TRUTH, said=SAID, **options):
        found = metric_evidence(truth, said, subject=model, charter=charter, part="test", **options)
        return {(each.check.removeprefix("metric."), each.slice): each for each in found}

    return run


@pytest.fixture
def recall_charter(charter_with):
    return charter_with(satisfice=(Target(metric="recall", comparison=">=", limit=0.4, column="paid"),))


def test_values_are_those_of_scikit_learn_inside_their_intervals(charter_with, measured):
    found = measured(charter_with(), threshold=0.4)
    auc, recall = found["roc_auc", None], found["recall", None]
    assert auc.value == pytest.approx(roc_auc_score(TRUTH, SAID))
    assert recall.value == pytest.approx(recall_score(TRUTH, SAID >= 0.4))
    assert auc.low < auc.value < auc.high
    assert (auc.rows, auc.part, auc.level) == (ROWS, "test", 0.95)
    assert "2,000 rows of the test part" in auc.claim


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_every_metric_of_the_task_is_measured_and_survives_encoding(task, charter_with, measured):
    charter = charter_with(task=task, optimize={metrics_of(task)[0]: 1.0})
    both = np.stack([1 - SAID, SAID], axis=1)
    prediction = {"binary": SAID, "multiclass": both, "regression": 1 + SAID}[task]
    truth = TRUTH + 1.0 if task == "regression" else TRUTH
    found = measured(charter, truth, prediction)
    assert {name for name, _ in found} == set(metrics_of(task))
    assert all(encode(each) for each in found.values())


def test_only_the_charters_metrics_are_measured_on_slices(recall_charter, measured):
    paid = pl.Series(["Cash", "Card"] * (ROWS // 2))
    found = measured(recall_charter, slices={"paid": paid})
    assert {key for key in found if key[1]} == {
        (name, f"paid = {value}") for name in ("roc_auc", "recall") for value in ("Cash", "Card")
    }


def test_a_limit_on_slices_is_judged_there_and_not_on_the_whole(recall_charter, measured):
    paid = pl.Series(["Cash", "Card"] * (ROWS // 2))
    found = measured(recall_charter, slices={"paid": paid})
    assert found["recall", None].passed is None
    assert found["recall", "paid = Cash"].limit == ">= 0.4"
    assert found["recall", "paid = Cash"].passed is (found["recall", "paid = Cash"].value >= 0.4)


def test_a_small_slice_is_shown_but_not_judged(recall_charter, measured):
    paid = pl.Series(["Gold"] * 49 + ["Cash"] * (ROWS - 49))
    small = measured(recall_charter, slices={"paid": paid})["recall", "paid = Gold"]
    assert small.value is not None
    assert small.passed is None
    assert "too few to judge" in small.claim


def test_what_cannot_be_known_says_so_and_why(recall_charter, measured):
    paid = pl.Series(np.where(TRUTH == 1, "Card", "Cash"))
    found = measured(recall_charter, slices={"paid": paid})["recall", "paid = Cash"]
    assert (found.value, found.passed) == (None, None)
    assert "cannot be known" in found.claim
    assert "no row is positive" in found.claim


def test_a_slice_of_one_row_has_a_value_but_no_interval(charter_with, measured):
    charter = charter_with(optimize={"log_loss": 1.0})
    paid = pl.Series(["Gold"] + ["Cash"] * (ROWS - 1))
    found = measured(charter, slices={"paid": paid})
    gold = found["log_loss", "paid = Gold"]
    assert gold.value is not None
    assert (gold.low, gold.high, gold.level) == (None, None, None)


def test_metrics_nobody_asked_for_are_left_out_where_they_have_no_value(charter_with, measured):
    nothing = np.zeros(100, dtype=np.int64)
    found = measured(charter_with(), nothing, SAID[:100])
    assert ("recall", None) not in found
    assert found["roc_auc", None].value is None


def test_costs_are_no_metrics_of_predictions(charter_with):
    charter = charter_with(
        satisfice=(
            Target(metric="latency_p99_ms", comparison="<=", limit=20),
            Target(metric="roc_auc", comparison=">=", limit=0.7),
            Target(metric="log_loss", comparison="<=", limit=0.5),
        )
    )
    assert charter_metrics(charter) == ("roc_auc", "log_loss")


def test_no_rows_are_an_error_and_not_a_zero(charter_with, measured):
    with pytest.raises(EmptySample):
        measured(charter_with(), TRUTH[:0], SAID[:0])


@pytest.mark.slow
def test_fifty_slices_of_twelve_thousand_rows_take_about_two_seconds(charter_with, model):
    truth, said = np.tile(TRUTH, 6), np.tile(SAID, 6)
    charter = charter_with(satisfice=(Target(metric="log_loss", comparison="<=", limit=0.5),))
    slices = {f"c{i}": pl.Series(RANDOM.choice(list("abcde"), len(truth))) for i in range(10)}
    # Processor time of one thread: the clock on the wall also counts whatever else the machine does.
    with threadpool_limits(1):
        start = time.process_time()
        metric_evidence(truth, said, subject=model, charter=charter, part="test", slices=slices)
        assert time.process_time() - start < 4
