"""A disk that fills up in the middle of a run stops it in words, and once there is space the run goes on."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture
def disk(tmp_path, mount):
    """A file system of twenty megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=20m", "tmpfs", on=folder)
    return folder


def test_it_is_told_where_and_the_next_run_goes_on(place, finished, disk):
    shutil.copytree(place.folder, disk / "fares")
    place.folder = disk / "fares"
    _leave(disk, kilobytes=150)
    message = place.refuses()
    assert "no space was left while" in message
    assert "free some space" in message
    (disk / "ballast").unlink()
    place.assert_whole()
    again = place.run()
    assert "ingest" not in again.ran, "what was finished before the disk was full is recalled"
    assert place.told() == finished.told()


@pytest.mark.parametrize("kilobytes", [0, 40, 80, 120, 200, 300])
def test_wherever_it_fills_up_nothing_half_written_is_seen(finished, disk, kilobytes):
    shutil.copytree(finished.folder, disk / "fares")
    finished.folder = disk / "fares"
    finished.edit("features.py", "miles + 1", "miles + 2")
    _leave(disk, kilobytes=kilobytes)
    answer = finished.give("run")
    assert answer.code in {0, 1, 20}
    if answer.code == 1:
        assert "no space" in answer.err
    (disk / "ballast").unlink()
    finished.assert_whole()
    assert finished.run(code=None).code in {0, 20}


def test_predictions_that_do_not_fit_leave_nothing(finished, disk):
    _leave(disk, kilobytes=64)
    rows = (finished.folder / "trips.csv").read_text()
    finished.write("many.csv", rows + rows.partition("\n")[2] * 20)
    message = finished.refuses("predict", "-i", "many.csv", "-o", disk / "out.csv")
    assert "cannot write" in message
    assert list(disk.iterdir()) == [disk / "ballast"]


def _leave(disk, *, kilobytes):
    """Fill a disk but for so much."""
    free = shutil.disk_usage(disk).free - kilobytes * 1024
    with (disk / "ballast").open("wb") as file:
        file.write(b"\0" * max(0, free))
