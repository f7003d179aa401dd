"""Guards of a trial: what no working model does takes it out at once, what chance could do only beyond doubt."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from math import comb

import numpy as np
import pytest

from loopwright.records import Charter, Deployment, Ref
from loopwright.records.charter import Target
from loopwright.settings import ReleaseSettings
from loopwright.stages.serving.comparison import compare
from loopwright.stages.serving.guards import Guard, guards
from loopwright.stages.serving.trial import Answers, Failures, Trial, microseconds

START = datetime(2026, 1, 5)
DAY = 86_400 * 1_000_000

CHARTER = Charter(
    project="taxi", task="binary", decision="", users="", business_metric="", risks=(), without_ml=None, impact=3,
    feasibility=3, optimize={"roc_auc": 1.0}, satisfice=(), slices=(), min_slice_rows=50, confidence=0.95,
    not_worse_by=0.02, threshold=0.5, positive=None,
)
CANARY = Deployment(
    name="taxi", stage="canary", champion=Ref(kind="model", digest="a"), challenger=Ref(kind="model", digest="b"),
    share=0.1, held_back=0.0, salt="pepper", step=0, awaiting=False, event="canary", by="ann", why="trained anew",
)


def trial(*targets: Target, stage: str = "canary", task: str = "binary", **changes: object) -> Trial:
    given = {"now": START + timedelta(days=60), "grouped": False, "loss_scale": 10.0, **changes}
    return Trial(
        history=(replace(CANARY, stage=stage, share=0.1 * (stage == "canary")),),
        charter=replace(CHARTER, task=task, satisfice=targets), release=ReleaseSettings(), **given,
    )


def answers(rows: int, *, seed: int = 0, share: float = 0.1, **changes: object) -> Answers:
    """Return answers of two equal models, under a canary or (share 0) a shadow."""
    generator = np.random.default_rng(seed)
    at = microseconds(START) + (np.linspace(0.01, 30, rows) * DAY).astype(np.int64)
    score = np.full((rows, 1), 0.3)
    given = {
        "since": microseconds(START), "at": at, "received": at, "present": np.ones(rows, bool),
        "entity": np.arange(rows), "heard": generator.random(rows) < share, "propensity": np.full(rows, share),
        "held_back": np.zeros(rows, bool), "label": (generator.random(rows) < 0.3).astype(float), "champion": score,
        "challenger": score, "spoke": np.ones(rows, bool), "failed": np.zeros(rows, bool), "odd": 0,
        "latency_ms": generator.gamma(4, 2, rows),
    }
    return Answers(**{**given, **changes})


def failures(at: list[float], *, heard: list[bool] | bool = True, share: float = 0.1, first: int = 10**6) -> Failures:
    """Return failed requests at so many days."""
    moments = microseconds(START) + (np.asarray(at) * DAY).astype(np.int64)
    return Failures(
        received=moments, entity=first + np.arange(len(at)), heard=np.broadcast_to(np.asarray(heard, bool), len(at)),
        propensity=np.full(len(at), share), odd=np.zeros(len(at), bool),
    )


NONE = failures([])


def read(seen: Answers, failed: Failures = NONE, *, judged: Trial | None = None) -> dict[str, Guard]:
    judged = judged or trial()
    return {guard.name: guard for guard in guards(seen, failed, compare(seen, trial=judged), trial=judged)}


def test_two_equal_models_raise_no_alarm():
    found = read(answers(500), judged=trial(Target(metric="latency_p99_ms", comparison="<=", limit=20.0)))
    assert list(found) == ["odd", "failures", "errors", "latency", "worse"]
    assert not any(guard.alarmed for guard in found.values())


def test_guards_share_the_chance_of_a_false_alarm():
    one = Target(metric="brier_loss", comparison="<=", limit=0.25)
    assert read(answers(50))["errors"].limit == pytest.approx(200)
    assert read(answers(50), judged=trial(one))["errors"].limit == pytest.approx(300)


def test_one_answer_without_a_number_is_enough():
    assert read(answers(50, odd=1))["odd"].alarmed
    assert read(answers(50), replace(failures([1.0]), odd=np.ones(1, bool)))["odd"].alarmed


def test_five_failures_in_a_row_are_enough():
    silent = answers(50, heard=np.zeros(50, bool))
    assert not read(silent, failures([1, 2, 3, 4]))["failures"].alarmed
    assert read(silent, failures([1, 2, 3, 4, 5]))["failures"].alarmed


def test_an_answer_or_a_failure_of_the_champion_breaks_the_row():
    heard = np.zeros(50, bool)
    heard[5] = True                                   # an answer of the challenger after three days
    assert not read(answers(50, heard=heard), failures([1, 2, 3, 4, 5]))["failures"].alarmed
    both = failures([1, 2, 2.5, 3, 4, 5], heard=[True, True, False, True, True, True])
    assert not read(answers(50, heard=np.zeros(50, bool)), both)["failures"].alarmed


def test_rows_of_one_request_fail_once():
    assert not read(answers(50, heard=np.zeros(50, bool)), failures([1.0] * 40))["failures"].alarmed


def test_seven_times_the_errors_are_an_alarm_and_equal_errors_seldom():
    generator, false, noticed = np.random.default_rng(1), 0, 0
    for seed in range(200):
        turns = generator.random(4000) < 0.1
        equal = np.flatnonzero(generator.random(4000) < 0.01)
        worse = np.flatnonzero(generator.random(4000) < np.where(turns, 0.049, 0.007))
        seen = answers(200, seed=seed)
        false += read(seen, failures(equal / 200, heard=turns[equal]))["errors"].alarmed
        noticed += read(seen, failures(worse / 200, heard=turns[worse]))["errors"].alarmed
    assert sum(comb(200, count) * 0.01**count * 0.99 ** (200 - count) for count in range(false)) < 0.95
    assert noticed > 140


def test_the_model_that_nobody_hears_fails_too():
    """In the shadow, failures of the challenger stand against those of the champion like tosses of a coin."""
    seen = answers(400, share=0.0)
    silent = np.arange(400) % 20 == 0
    shadow = trial(stage="shadow")
    alone = replace(seen, failed=silent, spoke=~silent)
    assert read(alone, judged=shadow)["errors"].alarmed
    as_many = failures((np.flatnonzero(silent) / 14).tolist(), heard=False, share=0.0)
    assert not read(alone, as_many, judged=shadow)["errors"].alarmed


def test_failures_unheard_are_weighed_by_who_was_heard():
    """Nine tenths of the unheard answers are the challenger's, so nine tenths of the failures may be."""
    seen = answers(3000)
    failed = np.random.default_rng(2).random(3000) < 0.02
    assert read(replace(seen, failed=failed, spoke=seen.heard | ~failed))["errors"].evidence < 20
    theirs = failed & ~seen.heard
    more = theirs | (np.random.default_rng(3).random(3000) < 0.1) & ~seen.heard
    assert read(replace(seen, failed=more, spoke=~more))["errors"].evidence > 20


