"""A row that cannot be read is kept aside with its line, the reason and its text; it is never dropped silently."""

from __future__ import annotations

import pytest

HEADER = "id,miles,fare,payment,tipped\n"


@pytest.fixture
def with_bad_rows(place, more_trips):
    rows = HEADER + more_trips(0, 300)
    bad = b"short,1.0\nlong,1.0,2.0,card,1,7,8\nodd,many,2.0,card,1\nlatin,1.0,2.0,caf\xe9,1\n"
    place.write("trips.csv", rows.encode() + bad + more_trips(300, 500).encode())
    return place


def test_line_reason_and_text_are_kept(with_bad_rows):
    with_bad_rows.run(code=None)
    kept = with_bad_rows.give("data", "quarantine", "--json").json
    assert [(row["line"], row["raw"].partition(",")[0]) for row in kept] == [
        (302, "short"), (303, "long"), (304, "odd"), (305, "latin"),
    ]
    reasons = [row["reason"] for row in kept]
    assert reasons[0] == "2 fields where the header has 5"
    assert reasons[1] == "7 fields where the header has 5"
    assert "miles" in reasons[2]
    assert "'many'" in reasons[2]
    assert "not UTF-8" in reasons[3]
    assert {row["source"] for row in kept} == {"trips.csv"}


def test_good_and_bad_rows_are_all_the_rows_there_are(with_bad_rows):
    dataset = with_bad_rows.run(code=None).json["dataset"]
    assert dataset["table"]["rows"] == 500
    assert dataset["quarantined"] == 4


def test_the_person_is_told(with_bad_rows):
    told = with_bad_rows.give("run").out
    assert "4 of 504 rows could not be read" in told
    assert "loopwright data quarantine" in told


def test_they_can_be_taken_home_in_a_file(with_bad_rows, tmp_path):
    with_bad_rows.run(code=None)
    with_bad_rows.give("data", "quarantine", "--output", tmp_path / "bad.csv", code=0)
    assert (tmp_path / "bad.csv").read_text().count("\n") == 5


def test_a_file_without_bad_rows_has_no_quarantine(finished):
    assert finished.give("data", "quarantine", "--json").json == []
    assert "could not be read" not in finished.give("run").out
