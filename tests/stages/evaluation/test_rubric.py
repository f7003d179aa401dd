from __future__ import annotations

from collections import Counter

import pytest

from loopwright.stages.evaluation.rubric import BRACKETS, SECTIONS, TESTS, bracket

LETTERS = {"data": "D", "model": "M", "infrastructure": "I", "monitoring": "O"}


def test_there_are_seven_tests_in_each_of_four_sections():
    expected = [f"{LETTERS[section]}{number}" for section in SECTIONS for number in range(1, 8)]
    assert [test.id for test in TESTS] == expected
    assert Counter(test.section for test in TESTS) == dict.fromkeys(SECTIONS, 7)


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.id)
def test_every_test_says_what_feeds_it_and_what_to_do(test):
    assert test.checks
    assert test.action.endswith(".")
    assert test.by_hand == (f"loopwright attest {test.id}" in test.action) or test.id == "D6"
    assert 0 <= test.effort <= 5


@pytest.mark.parametrize(
    ("check", "fed"),
    [
        ("schema.validated", "D1"), ("importance", "D2"), ("importance.fare", "D2"), ("cost.feature", "D3"),
        ("policy.features", "D4"), ("privacy.redaction", "D5"), ("features.lead_time", "D6"),
        ("features.tested", "D7"), ("review.git", "M1"), ("search.tuned", "M3"), ("staleness.backtest", "M4"),
        ("comparison.linear", "M5"), ("comparison.majority", "M5"), ("fairness.slices", "M7"),
        ("reproducible.refit", "I1"), ("sanity.overfits_a_tiny_batch", "I2"), ("pipeline.end_to_end", "I3"),
        ("gate", "I4"), ("gate.quality", "I4"), ("explain.one_row", "I5"), ("canary.stopped", "I6"),
        ("drill.rollback", "I7"), ("dependencies.changed", "O1"), ("serving.schema", "O2"),
        ("skew.features", "O3"), ("age", "O4"), ("numeric.stable", "O5"), ("cost.training", "O6"),
        ("cost.latency", "O6"),
        ("quality.joined", "O7"), ("attestation.I6", "I6"),
    ],
)
def test_each_check_feeds_its_one_test(check, fed, evidence_of):
    basis = "attested" if check.startswith("attestation") else "automatic"
    assert [test.id for test in TESTS if test.is_fed_by(evidence_of(check, basis=basis))] == [fed]


def test_a_drill_of_another_fault_is_no_roll_back(evidence_of):
    assert not any(test.is_fed_by(evidence_of("drill.latency")) for test in TESTS)


def test_what_runs_by_itself_needs_no_signature():
    by_itself = {test.id for test in TESTS if not test.by_hand}
    assert by_itself >= {"I6", "I7", "O1", "O2", "O3", "O4", "O7"}
    assert {test.id for test in TESTS if test.by_hand} == {"D5", "D6", "M2", "M7"}


def test_only_slices_show_quality_on_slices(evidence_of):
    (slices,) = [test for test in TESTS if test.id == "M6"]
    assert not slices.is_fed_by(evidence_of("metric.recall"))
    assert slices.is_fed_by(evidence_of("metric.recall", slice="paid = Cash"))


def test_the_champion_is_no_simpler_model(evidence_of):
    assert not any(test.is_fed_by(evidence_of("comparison.champion")) for test in TESTS)


def test_the_upper_end_of_a_range_belongs_to_it():
    assert [bracket(upper) for upper, _ in BRACKETS] == [text for _, text in BRACKETS]
    assert bracket(0.5) == BRACKETS[1][1]
    assert bracket(5.5) == "exceptional"
