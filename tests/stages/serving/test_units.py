"""What counts as one row of evidence: entities, windows, and outcomes that are late for a reason."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.records import Charter, Deployment, Ref
from loopwright.settings import ReleaseSettings
from loopwright.stages.serving.trial import Answers, Trial, microseconds
from loopwright.stages.serving.units import units

START = datetime(2026, 1, 5)
DAY = 86_400 * 1_000_000

CHARTER = Charter(
    project="taxi", task="binary", decision="", users="", business_metric="", risks=(), without_ml=None, impact=3,
    feasibility=3, optimize={"roc_auc": 1.0}, satisfice=(), slices=(), min_slice_rows=50, confidence=0.95,
    not_worse_by=0.005, threshold=0.5, positive=None,
)
CANARY = Deployment(
    name="taxi", stage="canary", champion=Ref(kind="model", digest="a"), challenger=Ref(kind="model", digest="b"),
    share=0.25, held_back=0.0, salt="pepper", step=0, awaiting=False, event="canary", by="ann", why="trained anew",
)


def trial(*, grouped: bool = False, days: float = 30, stage: str = "canary", acts: bool = False) -> Trial:
    return Trial(
        history=(replace(CANARY, stage=stage),), charter=replace(CHARTER, acts_on_outcome=acts),
        release=ReleaseSettings(), now=START + timedelta(days=days), grouped=grouped, late_days=7,
    )


def answers(days: list[float], *, label: list[float | None] | None = None, **changes: object) -> Answers:
    rows = len(days)
    at = microseconds(START) + (np.asarray(days) * DAY).astype(np.int64)
    known = np.ones(rows) if label is None else np.array(label, dtype=np.float64)
    given_ = {
        "since": microseconds(START), "at": at, "received": at, "present": np.ones(rows, bool),
        "entity": np.arange(rows), "heard": np.zeros(rows, bool), "propensity": np.full(rows, 0.25),
        "held_back": np.zeros(rows, bool), "label": known, "champion": np.full((rows, 1), 0.5),
        "challenger": np.full((rows, 1), 0.5), "spoke": np.ones(rows, bool), "failed": np.zeros(rows, bool), "odd": 0,
        "latency_ms": np.ones(rows),
    }
    return Answers(**{**given_, **changes})


def test_without_groups_each_row_counts_as_soon_as_its_outcome_is_known():
    found = units(answers([1, 2, 3]), trial=trial(days=3.1))
    assert (len(found), found.rows.tolist(), found.pending) == (3, [0, 1, 2], 0)


def test_rows_behind_a_pending_one_wait():
    rows = answers([1, 2, 3, 4], label=[1, 0, None, 1])
    assert units(rows, trial=trial(days=5)).rows.tolist() == [0, 1]
    assert units(rows, trial=trial(days=5)).pending == 1


def test_an_overdue_outcome_is_waited_for_no_longer_and_never_a_zero():
    rows = answers([1, 2, 3, 4], label=[1, 0, None, 1])
    assert units(rows, trial=trial(days=10.1)).rows.tolist() == [0, 1, 3]


def test_rows_of_one_entity_in_one_window_are_one():
    rows = answers([0.1, 0.2, 0.3, 1.1], entity=np.array([0, 1, 0, 0]))
    found = units(rows, trial=trial(grouped=True))
    assert len(found) == 3
    assert sorted(found.mean(np.array([1.0, 5.0, 3.0, 7.0])[np.argsort(np.argsort(found.rows))])) == [2.0, 5.0, 7.0]


def test_a_window_counts_when_it_is_over():
    rows = answers([0.1, 0.2, 1.1], entity=np.array([0, 0, 1]))
    assert [len(units(rows, trial=trial(grouped=True, days=days))) for days in (0.5, 1.5, 2.5)] == [0, 1, 2]


def test_a_window_with_a_pending_outcome_waits_as_a_whole():
    rows = answers([0.1, 0.2, 1.1], entity=np.array([0, 1, 0]), label=[1, None, 1])
    assert len(units(rows, trial=trial(grouped=True, days=3))) == 0
    assert len(units(rows, trial=trial(grouped=True, days=8.5))) == 2


def test_only_rows_that_both_answered_are_paired():
    silent = np.array([[0.5], [np.nan]])
    assert units(answers([1, 2], challenger=silent), trial=trial()).rows.tolist() == [0]
    assert units(answers([1, 2], champion=silent), trial=trial()).rows.tolist() == [0]


def test_of_arms_only_the_first_window_of_an_entity_counts():
    rows = answers([0.1, 0.2, 1.1, 1.2], entity=np.array([0, 0, 0, 1]))
    found = units(rows, trial=trial(grouped=True, acts=True))
    assert sorted(found.rows.tolist()) == [0, 1, 3]


def test_of_arms_rows_under_a_share_that_grew_are_no_part_of_the_first_toss():
    rows = answers([0.1, 0.2], entity=np.array([0, 0]), propensity=np.array([0.05, 0.25]))
    assert units(rows, trial=trial(grouped=True, acts=True)).rows.tolist() == [0]


def test_of_arms_only_tosses_and_rows_that_a_model_could_shape_count():
    rows = answers([1, 2, 3], propensity=np.array([0.0, 0.25, 0.25]), held_back=np.array([False, True, False]))
    assert units(rows, trial=trial(acts=True)).rows.tolist() == [2]


def test_where_decisions_act_a_shadow_learns_from_who_was_held_back():
    rows = answers([1, 2], propensity=np.zeros(2), held_back=np.array([False, True]))
    assert units(rows, trial=trial(acts=True, stage="shadow")).rows.tolist() == [1]
    assert units(rows, trial=trial(acts=False, stage="shadow")).rows.tolist() == [0, 1]


def test_nothing_counts_of_nothing():
    for grouped in (False, True):
        assert len(units(answers([]), trial=trial(grouped=grouped))) == 0


@settings(max_examples=60, deadline=None)
@given(
    rows=st.lists(st.tuples(st.floats(0, 9), st.integers(0, 4), st.floats(0, 12)), min_size=1, max_size=25),
    looks=st.lists(st.floats(0, 30), min_size=2, max_size=4),
    grouped=st.booleans(),
)
def test_looking_again_only_adds_units_at_the_end(rows, looks, grouped):
    """What has counted once is not changed by what comes later: the evidence is one process, however often seen."""
    rows = sorted(rows)
    days, entity, delay = (np.array(column) for column in zip(*rows, strict=True))
    delay = np.minimum(delay, 6.9)                    # nothing comes after it is given up
    before = None
    for look in sorted(looks):
        come = days <= look
        label = np.where(days + delay <= look, 1.0, np.nan)[come]
        codes = entity[come] if grouped else np.arange(come.sum())
        seen = answers(days[come].tolist(), label=label.tolist(), entity=codes)
        found = units(seen, trial=trial(grouped=grouped, days=look))
        now = [sorted(found.rows[found.unit == unit].tolist()) for unit in range(len(found))]
        assert before is None or now[: len(before)] == before
        before = now


@pytest.mark.parametrize("grouped", [True, False])
def test_units_end_in_order(grouped):
    generator = np.random.default_rng(0)
    found = units(
        answers(np.sort(generator.uniform(0, 5, 200)).tolist(), entity=generator.integers(0, 9, 200)),
        trial=trial(grouped=grouped),
    )
    assert np.all(np.diff(found.end) >= 0)
    assert set(found.unit.tolist()) == set(range(len(found)))
