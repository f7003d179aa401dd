"""The rows that are shown are those that show it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from loopwright.stages.monitoring.examples import examples_of
from loopwright.stages.monitoring.suspicions import Suspicion

VAGUE = Suspicion(cause="unknown", title="", explanation="", advice="", confidence=0.1)
FRAME = pl.DataFrame({
    "__id": ["a", "b", "c", "d"], "__score": [0.1, 0.9, None, 0.5], "__scores": [[0.1], [0.9], [], [0.5]],
    "__label": [1.0, 1.0, 0.0, None], "__prediction": ["no", "yes", "no", "no"],
    "__latency_ms": [5.0, 90.0, None, 7.0],
})


def _shown(watched, makes, quantity, *, frame=FRAME, suspicion=VAGUE, most=1):
    report = replace(watched.report(watched.week().head(300)), predictions=makes.drift("prediction", 0.5))
    return examples_of(quantity, suspicion, report=report, frame=frame, most=most)


@pytest.mark.parametrize(("quantity", "row"), [
    ("quality:roc_auc", "a"), ("latency", "b"), ("nan", "c"), ("labels", "d"), ("drift:prediction", "b"),
])
def test_the_row_that_shows_it_best_comes_first(watched, makes, quantity, row):
    assert _shown(watched, makes, quantity) == (row,)


def test_of_several_classes_the_least_likely_outcome_is_the_worst(watched, makes):
    frame = FRAME.head(2).with_columns(
        pl.Series("__scores", [[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]]), pl.Series("__label", [2.0, 2.0])
    )
    assert _shown(watched, makes, "quality:accuracy", frame=frame, most=2) == ("a", "b")


def test_rows_of_the_suspicion_come_first(watched, makes):
    suspicion = replace(VAGUE, rows=(3, 1, 99))
    assert _shown(watched, makes, "drift:fare", suspicion=suspicion, most=3) == ("d", "b")


@pytest.mark.parametrize("quantity", ["traffic", "errors", "drift:fare", "schema:fare"])
def test_where_no_row_shows_it_none_is_shown(watched, makes, quantity):
    assert _shown(watched, makes, quantity) == ()


def test_without_rows_there_are_no_examples(watched, makes):
    assert _shown(watched, makes, "latency", frame=None) == ()
    assert _shown(watched, makes, "latency", frame=pl.DataFrame({"fare": [1.0]})) == ()
