"""People change their minds: it is noticed, a new model is trained because of it, tried, and promoted; all is told."""

from __future__ import annotations

import pytest

from loopwright.project import Project
from loopwright.records import Alert, Deployment, Evidence, Model, Run

CHANGE = -16
"""Day from which who pays in cash tips."""


def live_through(served, rides, at):
    """Ask about the rides of a day, tell what became of them, and look when it is over."""
    served.predict(*(ride.row for ride in rides))
    served.tell(*(ride.outcome for ride in rides))
    return served.place.give("watch", "--at", at, "--json", code=0).json


@pytest.fixture(scope="module")
def gone_round(rides_ready, tmp_path_factory, made_rides, on_day):
    """The project after three weeks with a change of what people do in the first, and what each look said."""
    looks = {}
    with rides_ready.copied(tmp_path_factory.mktemp("story") / "loop", edit=_be_patient) as served:
        for day in range(-19, -5):
            looks[day] = live_through(served, made_rides(day, day + 1, changed=day >= CHANGE), on_day(day + 1))
        yield served, looks


def _be_patient(place):
    # Enough outcomes from after the change to learn it from.
    place.edit("loopwright.toml", "min_labels = 100", "min_labels = 1000")


def day_of(looks, claim):
    """Return the first day of which something holds."""
    return next(day for day, look in looks.items() if claim(look))


def test_the_decay_is_noticed_on_the_first_day_and_not_before(gone_round):
    _, looks = gone_round
    noticed = day_of(looks, lambda look: look["alerts"])
    assert noticed == CHANGE
    (alert,) = looks[noticed]["alerts"]
    assert (alert["quantity"], alert["cause"]) == ("quality:roc_auc", "real change")


def test_a_model_is_trained_for_the_alert_when_there_is_enough_to_learn_from(gone_round):
    served, looks = gone_round
    assert "more are needed" in looks[CHANGE]["decision"]
    trained = day_of(looks, lambda look: look["line"])
    assert CHANGE < trained <= CHANGE + 4
    with Project.open(served.place.folder).closing() as project:
        model = max(project.metadata.all(Model), key=lambda each: each.number)
        alerts = {alert.ref for alert in project.metadata.all(Alert)}
        final = next(run for run in project.metadata.all(Run) if run.ref in model.made_from and run.role == "final")
        assert alerts & set(final.made_from), "the alert stands in what the new run was made from"
        states = project.metadata.all(Deployment)
    canary = next(state for state in states if state.event == "canary")
    assert canary.challenger == model.ref
    assert alerts & set(canary.made_from)


def test_the_new_model_is_tried_and_promoted_by_evidence(gone_round):
    served, _ = gone_round
    states = served.place.give("release", "--json").json
    assert [state["event"] for state in states] == ["deploy", "canary", "advance", "promote"]
    assert "the challenger is better" in states[-1]["why"]


def test_then_all_is_well_again(gone_round):
    served, looks = gone_round
    assert served.place.give("alerts", "--json").json == []
    assert not looks[-6]["decision"] or "Nothing asks for a training" in looks[-6]["decision"]
    newest = looks[-6]["reports"][-1]["qualities"][0]
    assert newest["value"] > 0.65


def test_lineage_leads_from_the_new_champion_to_the_alert_and_the_old_one(gone_round):
    served, _ = gone_round
    told = served.place.give("lineage", "champion", code=0).out
    assert "alert" in told
    assert "prediction_log" in told or "prediction log" in told


def test_a_passport_answers_for_a_prediction_of_either_model(gone_round, made_rides):
    served, _ = gone_round
    first, last = made_rides(-19, -18)[0], made_rides(-6, -5, changed=True)[0]
    before, after = (served.place.give("passport", ride.id, "--json", code=0).json for ride in (first, last))
    assert (before["model"]["name"], after["model"]["name"]) == ("rides v1", "rides v2")
    assert before["alerts"]
    assert after["alerts"] == []
    for passport, ride in ((before, first), (after, last)):
        assert passport["row"]["miles"] == ride.row["miles"]
        assert set(passport["features"]) == {"miles", "payment"}
        assert passport["outcome"]["value"] == str(ride.outcome["values"]["tipped"])
        assert {named["kind"] for named in passport["lineage"]} >= {"gate", "run", "dataset_version", "label_set"}
        assert passport["consumer"] == "dispatch"
    assert "ride" in served.place.give("passport", last.id, code=0).out


def test_a_row_is_followed_to_the_models_that_learned_from_it(gone_round, made_rides):
    served, _ = gone_round
    source, asked = made_rides(-40, -39)[0], made_rides(CHANGE, CHANGE + 1, changed=True)[0]
    touched = served.place.give("touched", asked.id, "--json", code=0).json
    assert touched["predictions"] == [asked.id]
    assert touched["answered_by"] == ["v1"]
    assert [model for model, _, _ in touched["parts"]] == ["v2"]
    assert served.place.give("touched", source.id, "--json", code=0).json["predictions"] == []
    assert "nobody" in served.place.refuses("touched", "nobody")


def test_what_was_decided_can_be_read_with_its_reasons(gone_round):
    served, _ = gone_round
    with Project.open(served.place.folder).closing() as project:
        found = {item.check: item for item in project.metadata.all(Evidence)}
    assert found["retraining.choice"].claim
    assert {"watch.window", "canary.verdict", "retraining.decision", "serving.schema", "skew.replay"} <= found.keys()
    assert found["skew.replay"].passed
    served.place.assert_whole()


def test_an_unknown_prediction_has_no_passport(gone_round):
    served, _ = gone_round
    assert "no prediction 'nobody'" in served.place.refuses("passport", "nobody")


def test_a_model_that_was_sent_away_has_answered_nothing_and_another_is_trained(
    rides_ready, tmp_path, made_rides, on_day
):
    with rides_ready.copied(tmp_path / "loop") as served:
        for day in range(CHANGE, CHANGE + 2):
            live_through(served, made_rides(day, day + 1, changed=True), on_day(day + 1))
            if served.place.give("release", "--json").json[-1]["event"] == "canary":
                break
        served.place.give("release", "reject", "--why", "too early", code=0)
        decided = [
            live_through(served, made_rides(day, day + 1, changed=True), on_day(day + 1))["decision"]
            for day in range(CHANGE + 2, CHANGE + 4)
        ]
        assert any(said.startswith("Train: the answers have become worse") for said in decided), decided
        assert served.place.give("release", "--json").json[-1]["event"] == "canary"
