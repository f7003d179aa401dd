"""Each alert is told once, when it should be, and again only where telling failed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import LoopwrightError
from loopwright.protocols import Notifier
from loopwright.records import Alert, Ref
from loopwright.settings import EmailSettings, MonitorSettings
from loopwright.stages.monitoring.notifying import TOLD, delivered, due, failed, held, notifiers, told_key
from loopwright.stages.monitoring.standing import Standing
from loopwright.store.metadata import Mark

FARE = Alert(
    deployment=Ref(kind="deployment", digest="d" * 64), quantity="drift:fare", severity="critical", title="fare",
    explanation="", advice="", cause="unit change", group="fare", first_bad="2015-09-07T00:00:00",
    last_bad="2015-09-14T00:00:00",
)
QUALITY = replace(FARE, quantity="quality:roc_auc", first_bad="2015-09-14T00:00:00")
SILENCE = replace(FARE, quantity="traffic", group="traffic", first_bad="2015-09-01T00:00:00")


def _standings(**states):
    by_name = {"fare": FARE, "quality": QUALITY, "traffic": SILENCE}
    return {by_name[name].digest: Standing(state=state) for name, state in states.items()}


def _told(alert, body, notifier="webhook"):
    key = told_key(notifier, alert)
    return {key: Mark(kind=TOLD, key=key, body=body, at="2015-09-20T00:00:00Z")}


def test_new_alerts_are_told_one_message_for_each_group_oldest_first():
    found = due([QUALITY, FARE, SILENCE], {}, {}, notifier="webhook")
    assert found.messages == ((SILENCE,), (FARE, QUALITY))
    assert found.held == ()


def test_what_was_told_is_not_told_again_and_what_follows_later_is():
    found = due([FARE, QUALITY], {}, _told(FARE, delivered()), notifier="webhook")
    assert found.messages == ((QUALITY,),)


def test_a_delivery_that_failed_is_due_again():
    mark = _told(FARE, failed(LoopwrightError("status 503")))
    assert due([FARE], {}, mark, notifier="webhook").messages == ((FARE,),)


def test_each_notifier_is_told_for_itself():
    assert due([FARE], {}, _told(FARE, delivered(), "email"), notifier="webhook").messages == ((FARE,),)


@pytest.mark.parametrize("state", ["silenced", "acknowledged"])
def test_what_is_silenced_or_known_to_somebody_is_not_told(state):
    assert due([FARE], _standings(fare=state), {}, notifier="webhook").messages == ()


def test_an_alert_that_was_silenced_is_told_when_the_silence_ends_and_it_goes_on():
    found = due([FARE], _standings(fare="silenced"), {}, notifier="webhook")
    assert found.held == (FARE,)
    mark = _told(FARE, held())
    assert due([FARE], _standings(fare="silenced"), mark, notifier="webhook").held == ()
    assert due([FARE], _standings(fare="open"), mark, notifier="webhook").messages == ((FARE,),)
    assert due([FARE], _standings(fare="over"), mark, notifier="webhook").messages == ()


def test_an_incident_that_was_over_before_it_was_seen_is_told_all_the_same():
    assert due([FARE], _standings(fare="over"), {}, notifier="webhook").messages == ((FARE,),)


@given(
    states=st.lists(st.sampled_from(["open", "acknowledged", "silenced", "over"]), min_size=3, max_size=3),
    bodies=st.lists(st.sampled_from([None, delivered(), held(), failed(ValueError("x"))]), min_size=3, max_size=3),
)
def test_after_all_marks_are_written_nothing_is_due(states, bodies):
    alerts = [FARE, QUALITY, SILENCE]
    standings = {alert.digest: Standing(state=state) for alert, state in zip(alerts, states, strict=True)}
    told = {}
    for alert, body in zip(alerts, bodies, strict=True):
        told |= _told(alert, body) if body else {}
    found = due(alerts, standings, told, notifier="webhook")
    assert all(len({alert.group for alert in group}) == 1 for group in found.messages)
    for alert in (alert for group in found.messages for alert in group):
        told |= _told(alert, delivered())
    for alert in found.held:
        told |= _told(alert, held())
    again = due(alerts, standings, told, notifier="webhook")
    assert (again.messages, again.held) == ((), ())


def test_the_project_file_says_who_is_told():
    mail = EmailSettings(to=("a@example.org",), sender="b@example.org")
    both = notifiers(MonitorSettings(webhook="https://hooks.example.org/x", email=mail))
    assert [each.name for each in both] == ["webhook", "email"]
    assert all(isinstance(each, Notifier) for each in both)
    assert notifiers(MonitorSettings()) == ()


def test_an_address_that_cannot_be_used_is_said_before_anything_is_told():
    with pytest.raises(LoopwrightError):
        notifiers(MonitorSettings(webhook="https://"))
