"""Rows that arrive make a new dataset version; rows that were there keep their part of the split."""

from __future__ import annotations

import pytest

from loopwright.project import Project
from loopwright.records import DatasetVersion


@pytest.fixture
def grown(finished, more_trips):
    finished.append("trips.csv", more_trips(500, 700))
    finished.answer = finished.run(code=None)
    return finished


def parts(place):
    """Return key -> part for each split, oldest first."""
    with Project.open(place.folder).closing() as project:
        versions = project.metadata.all(DatasetVersion)
        rows, splits = [v for v in versions if not v.parts], [v for v in versions if v.parts]
        read = project.tables.read
        return [
            dict(zip(read(row.table).collect()["id"], read(split.table).collect()["part"], strict=True))
            for row, split in zip(rows, splits, strict=True)
        ]


def test_there_are_two_versions(grown):
    versions = grown.give("data", "versions", "--json").json
    assert [(version["number"], version["table"]["rows"]) for version in versions] == [(1, 500), (2, 700)]
    assert versions[0]["files"] != versions[1]["files"]


def test_the_reason_names_the_input(grown):
    assert grown.answer.why("ingest") == "input sources changed"


def test_old_rows_keep_their_part(grown):
    before, after = parts(grown)
    assert len(after) == 700
    assert all(after[key] == part for key, part in before.items())
    assert {after[key] for key in after if key not in before} == {"train", "validation", "test"}


def test_the_new_model_is_compared_with_the_champion_on_the_same_rows(grown):
    compared = next(reason for reason in grown.give("gate", "--json").json["reasons"] if "champion" in reason["demand"])
    assert compared["value"] is not None
    assert grown.give("gate", "--json").json["rival"]["digest"] == grown.give("registry", "--json").json[0]["digest"]


def test_the_old_rows_put_back_are_the_old_version(grown, more_trips):
    grown.write("trips.csv", "id,miles,fare,payment,tipped\n" + more_trips())
    again = grown.run(code=None)
    assert "ingest" not in again.ran
    assert len(grown.give("data", "versions", "--json").json) == 2


def test_a_file_that_was_touched_but_not_changed_is_no_new_version(finished):
    path = finished.folder / "trips.csv"
    path.write_text(path.read_text())
    assert finished.run().ran == set()
