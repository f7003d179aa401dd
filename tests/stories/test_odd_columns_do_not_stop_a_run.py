"""Columns that hold nothing, too much, or no numbers that can be computed with."""

from __future__ import annotations

import random

import pytest

HEADER = "id,miles,fare,payment,tipped\n"


def test_a_column_without_any_value_is_left_out_with_the_reason(place, more_trips):
    rows = "".join(f"{line},\n" for line in more_trips().splitlines())
    place.write("trips.csv", HEADER.replace("tipped", "tipped,nothing") + rows)
    place.run()
    dropped = place.give("features", "--json").json["dropped"]
    assert "nothing: has no value in the training part" in dropped


def test_a_column_with_one_value_is_left_out_with_the_reason(place, more_trips):
    rows = "".join(f"{line},7\n" for line in more_trips().splitlines())
    place.write("trips.csv", HEADER.replace("tipped", "tipped,seven") + rows)
    place.run()
    dropped = place.give("features", "--json").json["dropped"]
    assert any(reason.startswith("seven: has one value only") for reason in dropped)


def test_nan_and_infinity_in_training_rows_are_refused_by_the_gate_with_their_columns(place):
    place.append("trips.csv", "tx,nan,inf,card,1\nty,inf,-inf,card,0\ntz,NaN,5.0,cash,1\n")
    answer = place.run(code=20)
    assert not answer.json["champion"]
    said = [reason["explanation"] for reason in answer.json["gate"]["reasons"] if reason["passed"] is False]
    assert any("infinite" in text and "fare" in text for text in said)


def test_nan_that_the_training_rows_do_not_have_is_an_anomaly(finished):
    finished.append("trips.csv", "".join(f"new{number},nan,5.0,card,1\n" for number in range(20)))
    message = finished.refuses("run", code=20)
    assert "miles" in message
    assert "NaN" in message


def test_records_hold_no_nan(place):
    place.append("trips.csv", "tx,nan,inf,card,1\nty,inf,-inf,card,0\n")
    place.run(code=20)
    for name in ("train", "validation", "test"):
        assert "NaN" not in place.give("data", "statistics", "--part", name, "--json", code=0).out


@pytest.mark.slow
def test_ten_thousand_columns_are_read_described_and_learnt_from(place):
    draw = random.Random(0)
    names = [f"c{number}" for number in range(10_000)]
    lines = [",".join(["id", "payment", "tipped", *names])]
    for row in range(60):
        tipped = row % 2
        values = [f"{draw.gauss(2 * tipped if number < 5 else 0, 1):.2f}" for number in range(10_000)]
        lines.append(",".join([f"t{row}", "card", str(tipped), *values]))
    place.write("trips.csv", "\n".join(lines) + "\n")
    (place.folder / "features.py").unlink()
    place.run(code=None)
    assert len(place.give("features", "--json").json["features"]) == 10_000
