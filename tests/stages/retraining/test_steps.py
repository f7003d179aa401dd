"""The retraining room on a project: decisions are kept with reasons, and logged rows become rows to learn from."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from loopwright import lifecycle
from loopwright.errors import TrainingError
from loopwright.project import Project
from loopwright.records import Evidence
from loopwright.stages import data, retraining, serving
from loopwright.stages.data import ROW
from loopwright.stages.serving.events import Answered, Outcome
from loopwright.stages.serving.journal import Journal

START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def deployed(copied):
    """A project whose champion serves, that was asked about forty new rows; what became of thirty is known."""
    serving.deploy(copied, by="ann", why="a test")
    state = serving.current(copied)
    events = []
    for number in range(40):
        at = int((START + timedelta(minutes=number)).timestamp() * 1e6)
        name, row = f"new{number}", {"miles": 2.0 + number, "fare": 7.5, "payment": "card"}
        events.append(Answered(
            id=name, at=at, received=at, consumer="app", deployment=state.digest, model=state.champion.digest,
            arm="champion", propensity=1.0, entity=name, held_back=False, scores=(0.7,), prediction="1",
            latency_ms=1.0, row={"id": name, **row},
        ))
        if number < 30:
            events.append(Outcome(id=name, at=at, received=at, source="x", values={"tipped": number % 2}))
    with Journal(copied.folder / ".loopwright/log", durability="fsync") as journal:
        journal.append(events).result()
    serving.compact(copied)
    return copied


def decisions(project):
    return [item for item in project.metadata.all(Evidence) if item.check == "retraining.decision"]


def test_without_a_reason_nothing_is_trained_and_that_is_kept_once(deployed):
    for _ in range(3):
        decision = retraining.decide(deployed)
        assert not decision.retrain
    assert [item.claim for item in decisions(deployed)] == [decision.why]
    assert decisions(deployed)[0].subject == serving.current(deployed).ref


def test_a_person_who_asks_overrules_the_brakes(deployed):
    decision = retraining.decide(deployed, asked_by="ann: new prices")
    assert decision.retrain
    assert "ann: new prices asks for a training" in decision.why
    assert decisions(deployed)[-1].passed


def test_known_rows_of_the_log_join_those_of_the_source(deployed, worked):
    gathered = retraining.gather(deployed)
    rows = data.read(deployed, gathered)
    assert rows.height == worked.line.dataset.rows + 30
    assert gathered.number == 2
    assert {ref.kind for ref in gathered.made_from} >= {"dataset_version", "prediction_log"}
    new = rows.filter(rows["id"].str.starts_with("new")).sort(ROW)
    assert new["tipped"].to_list() == [number % 2 for number in range(30)]
    assert {"__id", "__label"}.isdisjoint(rows.columns)
    assert retraining.gather(deployed).digest == gathered.digest, "the same rows are the same version"


def test_what_was_asked_later_is_not_taken(deployed, worked):
    rows = data.read(deployed, retraining.gather(deployed, at=(START + timedelta(minutes=10)).isoformat()))
    assert rows.height == worked.line.dataset.rows + 10


def test_the_configuration_of_the_champion_is_fitted_unless_a_search_is_wished_for(deployed, worked):
    (only,) = retraining.candidates(deployed)
    assert only.estimator == worked.line.model.estimator
    assert only.search == {}
    assert only.params == dict(worked.line.final.params)
    over = deployed.folder / "over.toml"
    over.write_text("[retraining]\nsearch = true\n")
    with Project.open(deployed.folder, config=over).closing() as searching:
        assert retraining.candidates(searching) == deployed.settings.candidates


def test_without_a_champion_there_is_no_configuration_to_fit_again(opened):
    with opened().closing() as project, pytest.raises(TrainingError, match="no champion"):
        retraining.candidates(project)


def test_a_training_that_is_asked_for_goes_to_its_gate(deployed):
    looked = lifecycle.retrain(deployed, why="new prices", by="ann")
    assert looked.line is not None
    assert looked.line.model.number == 2
    assert looked.line.dataset.rows == looked.line.dataset.table.rows
    choice = next(item for item in deployed.metadata.all(Evidence) if item.check == "retraining.choice")
    assert choice.subject == looked.line.dataset.ref
    if looked.line.gate.passed:
        assert serving.current(deployed).challenger == looked.line.model.ref
