"""A later model is compared with the champion in pairs, and takes its place if its gate says yes."""

import pytest


@pytest.fixture
def improved(place):
    """A project whose first model did not see who pays how; the second one does."""
    place.edit("loopwright.toml", 'without_ml = "heuristics:card"', "")
    place.edit("loopwright.toml", '"<= 0.65"', '"<= 0.69"')
    place.edit("loopwright.toml", "[training]", '[features]\nexclude = ["payment"]\n[training]')
    place.run()
    place.edit("loopwright.toml", 'exclude = ["payment"]', "")
    place.run()
    return place


def test_it_is_champion_and_the_old_one_stays_in_the_history(improved):
    history = improved.give("registry", "history", "--json").json
    models = improved.give("registry", "--json").json
    assert [change["target"]["digest"] for change in history] == [model["digest"] for model in models]
    assert [model["number"] for model in models] == [1, 2]


def test_it_was_compared_with_the_champion(improved):
    reasons = improved.give("gate", "--json").json["reasons"]
    compared = next(reason for reason in reasons if "champion" in reason["demand"])
    assert compared["passed"]
    assert compared["low"] is not None
    assert compared["low"] >= -0.005


def test_the_first_one_had_nobody_to_be_compared_with(finished):
    reasons = finished.give("gate", "--json").json["reasons"]
    compared = next(reason for reason in reasons if "champion" in reason["demand"])
    assert compared["passed"] is None
    assert "There is no champion yet" in compared["explanation"]


def test_a_worse_model_is_refused_and_the_champion_stays(finished):
    finished.edit("loopwright.toml", "[training]", '[features]\ninclude = ["fare"]\n[training]')
    finished.run(code=20)
    reasons = finished.give("gate", "--json").json["reasons"]
    compared = next(reason for reason in reasons if "champion" in reason["demand"])
    assert compared["passed"] is False
    assert "not_worse_by" in compared["explanation"]
    assert len(finished.give("registry", "history", "--json").json) == 1
    assert "v1" in finished.give("registry").out


def test_the_registry_answers_who_was_champion_when(improved):
    first, second = improved.give("registry", "history", "--json").json
    between = improved.give("registry", "at", first["at"], "--json").json
    now = improved.give("registry", "at", "2099-01-01", "--json").json
    assert [change["target"] for change in between] == [first["target"]]
    assert [change["target"] for change in now] == [second["target"]]
    assert improved.give("registry", "at", "2001-01-01", "--json").json == []
    assert "v2" in improved.give("registry", "at", "2099-01-01").out


def test_a_time_that_is_none_is_answered_with_how_to_write_one(finished):
    assert "2026-05-03" in finished.refuses("registry", "at", "yesterday")


def test_going_back_is_one_command_and_stands_in_the_history(improved):
    improved.give("registry", "promote", "v1", "--why", "v2 surprised a driver", code=0)
    history = improved.give("registry", "history", "--json").json
    assert len(history) == 3
    assert history[-1]["why"] == "v2 surprised a driver"
    assert history[-1]["target"] == history[0]["target"]
