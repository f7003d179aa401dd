"""Whatever a command tells a person it tells a program as JSON."""

from __future__ import annotations

import inspect

import pytest
import typer

from loopwright.faces.cli.app import app

WORDS = [
    ("run",),
    ("status",),
    ("charter", "show"),
    ("data", "versions"),
    ("data", "statistics"),
    ("data", "anomalies"),
    ("data", "check", "trips.csv"),
    ("data", "quarantine"),
    ("features",),
    ("runs",),
    ("gate",),
    ("score",),
    ("attest", "O1", "--note", "announced"),
    ("registry",),
    ("registry", "history"),
    ("registry", "at", "2099-01-01"),
    ("lineage", "champion"),
    ("lineage", "trips.csv"),
    ("predict", "-i", "trips.csv", "-o", "out.csv"),
    ("activity",),
    ("activity", "--steps"),
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_what_it_prints_parses_and_holds_something(finished, words):
    answer = finished.give(*words, "--json", code=0)
    assert answer.json is not None
    assert answer.err == ""


LIVE = [
    ("release",),
    ("alerts",),
    ("watch",),
    ("consumers", "list"),
    ("consumers", "add", "another", "--owner", "us", "--purpose", "To try."),
    ("users", "list"),
    ("outcomes", "trips.csv"),
    ("touched", "t1"),
]


@pytest.mark.parametrize("words", LIVE, ids=" ".join)
def test_what_the_live_half_prints_parses_too(served, words):
    answer = served.place.give(*words, "--json", code=0)
    assert answer.json is not None
    assert answer.err == ""


# Their answers are read by the stories of a canary, a rollback, the loop, and by the tests of the drills.
READ_ELSEWHERE = {
    ("init",), ("retrain",), ("rollback",), ("passport",), ("drill",), ("release", "start"), ("release", "promote"),
    ("release", "reject"), ("release", "approve"),
}


def commands(group, before=()):
    for info in group.registered_commands:
        yield (*before, info.name or info.callback.__name__), info.callback
    for info in group.registered_groups:
        if info.typer_instance.registered_callback and info.invoke_without_command:
            yield (*before, info.name), info.typer_instance.registered_callback.callback
        yield from commands(info.typer_instance, (*before, info.name))


def test_no_command_with_json_is_forgotten_here():
    speaking = {name for name, function in commands(app) if "as_json" in inspect.signature(function).parameters}
    tried = {words[: len(name)] for words in (*WORDS, *LIVE) for name in speaking}
    assert speaking - tried - READ_ELSEWHERE == set()


def test_an_empty_project_speaks_json_too(place):
    for words in (("status",), ("data", "versions"), ("runs",), ("registry",), ("registry", "history"), ("activity",)):
        assert place.give(*words, "--json", code=0).json is not None


def test_a_typer_app_is_what_is_looked_at():
    assert isinstance(app, typer.Typer)
