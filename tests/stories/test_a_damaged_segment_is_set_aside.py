"""A segment of the log that was damaged on the disk is kept aside and told; what can be read of it is not lost."""

from __future__ import annotations

import pytest

from loopwright.store.segments import segments_in

ROW = {"miles": 4.0, "fare": 11.5, "payment": "card"}


@pytest.fixture
def damaged(served):
    """A project whose server was killed, and a bit of the log's only segment turned over since."""
    for number in range(20):
        served.predict({"id": f"asked{number}", **ROW})
    served.kill()
    (segment,) = segments_in(served.place.folder / ".loopwright/log")
    content = bytearray(segment.read_bytes())
    content[content.index(b"asked7")] ^= 1
    segment.write_bytes(bytes(content))
    return served


def test_it_is_told_and_only_the_damaged_event_is_missing(damaged):
    looked = damaged.place.give_alone("watch", "--no-retraining", code=0)
    (aside,) = (damaged.place.folder / ".loopwright/log").glob("*.damaged")
    assert aside.name in looked.err
    assert "cannot be read" in looked.err
    rows, _ = damaged.live()
    assert set(rows["__id"]) == {f"asked{number}" for number in range(20)} - {"asked7"}
    assert damaged.place.give_alone("watch", "--no-retraining", code=0).err == "", "it is told once"


def test_the_server_starts_with_it_and_answers_what_was_lost_anew(damaged):
    damaged.start()
    answers = {
        name: damaged.predict({"id": name, **ROW}).json["predictions"][0] for name in ("asked7", "asked8")
    }
    assert "repeated" not in answers["asked7"]
    assert answers["asked8"]["repeated"]


def test_a_torn_end_is_nobodys_loss_and_nothing_is_said(served):
    served.predict({"id": "whole", **ROW})
    served.kill()
    (segment,) = segments_in(served.place.folder / ".loopwright/log")
    segment.write_bytes(segment.read_bytes() + b"\x01half a frame")
    assert served.place.give_alone("watch", "--no-retraining", code=0).err == ""
    assert not list((served.place.folder / ".loopwright/log").glob("*.damaged"))
    assert served.live()[0]["__id"].to_list() == ["whole"]
