"""A model that fails its gate is kept with its reasons, but it is not champion."""

import pytest


@pytest.fixture
def refused(place):
    place.edit("loopwright.toml", '"<= 0.65"', '"<= 0.1"')
    place.run(code=20)
    return place


def test_the_exit_code_is_20_again_and_again(refused):
    assert refused.give("run").code == 20
    assert refused.give("gate").code == 20


def test_nobody_is_champion(refused):
    assert refused.give("registry", "history", "--json").json == []
    assert [model["number"] for model in refused.give("registry", "--json").json] == [1]
    message = refused.refuses("predict", "-i", "trips.csv", "-o", "out.csv")
    assert "no model has passed its gate" in message
    assert "--model vN" in message


def test_the_no_explains_itself(refused):
    reason = next(
        item for item in refused.give("gate", "--json").json["reasons"] if item["demand"] == "log_loss <= 0.1"
    )
    assert reason["passed"] is False
    assert "but <= 0.1 is demanded" in reason["explanation"]
    assert "The nearest limit that it passes is <= " in reason["explanation"]
    assert reason["low"] < reason["value"] < reason["high"]
    assert reason["examples"]
    assert reason["examples"][0].startswith("id=t")


def test_the_nearest_limit_that_it_names_lets_it_pass(refused):
    reason = next(
        item for item in refused.give("gate", "--json").json["reasons"] if item["demand"] == "log_loss <= 0.1"
    )
    nearest = reason["explanation"].partition("it passes is ")[2].split(".  ")[0].split(" ")[1].rstrip(".")
    refused.edit("loopwright.toml", "<= 0.1", f"<= {nearest}")
    refused.run(code=0)


def test_it_cannot_be_promoted_by_hand(refused):
    message = refused.refuses("registry", "promote", "v1", "--why", "I like it")
    assert "did not pass its gate" in message


def test_it_still_predicts_when_it_is_named(refused):
    refused.give("predict", "-i", "trips.csv", "-o", "out.csv", "--model", "v1", code=0)
