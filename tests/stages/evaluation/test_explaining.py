"""One prediction is taken apart, and what each feature moves is what the model does without it."""

from __future__ import annotations

import polars as pl
import pytest

from loopwright.stages.evaluation.explaining import explained, moves
from loopwright.stages.features.computing import compute
from loopwright.stages.registry import applied

AT = "2026-05-03T12:00:00Z"


@pytest.fixture
def model(worked):
    return applied(worked.project, worked.line.model)


@pytest.fixture
def features(worked, model):
    """Return the features of all rows, as the model computes them."""
    return compute(worked.rows, model.made, file="features.py")[0]


def test_a_feature_moves_a_row_by_its_difference_from_the_mean_over_other_values(model, features):
    row, background = features[3:4], features[10:40]
    found = moves(model, row, background)
    without = pl.concat([row] * 30).with_columns(background["payment"])
    expected = model.scorer.predict(row)[0] - model.scorer.predict(without).mean()
    assert found["payment"] == pytest.approx(expected, abs=1e-6)
    assert set(found) == set(model.model.features)


def test_against_rows_like_itself_nothing_moves(model, features):
    row = features[3:4]
    assert moves(model, row, pl.concat([row] * 5)) == pytest.approx(dict.fromkeys(model.model.features, 0.0), abs=1e-6)


def test_the_row_that_is_most_unusual_is_explained_and_replays(model, worked):
    rows = worked.rows.filter(pl.col("__part") == "test")
    evidence = explained(model, rows, features=worked.line.features, at=AT)
    assert (evidence.check, evidence.passed, evidence.rows) == ("explain.one_row", True, 1)
    said = model.predict(rows)
    extreme = max(said, key=lambda value: abs(value - sorted(said)[len(said) // 2]))
    assert f"the model says {extreme:.4g}, as in the batch" in evidence.claim
    assert evidence.claim.count(" moves it by ") == 4
