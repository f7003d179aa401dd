"""Models have numbers, aliases have a history, and any record leads back to files and code."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from loopwright.errors import CorruptStore, ModelError, UnknownColumn, UnknownRecord
from loopwright.project import Project
from loopwright.records import Gate, Model
from loopwright.stages import registry
from loopwright.stages.registry import CHAMPION


def remembered(project: Project, record):
    """Return a record as the store gives it back."""
    project.metadata.remember(record)
    return project.metadata.get(type(record), record.digest)


def second(project: Project, worked) -> tuple[Model, Gate]:
    """Register and pass another model."""
    model = remembered(project, replace(worked.line.model, params={"C": 1.0}, number=0))
    return model, remembered(project, replace(worked.line.gate, subject=model.ref))


def test_a_registered_model_has_its_proof_of_parity_and_its_costs(worked):
    model, evidence = registry.register(worked.project, worked.material, worked.line.final)
    assert model == worked.line.model
    assert (model.number, model.format, model.name) == (1, "onnx", "fares")
    assert [(item.check, item.passed) for item in evidence] == [
        ("parity.onnx", True), ("metric.latency_p50_ms", None), ("metric.latency_p99_ms", None),
        ("metric.model_size_mb", None),
    ]
    assert evidence[3].value == model.file.size / 1e6


def test_a_run_without_a_pipeline_cannot_be_registered(copied, worked):
    with pytest.raises(ModelError, match="kept no pipeline"):
        registry.register(copied, worked.material, replace(worked.line.final, pipeline=None))


# -- champion ----------------------------------------------------------------------------------------------


def test_the_model_that_passed_is_champion_and_has_no_rival(worked):
    assert registry.champion(worked.project) == worked.line.model
    assert registry.rival(worked.project, worked.line.model) is None
    assert registry.champion(worked.project, "no-such-alias") is None


def test_promoting_the_champion_again_changes_nothing(copied, worked):
    assert registry.promote(copied, worked.line.model, worked.line.gate, by="me", why="again") is False
    assert len(copied.metadata.alias_history(CHAMPION)) == 1


def test_a_second_model_takes_over_and_the_first_stays_its_rival(copied, worked):
    model, gate = second(copied, worked)
    assert model.number == 2
    assert registry.rival(copied, model) == worked.line.model
    assert registry.promote(copied, model, gate, by="me", why="better") is True
    assert registry.champion(copied) == model
    assert registry.rival(copied, model) == worked.line.model
    assert registry.rival(copied, worked.line.model) == model
    (_, change) = copied.metadata.alias_history(CHAMPION)
    assert (change.by, change.why, change.target) == ("me", "better", model.ref)


def test_a_model_needs_a_gate_of_its_own_that_said_yes(copied, worked):
    model, gate = second(copied, worked)
    with pytest.raises(ModelError, match="judged another model than v2"):
        registry.promote(copied, model, worked.line.gate, by="me", why="?")
    with pytest.raises(ModelError, match="v2 did not pass its gate"):
        registry.promote(copied, model, replace(gate, passed=False), by="me", why="?")
    assert registry.champion(copied) == worked.line.model


def test_a_withdrawn_champion_is_nobodys_rival_and_comes_back_only_when_asked_for(copied, worked):
    model, gate = second(copied, worked)
    registry.promote(copied, model, gate, by="me", why="better")
    assert registry.withdraw(copied, by="me", why="it leaked") == model
    assert registry.champion(copied) is None
    assert registry.rival(copied, worked.line.model) is None
    assert registry.promote(copied, model, gate, by="me", why="a run") is False
    assert registry.champion(copied) is None
    assert registry.promote(copied, model, gate, by="me", why="by hand", again=True) is True
    assert registry.champion(copied) == model
    with pytest.raises(UnknownRecord, match="no champion to withdraw"):
        registry.withdraw(reopened_empty(copied), by="me", why="?")


def reopened_empty(project: Project) -> Project:
    """Return a project of the same files whose ledger is empty."""
    over = project.folder / "empty.toml"
    over.write_text('[stores]\nmetadata = ".loopwright/empty.db"\n')
    return Project.open(project.folder, config=over)


# -- predict -----------------------------------------------------------------------------------------------


def test_the_champion_predicts_from_source_rows_and_carries_other_columns_along(worked):
    rows = worked.rows.head(5).select("id", "miles", "fare", "payment")
    said = registry.predict(worked.project, rows)
    assert said.columns == ["id", "miles", "fare", "payment", "prediction", "probability", "model"]
    assert said["model"].to_list() == ["v1"] * 5
    assert [label == "1" for label in said["prediction"]] == (said["probability"] >= 0.5).to_list()


def test_a_column_that_is_missing_is_told(worked):
    with pytest.raises(UnknownColumn, match="the model names the column 'miles'"):
        registry.predict(worked.project, worked.rows.select("fare", "payment"))


def test_without_a_champion_the_error_says_what_to_do(opened):
    with opened().closing() as project, pytest.raises(UnknownRecord, match=r"no champion yet.*`--model vN`"):
        registry.predict(project, pl.DataFrame({"miles": [1.0]}))


def test_a_model_whose_bytes_have_changed_is_not_used(copied, worked):
    (path,) = [
        path for path in (copied.folder / ".loopwright" / "artifacts").rglob(f"*{worked.line.model.file.sha256[4:]}*")
        if path.is_file()
    ]
    path.chmod(0o644)
    path.write_bytes(b"something else")
    with pytest.raises(CorruptStore):
        registry.predict(copied, worked.rows)


# -- find and lineage --------------------------------------------------------------------------------------


def test_a_thing_is_found_by_number_alias_digest_or_file(worked):
    model, project = worked.line.model, worked.project
    for text in ("v1", "champion", model.digest, model.digest[:12], f"model:{model.digest}"):
        assert registry.find(project, text).digest == model.digest, text
    file = registry.find(project, "trips.csv")
    assert (file.kind, file.name) == ("file", "trips.csv")
    assert registry.find(project, file.digest[:12]) == file
    assert registry.find(project, "schema.toml").kind == "file"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("v2", "no model v2; the newest is v1"),
        ("v0", "no model v0"),
        ("ffff", "ffff"),
        ("trips.parquet", "trips"),
        ("", "''"),
    ],
)
def test_what_is_called_otherwise_is_unknown(worked, text, message):
    with pytest.raises(UnknownRecord, match=message):
        registry.find(worked.project, text)


def test_a_model_leads_back_to_its_files_and_code(worked):
    tree = registry.lineage(worked.project, worked.line.model.ref)
    names = {ref.name for ref in tree.refs() if ref.kind in {"file", "code"}}
    assert names == {
        "trips.csv", "features.py: function `fare_per_mile`", "features.py: function `is_far`",
    }
    assert tree.refs()[0] == worked.line.model.ref


def test_a_source_file_leads_forward_to_the_models(worked):
    file = registry.find(worked.project, "trips.csv")
    kinds = {ref.kind for ref in registry.lineage(worked.project, file, forward=True).refs()}
    assert {"dataset_version", "label_set", "feature_set", "run", "model", "evidence", "gate"} <= kinds
