"""Events become rows of their tables without loss."""

from __future__ import annotations

from datetime import datetime

import msgspec

from loopwright.stages.serving.events import (
    Answered,
    Outcome,
    Refused,
    answered_schema,
    outcome_schema,
    refused_schema,
)
from loopwright.stages.serving.log_frames import frames_of, joined_frames

ANSWER = Answered(
    id="t1", at=1_420_070_400_000_000, received=1_420_070_400_000_001, consumer="app", deployment="d", model="m",
    arm="champion", propensity=0.95, entity="e", held_back=False, scores=(0.25, 0.75), prediction="card",
    latency_ms=1.5, row={"fare": 7, "at": "2015-01-01", "odd": float("nan")}, flags=("fare: above 5",),
)
TOLD = Outcome(id="t1", at=5, received=6, source="billing", values={"tip": None})
REFUSED = Refused(at=1, received=2, consumer="", status=422, problems=(("fare", "missing"), ("", "no row")), row={})


def test_each_kind_has_the_columns_of_its_table():
    found = frames_of([TOLD, ANSWER, REFUSED, ANSWER])
    assert found.predictions.schema == answered_schema()
    assert found.outcomes.schema == outcome_schema()
    assert found.refusals.schema == refused_schema()
    assert (found.predictions.height, found.outcomes.height, found.refusals.height) == (2, 1, 1)


def test_values_are_those_of_the_event():
    row = frames_of([ANSWER]).predictions.row(0, named=True)
    assert row["at"] == datetime(2015, 1, 1)
    assert row["scores"] == [0.25, 0.75]
    assert row["flags"] == ["fare: above 5"]
    assert (row["other_model"], row["other_scores"]) == (None, [])
    assert msgspec.json.decode(row["row"]) == {"fare": 7, "at": "2015-01-01", "odd": None}


def test_problems_name_their_field():
    assert frames_of([REFUSED]).refusals["problems"].to_list() == [["fare: missing", ": no row"]]


def test_no_events_have_the_columns_too():
    assert frames_of([]).predictions.schema == answered_schema()
    assert joined_frames([]).outcomes.schema == outcome_schema()


def test_times_beyond_64_bits_become_the_farthest():
    found = frames_of([msgspec.structs.replace(TOLD, at=2**64 - 1)]).outcomes
    assert found["at"].to_physical().item() == 2**63 - 1


def test_parts_are_joined_in_their_order():
    parts = [frames_of([msgspec.structs.replace(TOLD, id=name)]) for name in "ba"]
    assert joined_frames(parts).outcomes["id"].to_list() == ["b", "a"]
