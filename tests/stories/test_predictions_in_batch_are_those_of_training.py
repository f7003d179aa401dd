"""`loopwright predict` says of a file's rows what the model said in training; output appears whole or not at all."""

from __future__ import annotations

import os

import numpy as np
import polars as pl
import pytest

from loopwright.project import Project
from loopwright.records import Run


def predict(place, source="trips.csv", output="out.csv", **options):
    return place.give("predict", "--input", source, "--output", output, "--json", code=0).json


def test_the_answers_are_those_of_training(finished):
    predict(finished)
    said = pl.read_csv(finished.folder / "out.csv")
    with Project.open(finished.folder).closing() as project:
        final = next(run for run in project.metadata.all(Run) if run.role == "final")
        kept = pl.read_parquet(project.artifacts.get(final.predictions))
    again = said["probability"].to_numpy()[kept["__row"].to_numpy()]
    assert np.allclose(again, kept["prediction"].to_numpy(), atol=1e-5)
    assert said["prediction"].to_list() == [int(value >= 0.5) for value in said["probability"]]


@pytest.mark.parametrize("output", ["out.csv", "out.parquet", "out.jsonl"])
def test_every_row_comes_back_with_its_columns(finished, output):
    done = predict(finished, output=output)
    read = {"csv": pl.read_csv, "parquet": pl.read_parquet, "jsonl": pl.read_ndjson}[output.rpartition(".")[2]]
    said = read(finished.folder / output)
    assert done["rows"] == said.height == 500
    assert said.columns == ["id", "miles", "fare", "payment", "tipped", "prediction", "probability", "model"]
    assert set(said["model"]) == {"v1"}


def test_the_label_is_not_needed(finished):
    pl.read_csv(finished.folder / "trips.csv").drop("tipped").write_csv(finished.folder / "new.csv")
    assert predict(finished, "new.csv")["rows"] == 500


def test_one_row_alone_gets_the_answer_that_it_gets_among_others(finished):
    predict(finished)
    lines = (finished.folder / "trips.csv").read_text().splitlines()
    finished.write("one.csv", f"{lines[0]}\n{lines[7]}\n")
    predict(finished, "one.csv", "one_out.csv")
    together = pl.read_csv(finished.folder / "out.csv")["probability"][6]
    assert pl.read_csv(finished.folder / "one_out.csv")["probability"][0] == pytest.approx(together, abs=1e-6)


def test_a_missing_column_is_named(finished):
    pl.read_csv(finished.folder / "trips.csv").drop("miles").write_csv(finished.folder / "new.csv")
    message = finished.refuses("predict", "-i", "new.csv", "-o", "out.csv")
    assert "'miles'" in message
    assert not (finished.folder / "out.csv").exists()


def test_a_wrong_type_is_named_with_a_value(finished):
    rows = "".join(f"n{number},far,5.0,card\n" for number in range(5))
    finished.write("new.csv", "id,miles,fare,payment\n" + rows)
    message = finished.refuses("predict", "-i", "new.csv", "-o", "out.csv")
    assert "column 'miles' must hold float values" in message
    assert "'far'" in message
    assert not (finished.folder / "out.csv").exists()


def test_bad_rows_lie_beside_the_output_with_their_reason(finished):
    finished.append("trips.csv", "short,1.0\n")
    done = predict(finished)
    assert done["rows"] == 500
    assert done["quarantined"] == 1
    beside = pl.read_csv(finished.folder / "out.quarantine.csv")
    assert beside["line"].to_list() == [502]
    assert beside["reason"].to_list() == ["2 fields where the header has 5"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-i", "trip.csv", "-o", "out.csv"), "--input 'trip.csv': there is no such file"),
        (("-i", "trips.csv", "-o", "out.xls"), "write to a file that ends in .csv, .parquet, .jsonl"),
        (("-i", "trips.csv", "-o", "gone/out.csv"), "there is no folder gone"),
        (("-i", "trips.csv", "-o", "out.csv", "--model", "v7"), "there is no model v7; the newest is v1"),
    ],
)
def test_what_cannot_be_done_is_told(finished, words, said):
    assert said in finished.refuses("predict", *words)


def test_an_output_that_cannot_be_written_leaves_the_old_one_as_it_was(finished):
    predict(finished)
    before = (finished.folder / "out.csv").read_bytes()
    full = finished.folder / "full.csv"
    os.symlink("/dev/full", full.with_name(f".full.csv.{os.getpid()}"))
    message = finished.refuses("predict", "-i", "trips.csv", "-o", "full.csv")
    assert "cannot write full.csv" in message
    assert not full.exists()
    assert (finished.folder / "out.csv").read_bytes() == before


def test_the_model_uses_its_own_copy_of_the_features(finished):
    predict(finished)
    before = (finished.folder / "out.csv").read_bytes()
    finished.edit("features.py", "fare / (miles + 1)", "fare * 1000")
    predict(finished)
    assert (finished.folder / "out.csv").read_bytes() == before
