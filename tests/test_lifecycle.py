"""The whole line, on a small project: what it makes, what it recalls, and what it refuses."""

from __future__ import annotations

import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from loopwright.errors import LoopwrightError
from loopwright.lifecycle import DataRefused, Line, run
from loopwright.project import Project
from loopwright.records import KINDS, Anomaly, Record

_RAN: dict[str, Path] = {}


@pytest.fixture
def ran(folder, tmp_path_factory) -> Path:
    """Return a copy of the small project after a run; the run is made once."""
    if "ran" not in _RAN:
        home = tmp_path_factory.mktemp("line") / "fares"
        shutil.copytree(folder, home)
        with Project.open(home).closing() as project:
            _RAN["line"] = run(project, by="test")
            _RAN["steps"] = [outcome.step for outcome in project.outcomes if not outcome.recalled]
        _RAN["ran"] = home
    shutil.rmtree(folder)
    shutil.copytree(_RAN["ran"], folder)
    return folder


@pytest.fixture
def line(ran) -> Line:
    return _RAN["line"]


def test_every_stage_leaves_its_record(line):
    assert (line.dataset.rows, line.labels.rows) == (600, 600)
    assert {part.name for part in line.parts.parts} == {"train", "validation", "test"}
    names = [feature.name for feature in line.features.features]
    assert names == ["miles", "fare", "payment", "fare_per_mile", "is_far"]
    assert line.charter.optimize == {"roc_auc": 1.0}
    assert line.anomalies == ()
    assert line.gate.subject == line.model.ref
    assert line.model.made_from[0] == line.final.ref


def test_runs_are_baselines_then_trials(line):
    roles = [item.role for item in line.runs]
    assert roles == ["baseline"] * 4 + ["trial"] * (len(roles) - 4)
    assert {item.name for item in line.runs[:4]} == {"random", "majority", "heuristic card", "linear"}
    assert line.final.role == "final"
    best = max(item.objective for item in line.runs if item.role == "trial")
    assert line.final.objective == pytest.approx(best, abs=1e-12)


def test_evidence_covers_data_training_model_and_gate(line):
    checks = {item.check for item in line.evidence}
    assert {
        "schema.validated", "leakage.none", "policy.features", "privacy.redaction", "reproducible.refit",
        "sanity.overfits_a_tiny_batch", "parity.onnx", "metric.roc_auc", "pipeline.end_to_end", "gate.quality",
        "scenario.probabilities_are_probabilities",
    } <= checks


def test_a_model_that_breaks_its_limit_is_not_promoted(line, ran):
    assert not line.gate.passed
    assert not line.promoted
    demand = next(reason for reason in line.gate.reasons if reason.demand == "log_loss <= 0.69")
    assert demand.passed is False
    with Project.open(ran).closing() as project:
        assert project.metadata.aliases() == {}


def test_every_record_is_remembered_and_made_from_what_is_there(line, ran):
    with Project.open(ran).closing() as project:
        known = {record.digest for kind in KINDS.values() for record in project.metadata.all(kind)}
        for record in records_of(line):
            assert record.digest in known
            missing = [ref for ref in record.made_from if ref.kind in KINDS and ref.digest not in known]
            assert missing == []


def test_a_second_handle_recalls_everything(line, ran):
    with Project.open(ran).closing() as project:
        again = run(project, by="somebody else")
        assert [outcome for outcome in project.outcomes if not outcome.recalled] == []
    assert {field.name for field in fields(Line) if getattr(again, field.name) != getattr(line, field.name)} == set()


def test_a_changed_function_runs_its_step_and_nothing_more_if_that_comes_to_the_same(ran):
    path = ran / "scenarios.py"
    path.write_text(path.read_text().replace("said >= 0", "said >= -0.0"))
    with Project.open(ran).closing() as project:
        run(project)
        why = {outcome.step: outcome.why for outcome in project.outcomes if not outcome.recalled}
    assert set(why) == {"rehearse"}
    assert "scenarios.py: function `probabilities_are_probabilities` changed" in why["rehearse"]


@pytest.fixture
def strict(ran) -> Path:
    """Return the project with a reviewed schema that its data do not fit."""
    path = ran / "schema.toml"
    text = path.read_text()
    assert '"card"' in text
    path.write_text(text.replace('"card"', '"cheque"'))
    return ran


def test_data_that_do_not_fit_stop_the_line_before_anything_is_trained(strict):
    with Project.open(strict).closing() as project:
        with pytest.raises(DataRefused, match=r"payment \(train\)") as caught:
            run(project)
        steps = {outcome.step.split(" ")[0] for outcome in project.outcomes}
    assert steps.isdisjoint({"train", "baseline", "search", "register", "judge"})
    assert caught.value.exit_code == 20
    assert {item.column for item in caught.value.anomalies} == {"payment"}


def test_with_a_warning_only_the_line_goes_on(strict, tmp_path):
    over = tmp_path / "warn.toml"
    over.write_text('[data]\non_anomaly = "warn"\n')
    with Project.open(strict, config=over).closing() as project:
        line = run(project)
    assert {item.severity for item in line.anomalies} == {"error"}
    assert line.model == _RAN["line"].model


def test_the_refusal_shows_ten_anomalies_and_counts_the_rest():
    anomalies = [
        Anomaly(
            column=f"c{number}", type="X", severity="error", part="train", environment="training", description="Odd."
        )
        for number in range(12)
    ]
    error = DataRefused(anomalies)
    assert isinstance(error, LoopwrightError)
    assert "c9 (train): Odd." in str(error)
    assert "c10" not in str(error)
    assert "and 2 more" in str(error)
    assert 'on_anomaly = "warn"' in str(error)
    assert len(error.anomalies) == 12
    assert "more" not in str(DataRefused(anomalies[:10]))


def records_of(line: Line) -> list[Record]:
    """Return every record of a line."""
    found: list[Record] = []
    for item in fields(line):
        value = getattr(line, item.name)
        found += [part for part in (value if isinstance(value, tuple) else (value,)) if isinstance(part, Record)]
    return found
