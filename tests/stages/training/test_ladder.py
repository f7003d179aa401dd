"""Every task has baselines that look at nothing and a simple model that can be fitted."""

from __future__ import annotations

import numpy as np
import pytest

from loopwright.stages.training.estimators import load_estimator
from loopwright.stages.training.ladder import BASELINES, LINEAR
from loopwright.stages.training.simple_answers import baseline

TASKS = ("binary", "multiclass", "regression")


def test_the_same_tasks_have_both():
    assert set(BASELINES) == set(LINEAR) == set(TASKS)


@pytest.mark.parametrize("task", TASKS)
def test_every_baseline_answers(task):
    train = np.array([0.0, 2.0, 2.0]) if task == "regression" else np.array([0, 1, 1])
    for name in BASELINES[task]:
        said = baseline(name, train, rows=5, task=task, classes=0 if task == "regression" else 2, seed=0)
        assert len(said) == 5
        assert np.isfinite(said).all()


@pytest.mark.parametrize("task", TASKS)
def test_the_linear_model_can_be_made_and_takes_its_parameters(task):
    name, params = LINEAR[task]
    assert load_estimator(name, task=task)(**params).get_params().items() >= params.items()


def test_nobody_can_change_the_ladder():
    with pytest.raises(TypeError):
        BASELINES["binary"] = ()
    with pytest.raises(TypeError):
        LINEAR["binary"][1]["max_iter"] = 3
