"""The serving room on a project: states of the release follow each other, and the log is read as it stands."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loopwright.errors import LoopwrightError, ModelError, UnknownRecord
from loopwright.project import Project
from loopwright.records import Deployment, PredictionLog, Ref
from loopwright.stages import registry, serving
from loopwright.stages.serving.events import Answered, Outcome, Refused
from loopwright.stages.serving.journal import Journal

BY = {"by": "ann", "why": "told by a test"}
DAY = 86_400 * 10**6              # microseconds


@pytest.fixture
def deployed(copied):
    """A project whose champion serves."""
    serving.deploy(copied, **BY)
    return copied


def answered(project, name, *, at=DAY, **changes):
    state = serving.current(project)
    said = {
        "id": name, "at": at, "received": at, "consumer": "app", "deployment": state.digest,
        "model": state.champion.digest, "arm": "champion", "propensity": 1.0, "entity": name, "held_back": False,
        "scores": (0.7,), "prediction": "1", "latency_ms": 1.0,
        "row": {"id": name, "miles": 2.0, "fare": 7.5, "payment": "card"},
    }
    return Answered(**{**said, **changes})


def log(project, *events):
    with Journal(project.folder / ".loopwright/log", durability="fsync") as journal:
        journal.append(events).result()


def test_the_champion_is_deployed_with_the_gate_that_let_it_in(deployed):
    state = serving.current(deployed)
    champion = registry.champion(deployed)
    assert (state.event, state.stage, state.champion, state.number) == ("deploy", "single", champion.ref, 1)
    assert "gate" in {ref.kind for ref in state.made_from}
    assert serving.was_deployed(deployed, champion)
    assert serving.history(deployed) == [state]


def test_without_a_champion_nothing_can_be_deployed(opened):
    with opened().closing() as project, pytest.raises(UnknownRecord, match="loopwright run"):
        serving.deploy(project, **BY)


def test_what_serves_already_is_not_deployed_twice(deployed):
    with pytest.raises(LoopwrightError, match="answers already"):
        serving.deploy(deployed, **BY)


def test_a_gate_of_another_model_lets_nobody_in(deployed, worked):
    stranger = replace(worked.line.gate, subject=Ref(kind="model", digest="0" * 64))
    with pytest.raises(ModelError, match="has not passed"):
        serving.offer(deployed, worked.line.model, stranger, **BY)


@pytest.mark.parametrize("verb", [serving.promote, serving.reject, serving.approve, serving.roll_back])
def test_where_nothing_is_deployed_nothing_can_be_decided(copied, verb):
    with pytest.raises(LoopwrightError, match="nothing is deployed"):
        verb(copied, **BY)
    assert copied.metadata.all(Deployment) == []


def test_the_log_is_compacted_with_its_span(deployed):
    log(deployed, answered(deployed, "a"), answered(deployed, "b", at=3 * DAY))
    found = serving.compact(deployed)
    assert (found.rows, found.first, found.last) == (2, "1970-01-02T00:00:00", "1970-01-04T00:00:00")
    assert serving.current(deployed).ref in found.made_from
    assert serving.compact(deployed).digest == found.digest
    assert len(deployed.metadata.all(PredictionLog)) == 1


def test_live_rows_have_their_labels_and_refusals_and_can_be_cut_by_time(deployed):
    log(
        deployed, answered(deployed, "a"), answered(deployed, "b", at=3 * DAY),
        Outcome(id="a", at=2 * DAY, received=2 * DAY, source="x", values={"tipped": 1}),
        Refused(at=DAY, received=DAY, consumer="app", status=422, problems=(("fare", "odd"),), row={}),
    )
    rows, refusals = serving.live_rows(deployed)
    assert rows.select("__id", "__label").rows() == [("a", 1.0), ("b", None)]
    assert refusals.height == 1
    late, none = serving.live_rows(deployed, start=rows["__at"][1])
    assert late["__id"].to_list() == ["b"]
    assert none.is_empty()
    early, _ = serving.live_rows(deployed, end=rows["__at"][1])
    assert early["__id"].to_list() == ["a"]


def test_before_anything_was_asked_there_are_no_live_rows(deployed):
    rows, refusals = serving.live_rows(deployed)
    assert rows.is_empty()
    assert "__label" in rows.columns
    assert refusals.is_empty()


def test_the_clock_of_windows_is_what_the_project_file_says(copied):
    assert serving.clock_column(copied) == "__at"
    over = copied.folder / "over.toml"
    over.write_text('[monitor]\nclock = "arrival"\n')
    with Project.open(copied.folder, config=over).closing() as other:
        assert serving.clock_column(other) == "__received"


def test_where_nothing_is_tried_there_is_nothing_to_steer(deployed):
    assert serving.steer(deployed, by="watch") == ("", None)


def test_consumers_are_declared_and_revoked_by_id_or_name(copied):
    keys = [serving.add_consumer(copied, name, owner="o", purpose="p") for name in ("one", "two", "two")]
    found = serving.declared_consumers(copied)
    assert [each.name for each in found.values()] == ["one", "two", "two"]
    assert not any(secret in str(found) for secret, _ in keys)
    assert sorted(serving.revoke_consumer(copied, "two")) == sorted(key for _, key in keys[1:])
    assert serving.revoke_consumer(copied, keys[0][1]) == [keys[0][1]]
    with pytest.raises(UnknownRecord, match="consumers list"):
        serving.revoke_consumer(copied, "one")


def test_what_was_damaged_is_told_with_its_file(deployed, caplog):
    log(deployed, *(answered(deployed, name) for name in "abc"))
    (segment,) = (deployed.folder / ".loopwright/log").glob("*.segment")
    content = bytearray(segment.read_bytes())
    content[40] ^= 1
    segment.write_bytes(bytes(content))
    assert serving.compact(deployed).rows == 2
    assert segment.with_suffix(".damaged").name in caplog.text
    caplog.clear()
    serving.compact(deployed)
    assert not caplog.text
