"""A project folder that may not be written is named in words; what can be read is still shown."""

from __future__ import annotations

import subprocess

import pytest


@pytest.fixture
def read_only(mount):
    """Return a function that makes a folder read-only, for root too, and gives back one that lifts this."""

    def make(folder):
        lift = mount("--bind", str(folder), on=folder)
        subprocess.run(["mount", "-o", "remount,bind,ro", folder], check=True)
        return lift

    return make


def test_a_run_says_which_place_cannot_be_written(place, read_only):
    read_only(place.folder)
    message = place.refuses()
    assert str(place.folder) in message
    assert "write permission" in message


def test_a_finished_project_can_still_be_looked_at(finished, read_only):
    read_only(finished.folder)
    for words in ("status", "gate", "registry", "lineage champion", "score", "runs", "data statistics"):
        finished.give(*words.split(), code=0)


def test_a_run_with_nothing_to_do_says_so_and_that_it_could_not_be_logged(finished, read_only):
    finished.run()
    read_only(finished.folder)
    answer = finished.give("run", code=0)
    assert "nothing changed" in answer.out
    assert "not logged" in answer.err


def test_predictions_can_be_written_elsewhere(finished, read_only, tmp_path):
    read_only(finished.folder)
    finished.give("predict", "-i", "trips.csv", "-o", tmp_path / "out.csv", code=0)
    answer = finished.give("predict", "-i", "trips.csv", "-o", "out.csv", code=1)
    assert "error: cannot write out.csv" in answer.err
    assert "write permission" in answer.err


def test_it_runs_once_it_may_be_written(place, read_only):
    lift = read_only(place.folder)
    place.refuses()
    lift()
    place.run()
