from __future__ import annotations

from dataclasses import replace

import pytest

from loopwright.drills import DRILLS, drill, drilling
from loopwright.drills.results import DrillResult
from loopwright.errors import LoopwrightError
from loopwright.records import KINDS, Evidence


def kept(project):
    return {record.digest: record for kind in KINDS.values() for record in project.metadata.all(kind)}


def test_a_drill_leaves_evidence_of_the_champion_and_nothing_else(project):
    before = kept(project)
    found = drill(project, "lost-labels")
    assert found.passed, found.explanation
    (evidence,) = [record for digest, record in kept(project).items() if digest not in before]
    assert isinstance(evidence, Evidence)
    assert (evidence.check, evidence.passed, evidence.claim) == ("drill.lost-labels", True, found.explanation)
    assert evidence.subject.kind == "model"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("schema-break", "schema break"), ("unit-change", "unit change"), ("null-storm", "upstream null"),
        ("latency", "slow answers"),
    ],
)
def test_each_fault_is_noticed_for_what_it_is(project, name, cause):
    found = drill(project, name)
    assert found.passed, found.explanation
    assert found.noticed_by.endswith(f": {cause}")


def test_a_model_without_quantities_gives_some_drills_nothing_to_do(box, project):
    texts = tuple(item for item in box.champion.inputs if item.type == "string")
    bare = replace(box, champion=replace(box.champion, inputs=texts))
    with pytest.raises(drilling.NothingToDo, match="no number with a unit"):
        drilling.HOW["unit-change"](project, bare)


def test_a_drill_that_is_not_held_leaves_no_evidence(project, monkeypatch):
    def refuse(*_: object) -> DrillResult:
        raise drilling.NothingToDo("there is nothing to slow down.")

    monkeypatch.setitem(drilling.HOW, "latency", refuse)
    before = kept(project)
    found = drill(project, "latency")
    assert (found.passed, found.explanation) == (None, "not held: there is nothing to slow down.")
    assert kept(project) == before


def test_an_unknown_drill_is_told_by_its_nearest_name(project):
    with pytest.raises(LoopwrightError, match="no drill 'latencey' .did you mean 'latency'"):
        drill(project, "latencey")


def test_every_drill_is_said_in_a_sentence():
    assert list(DRILLS) == list(drilling.HOW)
    assert all(says.endswith(".") for says in DRILLS.values())
