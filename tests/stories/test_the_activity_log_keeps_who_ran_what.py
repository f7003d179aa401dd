"""The activity log keeps who gave which command, when, for how long, and how it ended."""

from __future__ import annotations


def test_person_command_seconds_and_exit_code(finished):
    finished.write("bad.csv", "")
    finished.give("run")
    finished.refuses("predict", "-i", "bad.csv", "-o", "out.csv")
    first, run, predict = finished.give("activity", "--json").json
    assert first["command"] == "loopwright run --json"
    assert run["command"] == "loopwright run"
    assert predict["command"] == "loopwright predict -i bad.csv -o out.csv"
    assert (first["exit_code"], run["exit_code"], predict["exit_code"]) == (0, 0, 1)
    assert all("@" in item["who"] for item in (first, run, predict))
    assert first["seconds"] > run["seconds"] > 0
    assert first["at"] < run["at"] < predict["at"]


def test_looking_is_not_logged(finished):
    before = len(finished.give("activity", "--json").json)
    for words in (("status",), ("runs",), ("gate",), ("registry",), ("score",)):
        finished.give(*words, code=0)
    assert len(finished.give("activity", "--json").json) == before


def test_every_step_is_kept_with_seconds_and_reason(finished):
    finished.edit("features.py", "miles + 1", "miles + 2")
    finished.run(code=None)
    steps = finished.give("activity", "--steps", "--limit", "1000", "--json").json
    builds = [item for item in steps if item["step"] == "build"]
    assert [item["why"] for item in builds] == ["it never ran before", "features.py: function `fare_per_mile` changed"]
    assert all(item["seconds"] >= 0 for item in steps)


def test_a_person_sees_a_table(finished):
    told = finished.give("activity").out
    assert "loopwright run --json" in told
    assert "seconds" in told
