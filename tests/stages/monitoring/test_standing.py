"""An alert is open until somebody says otherwise, and no silence lasts for ever."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import LoopwrightError
from loopwright.stages.monitoring.incidents import incidents
from loopwright.stages.monitoring.standing import (
    ALERT,
    SILENCE,
    Standing,
    acknowledgement,
    reopening,
    silence,
    silence_key,
    standing,
    unsilencing,
)
from loopwright.store.metadata import Mark, Metadata
from loopwright.store.sqlite import SqliteLedger

NOW = "2015-09-20T12:00:00.000000Z"
LATER = "2015-10-20T12:00:00.000000Z"


@pytest.fixture(scope="module")
def reports(watched):
    cents = watched.week(date(2014, 11, 3)).with_columns(pl.col("fare") * 100)
    healthy = watched.week(date(2014, 11, 10))
    return [watched.report(frame, week=week) for week, frame in enumerate([cents, healthy, healthy])]


@pytest.fixture(scope="module")
def alert(watched, reports):
    return incidents(reports[:1], deployment=watched.deployment)[0]


def _mark(kind, key, body, at="2015-09-15T00:00:00.000000Z"):
    return Mark(kind=kind, key=key, body=body, at=at)


def _silenced(at="2015-09-15T00:00:00.000000Z", until="2015-09-30", **what):
    body = silence(until=until, reason="meters are being updated", by="ada", now=at, **what)
    return _mark(SILENCE, silence_key(**what), body, at=at)


def test_an_alert_of_which_nothing_was_said_is_open(alert, reports):
    assert standing(alert, reports[:1], [], NOW) == Standing(state="open")


@pytest.mark.parametrize("what", ["digest", "group"])
def test_an_alert_may_be_acknowledged_by_itself_or_with_its_group(alert, reports, what):
    mark = _mark(ALERT, getattr(alert, what), acknowledgement(by="ada", note="asked the meter team"))
    assert standing(alert, reports[:1], [mark], NOW) == Standing(
        state="acknowledged", by="ada", note="asked the meter team"
    )


def test_an_acknowledgement_can_be_taken_back(alert, reports):
    marks = [
        _mark(ALERT, alert.digest, reopening(by="bob", note="not fixed"), at="2015-09-17T00:00:00.000000Z"),
        _mark(ALERT, alert.group, acknowledgement(by="ada")),
    ]
    assert standing(alert, reports[:1], marks, NOW) == Standing(state="open", by="bob", note="not fixed")


@pytest.mark.parametrize("what", [
    {"quantity": "drift:fare"}, {"quantity": "drift:*"}, {"quantity": "*"},
    {"group": "drift:fare@2015-09-07T00:00:00"},
])
def test_a_silence_covers_a_pattern_or_a_group_until_it_ends(alert, reports, what):
    marks = [_silenced(**what), _mark(ALERT, alert.digest, acknowledgement(by="bob"))]
    assert standing(alert, reports[:1], marks, NOW) == Standing(
        state="silenced", by="ada", until="2015-09-30T00:00:00.000000Z", note="meters are being updated"
    )
    assert standing(alert, reports[:1], marks, LATER).state == "acknowledged"


@pytest.mark.parametrize("what", [{"quantity": "drift:fares"}, {"quantity": "schema:*"}, {"group": "drift:fare"}])
def test_a_silence_covers_nothing_else(alert, reports, what):
    assert standing(alert, reports[:1], [_silenced(**what)], NOW).state == "open"


def test_a_silence_may_be_ended_early(alert, reports):
    ended = _mark(
        SILENCE, silence_key(quantity="drift:*"),
        unsilencing(quantity="drift:*", by="bob", now="2015-09-16T00:00:00Z"), at="2015-09-16T00:00:00.000000Z",
    )
    assert standing(alert, reports[:1], [ended, _silenced(quantity="drift:*")], NOW).state == "open"


def test_of_several_silences_the_longest_counts(alert, reports):
    marks = [_silenced(quantity="drift:*", until="2015-09-21"), _silenced(group=alert.group, until="2015-11-30")]
    assert standing(alert, reports[:1], marks, NOW).until.startswith("2015-11-30")


def test_what_is_over_is_over_whatever_was_said(alert, reports):
    found = standing(alert, reports, [_silenced(quantity="*")], NOW)
    assert (found.state, found.until) == ("over", reports[0].end)


def test_marks_survive_the_metadata_store(alert, reports, tmp_path):
    metadata = Metadata(SqliteLedger(tmp_path / "metadata.db"))
    metadata.mark(ALERT, alert.digest, acknowledgement(by="ada"))
    body = silence(quantity="drift:*", until="2999-01-01", reason="x", by="ada", now="2998-06-01")
    metadata.mark(SILENCE, silence_key(quantity="drift:*"), body)
    marks = [*metadata.marks(ALERT).values(), *metadata.marks(SILENCE).values()]
    assert standing(alert, reports[:1], marks, NOW).until.startswith("2999")
    assert standing(alert, reports[:1], marks[:1], NOW).state == "acknowledged"
    metadata.ledger.close()


@pytest.mark.parametrize(("changes", "says"), [
    ({"until": "2015-09-01"}, "not in the future"),
    ({"until": "2015-09-20T12:00:00Z"}, "not in the future"),
    ({"until": "2016-12-31"}, "more than a year"),
    ({"until": "for ever"}, "is no moment"),
    ({"until": ""}, "is no moment"),
    ({"reason": "  "}, "'reason' is empty"),
    ({"by": ""}, "'by' is empty"),
    ({"quantity": ""}, "Give one of them"),
    ({"group": "g"}, "Give one of them"),
])
def test_a_silence_must_say_what_why_and_until_when(changes, says):
    given_ = {"quantity": "drift:*", "until": "2015-10-01", "reason": "known", "by": "ada", "now": NOW}
    with pytest.raises(LoopwrightError, match=says):
        silence(**{**given_, **changes})


@pytest.mark.parametrize("make", [acknowledgement, reopening])
def test_somebody_must_be_named(make):
    with pytest.raises(LoopwrightError, match="'by' is empty"):
        make(by=" ")


@given(days=st.integers(1, 365), hours=st.integers(-12, 14))
def test_an_end_within_a_year_is_taken_in_any_zone(days, hours):
    day = date.fromordinal(date(2015, 9, 20).toordinal() + days)
    body = silence(
        quantity="x", until=f"{day}T12:00:00{hours:+03d}:00" if days not in {1, 365} else f"{day}T12:00:00Z",
        reason="known", by="ada", now=NOW,
    )
    assert NOW < str(body["until"]) <= "2016-09-21"


def test_a_quantity_with_odd_letters_is_matched_as_it_stands(alert, reports):
    odd = replace(alert, quantity="drift:fare [USD]", group="drift:fare [USD]@2015-09-07T00:00:00")
    assert standing(odd, reports[:1], [_silenced(group=odd.group)], NOW).state == "silenced"
    assert standing(odd, reports[:1], [_silenced(quantity="drift:fare*")], NOW).state == "silenced"
