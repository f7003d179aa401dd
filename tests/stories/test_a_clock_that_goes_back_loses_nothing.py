"""Clocks go back: that of the server, of the rows, of whoever looks; nothing is lost, judged twice or told twice."""

from __future__ import annotations

import time

from loopwright.stages.serving.events import Outcome
from loopwright.stages.serving.journal import Journal

HOUR = 3600 * 10**6               # microseconds


def test_a_server_whose_clock_is_behind_its_own_log_counts_on_from_the_log(fares_ready, tmp_path):
    ahead = time.time_ns() // 1000 + HOUR

    def an_hour_ahead(place):
        with Journal(place.folder / ".loopwright/log", durability="fsync") as journal:
            told = Outcome(id="early", at=ahead, received=journal.stamp(ahead), source="x", values={"tipped": 1})
            journal.append([told]).result()

    with fares_ready.copied(tmp_path / "served", edit=an_hour_ahead) as served:
        row = {"miles": 4.0, "fare": 11.5, "payment": "card"}
        for name in ("early", "later"):
            served.predict({"id": name, **row})
        rows, _ = served.live()
    received = rows.sort("__received")["__received"].dt.epoch("us").to_list()
    assert received[0] >= ahead
    assert rows["__id"].to_list() == ["early", "later"]
    assert rows["__label"].to_list() == [1.0, None], "the outcome was there first"


def test_rows_that_happened_long_ago_are_answered_and_disturb_no_window_that_is_done(riding, made_rides, on_day):
    days = [made_rides(day, day + 1) for day in (-19, -18)]
    for rides in days:
        riding.predict(*(ride.row for ride in rides))
    looked = riding.place.give("watch", "--at", on_day(-17), "--json", code=0).json
    assert [report["rows"] for report in looked["reports"]] == [160, 160]
    old = made_rides(-60, -59)[:20]
    riding.predict(*(ride.row for ride in old))
    again = riding.place.give("watch", "--at", on_day(-17), "--json", code=0).json
    assert again["alerts"] == []
    rows, _ = riding.live()
    assert set(rows["__id"]) >= {ride.id for ride in old}
    assert rows["__at"].is_sorted()
    assert riding.place.give("passport", old[0].id, "--json", code=0).json["id"] == old[0].id


def test_whoever_looks_from_an_earlier_moment_makes_nothing_anew(riding, made_rides, on_day):
    rides = made_rides(-19, -16)
    riding.predict(*(ride.row for ride in rides))
    riding.tell(*(ride.outcome for ride in rides))
    first = riding.place.give("watch", "--at", on_day(-14), "--json", code=0).json
    assert first["reports"]
    back = riding.place.give("watch", "--at", on_day(-17), "--json", code=0).json
    assert back["alerts"] == []
    assert back["deployment"] is None
    forward = riding.place.give("watch", "--at", on_day(-14), "--json", code=0).json
    assert forward["alerts"] == []
    riding.place.assert_whole()


def test_outcomes_that_were_known_before_their_row_happened_are_joined(riding, made_rides, on_day):
    ride = made_rides(-19, -18)[0]
    riding.predict(ride.row)
    riding.tell({"id": ride.id, "values": {"tipped": 1}, "at": on_day(-30)})
    rows, _ = riding.live()
    assert rows["__label"].to_list() == [1.0]
    riding.place.give("watch", "--at", on_day(-10), "--no-retraining", code=0)
