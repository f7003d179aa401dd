from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import LoopwrightError
from loopwright.records.evidence import Evidence
from loopwright.records.record import Ref
from loopwright.stages.evaluation.maturity import ScoreCard, maturity
from loopwright.stages.evaluation.rubric import TESTS

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
MODEL = Ref(kind="model", digest="c" * 64)

# One check that earns each test its point.
FULL = {test.id: test.checks[0].replace(".*", ".x") for test in TESTS}


def found(check, *, days=1.0, **said):
    slice_name = "paid = Cash" if check.startswith("metric.") else None
    plain = {"check": check, "subject": MODEL, "claim": f"{check}.", "passed": True, "slice": slice_name}
    return Evidence(**(plain | said)), NOW - timedelta(days=days)


def signed(test, *, days=1.0, **said):
    return found(f"attestation.{test}", days=days, basis="attested", by="Ann", **said)


def card(*evidence):
    return maturity(evidence, now=NOW, fresh_days=30)


def of(score_card, test):
    (score,) = [each for section in score_card.sections for each in section.tests if each.id == test]
    return score


def test_nothing_shown_is_nothing_scored():
    empty = card()
    assert (empty.score, empty.bracket) == (0, "a research project rather than a production system")
    assert empty.cheapest.effort == 0
    assert of(empty, "D1").why == "Nothing checks this, and nobody signed it."


def test_everything_shown_is_seven():
    full = card(*(found(check) for check in FULL.values()))
    assert (full.score, full.bracket) == (7, "exceptional")
    assert full.next_points == ()
    assert full.cheapest is None


def test_the_score_is_the_lowest_section_and_not_their_mean():
    others = [found(check) for test, check in FULL.items() if test[0] != "O"]
    mixed = card(*others, found("age"), signed("O2"))
    assert [section.points for section in mixed.sections] == [7, 7, 7, 1.5]
    assert mixed.score == 1.5
    assert {point.test[0] for point in mixed.next_points} == {"O"}


@given(
    shown=st.dictionaries(st.sampled_from(list(FULL)), st.tuples(st.booleans(), st.floats(0, 60)), max_size=9)
)
def test_more_evidence_never_lowers_the_score(shown):
    evidence = [
        signed(test, days=days) if by_hand else found(FULL[test], days=days)
        for test, (by_hand, days) in shown.items()
    ]
    scores = [card(*evidence[:count]) for count in range(len(evidence) + 1)]
    assert all(before.score <= after.score for before, after in pairwise(scores))
    assert 0 <= scores[-1].score <= 7
    assert msgspec.json.decode(msgspec.json.encode(scores[-1]), type=ScoreCard) == scores[-1]


@given(days=st.floats(0, 100))
def test_automatic_evidence_counts_until_it_is_stale(days):
    score = of(card(found("schema.validated", days=days)), "D1")
    assert score.points == (1 if days <= 30 else 0)
    assert score.stale_from == (NOW + timedelta(days=30 - days)).isoformat()


def test_stale_evidence_says_how_old_and_until_when():
    stale = card(found("schema.validated", days=41))
    assert "41 days old and counted until 2026-04-22" in of(stale, "D1").why
    assert of(stale, "D1").age_days == 41
    again = {point.test: point.action for point in stale.next_points}
    assert again["D1"] == "Check again: loopwright run."


def test_a_signature_is_half_a_point_until_it_expires():
    until = card(
        signed("I6", expires="2026-05-03"), signed("I7", expires="2026-05-02"), signed("I5", days=400)
    )
    assert of(until, "I6").points == 0.5
    assert "Ann signed this on 2026-05-02: attestation.I6." in of(until, "I6").why
    assert of(until, "I7").points == 0
    assert "expired on 2026-05-02" in of(until, "I7").why
    assert of(until, "I5").points == 0


def test_a_valid_signature_stands_in_for_stale_evidence():
    assert of(card(signed("D1"), found("schema.validated", days=90)), "D1").points == 0.5
    assert of(card(signed("D1"), found("schema.validated")), "D1").points == 1


def test_an_automatic_check_of_a_part_is_half_a_point():
    score = of(card(found("privacy.redaction")), "D5")
    assert (score.points, score.worth) == (0.5, 0.5)
    assert "covers only a part" in score.why
    assert of(card(found("privacy.redaction"), found("privacy.erasure")), "D5").points == 1


def test_a_failing_check_earns_its_point_and_is_shown():
    failing = card(found("sanity.overfits", passed=False, claim="It cannot even learn ten rows."))
    assert of(failing, "I2").points == 1
    assert of(failing, "I2").failures == ("It cannot even learn ten rows.",)
    assert failing.open_failures == ("I2: It cannot even learn ten rows.",)


def test_a_failure_is_over_when_the_same_check_passes_later():
    over = card(found("sanity.overfits", days=2, passed=False), found("sanity.overfits", days=1))
    assert over.open_failures == ()
    again = card(found("sanity.overfits", days=1, passed=False), found("sanity.overfits", days=2))
    assert again.open_failures == ("I2: sanity.overfits.",)


def test_slices_fail_one_by_one():
    slices = card(
        found("metric.recall", passed=False, slice="paid = Cash"), found("metric.recall", slice="paid = Card")
    )
    assert of(slices, "M6").results == 2
    assert slices.open_failures == ("M6: metric.recall.",)


def test_long_lists_of_evidence_are_cut_with_failures_first():
    many = [found("metric.recall", slice=f"zone = {i}", passed=i != 14) for i in range(15)]
    score = of(card(*many), "M6")
    assert (score.results, len(score.evidence)) == (15, 10)
    assert score.evidence[0].digest == many[14][0].digest
    assert score.evidence[0].name == "metric.recall"


def test_the_cheapest_next_point_is_the_least_effort_for_a_point():
    almost = card(*(found(check) for test, check in FULL.items() if test not in ("O6", "O2")))
    assert [point.test for point in almost.next_points] == ["O6", "O2"]
    assert (almost.cheapest.gain, almost.cheapest.effort) == (1, 1)
    assert (almost.next_points[1].gain, almost.next_points[1].effort) == (1, 2)


def test_what_is_worth_a_signature_only_gains_half_a_point():
    almost = card(*(found(check) for test, check in FULL.items() if test != "M2"))
    assert [(point.test, point.gain) for point in almost.next_points] == [("M2", 0.5)]


@pytest.mark.parametrize(
    ("check", "test", "command"),
    [
        ("canary.verdict", "I6", "loopwright watch"), ("drill.rollback", "I7", "loopwright drill rollback"),
        ("serving.schema", "O2", "loopwright watch"),
    ],
)
def test_what_has_grown_old_is_checked_again_by_its_own_command(check, test, command):
    stale = card(found(check, days=41))
    assert {point.test: point.action for point in stale.next_points}[test] == f"Check again: {command}."


def test_a_moment_without_a_time_zone_is_refused():
    with pytest.raises(LoopwrightError, match="no time zone"):
        maturity([], now=NOW.replace(tzinfo=None), fresh_days=30)
