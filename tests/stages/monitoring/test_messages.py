"""One message tells of one incident, and nothing in it can break out of its place."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from loopwright.errors import LoopwrightError
from loopwright.records import Alert, Ref
from loopwright.stages.monitoring.messages import incident_id, message_of

ROOT = Alert(
    deployment=Ref(kind="deployment", digest="d" * 64), quantity="drift:fare", severity="warning",
    title="fare is multiplied by 100 (dollars to cents)", explanation="Its median is 825, and was 8.25.",
    advice="Convert it back.", cause="unit change", group="drift:fare@2015-09-07T00:00:00",
    first_bad="2015-09-07T00:00:00", last_bad="2015-09-14T00:00:00", value=4.2, limit=0.02, rows=1210,
    examples=("trip 1", "trip 2"),
)
FOLLOWER = replace(
    ROOT, quantity="quality:roc_auc", severity="critical", title="roc_auc fell", first_bad="2015-09-14T00:00:00"
)


def test_the_root_comes_first_and_the_worst_severity_counts():
    message = message_of([FOLLOWER, ROOT])
    assert message.alerts == (ROOT, FOLLOWER)
    assert message.subject == "[critical] fare is multiplied by 100 (dollars to cents) (+1)"
    assert "Suspected cause: unit change" in message.text
    assert "1,210 rows" in message.text
    assert "trip 1, trip 2" in message.text
    assert "- quality:roc_auc: roc_auc fell" in message.text


def test_programs_get_all_fields():
    body = json.loads(message_of([ROOT, FOLLOWER]).json)
    assert body["incident"] == incident_id(ROOT.group)
    assert [alert["digest"] for alert in body["alerts"]] == [ROOT.digest, FOLLOWER.digest]
    assert body["alerts"][0]["value"] == 4.2
    assert body["cause"] == "unit change"
    assert body["first_bad"] == "2015-09-07T00:00:00"
    assert body["text"].startswith("fare is multiplied")


def test_the_same_alerts_have_the_same_key_and_others_another():
    assert message_of([ROOT, FOLLOWER]).key == message_of([FOLLOWER, ROOT]).key
    assert message_of([ROOT]).key != message_of([FOLLOWER]).key
    assert message_of([ROOT]).incident == message_of([FOLLOWER]).incident


def test_only_the_alert_that_opened_the_incident_makes_a_first_message():
    assert message_of([ROOT, FOLLOWER]).is_first
    assert not message_of([FOLLOWER]).is_first


def test_values_of_rows_cannot_break_out_of_a_line_or_a_page():
    odd = replace(ROOT, title="a\r\nBcc: x\x00\u2028<b>", explanation="<script>", advice="&", examples=('"><img>',))
    message = message_of([odd, replace(odd, quantity="schema:<i>")])
    assert message.subject == "[warning] a Bcc: x <b> (+1)"
    assert not {"<script>", "<img>", "<i>", "<b>a"} & {message.html[i : i + 8].strip() for i in range(9_999)}
    assert "&lt;script&gt;" in message.html
    assert "schema:&lt;i&gt;" in message.html


@pytest.mark.parametrize("alerts", [[], [ROOT, replace(ROOT, group="another")]])
def test_a_message_is_of_exactly_one_incident(alerts):
    with pytest.raises(LoopwrightError, match="tells of one incident"):
        message_of(alerts)