def test_one_customer_fails_once():
    sticky = replace(failures([1, 2, 3, 4, 6, 7, 8, 9]), entity=np.zeros(8, dtype=np.int64))
    assert read(answers(50), sticky)["errors"].evidence < 20


def test_slow_answers_are_an_alarm_where_the_charter_limits_them():
    seen = answers(3000)
    slow = replace(seen, latency_ms=seen.latency_ms + 15.0 * seen.heard)
    limited = trial(Target(metric="latency_p99_ms", comparison="<=", limit=20.0))
    assert read(slow, judged=limited)["latency"].alarmed
    assert "latency" not in read(slow)
    everybody = replace(seen, latency_ms=seen.latency_ms + 15.0)
    assert not read(everybody, judged=limited)["latency"].alarmed


def test_a_worse_model_is_an_alarm_with_its_numbers():
    seen = answers(2000, challenger=np.full((2000, 1), 0.7))
    found = read(seen)["worse"]
    assert found.alarmed
    assert "the challenger's brier_loss is 0.16" in found.says


@pytest.mark.parametrize(
    ("metric", "comparison", "limit"), [("log_loss", "<=", 0.7), ("brier_loss", "<=", 0.25), ("accuracy", ">=", 0.6)]
)
def test_a_limit_that_only_the_challenger_misses_is_an_alarm(metric, comparison, limit):
    judged = trial(Target(metric=metric, comparison=comparison, limit=limit))
    found = read(answers(2000, challenger=np.full((2000, 1), 0.7)), judged=judged)[metric]
    assert found.alarmed
    assert found.low <= found.challenger <= found.high
    assert f"{metric} {comparison} {limit:g} is demanded" in found.says


@pytest.mark.parametrize(("metric", "limit"), [("mae", 2.0), ("rmse", 3.0)])
def test_limits_of_regressions_are_in_the_unit_of_the_label(metric, limit):
    generator = np.random.default_rng(4)
    label = generator.normal(size=3000)
    noise = generator.normal(size=(2, 3000, 1)) * np.array([1.0, 4.0])[:, None, None]
    seen = answers(3000, label=label, champion=label[:, None] + noise[0], challenger=label[:, None] + noise[1])
    found = read(seen, judged=trial(Target(metric=metric, comparison="<=", limit=limit), task="regression"))[metric]
    assert found.alarmed
    assert found.champion == pytest.approx({"mae": 0.8, "rmse": 1.0}[metric], abs=0.05)


def test_a_limit_that_both_miss_is_not_the_challengers_fault():
    judged = trial(Target(metric="brier_loss", comparison="<=", limit=0.1))
    found = read(answers(2000), judged=judged)["brier_loss"]
    assert found.challenger > 0.2
    assert not found.alarmed


def test_limits_on_slices_and_on_ranks_are_left_to_the_watch():
    targets = (
        Target(metric="roc_auc", comparison=">=", limit=0.9),
        Target(metric="log_loss", comparison="<=", limit=0.1, column="payment"),
    )
    assert list(read(answers(50), judged=trial(*targets))) == ["odd", "failures", "errors", "worse"]


def test_nothing_known_is_no_alarm():
    judged = trial(
        Target(metric="log_loss", comparison="<=", limit=0.1),
        Target(metric="latency_p99_ms", comparison="<=", limit=20.0),
    )
    assert not any(guard.alarmed for guard in read(answers(0), judged=judged).values())
