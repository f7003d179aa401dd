"""Bytes that are not what was written are noticed: told in words, or made again; never used."""

from __future__ import annotations

import random

import pytest

from loopwright.project import Project
from loopwright.records import FeatureSet, LabelSet, Model, Run


def flip(path, *, at=0.5):
    """Change one byte of a file."""
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 0xFF
    path.chmod(0o644)
    path.write_bytes(content)


def artifact(place, held):
    return place.folder / ".loopwright" / "artifacts" / held.sha256[:2] / held.sha256[2:]


def held(place, kind):
    with Project.open(place.folder).closing() as project:
        return project.metadata.all(kind)[-1]


def test_a_damaged_model_is_not_used(finished):
    flip(artifact(finished, held(finished, Model).file))
    message = finished.refuses("predict", "-i", "trips.csv", "-o", "out.csv")
    assert "artifact" in message
    assert "run" in message.lower()
    assert not (finished.folder / "out.csv").exists()


def test_a_damaged_model_is_made_again_and_is_the_same(finished):
    before = finished.told()
    flip(artifact(finished, held(finished, Model).file))
    again = finished.run()
    assert again.why("register fares") == "what it made was gone or damaged"
    assert not again.ran & {"ingest", "build", "train linear"}
    assert finished.told()["models"] == before["models"]
    finished.assert_whole()
    finished.give("predict", "-i", "trips.csv", "-o", "out.csv", code=0)


def test_an_artifact_that_is_gone_is_made_again(finished):
    final = next(run for run in _runs(finished) if run.role == "final")
    artifact(finished, final.pipeline).unlink()
    again = finished.run()
    assert again.why("train LogisticRegression") == "what it made was gone or damaged"
    finished.assert_whole()


@pytest.mark.parametrize(("kind", "step"), [(FeatureSet, "build"), (LabelSet, "label")])
def test_a_damaged_table_is_made_again_and_is_the_same(finished, kind, step):
    before = finished.told()
    table = held(finished, kind).table
    flip(finished.folder / ".loopwright" / "tables" / table.name / table.files[0].path)
    again = finished.run(code=None)
    assert again.why(step) == "what it made was gone or damaged"
    assert finished.told()["models"][0] == before["models"][0]
    finished.assert_whole()


def test_a_damaged_table_that_must_be_read_is_told_or_made_again(finished):
    table = held(finished, LabelSet).table
    flip(finished.folder / ".loopwright" / "tables" / table.name / table.files[0].path)
    finished.edit("features.py", "miles + 1", "miles + 2")
    assert {"label", "build"} <= finished.run(code=None).ran
    finished.assert_whole()


def test_a_delta_log_that_is_gone_harms_nothing(finished):
    table = held(finished, FeatureSet).table
    for path in (finished.folder / ".loopwright" / "tables" / table.name / "_delta_log").iterdir():
        path.unlink()
    assert finished.run().ran == set()
    finished.edit("features.py", "miles + 1", "miles + 2")
    finished.run(code=None)
    finished.assert_whole()


@pytest.mark.parametrize("damage", ["cut", "overwritten", "flipped", "no database"])
def test_a_damaged_metadata_file_is_told_with_what_to_do(finished, damage):
    path = finished.folder / ".loopwright" / "metadata.db"
    content = bytearray(path.read_bytes())
    if damage == "cut":
        del content[len(content) // 2 :]
    elif damage == "overwritten":
        content[4096 : len(content)] = random.Random(0).randbytes(len(content) - 4096)
    elif damage == "flipped":
        content = content.replace(b"roc_auc", b"roc_abc")
    else:
        content = bytearray(b"this is no database at all, but a text that is long enough\n" * 200)
    path.write_bytes(content)
    message = finished.refuses()
    assert "metadata" in message
    assert "Restore" in message or "restore" in message


def test_a_new_start_after_a_lost_metadata_file(finished):
    before = finished.told()
    for path in (finished.folder / ".loopwright").glob("metadata.db*"):
        if path.is_file():
            path.unlink()
    assert finished.run().json["model"]["digest"] == before["models"][0][0]
    finished.assert_whole()


def test_damaged_caches_cost_time_only(finished):
    for name in ("files.json", "code.json", "artifacts/.verified", "tables/_verified"):
        (finished.folder / ".loopwright" / name).write_text("{ broken")
    assert finished.run().ran == set()


def _runs(place):
    with Project.open(place.folder).closing() as project:
        return project.metadata.all(Run)
