from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from loopwright.errors import EmptySample, Undefined, UnknownColumn
from loopwright.records.record import encode
from loopwright.stages.evaluation import importance as room
from loopwright.stages.evaluation.importance import FeatureImportance, importance, importance_evidence


@pytest.fixture
def regression(charter_with):
    return charter_with(task="regression", optimize={"rmse": 1.0})


def rows_of(random, rows=400):
    return pl.DataFrame({name: random.normal(size=rows) for name in ("large", "small", "unused")})


def add(rows):
    return (2 * rows["large"] + rows["small"]).to_numpy()


def test_features_come_by_what_they_add_and_an_unused_one_adds_exactly_nothing(regression):
    random = np.random.default_rng(0)
    rows = rows_of(random)
    found = importance(
        add, rows, ["unused", "small", "large"], add(rows) + random.normal(size=400), charter=regression
    )
    assert [each.name for each in found] == ["large", "small", "unused"]
    assert found[1].low > 0
    assert (found[2].mean, found[2].low, found[2].high) == (0.0, 0.0, 0.0)


def test_the_interval_covers_the_known_truth_as_often_as_it_says(regression):
    # Noise has variance 1 and a permuted standard normal adds 2, so the root mean square rises to sqrt(3).
    random, covered = np.random.default_rng(1), 0
    for trial in range(200):
        rows = rows_of(random, 300)
        truth = add(rows) + random.normal(size=300)
        (found,) = importance(add, rows, ["small"], truth, charter=regression, seed=trial)
        covered += found.low <= np.sqrt(3) - 1 <= found.high
    assert covered >= 180  # 190 expected; fewer than 180 has a chance below 1 %


def test_losses_and_scores_both_count_up_when_a_feature_helps(charter_with):
    random = np.random.default_rng(2)
    rows = rows_of(random)
    truth = (rows["large"].to_numpy() + random.normal(size=400) > 0).astype(np.int64)
    predict = lambda frame: 1 / (1 + np.exp(-frame["large"].to_numpy()))  # noqa: E731
    for goal in ({"roc_auc": 1.0}, {"log_loss": 1.0}, {"roc_auc": 0.5, "log_loss": 0.5}):
        found = importance(predict, rows, ["large", "unused"], truth, charter=charter_with(optimize=goal))
        assert found[0].name == "large"
        assert found[0].low > 0


def test_several_classes_are_measured_too(charter_with):
    random = np.random.default_rng(3)
    rows = pl.DataFrame({"kind": random.integers(0, 3, 300)})
    charter = charter_with(task="multiclass", optimize={"log_loss": 1.0})
    predict = lambda frame: np.eye(3)[frame["kind"].to_numpy()] * 0.7 + 0.1  # noqa: E731
    (found,) = importance(predict, rows, ["kind"], rows["kind"].to_numpy(), charter=charter)
    assert found.low > 0.5


def test_the_model_is_asked_once_for_each_feature_on_a_sample(regression, monkeypatch):
    monkeypatch.setattr(room, "MAX_ROWS", 100)
    asked = []

    def predict(rows):
        asked.append(rows.height)
        return add(rows)

    rows = rows_of(np.random.default_rng(4))
    found = importance(predict, rows, rows.columns, add(rows), charter=regression, repeats=3)
    assert asked == [100, 300, 300, 300]
    assert found[0].rows == 100


def test_the_same_seed_gives_the_same_importance(regression):
    rows = rows_of(np.random.default_rng(5))
    truth = add(rows) + 1
    first = importance(add, rows, ["small"], truth, charter=regression, seed=9)
    assert importance(add, rows, ["small"], truth, charter=regression, seed=9) == first
    assert importance(add, rows, ["small"], truth, charter=regression, seed=8) != first


def test_what_cannot_be_measured_is_an_error(regression, charter_with):
    rows = rows_of(np.random.default_rng(6))
    with pytest.raises(UnknownColumn, match="did you mean 'small'"):
        importance(add, rows, ["smal"], add(rows), charter=regression)
    with pytest.raises(EmptySample):
        importance(add, rows.head(1), ["small"], add(rows)[:1], charter=regression)
    one_class = np.zeros(400, dtype=np.int64)
    half = lambda frame: np.full(frame.height, 0.5)  # noqa: E731
    with pytest.raises(Undefined, match="roc_auc has no value"):
        importance(half, rows, ["small"], one_class, charter=charter_with())
    with pytest.raises(EmptySample):
        importance_evidence([], subject=None, charter=regression, part="test")


def feature(name, mean, low, high):
    return FeatureImportance(name=name, mean=mean, low=low, high=high, rows=900)


def test_a_feature_helps_adds_nothing_or_is_unclear(charter_with, model):
    found = importance_evidence(
        [
            feature("fare", 0.1, 0.08, 0.12), feature("zone", 0.01, -0.01, 0.03),
            feature("hour", 0.0, -0.001, 0.001), feature("id", -0.02, -0.03, -0.01),
        ],
        subject=model, charter=charter_with(not_worse_by=0.008), part="test", at="2026-05-03T00:00:00Z",
    )
    assert [each.check for each in found] == [
        "importance", "importance.fare", "importance.zone", "importance.hour", "importance.id",
    ]
    assert [each.passed for each in found] == [None, True, None, False, False]
    assert found[0].claim.startswith("1 of 4 features are shown to help; hour, id add nothing.")
    assert "at most 5,000, drawn at random" in found[0].claim
    assert all(encode(each) for each in found)
