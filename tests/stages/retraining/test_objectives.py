"""What the charter optimizes, of one prediction and between two."""

from __future__ import annotations

import numpy as np
import pytest

from loopwright.errors import Undefined
from loopwright.measures import score
from loopwright.stages.retraining.objectives import judge_of
from loopwright.stages.training.objective import objective

DRAW = np.random.default_rng(0)
TRUTH = DRAW.integers(0, 2, 400)
GOOD = np.clip(TRUTH * 0.4 + DRAW.random(400) * 0.6, 0, 1)
POOR = DRAW.random(400)


def test_a_weighted_sum_is_the_objective_of_training_with_up_as_better(make_charter):
    charter = make_charter(optimize={"roc_auc": 0.7, "log_loss": 0.3})
    judge = judge_of(TRUTH, {"good": GOOD}, charter=charter, level=0.9)
    found = judge.score(GOOD)
    values = {name: score(name, TRUTH, GOOD, task="binary") for name in charter.optimize}
    assert found.value == pytest.approx(objective(values, charter.optimize))
    assert found.low < found.value < found.high


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss"])
def test_what_is_worse_is_behind_whichever_way_the_metric_goes(make_charter, metric):
    judge = judge_of(TRUTH, {"good": GOOD, "poor": POOR}, charter=make_charter(optimize={metric: 1.0}), level=0.9)
    behind = judge.behind(POOR, GOOD)
    assert behind.low > 0
    back = judge.behind(GOOD, POOR)
    assert (back.value, back.low, back.high) == pytest.approx((-behind.value, -behind.high, -behind.low))


def test_a_threshold_that_is_searched_is_the_same_for_all(make_charter):
    charter = make_charter(optimize={"f1": 1.0}, threshold="f1")
    judge = judge_of(TRUTH, {"good": GOOD, "poor": POOR}, charter=charter, level=0.9)
    assert 0 < judge.threshold < 1
    assert judge.threshold == judge_of(TRUTH, {"poor": POOR, "good": GOOD}, charter=charter, level=0.9).threshold
    assert judge_of(TRUTH, {"good": GOOD}, charter=make_charter(threshold=0.3), level=0.9).threshold == 0.3


def test_other_tasks_have_no_threshold_to_search(make_charter):
    charter = make_charter(task="regression", optimize={"mae": 1.0})
    judge = judge_of(TRUTH * 2.0, {"good": GOOD}, charter=charter, level=0.9)
    assert judge.score(GOOD).value == pytest.approx(-np.abs(TRUTH * 2.0 - GOOD).mean())


def test_a_metric_without_a_value_is_an_error(make_charter):
    judge = judge_of(np.ones(40, dtype=np.int64), {"good": GOOD[:40]}, charter=make_charter(), level=0.9)
    with pytest.raises(Undefined):
        judge.score(GOOD[:40])
