"""`init` and `run`, nothing else, on problems of every task; the floors are below what published models reach."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from loopwright import datasets
from loopwright.errors import UnreadableSource
from loopwright.faces.cli.app import app
from loopwright.project import Project
from loopwright.records import Evidence, Model

# What a published or plain scikit-learn model reaches with ease; a leak or a broken join would fall through.
FLOORS = {
    "telco-churn": ("Churn", "metric.roc_auc", ">", 0.80),
    "bike-sharing": ("cnt", "metric.rmse", "<", 100.0),
    "penguins": ("species", "metric.accuracy", ">", 0.90),
    "digits": ("target", "metric.accuracy", ">", 0.92),
    "diabetes": ("target", "metric.rmse", "<", 70.0),
    "breast-cancer": ("target", "metric.roc_auc", ">", 0.97),
    "wine": ("target", "metric.accuracy", ">", 0.85),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", FLOORS)
def test_the_line_runs_on_other_problems_without_editing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    label, check, direction, floor = FLOORS[name]
    if not os.environ.get("LOOPWRIGHT_DATA") and name in {"telco-churn", "bike-sharing", "penguins"}:
        pytest.skip("LOOPWRIGHT_DATA names no folder with the real data sets")
    try:
        frame = datasets.load(name)
    except UnreadableSource as error:
        pytest.skip(str(error))
    frame.write_csv(tmp_path / "rows.csv")
    monkeypatch.chdir(tmp_path)
    made = CliRunner().invoke(app, ["init", "made", "--data", "rows.csv", "--label", label], catch_exceptions=False)
    assert made.exit_code == 0, made.output
    ran = CliRunner().invoke(app, ["run", "--project", "made", "--json"], catch_exceptions=False)
    # A gate may say no to a model of so few rows; that is an answer, and no failure of the line.
    assert ran.exit_code in (0, 20), ran.output
    with Project.open(tmp_path / "made").closing() as project:
        evidence = [item for item in project.metadata.all(Evidence) if item.part == "test" and item.slice is None]
        value = next(item.value for item in evidence if item.check == check)
        assert value is not None
        assert value > floor if direction == ">" else value < floor
        assert len(project.metadata.all(Model)) == 1
