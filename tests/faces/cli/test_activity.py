"""The log says who ran what, how long it took and how it ended."""

from __future__ import annotations

from loopwright.faces.cli.session import whoami


def test_commands_are_logged_with_person_time_and_exit_code(ran, give):
    done = give("activity", "--project", ran, "--json").json
    runs = [item for item in done if item["command"].startswith("loopwright run")]
    assert [item["exit_code"] for item in runs] == [0, 20]
    assert {item["who"] for item in runs} == {whoami()}
    assert all(item["seconds"] > 0 for item in runs)
    out = give("activity", "--project", ran).out
    assert out.startswith("activity: ")
    assert "--why" in out


def test_the_newest_are_shown_up_to_a_limit(ran, give):
    done = give("activity", "--project", ran, "--json").json
    assert give("activity", "--limit", 1, "--project", ran, "--json").json == done[-1:]


def test_steps_are_shown_with_the_reason_they_ran(ran, give):
    steps = give("activity", "--steps", "--limit", 999, "--project", ran, "--json").json
    first = next(item for item in steps if item["step"] == "ingest")
    assert first["why"] == "it never ran before"
    assert len(first["key"]) == 64
    out = give("activity", "--steps", "--limit", 999, "--project", ran).out
    assert "train [/]line #1" in out
    assert "input file changed" in out


def test_commands_that_only_look_are_not_logged(copied, give):
    before = give("activity", "--project", copied, "--json").json
    give("status", "--project", copied)
    give("score", "--project", copied)
    assert give("activity", "--project", copied, "--json").json == before
