"""The verbs of the data room keep what they make, recall it, and read nothing again that has not changed."""

from __future__ import annotations

from collections import Counter

import polars as pl
import pytest

from loopwright.errors import EmptySource, SchemaError, UnknownColumn, UnreadableSource
from loopwright.lifecycle import Line
from loopwright.project import Project
from loopwright.records import DatasetVersion, Schema
from loopwright.settings import SplitSettings
from loopwright.stages import data
from loopwright.stages.data import ROW, SCHEMA_FILE


def opened_with(folder, text):
    over = folder.parent / "over.toml"
    over.write_text(text)
    return Project.open(folder, config=over)


def ran(project: Project) -> list[str]:
    return [outcome.step for outcome in project.outcomes if not outcome.recalled]


# -- ingest and read ---------------------------------------------------------------------------------------


def test_rows_are_kept_with_their_position_and_what_the_columns_mean(opened):
    with opened().closing() as project:
        dataset = data.ingest(project)
        rows = data.read(project, dataset)
    assert rows[ROW].to_list() == list(range(600))
    assert rows["id"].to_list() == [f"t{number}" for number in range(600)]
    assert {column.name: column.type for column in dataset.columns} == {
        "id": "string", "miles": "float", "fare": "float", "payment": "string", "tipped": "int",
    }
    assert (dataset.name, dataset.key, dataset.source, dataset.quarantined) == ("fares", "id", "trips.csv", 0)
    assert [ref.name for ref in dataset.made_from] == ["trips.csv"]


def test_the_same_bytes_written_again_are_the_same_version(folder, opened):
    with opened().closing() as project:
        first = data.ingest(project)
    path = folder / "trips.csv"
    path.write_bytes(path.read_bytes())
    with opened().closing() as project:
        assert data.ingest(project) == first
        assert ran(project) == []


def test_another_label_or_owner_does_not_read_the_data_again(folder, opened):
    with opened().closing() as project:
        first = data.ingest(project)
    with opened_with(folder, '[data]\nlabel = "payment"\nowner = "the fleet"\n').closing() as project:
        assert data.ingest(project) == first
        assert ran(project) == []


def test_new_rows_make_the_next_version(folder, opened):
    with opened().closing() as project:
        first = data.ingest(project)
    with (folder / "trips.csv").open("a") as file:
        file.write("t600,1.0,5.0,card,1\n")
    with opened().closing() as project:
        second = data.ingest(project)
    assert (first.number, second.number, second.rows) == (1, 2, 601)


def test_what_is_redacted_is_never_stored(folder):
    with opened_with(folder, '[data.privacy]\nredact = ["miles"]\n').closing() as project:
        dataset = data.ingest(project)
        assert "miles" not in data.read(project, dataset).columns
    assert "miles" not in {column.name for column in dataset.columns}
    stored = list((folder / ".loopwright" / "tables").rglob("*.parquet"))
    assert stored
    assert all("miles" not in pl.read_parquet_schema(path) for path in stored)


def test_rows_that_cannot_be_read_are_kept_apart_with_line_and_reason(folder, opened):
    with (folder / "trips.csv").open("a") as file:
        file.write("t600,1.0,5.0\n")
    with opened().closing() as project:
        dataset = data.ingest(project)
        bad = project.tables.read(dataset.quarantine).collect()
    assert (dataset.rows, dataset.quarantined) == (600, 1)
    assert bad["line"].to_list() == [602]
    assert bad["raw"].to_list() == ["t600,1.0,5.0"]


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ('[data]\nkey = "idd"\n', UnknownColumn, r"\[data\] key in loopwright\.toml names the column 'idd'.*'id'"),
        ('[data.privacy]\nredact = ["mile"]\n', UnknownColumn, r"\[data\.privacy\] redact .*'mile'.*'miles'"),
        ('[targets]\nslices = ["paymnt"]\n', UnknownColumn, r"\[targets\] .*'paymnt'.*'payment'"),
        ('[data]\nsource = "trip.csv"\n', UnreadableSource, r"'trip\.csv': there is no such file .*trips\.csv"),
    ],
)
def test_a_wrong_name_is_told_before_any_work(folder, text, error, message):
    with opened_with(folder, text).closing() as project, pytest.raises(error, match=message):
        data.ingest(project)


def test_a_source_without_rows_is_refused_and_leaves_no_version(folder, opened):
    (folder / "trips.csv").write_text("id,miles,fare,payment,tipped\n")
    with opened().closing() as project:
        with pytest.raises(EmptySource):
            data.ingest(project)
        assert project.metadata.all(DatasetVersion) == []


# -- split and describe ------------------------------------------------------------------------------------


def test_a_split_is_a_dataset_version_that_gives_each_row_one_part(worked):
    line, project = worked.line, worked.project
    table = project.tables.read(line.parts.table).collect()
    assert table.columns == [ROW, "part"]
    assert table[ROW].to_list() == list(range(600))
    assert {part.name: part.rows for part in line.parts.parts} == Counter(table["part"])
    assert line.parts.made_from == (line.dataset.ref, line.labels.ref)
    assert line.parts.source == "split of fares v1 by random"


def test_reading_with_a_split_adds_the_part_of_each_row(worked):
    line, project = worked.line, worked.project
    rows = data.read(project, line.dataset, parts=line.parts)
    assert rows.drop("__part").equals(data.read(project, line.dataset))
    assert rows["__part"].to_list() == project.tables.read(line.parts.table).collect()["part"].to_list()


