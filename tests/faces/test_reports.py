"""Model card and datasheet are files that need nothing else, written whole."""

from __future__ import annotations

import pytest

from loopwright.errors import StoreReadOnly, UnknownRecord
from loopwright.faces.reports import write_datasheet, write_model_card, write_reports
from loopwright.project import Project
from loopwright.records import DatasetVersion, Model


@pytest.fixture
def project(copied):
    with Project.open(copied).closing() as project:
        yield project


def test_both_lie_beside_the_project(project):
    model = project.metadata.all(Model)[0]
    dataset = next(item for item in project.metadata.all(DatasetVersion) if not item.parts)
    card, sheet = write_reports(project, model, dataset)
    reports = project.folder / "reports"
    assert (card, sheet) == (reports / "model_card.html", reports / "datasheet.html")
    assert card.read_text().rstrip().endswith("</html>")
    assert model.digest[:12] in card.read_text()
    assert "trips.csv" in sheet.read_text()


def test_what_was_written_about_the_decision_is_shown_as_it_is(project):
    text = write_model_card(project, "v1", None).read_text()
    assert "Which [trips] to [red]offer[/red] first [/]" in text


def test_a_card_is_of_the_model_asked_for_or_of_the_newest(project, tmp_path):
    assert write_model_card(project, None, None).name == "model_card_v2.html"
    assert write_model_card(project, "champion", None).name == "model_card_v1.html"
    there = write_model_card(project, "v1", tmp_path / "new" / "card.html")
    assert there == tmp_path / "new" / "card.html"
    assert there.is_file()


def test_the_datasheet_is_of_the_newest_version(project, tmp_path):
    path = write_datasheet(project, tmp_path / "sheet.html")
    assert "600" in path.read_text()
    assert write_datasheet(project, None) == project.folder / "reports" / "datasheet.html"


def test_where_nothing_can_be_written_the_error_names_the_place_and_leaves_no_draft(project, tmp_path):
    (tmp_path / "card.html").mkdir()
    (tmp_path / "card.html" / "kept").write_text("")
    with pytest.raises(StoreReadOnly, match=r"cannot write .*card\.html.*give --output"):
        write_model_card(project, None, tmp_path / "card.html")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_before_the_first_run_there_is_nothing_to_report(folder):
    with Project.open(folder).closing() as project:
        with pytest.raises(UnknownRecord, match="no model yet"):
            write_model_card(project, None, None)
        with pytest.raises(UnknownRecord, match="no dataset version yet"):
            write_datasheet(project, None)
    assert not (folder / "reports").exists()
