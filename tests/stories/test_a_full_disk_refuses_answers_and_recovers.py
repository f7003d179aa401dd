"""What cannot be logged is not answered: a disk that is full for a while costs the requests of that time, no more."""

from __future__ import annotations

import shutil

import pytest

ROW = {"miles": 4.0, "fare": 11.5, "payment": "card"}


@pytest.fixture
def disk(tmp_path, mount):
    """A file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount("-t", "tmpfs", "-o", "size=2m", "tmpfs", on=folder)
    return folder


@pytest.fixture
def served(fares_ready, tmp_path, disk):
    """A project that is served, with its log on the small disk."""

    def move_the_log(place):
        place.append("loopwright.toml", '\n[stores]\nlog = "log"\n')
        (place.folder / "log").symlink_to(disk, target_is_directory=True)

    with fares_ready.copied(tmp_path / "served", edit=move_the_log) as found:
        yield found


def rows(name, count):
    return [{"id": f"{name}{number}", **ROW} for number in range(count)]


def fill(disk):
    with (disk / "ballast").open("wb") as file:
        file.write(b"\0" * (shutil.disk_usage(disk).free - 4096))


def test_it_is_told_nothing_is_acknowledged_and_later_all_is_well(served, disk):
    served.predict(*rows("before", 10))
    fill(disk)
    refused = served.predict(*rows("full", 200), code=507)
    assert "what is not logged is not answered" in refused.json["error"]
    outcomes = [{"id": row["id"], "values": {"tipped": 1}} for row in (*rows("before", 10), *rows("never", 200))]
    served.tell(*outcomes, code=507)
    assert served.ask("GET", "/health").status == 200
    (disk / "ballast").unlink()
    again = served.predict(*rows("full", 200)).json["predictions"]
    assert not any(each.get("repeated") for each in again), "nobody had been told an answer"
    told = served.tell(*outcomes[:10])
    assert {each["status"] for each in told.json["outcomes"]} == {"kept"}
    live, _ = served.live()
    assert live["__id"].to_list() == [row["id"] for row in (*rows("before", 10), *rows("full", 200))]
    assert live["__label"].null_count() == 200
    errors = served.stop()
    assert "could not be written to the prediction log" in errors
    assert "no space was left" in errors


def test_a_server_that_starts_on_a_full_disk_says_so_when_asked_and_recovers(served, disk):
    served.stop()
    fill(disk)
    served.start()
    served.predict(*rows("full", 200), code=507)
    (disk / "ballast").unlink()
    served.predict(*rows("full", 200))
