"""When a model is trained anew: each rule, with the sentence that a person reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.records import Alert, Ref
from loopwright.settings import RetrainingSettings
from loopwright.stages.monitoring.windows import QualityReading, TrafficReading, WindowReport
from loopwright.stages.retraining.policy import FAULTS, Facts, Quality, decide, newest_qualities

NOW = datetime(2015, 10, 1)
BAD = (Quality(metric="roc_auc", realised=0.71, estimated=None, limit=0.75),)
GOOD = (Quality(metric="roc_auc", realised=0.8, estimated=None, limit=0.75),)
FACTS = Facts(now=NOW, trained=NOW - timedelta(days=60), alerts=(), qualities=GOOD, new_labels=2000)
SETTINGS = RetrainingSettings()


def alert(quantity, cause, group="g1"):
    return Alert(
        deployment=Ref(kind="deployment", digest="d" * 64), quantity=quantity, severity="warning", title="", advice="",
        explanation="", cause=cause, group=group, first_bad="2015-09-01T00:00:00", last_bad="2015-09-08T00:00:00",
    )


DECAY = alert("quality:roc_auc", "real change")
DRIFT = alert("drift:hour", "population change")
CENTS = alert("drift:fare", "unit change", group="g2")


def said(decision, trigger):
    return next(reason for reason in decision.reasons if reason.trigger == trigger)


def decided(settings=SETTINGS, **facts):
    return decide(replace(FACTS, **facts), settings)


# -- nothing to do -----------------------------------------------------------------------------------------


def test_without_a_reason_nothing_is_trained_and_every_trigger_says_why():
    decision = decided()
    assert decision.retrain is False
    assert decision.why == (
        "Nothing asks for a training: no alert about quality is open; no alert about drift is open."
    )
    assert [reason.trigger for reason in decision.reasons] == [
        "asked", "decay", "drift", "schedule", "labels", "challenger", "pause", "few_labels",
    ]
    assert all(reason.text for reason in decision.reasons)
    assert decision.alerts == ()


def test_with_every_trigger_switched_off_that_is_said():
    off = RetrainingSettings(on_drift=False, on_decay=False)
    decision = decided(off, alerts=(DECAY, DRIFT), qualities=BAD)
    assert decision.retrain is False
    assert decision.why == "Nothing asks for a training: every trigger is switched off."
    assert said(decision, "decay").says is None
    assert said(decision, "drift").text == "drift is no trigger: [retraining] on_drift = false"


# -- triggers ----------------------------------------------------------------------------------------------

CASES = [
    # trigger, settings, facts, says, part of the sentence
    ("asked", {}, {"asked_by": "Ada"}, True, "Ada asks for a training"),
    ("asked", {}, {}, False, "nobody asks"),
    ("decay", {}, {"alerts": (DECAY,)}, True, "become worse: quality:roc_auc (real change)"),
    ("decay", {}, {"alerts": (alert("quality:roc_auc", "unknown"),)}, True, "(unknown)"),
    ("decay", {}, {"alerts": (alert("quality:roc_auc", "population change"),)}, True, "(population change)"),
    ("decay", {}, {"alerts": (alert("quality:roc_auc", "new category"),)}, True, "(new category)"),
    ("decay", {}, {"alerts": (alert("quality:roc_auc", "lost labels"),)}, False, "which no training mends"),
    ("decay", {}, {"alerts": (alert("traffic", "missing traffic"),)}, False, "no alert about quality is open"),
    ("drift", {}, {"alerts": (DRIFT,), "qualities": BAD}, True, "realised roc_auc of 0.71 is beyond its limit of 0.75"),
    ("drift", {}, {"alerts": (alert("drift:company", "new category"),), "qualities": BAD}, True, "drift:company"),
    ("drift", {}, {"alerts": (DRIFT,)}, False, "the answers do not suffer: roc_auc 0.8 within the limit"),
    ("drift", {}, {"alerts": (DRIFT,), "qualities": ()}, None, "cannot be known yet whether the answers suffer"),
    ("drift", {}, {"alerts": (alert("drift:hour", "unknown"),), "qualities": BAD}, False, "nobody knows yet why"),
    ("schedule", {}, {}, None, "no schedule is set"),
    ("schedule", {"every_days": 30.0}, {}, True, "60 days ago, and every 30 days are asked for"),
    ("schedule", {"every_days": 90.0}, {}, False, "60 days ago, and the next is due after 90 days"),
    ("schedule", {"every_days": 90.0}, {"trained": None}, True, "no model was trained yet"),
    ("labels", {}, {}, None, "no trigger: [retraining] every_labels"),
    ("labels", {"every_labels": 2000}, {}, True, "2,000 outcomes have become known since the last training, and 2,000"),
    ("labels", {"every_labels": 2001}, {}, False, "and 2,001 are asked for"),
]


@pytest.mark.parametrize(("trigger", "settings", "facts", "says", "text"), CASES)
def test_every_trigger_answers_with_a_sentence(trigger, settings, facts, says, text):
    decision = decided(RetrainingSettings(**settings), **facts)
    reason = said(decision, trigger)
    assert reason.says is says
    assert text in reason.text
    assert decision.retrain is (says is True)
    if says:
        assert decision.why == f"Train: {reason.text}."


def test_an_estimate_beyond_the_limit_is_enough_for_drift_to_matter():
    estimated = (Quality(metric="log_loss", realised=None, estimated=0.41, limit=0.35),)
    decision = decided(alerts=(DRIFT,), qualities=estimated)
    assert decision.retrain is True
    assert "the estimated log_loss of 0.41 is beyond its limit of 0.35" in decision.why


def test_the_alerts_that_fire_are_the_ones_that_the_training_answers():
    other = alert("drift:company", "unknown", group="g3")
    decision = decided(alerts=(DECAY, other, DRIFT), qualities=BAD)
    assert decision.alerts == (DECAY.ref, DRIFT.ref)
    assert decided(alerts=(DECAY, other, DRIFT)).alerts == (DECAY.ref,)


# -- a broken source ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", sorted(FAULTS))
@pytest.mark.parametrize("quantity", ["drift:fare", "quality:roc_auc"])
def test_a_broken_input_is_to_be_mended_not_learned(cause, quantity):
    decision = decided(alerts=(alert(quantity, cause),), qualities=BAD)
    assert decision.retrain is False
    assert decision.alerts == ()
    assert f"{quantity} ({cause})" in decision.why
    assert "mend the source, retraining would learn the fault" in decision.why


def test_a_schema_break_is_to_be_mended_not_learned():
    decision = decided(alerts=(alert("schema:fare", "schema break"),), qualities=BAD)
    assert decision.retrain is False
    assert "schema:fare (schema break) is a fault of the source" in decision.why


def test_what_became_worse_because_of_a_fault_is_no_decay():
    worse = alert("quality:roc_auc", "population change", group="g2")
    decision = decided(alerts=(CENTS, worse), qualities=BAD)
    assert decision.retrain is False
    assert "become worse, but drift:fare (unit change) explains it: mend the source" in said(decision, "decay").text


def test_unexplained_decay_beside_a_fault_waits_for_the_fault_to_be_mended():
    decision = decided(alerts=(CENTS, alert("quality:roc_auc", "unknown")), qualities=BAD)
    assert decision.retrain is False
    assert "explains it: mend the source" in said(decision, "decay").text


def test_a_real_change_is_answered_although_something_else_is_broken():
    decision = decided(alerts=(CENTS, DECAY), qualities=BAD)
    assert decision.retrain is True
    assert decision.alerts == (DECAY.ref,)


def test_drift_does_not_fire_while_a_fault_may_be_why_answers_are_bad():
    decision = decided(alerts=(CENTS, DRIFT), qualities=BAD)
    assert decision.retrain is False
    assert "but drift:fare (unit change) may be why: mend the source" in said(decision, "drift").text


# -- brakes ------------------------------------------------------------------------------------------------


def test_nothing_is_trained_while_a_challenger_is_tried_even_if_a_person_asks():
    for asked_by in ("", "Ada"):
        decision = decided(alerts=(DECAY,), challenger="v4 as a canary at 25 %", asked_by=asked_by)
        assert decision.retrain is False
        assert decision.why.startswith(
            "Not now: a challenger is being tried (v4 as a canary at 25 %), and there is room for one: "
            "promote or reject it first. Else one would train: "
        )
    assert "the answers have become worse: quality:roc_auc (real change)" in decision.why


def test_nothing_is_trained_within_the_pause_unless_a_person_asks():
    soon = {"alerts": (DECAY,), "trained": NOW - timedelta(days=3)}
    decision = decided(**soon)
    assert decision.retrain is False
    assert decision.why.startswith("Not now: the last training was 3 days ago, and 7 days have to pass.")
    asked = decided(asked_by="Ada", **soon)
    assert asked.retrain is True
    assert said(asked, "pause").text.endswith("7 days have to pass, but Ada asks for a training")


def test_nothing_is_trained_with_few_new_outcomes_unless_a_person_asks():
    decision = decided(alerts=(DECAY,), new_labels=120)
    assert decision.retrain is False
    assert decision.why.startswith(
        "Not now: 120 outcomes have become known since the last training: 380 more are needed."
    )
    assert decided(alerts=(DECAY,), new_labels=120, asked_by="Ada").retrain is True
    assert decided(alerts=(DECAY,), new_labels=500).retrain is True


def test_a_decision_that_is_held_back_still_names_the_alerts_it_would_answer():
    assert decided(alerts=(DECAY,), new_labels=0).alerts == (DECAY.ref,)


def test_a_clock_that_went_backwards_pauses_and_says_so():
    decision = decided(alerts=(DECAY,), trained=NOW + timedelta(days=300))
    assert decision.retrain is False
    assert "by this clock the last training (2016-07-27T00:00:00) is still to come: set the clock" in decision.why


def test_moments_with_and_without_a_zone_are_both_utc():
    mixed = replace(FACTS, trained=(NOW - timedelta(days=60)).replace(tzinfo=UTC))
    assert mixed.days_since_training == FACTS.days_since_training == 60


# -- laws --------------------------------------------------------------------------------------------------

ALERTS = st.lists(
    st.builds(
        alert,
        st.sampled_from(["drift:fare", "drift:prediction", "quality:roc_auc", "schema:fare", "traffic", "labels"]),
        st.sampled_from([*sorted(FAULTS), "real change", "population change", "new category", "unknown"]),
        st.sampled_from(["g1", "g2"]),
    ),
    max_size=4,
).map(tuple)


@given(
    alerts=ALERTS,
    qualities=st.sampled_from([BAD, GOOD, ()]),
    new_labels=st.integers(0, 3000),
    days=st.none() | st.floats(-10, 500),
    challenger=st.sampled_from(["", "v4"]),
    asked_by=st.sampled_from(["", "Ada"]),
    every_days=st.none() | st.floats(1, 100),
    every_labels=st.none() | st.integers(1, 2000),
)
def test_a_training_has_a_trigger_and_no_brake_and_never_answers_a_fault(
    alerts, qualities, new_labels, days, challenger, asked_by, every_days, every_labels
):
    facts = Facts(
        now=NOW, trained=None if days is None else NOW - timedelta(days=days), alerts=alerts, qualities=qualities,
        new_labels=new_labels, challenger=challenger, asked_by=asked_by,
    )
    decision = decide(facts, RetrainingSettings(every_days=every_days, every_labels=every_labels))
    triggers, brakes = decision.reasons[:5], decision.reasons[5:]
    assert decision.retrain == (any(each.says for each in triggers) and not any(each.says for each in brakes))
    assert not decision.retrain or not challenger
    assert not decision.retrain or new_labels >= 500 or asked_by
    assert set(decision.alerts) <= {each.ref for each in alerts if each.cause not in FAULTS}
    assert all(reason.text and not reason.text.endswith(".") for reason in decision.reasons)
    assert decision.why.endswith(".")


# -- the newest qualities ----------------------------------------------------------------------------------


def reading(value=None, estimate=None, limit=0.75, metric="roc_auc"):
    return QualityReading(
        metric=metric, value=value, low=None, high=None, rows=0, pending=0, mature=value is not None,
        estimate=estimate, estimate_low=None, estimate_high=None, reference=None, limit=limit, p_value=None,
        evidence=0.0, evidence_limit=100.0, alarmed=False,
    )


def report(day, *readings):
    traffic = TrafficReading(
        rows=0, refused=0, failed=0, expected_low=None, expected_high=None, odd=0, latency_p50_ms=None,
        latency_p99_ms=None, over_limit=0, latency_limit_ms=None, labels_due=0, labels_come=0, alarmed=(), p_values={},
    )
    return WindowReport(
        start=f"2015-07-{day:02}T00:00:00", end=f"2015-07-{day + 1:02}T00:00:00", deployment="", model="", rows=0,
        columns=(), predictions=None, qualities=readings, traffic=traffic, doors=(),
    )


def test_the_newest_outcome_and_the_newest_estimate_after_it_count():
    reports = [
        report(3, reading(estimate=0.7)),
        report(1, reading(value=0.8, estimate=0.81)),
        report(2, reading(value=0.78, estimate=0.9)),
    ]
    assert newest_qualities(reports) == (Quality(metric="roc_auc", realised=0.78, estimated=0.7, limit=0.75),)


def test_an_estimate_that_outcomes_have_overtaken_no_longer_counts():
    reports = [report(1, reading(estimate=0.6)), report(2, reading(value=0.78, estimate=0.6))]
    assert newest_qualities(reports)[0].estimated is None


def test_metrics_are_kept_apart_and_without_reports_nothing_is_known():
    reports = [report(1, reading(value=0.8), reading(value=0.3, metric="log_loss", limit=None))]
    assert [(each.metric, each.limit) for each in newest_qualities(reports)] == [("roc_auc", 0.75), ("log_loss", None)]
    assert newest_qualities([]) == ()
