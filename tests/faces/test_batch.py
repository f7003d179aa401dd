"""The rows of a file get predictions, whole or not at all, and what cannot be read is kept beside."""

from __future__ import annotations

import polars as pl
import pytest

from loopwright.errors import EmptySource, LoopwrightError, ModelError, UnknownColumn, UnknownRecord, UnreadableSource
from loopwright.faces.batch import predict_file
from loopwright.project import Project
from loopwright.records import Model

GOOD = "id,miles,fare,payment\nn1,1.5,6.0,card\nn2,2.0,7.0,\n"


@pytest.fixture
def project(ran):
    with Project.open(ran).closing() as project:
        yield project


@pytest.fixture
def new(tmp_path):
    """Return a file of new rows."""
    path = tmp_path / "new.csv"
    path.write_text(GOOD)
    return path


READ = {".csv": pl.read_csv, ".parquet": pl.read_parquet, ".jsonl": pl.read_ndjson}


@pytest.mark.parametrize(("suffix", "read"), READ.items())
def test_the_output_has_every_row_with_its_prediction_in_the_form_asked_for(project, new, tmp_path, suffix, read):
    output = tmp_path / f"said{suffix}"
    done = predict_file(project, str(new), output, model=None)
    said = read(output)
    assert said.columns == ["id", "miles", "fare", "payment", "prediction", "probability", "model"]
    assert said["id"].to_list() == ["n1", "n2"]
    assert (done.rows, done.model, done.output, done.quarantined, done.quarantine) == (2, 1, str(output), 0, None)
    assert done.anomalies == ()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["new.csv", output.name, "fares"])


def test_another_model_can_be_taken(project, new, tmp_path):
    second = project.metadata.all(Model)[1]
    done = predict_file(project, str(new), tmp_path / "said.csv", model=second)
    assert done.model == 2
    assert pl.read_csv(tmp_path / "said.csv")["model"].to_list() == ["v2", "v2"]


def test_rows_that_cannot_be_read_lie_beside_with_their_reason(project, new, tmp_path):
    new.write_text(GOOD + "n3,1.0\n")
    done = predict_file(project, str(new), tmp_path / "said.parquet", model=None)
    assert (done.rows, done.quarantined) == (2, 1)
    bad = pl.read_csv(done.quarantine)
    assert done.quarantine == str(tmp_path / "said.quarantine.csv")
    assert bad["line"].to_list() == [4]


def test_what_does_not_fit_the_schema_is_told_and_other_columns_are_carried_along(project, new, tmp_path):
    new.write_text("id,miles,fare,payment,colour\nn1,1.5,6.0,gold,blue\n")
    done = predict_file(project, str(new), tmp_path / "said.csv", model=None)
    assert len(done.anomalies) == 1
    assert done.anomalies[0].startswith("payment: ")
    assert "'gold'" in done.anomalies[0]
    assert pl.read_csv(tmp_path / "said.csv")["colour"].to_list() == ["blue"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("id,miles\nn1,1.5\n", UnknownColumn, "the model names the column 'fare'"),
        ("miles,fare,payment\nfar,6.0,card\nnear,1.0,card\n", ModelError, "'miles' must hold float values"),
        ("id,miles,fare,payment\n", EmptySource, "--input "),
    ],
)
def test_rows_that_the_model_cannot_take_leave_no_output(project, new, tmp_path, text, error, message):
    new.write_text(text)
    with pytest.raises(error, match=message):
        predict_file(project, str(new), tmp_path / "said.csv", model=None)
    assert not (tmp_path / "said.csv").exists()


def test_a_file_that_is_not_there_is_told_by_the_name_of_the_option(project, tmp_path):
    with pytest.raises(UnreadableSource, match=r"^--input '.*none\.csv': there is no such file"):
        predict_file(project, str(tmp_path / "none.csv"), tmp_path / "said.csv", model=None)


@pytest.mark.parametrize(
    ("name", "message"),
    [("said.xlsx", r"write to a file that ends in \.csv, \.parquet, \.jsonl"), ("none/said.csv", "there is no folder")],
)
def test_an_output_that_cannot_be_written_is_told_before_any_work(project, new, tmp_path, name, message):
    with pytest.raises(LoopwrightError, match=message):
        predict_file(project, str(new), tmp_path / name, model=None)


def test_an_output_that_is_a_folder_is_told_and_no_draft_is_left(project, new, tmp_path):
    (tmp_path / "said.csv").mkdir()
    (tmp_path / "said.csv" / "kept.txt").write_text("")
    with pytest.raises(LoopwrightError, match=r"cannot write .*said\.csv"):
        predict_file(project, str(new), tmp_path / "said.csv", model=None)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_without_a_champion_there_is_no_answer(folder, new, tmp_path):
    with Project.open(folder).closing() as project, pytest.raises(UnknownRecord, match="no champion yet"):
        predict_file(project, str(new), tmp_path / "said.csv", model=None)
