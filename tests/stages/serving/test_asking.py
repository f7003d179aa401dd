from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.records import Artifact, Model
from loopwright.stages.registry.applying import classes_of
from loopwright.stages.serving.asking import Served, ask, prediction_of


@pytest.fixture
def served(make_model, make_rule):
    return lambda says, **changes: Served(model=make_model(**changes), predictor=make_rule(says))


def test_scores_have_one_row_per_row_whatever_the_task(served):
    frame = pl.DataFrame({"x": [1.0, 2.0]})
    assert ask(served(lambda frame: frame["x"].to_numpy() / 4), frame).scores.tolist() == [[0.25], [0.5]]
    several = served(lambda frame: np.full((frame.height, 3), 1 / 3), task="multiclass", classes=("a", "b", "c"))
    assert ask(several, frame).scores.shape == (2, 3)


def test_no_rows_ask_no_model(served):
    def fail(frame):
        raise AssertionError

    assert ask(served(fail), pl.DataFrame({"x": []})).scores.shape == (0, 1)


@pytest.mark.parametrize(("bad", "odd"), [
    (set(), set()), ({0}, {49}), ({7, 31}, {8, 9}), ({3, 4, 5}, set(range(10, 50))),
])
def test_exactly_the_rows_that_fail_have_no_score(served, bad, odd):
    def choke(frame):
        if bad & set(frame["x"].to_list()):
            raise ValueError("bad row")
        return np.where(frame["x"].is_in(list(odd)), np.nan, 0.5)

    said = ask(served(choke), pl.DataFrame({"x": range(50)}))
    assert set(said.failures) == bad | odd
    assert {row for row in range(50) if said.scores[row, 0] == 0.5} == set(range(50)) - bad - odd


@pytest.mark.parametrize("says", [
    lambda frame: np.zeros(frame.height + 1), lambda frame: np.zeros((frame.height, 2)), lambda frame: ["a"],
    lambda _: None, lambda _: 1 / 0,
])
def test_what_is_no_score_is_a_failure_of_every_row(served, says):
    said = ask(served(says), pl.DataFrame({"x": range(500)}))
    assert len(said.failures) == 500
    assert not said.scores.any()


def test_a_broken_model_is_not_asked_about_every_row(served):
    calls = []

    def fail(frame):
        calls.append(frame.height)
        raise ValueError("broken")

    said = ask(served(fail), pl.DataFrame({"x": range(10_000)}))
    assert len(calls) <= 64
    assert set(said.failures.values()) == {"ValueError: broken"}


@given(st.lists(st.floats(0, 1), min_size=1, max_size=4), st.none() | st.floats(0, 1))
def test_classes_are_those_that_the_registry_would_give(scores, threshold):
    model = Model(
        name="m", task="binary" if len(scores) == 1 else "multiclass", estimator="", params={}, format="onnx",
        why_format="", file=Artifact(sha256="", size=0, name=""), feature_code=None, functions=(), features=(),
        categorical=(), inputs=(), classes=("a", "b") if len(scores) == 1 else tuple("abcd"[: len(scores)]),
        threshold=threshold,
    )
    said = np.array(scores) if len(scores) == 1 else np.array([scores])
    assert [prediction_of(model, tuple(scores))] == classes_of(said, model.classes, threshold=threshold)


def test_a_number_stands_for_no_class(make_model):
    assert prediction_of(make_model(task="regression", classes=()), (3.0,)) is None
