from __future__ import annotations

import pytest

from loopwright.records.charter import Target
from loopwright.records.gate import Gate
from loopwright.records.record import Ref, decode, encode
from loopwright.stages.evaluation.judging import judge, rows_to_decide

RIVAL = Ref(kind="model", digest="b" * 64)
LOSS = Target(metric="log_loss", comparison="<=", limit=0.35)
RECALL = Target(metric="recall", comparison=">=", limit=0.6, column="paid")


@pytest.fixture
def beaten(evidence_of):
    """A constant that the model beats for sure; without it no model may pass."""
    return evidence_of("comparison.majority", passed=True, value=0.3, low=0.28, high=0.32, rows=1000)


@pytest.fixture
def judged(charter_with, model, beaten):
    def run(*evidence, rival=None, examples=lambda _: (), **charter):
        gate = judge(
            subject=model, rival=rival, charter=charter_with(**charter), evidence=(beaten, *evidence),
            examples=examples,
        )
        assert decode(Gate, encode(gate)) == gate
        return gate

    return run


def reason(gate, start):
    (found,) = [each for each in gate.reasons if each.demand.startswith(start)]
    return found


def metric(evidence_of, name, value, **said):
    return evidence_of(f"metric.{name}", value=value, rows=1000, part="test", level=0.95, **said)


def test_a_model_that_meets_every_demand_passes(judged, evidence_of):
    gate = judged(metric(evidence_of, "log_loss", 0.3, low=0.28, high=0.32), satisfice=(LOSS,))
    assert gate.passed
    assert reason(gate, "log_loss").explanation == "log_loss is 0.3 [0.28, 0.32], and <= 0.35 is demanded."


def test_a_no_explains_itself_with_value_interval_and_nearest_passing_limit(judged, evidence_of, model):
    gate = judged(metric(evidence_of, "log_loss", 0.4132, low=0.39, high=0.43), satisfice=(LOSS,))
    found = reason(gate, "log_loss")
    assert not gate.passed
    assert found.explanation == (
        "log_loss is 0.413 [0.39, 0.43], but <= 0.35 is demanded. "
        "The nearest limit that it passes is <= 0.414."
    )
    assert (found.value, found.low, found.high, found.limit) == (0.4132, 0.39, 0.43, 0.35)
    assert found.evidence[0].name == "metric.log_loss"
    assert gate.made_from[0] == model


@pytest.mark.parametrize(("value", "passed"), [(0.349, True), (0.351, False)])
def test_the_value_decides_and_an_interval_that_holds_the_limit_is_said(value, passed, judged, evidence_of):
    gate = judged(metric(evidence_of, "log_loss", value, low=0.33, high=0.37), satisfice=(LOSS,))
    assert gate.passed is passed
    assert "chance may turn this; about" in reason(gate, "log_loss").explanation


def test_the_rows_that_would_decide_grow_as_the_value_nears_the_limit():
    far, near = (
        rows_to_decide(value=value, end=value - 0.02, limit=0.35, rows=1000, level=0.95)
        for value in (0.36, 0.355)
    )
    assert near == pytest.approx(4 * far, rel=0.01)
    assert rows_to_decide(value=0.35, end=0.33, limit=0.35, rows=1000, level=0.95) is None


def test_a_limit_on_slices_is_judged_on_each_and_shows_rows_of_the_failing_one(judged, evidence_of):
    gate = judged(
        metric(evidence_of, "recall", 0.9, slice="paid = Card"),
        metric(evidence_of, "recall", 0.4, slice="paid = Cash"),
        metric(evidence_of, "recall", 0.1, slice="paid_by = Cash"),
        satisfice=(RECALL,),
        examples=lambda name: tuple(f"row {i} of {name}" for i in range(9)),
    )
    card, cash = [each for each in gate.reasons if each.demand.startswith("recall")]
    assert (card.passed, cash.passed) == (True, False)
    assert (cash.slice, len(cash.examples), cash.examples[0]) == ("paid = Cash", 5, "row 0 of paid = Cash")
    assert "where paid = Cash" in cash.explanation
    assert not card.examples


def test_what_cannot_be_known_is_listed_and_blocks_nothing(judged, evidence_of):
    unknown = evidence_of("metric.recall", slice="paid = Cash", rows=80, claim="recall cannot be known here.")
    few = evidence_of("metric.recall", slice="paid = Gold", rows=12, value=0.1, claim="recall is 0.1.")
    gate = judged(unknown, few, satisfice=(RECALL,))
    assert gate.passed
    assert [each.passed for each in gate.reasons if each.demand.startswith("recall")] == [None, None]
    assert any("Slices need 50 rows" in each.explanation for each in gate.reasons)


