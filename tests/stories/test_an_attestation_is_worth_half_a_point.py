"""What a person signs is worth half a point of the ML Test Score until it expires."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta


def points(place, test):
    sections = place.give("score", "--json", code=0).json["sections"]
    return next(item["points"] for section in sections for item in section["tests"] if item["id"] == test)


def test_before_and_after(finished):
    assert points(finished, "O1") == 0
    signed = finished.give("attest", "o1", "--note", "changes are announced", "--by", "kim", "--json", code=0).json
    assert signed["by"] == "kim"
    assert points(finished, "O1") == 0.5


def test_it_says_who_signed(finished):
    told = finished.give("attest", "O1", "--note", "changes are announced", "--by", "kim").out
    assert "kim attests O1: changes are announced" in told
    assert "kim" in finished.give("score").out


def test_what_has_expired_does_not_count(finished):
    yesterday = (datetime.now(UTC) - timedelta(days=1)).date().isoformat()
    next_year = (datetime.now(UTC) + timedelta(days=365)).date().isoformat()
    finished.give("attest", "O1", "--note", "announced", "--expires", yesterday)
    assert points(finished, "O1") == 0
    finished.give("attest", "O1", "--note", "announced", "--expires", next_year, code=0)
    assert points(finished, "O1") == 0.5


def test_fresh_automatic_evidence_is_worth_a_whole_point(finished):
    assert points(finished, "D1") == 1


def test_the_lowest_section_is_the_score(finished):
    card = finished.give("score", "--json").json
    assert card["score"] == min(section["points"] for section in card["sections"])
    assert [len(section["tests"]) for section in card["sections"]] == [7, 7, 7, 7]


def test_the_cheapest_next_point_is_named(finished):
    assert "cheapest next point" in finished.give("score").out


def test_an_unknown_test_is_answered_with_the_known_ones(finished):
    message = finished.refuses("attest", "D99", "--note", "x")
    assert "there is no test 'D99'" in message
    assert "D1 to D7" in message


def test_a_date_that_is_none_is_answered_with_how_to_write_one(finished):
    assert "write it as 2027-01-31" in finished.refuses("attest", "O1", "--note", "x", "--expires", "soon")
