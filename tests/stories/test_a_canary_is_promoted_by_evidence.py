"""A second model answers a growing share of the riders, always the same ones, until outcomes show that it is better."""

from __future__ import annotations

import polars as pl
import pytest

from loopwright.project import Project
from loopwright.records import Evidence


@pytest.fixture
def trial(trial_ready, tmp_path):
    """A served project whose second model, which knows more, is in a canary at a fifth."""
    with trial_ready.copied(tmp_path / "trial") as found:
        yield found


@pytest.fixture
def waiting(trial_ready, tmp_path):
    """The same project without a server."""
    return trial_ready.at(tmp_path / "waiting")


def live_through(trial, rides):
    """Ask about rides, and tell what became of them."""
    trial.predict(*(ride.row for ride in rides))
    trial.tell(*(ride.outcome for ride in rides))


def look(trial, at):
    return trial.place.give("watch", "--at", at, "--no-retraining", "--json", code=0).json


def states(trial):
    return trial.place.give("release", "--json", code=0).json


def arms(trial, deployment=None):
    """Return the models by which each rider was answered."""
    rows, _ = trial.live()
    if deployment is not None:
        rows = rows.filter(pl.col("__deployment") == deployment)
    return {rider: set(models) for rider, models in rows.group_by("rider").agg("__model").iter_rows()}


def test_a_model_that_passed_its_gate_begins_with_a_share_and_is_not_champion_yet(waiting):
    first, second = states(waiting)
    assert (first["event"], second["event"], second["share"]) == ("deploy", "canary", 0.2)
    assert second["made_from"][0]["digest"] == first["digest"]
    assert {ref["kind"] for ref in second["made_from"]} >= {"model", "gate"}
    assert len(waiting.place.give("registry", "history", "--json").json) == 1
    assert "v1 answers 80% of the entities, v2 20%" in waiting.place.give("release").out
    assert "cannot approve" in waiting.place.refuses("release", "approve"), "the rule did not ask for it"


def test_it_is_promoted_step_by_step_by_outcomes(trial, made_rides, on_day, patience):
    for day in range(-19, -14):
        live_through(trial, made_rides(day, day + 1))
        look(trial, on_day(day + 1))
    assert [state["event"] for state in states(trial)] == ["deploy", "canary", "advance", "promote"]
    assert [state["share"] for state in states(trial)[1:3]] == [0.2, 0.5]
    patience(lambda: trial.ask("GET", "/ready").json["deployment"] == 4)
    ride = made_rides(-14, -13)[0]
    assert trial.predict(ride.row).json["predictions"][0]["model"] == "v2"
    promoted = states(trial)[-1]
    assert "with a chance of 0.05 at most to be wrong" in promoted["why"]
    assert {ref["kind"] for ref in promoted["made_from"]} >= {"evidence", "deployment", "model"}
    history = trial.place.give("registry", "history", "--json").json
    assert [change["target"] for change in history] == [states(trial)[0]["champion"], promoted["champion"]]
    with Project.open(trial.place.folder).closing() as project:
        said = [item for item in project.metadata.all(Evidence) if item.check == "canary.verdict"]
    assert said[-1].passed
    assert said[-1].value >= 20


def test_the_same_rider_always_has_the_same_model_and_a_larger_share_takes_none_back(trial, made_rides):
    rides = made_rides(-19, -15)
    trial.predict(*(ride.row for ride in rides[:320]))
    before = arms(trial)
    assert {len(models) for models in before.values()} == {1}
    trial.stop()
    (trial.place.folder / "rides.csv").unlink()
    trial.start()
    trial.predict(*(ride.row for ride in rides[320:]))
    after = arms(trial)
    assert {len(models) for models in after.values()} == {1}
    challenger = states(trial)[-1]["challenger"]["digest"]
    share = sum(challenger in models for models in after.values()) / len(after)
    assert 0.1 < share < 0.3


def test_a_larger_share_takes_riders_from_the_champion_only(trial, made_rides, on_day, patience):
    live_through(trial, made_rides(-19, -18))
    canary, challenger = states(trial)[-1]["digest"], states(trial)[-1]["challenger"]["digest"]
    look(trial, on_day(-18))
    patience(lambda: trial.ask("GET", "/ready").json["deployment"] == 3)
    live_through(trial, made_rides(-18, -16))
    small, large = arms(trial, canary), arms(trial, states(trial)[-1]["digest"])
    theirs = {rider for rider, models in small.items() if challenger in models} & large.keys()
    assert theirs
    assert all(large[rider] == {challenger} for rider in theirs)


def test_a_restart_in_the_middle_of_a_canary_goes_on_where_it_was(trial, made_rides, on_day):
    live_through(trial, made_rides(-19, -18))
    look(trial, on_day(-18))
    trial.kill()
    trial.start()
    assert trial.ask("GET", "/ready").json["deployment"] == 3
    live_through(trial, made_rides(-18, -16))
    look(trial, on_day(-16))
    assert states(trial)[-1]["event"] == "promote"


def test_every_ride_is_logged_with_the_chance_by_which_it_had_its_model(trial, made_rides):
    trial.predict(*(ride.row for ride in made_rides(-19, -18)))
    rows, _ = trial.live()
    chances = rows.group_by("__arm").agg(pl.col("__propensity").unique()).sort("__arm")
    assert chances.rows() == [("challenger", [0.2]), ("champion", [0.8])]
    assert rows["__other_scores"].list.len().to_list() == [1] * rows.height, "the other one was asked, too"


def test_a_person_who_wants_to_be_asked_is_asked_and_decides(trial_ready, tmp_path, made_rides, on_day, patience):
    def ask_me(place):
        place.edit("loopwright.toml", "[release]", '[release]\napproval = "manual"')

    with trial_ready.copied(tmp_path / "trial", edit=ask_me) as trial:
        for day in range(-19, -16):
            live_through(trial, made_rides(day, day + 1))
            look(trial, on_day(day + 1))
        asked = states(trial)[-1]
        assert (asked["event"], asked["awaiting"], asked["stage"]) == ("ask", True, "canary")
        assert "loopwright release approve" in trial.place.give("release").out
        look(trial, on_day(-15))
        assert states(trial)[-1]["digest"] == asked["digest"], "it is asked once"
        trial.place.give("release", "approve", "--why", "looks right", code=0)
        assert (states(trial)[-1]["event"], states(trial)[-1]["why"]) == ("promote", "looks right")
        patience(lambda: trial.ask("GET", "/", key=None).json["model"] == "v2")