@pytest.mark.parametrize("target", [LOSS, RECALL, Target(metric="latency_p99_ms", comparison="<=", limit=20.0)])
def test_a_limit_that_nobody_measured_blocks(target, judged):
    gate = judged(satisfice=(target,))
    assert not gate.passed
    assert "was not measured" in reason(gate, target.metric).explanation


def test_what_a_model_costs_is_judged_without_a_part(judged, evidence_of):
    cost = evidence_of("metric.latency_p99_ms", value=31.0)
    gate = judged(cost, satisfice=(Target(metric="latency_p99_ms", comparison="<=", limit=20.0),))
    assert "The nearest limit that it passes is <= 31." in reason(gate, "latency").explanation


def test_metrics_of_other_parts_are_left_aside(judged, evidence_of):
    validation = evidence_of("metric.log_loss", value=0.1, part="validation")
    assert not judged(validation, satisfice=(LOSS,)).passed


@pytest.mark.parametrize(
    ("value", "low", "high", "passed"),
    [
        (0.01, 0.002, 0.02, True),
        (0.0, -0.004, 0.004, True),
        (-0.002, -0.0049, 0.001, True),
        (0.001, -0.02, 0.03, False),
        (-0.05, -0.06, -0.04, False),
    ],
)
def test_the_champion_gives_way_only_if_the_lower_end_is_near(value, low, high, passed, judged, evidence_of):
    paired = evidence_of("comparison.champion", value=value, low=low, high=high, rows=1000, part="test")
    gate = judged(paired, rival=RIVAL)
    assert gate.passed is passed
    assert gate.rival == RIVAL
    assert reason(gate, "roc_auc not worse").passed is passed


def test_a_doubtful_challenger_is_told_how_many_rows_and_which_setting_would_do(judged, evidence_of):
    paired = evidence_of("comparison.champion", value=0.001, low=-0.02, high=0.03, rows=1000)
    why = reason(judged(paired, rival=RIVAL), "roc_auc not worse").explanation
    assert "not_worse_by = 0.02" in why
    assert "rows would decide" in why


def test_a_champion_that_was_not_compared_keeps_its_place(judged):
    assert not judged(rival=RIVAL).passed


def test_without_a_champion_there_is_nothing_to_be_worse_than(judged):
    gate = judged()
    assert gate.passed
    assert reason(gate, "roc_auc not worse").explanation == "There is no champion yet."


@pytest.mark.parametrize(("value", "passed"), [(0.01, None), (-0.01, False)])
def test_a_constant_must_be_beaten_for_sure(value, passed, charter_with, model, evidence_of):
    unsure = evidence_of("comparison.majority", passed=passed, value=value, low=-0.03, high=0.03)
    assert not judge(subject=model, rival=None, charter=charter_with(), evidence=[unsure]).passed
    assert not judge(subject=model, rival=None, charter=charter_with(), evidence=[]).passed


@pytest.mark.parametrize(
    ("value", "passed", "expected"),
    [(0.1, True, True), (0.01, None, None), (-0.01, None, False), (-0.1, False, False)],
)
def test_the_rule_without_learning_is_beaten_by_the_value(value, passed, expected, judged, evidence_of):
    gate = judged(evidence_of("comparison.heuristic", passed=passed, value=value, low=-0.03, high=0.3))
    assert reason(gate, "roc_auc better than that of the rule").passed is expected
    assert gate.passed is (expected is not False)


def test_a_rule_in_the_charter_that_was_not_compared_blocks(judged):
    assert not judged(without_ml="heuristics:long_trip").passed


@pytest.mark.parametrize("check", ["sanity.shuffled_labels", "parity.onnx", "scenario.a", "policy.features"])
def test_a_failed_check_blocks_and_a_passed_one_is_listed(check, judged, evidence_of):
    assert not judged(evidence_of(check, passed=False)).passed
    held = judged(evidence_of(check, passed=True))
    assert held.passed
    assert reason(held, check).passed is True


def test_a_leakage_suspicion_is_listed_as_a_question(judged, evidence_of):
    gate = judged(evidence_of("leakage.single_feature", passed=False, claim="paid almost decides."))
    assert gate.passed
    assert reason(gate, "no feature gives").passed is None
    assert reason(gate, "no feature gives").explanation == "paid almost decides."


def test_a_weighted_goal_is_named_in_full(judged):
    gate = judged(optimize={"roc_auc": 0.7, "average_precision": 0.3})
    assert reason(gate, "0.7 roc_auc + 0.3 average_precision not worse")
