"""A trial as arrays: who answered what with which chance, read off the live frame and the refusals."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from loopwright.errors import LoopwrightError
from loopwright.records import Artifact, Charter, Deployment, Model, Ref
from loopwright.settings import ReleaseSettings
from loopwright.stages.serving import transitions
from loopwright.stages.serving.asking import Served, ask
from loopwright.stages.serving.door import Problem
from loopwright.stages.serving.events import refused_schema
from loopwright.stages.serving.trial import Trial, microseconds, seen

A, B = Ref(kind="model", digest="a" * 64), Ref(kind="model", digest="b" * 64)
START = datetime(2026, 1, 5)
SETTINGS = ReleaseSettings()
SAID = {"by": "ann", "why": "a reason"}
FIRST = transitions.deploy(A, name="taxi", salt="s", settings=SETTINGS, previous=None, **SAID)
CANARY = transitions.canary(FIRST, B, salt="t", settings=SETTINGS, **SAID)
NEXT = transitions.advance(CANARY, settings=SETTINGS, **SAID)


def charter(task: str = "binary", **changes: object) -> Charter:
    return Charter(
        project="taxi", task=task, decision="", users="", business_metric="", risks=(), without_ml=None, impact=3,
        feasibility=3, optimize={"mae": 1.0}, satisfice=(), slices=(), min_slice_rows=50, confidence=0.95,
        not_worse_by=0.005, threshold=0.5, positive=None, **changes,
    )


def trial(*history: Deployment, task: str = "binary", **changes: object) -> Trial:
    given = {"now": START + timedelta(days=9), "grouped": False, "loss_scale": 1.0, **changes}
    return Trial(history=history or (FIRST, CANARY), charter=charter(task), release=SETTINGS, **given)


def row(number: int, *, arm: str = "champion", other: list[float] | None = None, **changes: object) -> dict:
    mine, its = (A, B) if arm == "champion" else (B, A)
    at = START + timedelta(hours=number)
    return {
        "__id": f"r{number:03}", "__at": at, "__received": at, "__deployment": CANARY.digest, "__model": mine.digest,
        "__arm": arm, "__propensity": 0.95 if arm == "champion" else 0.05, "__entity": f"e{number}",
        "__held_back": False, "__scores": [0.3], "__other_model": its.digest,
        "__other_scores": [0.6] if other is None else other, "__label": 1.0, "__latency_ms": 3.0, **changes,
    }


def frame(*rows: dict[str, object]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema={
        "__id": pl.String, "__at": pl.Datetime("us"), "__received": pl.Datetime("us"), "__deployment": pl.String,
        "__model": pl.String, "__arm": pl.String, "__propensity": pl.Float64, "__entity": pl.String,
        "__held_back": pl.Boolean, "__scores": pl.List(pl.Float64), "__other_model": pl.String,
        "__other_scores": pl.List(pl.Float64), "__label": pl.Float64, "__latency_ms": pl.Float64,
    })


def refusals(*changes: dict[str, object]) -> pl.DataFrame:
    one = {
        "id": "x", "at": START, "received": START, "consumer": "shop", "status": 500, "problems": [": failed"],
        "row": "{}", "deployment": CANARY.digest, "arm": "challenger", "propensity": 0.05, "entity": "e1",
    }
    return pl.DataFrame([one | each for each in changes], schema=refused_schema())


def test_both_answers_stand_in_their_models_column_whoever_was_heard():
    answers, _ = seen(frame(row(0), row(1, arm="challenger")), refusals(), trial=trial())
    assert answers.champion[:, 0].tolist() == [0.3, 0.6]
    assert answers.challenger[:, 0].tolist() == [0.6, 0.3]
    assert answers.propensity.tolist() == pytest.approx([0.05, 0.05])


def test_a_pending_outcome_is_not_a_number_and_no_zero():
    answers, _ = seen(frame(row(0, __label=None), row(1, __label=0.0)), refusals(), trial=trial())
    assert np.isnan(answers.label).tolist() == [True, False]


def test_a_silent_model_that_was_asked_has_failed():
    single = row(2, __other_model=None, other=[])
    answers, _ = seen(frame(row(0), row(1, other=[]), single), refusals(), trial=trial())
    assert answers.failed.tolist() == [False, True, False]
    assert answers.spoke.tolist() == [True, False, False]
    assert np.isnan(answers.challenger[:, 0]).tolist() == [False, True, True]


def test_what_another_model_said_is_not_the_challengers():
    answers, _ = seen(frame(row(0, __other_model="c" * 64)), refusals(), trial=trial())
    assert not answers.spoke[0]
    assert np.isnan(answers.challenger[0, 0])


@pytest.mark.parametrize("scores", [[float("nan")], [float("inf")], [0.2, 0.8]])
def test_odd_answers_of_the_challenger_are_counted(scores):
    rows = frame(row(0), row(1, other=scores), row(2, arm="challenger", __scores=scores), row(3, __scores=scores))
    answers, _ = seen(rows, refusals(), trial=trial())
    assert answers.odd == 2


def test_several_classes_are_lines():
    classes = {"__scores": [0.2, 0.3, 0.5], "other": [0.5, 0.3, 0.2]}
    answers, _ = seen(frame(row(0, **classes), row(1, **classes)), refusals(), trial=trial(task="multiclass"))
    assert answers.champion.tolist() == [[0.2, 0.3, 0.5]] * 2
    assert answers.challenger.tolist() == [[0.5, 0.3, 0.2]] * 2


def test_a_trial_is_the_states_with_the_same_two_models():
    again = transitions.canary(
        transitions.reject(NEXT, **SAID), B, salt="u", settings=SETTINGS, **SAID
    )
    assert trial(FIRST, CANARY, NEXT).deployments == [CANARY.digest, NEXT.digest]
    assert trial(FIRST, CANARY, NEXT, transitions.reject(NEXT, **SAID), again).deployments == [again.digest]
    assert trial(CANARY).deployments == [CANARY.digest]


def test_rows_of_other_deployments_and_of_the_future_are_left_out():
    rows = frame(row(0, __deployment=FIRST.digest), row(1), row(500))
    answers, _ = seen(rows, refusals(), trial=trial())
    assert answers.at.tolist() == [microseconds(START + timedelta(hours=1))]


def test_rows_of_the_present_state_are_known():
    answers, _ = seen(frame(row(0), row(1, __deployment=NEXT.digest)), refusals(), trial=trial(FIRST, CANARY, NEXT))
    assert answers.present.tolist() == [False, True]


def test_failures_are_those_of_models_under_the_trial():
    found = refusals(
        {}, {"arm": "champion", "propensity": 0.95, "entity": "e7"}, {"status": 422, "deployment": "", "arm": ""},
        {"deployment": FIRST.digest, "arm": "champion", "propensity": 1.0},
    )
    answers, failures = seen(frame(row(1)), found, trial=trial())
    assert failures.heard.tolist() == [True, False]
    assert failures.propensity.tolist() == pytest.approx([0.05, 0.05])
    assert failures.entity[0] == answers.entity[0] != failures.entity[1]


def test_a_score_that_is_no_number_is_known_by_what_the_server_says():
    class Broken:
        def predict(self, frame: pl.DataFrame) -> np.ndarray:
            return np.full(frame.height, np.nan)

    model = Model(
        name="taxi", task="regression", estimator="Broken", params={}, format="onnx", why_format="",
        file=Artifact(sha256="0" * 64, size=1, name="model"), feature_code=None, functions=(), features=("fare",),
        categorical=(), inputs=(), classes=(), threshold=None,
    )
    said = ask(Served(model=model, predictor=Broken()), pl.DataFrame({"fare": [1.0]}))
    told = Problem(field="", kind="model failed", found=said.failures[0], allowed="a finite score").what
    _, failures = seen(frame(), refusals({"problems": [f": {told}"]}, {}), trial=trial())
    assert failures.odd.tolist() == [True, False]


def test_a_trial_begins_with_its_first_rows_not_with_one_wrong_time():
    rows = [row(0, __at=datetime(1990, 1, 1), __received=START), *(row(number) for number in range(1, 30))]
    answers, _ = seen(frame(*rows), refusals(), trial=trial())
    assert START < datetime(1970, 1, 1) + timedelta(microseconds=answers.since) < START + timedelta(days=1)


def test_nothing_seen_is_nothing_known():
    answers, failures = seen(frame(), refusals(), trial=trial())
    assert (len(answers), len(failures), answers.odd) == (0, 0, 0)


def test_without_a_challenger_there_is_no_trial():
    for history in ((FIRST,), ()):
        with pytest.raises(LoopwrightError, match="nothing to judge"):
            Trial(history=history, charter=charter(), release=SETTINGS, now=START, grouped=False)


def test_a_regression_needs_a_scale():
    with pytest.raises(LoopwrightError, match="loss_scale"):
        trial(task="regression", loss_scale=None)