def test_another_rule_divides_anew(copied, worked):
    line = worked.line
    other = data.split(copied, line.dataset, line.labels, rule=SplitSettings(test=0.3))
    share = {part.name: part.rows / 600 for part in other.parts}
    assert share["test"] == pytest.approx(0.3, abs=0.06)
    assert other.digest != line.parts.digest


def test_statistics_are_of_each_part_and_add_up(worked):
    line, project = worked.line, worked.project
    statistics = data.describe(project, line.dataset, line.parts)
    assert [part.part for part in statistics.parts] == ["train", "validation", "test"]
    assert sum(part.rows for part in statistics.parts) == 600
    miles = [next(column for column in part.columns if column.name == "miles") for part in statistics.parts]
    mean = sum(column.mean * column.present for column in miles) / 600
    assert mean == pytest.approx(worked.rows["miles"].mean())
    assert ROW not in {column.name for column in statistics.parts[0].columns}
    assert len(project.artifacts.get(statistics.partials)) == statistics.partials.size


# -- infer, review, validate, check ------------------------------------------------------------------------


def mended(project: Project, line: Line) -> Schema:
    """Return the schema after somebody wrote that cards are cheques from now on."""
    path = project.folder / SCHEMA_FILE
    path.write_text(path.read_text().replace('"card"', '"cheque"'))
    return data.review(project, data.infer(project, line.dataset, line.statistics, data=project.settings.data))


def test_a_schema_is_proposed_from_the_training_part_and_the_label_is_not_expected_when_serving(worked):
    line, project = worked.line, worked.project
    schema = data.infer(project, line.dataset, line.statistics, data=project.settings.data)
    columns = {column.name: column for column in schema.columns}
    assert set(columns) == {"id", "miles", "fare", "payment", "tipped"}
    assert columns["tipped"].not_in_environment == ("serving",)
    assert columns["fare"].not_in_environment == ()
    assert schema.made_from == (line.statistics.ref, line.dataset.ref)


def test_the_proposal_is_written_where_there_is_none_and_people_have_the_last_word(copied, worked):
    line = worked.line
    (copied.folder / SCHEMA_FILE).unlink()
    proposal = data.infer(copied, line.dataset, line.statistics, data=copied.settings.data)
    assert data.review(copied, proposal).columns == proposal.columns
    reviewed = mended(copied, line)
    payment = next(column for column in reviewed.columns if column.name == "payment")
    assert "cheque" in payment.values
    assert [ref.name for ref in reviewed.made_from] == [SCHEMA_FILE]
    assert copied.metadata.newest(Schema) == reviewed


def test_a_schema_file_in_another_encoding_is_refused_by_name(copied, worked):
    (copied.folder / SCHEMA_FILE).write_bytes("# Gebühr\n".encode("latin-1"))
    with pytest.raises(SchemaError, match=r"schema\.toml is not UTF-8 text \(byte 5 is 0xfc\)"):
        data.review(copied, worked.line.schema)


def test_nothing_half_written_is_left_beside_the_schema(copied, worked):
    (copied.folder / SCHEMA_FILE).unlink()
    data.review(copied, worked.line.schema)
    assert [path.name for path in copied.folder.iterdir() if path.name.startswith(".schema")] == []
    assert (copied.folder / SCHEMA_FILE).stat().st_mode & 0o777 == 0o644


def test_data_that_fit_have_no_anomaly_and_evidence_of_it(worked):
    line = worked.line
    anomalies, evidence = data.validate(worked.project, line.dataset, line.parts, line.statistics, line.schema)
    assert anomalies == ()
    assert (evidence.check, evidence.passed, evidence.value, evidence.rows) == ("schema.validated", True, 0.0, 600)
    assert evidence.subject == line.dataset.ref


def test_what_does_not_fit_is_told_part_by_part_with_rows_that_show_it(copied, worked):
    line = worked.line
    schema = mended(copied, line)
    anomalies, evidence = data.validate(copied, line.dataset, line.parts, line.statistics, schema)
    assert {(item.column, item.part) for item in anomalies} == {
        ("payment", part) for part in ("train", "validation", "test")
    }
    assert all(item.examples for item in anomalies)
    for item in anomalies:
        for example in item.examples:
            row = worked.rows.row(example.row, named=True)
            assert (row["payment"], row["id"], row["__part"]) == ("card", example.key, item.part)
    assert not evidence.passed
    assert evidence.value == 3.0


def test_rows_from_elsewhere_are_compared_as_if_served(worked):
    project, rows = worked.project, worked.rows.drop(ROW, "__part", "tipped")
    assert data.check(project, rows) == ()
    found = data.check(project, rows, environment="training")
    assert [(item.column, item.type) for item in found] == [("tipped", "SCHEMA_MISSING_COLUMN")]
    with pytest.raises(SchemaError, match="knows no environment 'production'; it has training, serving"):
        data.check(project, rows, environment="production")


def test_without_a_schema_nothing_can_be_compared(opened):
    with opened().closing() as project, pytest.raises(SchemaError, match=r"no schema\.toml in .* yet"):
        data.check(project, pl.DataFrame({"miles": [1.0]}))
