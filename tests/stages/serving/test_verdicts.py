"""What the judge of a trial said is kept as evidence, with what a picture of it needs."""

from __future__ import annotations

import msgspec
import pytest

from loopwright.records import Evidence, decode, encode
from loopwright.records.record import Artifact
from loopwright.stages.serving.comparison import Comparison
from loopwright.stages.serving.guards import Guard
from loopwright.stages.serving.rollout import Verdict
from loopwright.stages.serving.verdicts import exhibit, verdict_evidence

COMPARISON = Comparison(
    metric="brier_loss", evidence=24.5, counter=0.1, difference=0.02, low=0.01, high=0.03, level=0.95, units=300,
    rows=420, pending=7, last=None, units_needed=None,
)
GUARD = Guard(
    name="latency", alarmed=False, says="as fast as the champion", evidence=1.2, limit=400.0, champion=0.01,
    challenger=0.02, low=None, high=None,
)


def verdict(action="promote"):
    return Verdict(
        action=action, why="The challenger is better.", comparison=COMPARISON, limit=20.0, champion_rows=800,
        challenger_rows=200, asked_rows=1000, step_rows=100, guards=(GUARD,), rows_needed=None, days_needed=None,
    )


def test_a_picture_has_what_it_needs():
    path = [("2026-03-01T00:00:00", 3.0), ("2026-03-02T00:00:00", 24.5)]
    found = msgspec.json.decode(exhibit(verdict(), path=path))
    assert (found["evidence"], found["limit"], found["matured"], found["rows"]) == (24.5, 20.0, 420, 200)
    assert found["path"] == [list(point) for point in path]
    assert found["guards"] == [{
        "name": "latency", "value": 0.02, "low": None, "high": None, "limit": 400.0, "passed": True,
        "says": "as fast as the champion",
    }]


@pytest.mark.parametrize(
    ("action", "passed"), [("promote", True), ("ask", True), ("reject", False), ("wait", None), ("advance", None)]
)
def test_evidence_passes_only_if_it_is_decided_so(make_deployment, action, passed):
    state = make_deployment("canary")
    artifact = Artifact(sha256="0" * 64, size=1, name="verdict.json")
    found = verdict_evidence(verdict(action), state=state, artifact=artifact, at="2026-03-02T00:00:00Z")
    assert (found.passed, found.value, found.limit, found.rows) == (passed, 24.5, ">= 20", 420)
    assert found.subject == state.ref
    assert set(found.made_from) == {state.ref, state.champion, state.challenger}
    assert decode(Evidence, encode(found)) == found
