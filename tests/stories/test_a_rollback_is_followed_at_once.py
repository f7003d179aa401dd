"""`loopwright rollback` takes the newest change of the release back, and a running server follows within a second."""

from __future__ import annotations

import time

import pytest


@pytest.fixture
def trial(trial_ready, tmp_path):
    """A served project whose second model is in a canary."""
    with trial_ready.copied(tmp_path / "trial") as found:
        yield found


def events(trial):
    return [state["event"] for state in trial.place.give("release", "--json").json]


def serves(trial):
    return trial.ask("GET", "/", key=None).json


def test_the_challenger_goes_and_no_request_is_lost(trial, made_rides, patience):
    rides = iter(made_rides(-19, -10))
    start = time.monotonic()
    trial.place.give("rollback", "--why", "complaints", code=0)
    patience(lambda: trial.predict(next(rides).row).json["deployment"] == 3)
    assert time.monotonic() - start < 2
    said = {trial.predict(next(rides).row).json["predictions"][0]["model"] for _ in range(30)}
    assert said == {"v1"}
    assert events(trial) == ["deploy", "canary", "reject"]
    assert trial.place.give("release", "--json").json[-1]["why"] == "complaints"


def test_the_champion_before_returns(trial, patience):
    trial.place.give("release", "promote", code=0)
    patience(lambda: serves(trial)["model"] == "v2")
    start = time.monotonic()
    trial.place.give("rollback", code=0)
    patience(lambda: serves(trial)["model"] == "v1")
    assert time.monotonic() - start < 2
    assert events(trial) == ["deploy", "canary", "promote", "roll_back"]
    champions = trial.place.give("registry", "history", "--json").json
    assert champions[-1]["target"] == champions[0]["target"]
    assert len(champions) == 3


def test_there_is_an_end_to_going_back(trial):
    trial.place.give("rollback", code=0)
    assert "there is no champion before it" in trial.place.refuses("rollback")


def test_a_model_that_was_sent_away_can_be_offered_again(trial, patience):
    trial.place.give("release", "reject", code=0)
    assert "v1 answers every request" in trial.place.give("release").out
    trial.place.give("release", "start", "v2", "--why", "the complaint was about something else", code=0)
    patience(lambda: serves(trial)["stage"] == "canary")
    assert events(trial)[-1] == "canary"
    assert "cannot canary" in trial.place.refuses("release", "start", "v2")


def test_a_server_that_was_down_comes_up_with_what_was_decided_meanwhile(trial):
    trial.stop()
    trial.place.give("rollback", code=0)
    trial.start()
    assert serves(trial)["deployment"] == 3
