"""Features are computed, chosen, kept with their code, and examined."""

from __future__ import annotations

import json

import pytest

from loopwright.errors import UserCodeError
from loopwright.project import Project
from loopwright.stages import features
from loopwright.stages.data import ROW


def reopened(project: Project, text: str = "") -> Project:
    """Return another handle on a project, with a second project file."""
    over = project.folder / "over.toml"
    over.write_text(text)
    return Project.open(project.folder, config=over)


def built(project, line):
    return features.build(project, line.dataset, line.parts, line.labels)


def test_columns_and_functions_are_features_with_what_they_need(worked):
    found = {item.name: item for item in worked.line.features.features}
    assert {name: item.origin for name, item in found.items()} == {
        "miles": "column", "fare": "column", "payment": "column", "fare_per_mile": "function", "is_far": "function",
    }
    assert found["fare_per_mile"].inputs == ("fare", "miles")
    assert found["payment"].kind == "categorical"
    assert found["is_far"].description == "Whether the trip is longer than five miles."
    assert any(reason.startswith("id: ") for reason in worked.line.features.dropped)


def test_the_code_that_ran_is_kept_and_pointed_at(worked):
    record = worked.line.features
    assert record.functions == ("fare_per_mile", "is_far")
    kept = json.loads(worked.project.artifacts.get(record.code))
    assert kept == {"features.py": (worked.project.folder / "features.py").read_text()}
    code = {ref.name for ref in record.made_from if ref.kind == "code"}
    assert code == {"features.py: function `fare_per_mile`", "features.py: function `is_far`"}


def test_examples_are_features_with_part_and_label_of_every_row(worked):
    rows = worked.examples
    assert rows[ROW].to_list() == list(range(600))
    assert set(rows.columns) == {
        ROW, "__part", "__label", "miles", "fare", "payment", "fare_per_mile", "is_far",
    }
    assert rows["__part"].to_list() == worked.rows["__part"].to_list()
    assert rows["__label"].to_list() == worked.rows["tipped"].to_list()
    first = rows.row(0, named=True)
    assert first["fare_per_mile"] == pytest.approx(first["fare"] / (first["miles"] + 1))
    assert first["is_far"] == (first["miles"] > 5)


def test_examples_are_read_once_per_process(worked):
    line, project = worked.line, worked.project
    assert features.examples(project, line.features, line.labels, line.parts) is worked.examples


def test_without_a_file_of_features_the_columns_are_the_features(copied, worked):
    (copied.folder / "features.py").unlink()
    with reopened(copied).closing() as project:
        record = built(project, worked.line)
        evidence = features.examine(project, worked.line.dataset, record)
    assert [item.name for item in record.features] == ["miles", "fare", "payment"]
    assert (record.code, record.functions) == (None, ())
    assert [item for item in evidence if item.check == "features.tested"] == []


def test_a_function_that_the_model_does_not_take_leaves_no_code_behind(copied, worked):
    with reopened(copied, '[features]\nexclude = ["fare_per_mile", "is_far"]\n').closing() as project:
        record = built(project, worked.line)
    assert [item.name for item in record.features] == ["miles", "fare", "payment"]
    assert (record.code, record.functions) == (None, ())
    assert {ref.kind for ref in record.made_from} == {"dataset_version", "label_set"}


def test_the_rule_of_the_label_may_stand_among_the_features_and_is_none(copied, worked):
    with (copied.folder / "features.py").open("a") as file:
        file.write("\n\ndef tips_well(tipped: pl.Expr) -> pl.Expr:\n    return tipped > 0\n")
    with reopened(copied, '[data]\nlabel = "features:tips_well"\n').closing() as project:
        record = built(project, worked.line)
    assert record.functions == ("fare_per_mile", "is_far")


def test_a_function_that_names_no_column_is_told_with_its_file(copied, worked):
    with (copied.folder / "features.py").open("a") as file:
        file.write("\n\ndef slow(minutes: pl.Expr) -> pl.Expr:\n    return minutes > 9\n")
    with reopened(copied).closing() as project, pytest.raises(UserCodeError, match=r"features\.py.*slow.*minutes"):
        built(project, worked.line)


def test_every_promise_of_the_features_is_examined(worked):
    evidence = features.examine(worked.project, worked.line.dataset, worked.line.features)
    checks = [(item.check, item.slice, item.passed) for item in evidence]
    assert checks == [
        ("features.tested", "fare_per_mile", True),
        ("features.tested", "is_far", True),
        ("policy.features", None, True),
        ("privacy.redaction", None, True),
        *(("cost.feature", item.name, None) for item in worked.line.features.features),
    ]


def test_no_suspicion_of_leakage_is_evidence_too(worked):
    line = worked.line
    (none,) = features.suspect(worked.project, line.dataset, line.parts, line.labels, line.features)
    assert (none.check, none.passed, none.subject) == ("leakage.none", True, line.features.ref)
