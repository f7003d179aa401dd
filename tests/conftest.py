"""What all tests share: where real data lie, and small projects that run in a second or two."""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from loopwright.project import Project

# How long something takes depends on what else the machine does: no test asserts a time.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")

TOML = """
[project]
name = "fares"

[charter]
task = "binary"
decision = "Which trips to offer first"
without_ml = "heuristics:card"

[targets]
optimize = "roc_auc"
slices = ["payment"]
min_slice_rows = 20
[targets.satisfice]
log_loss = "<= 0.69"

[data]
source = "trips.csv"
label = "tipped"
key = "id"

[split]
by = "random"

[training]
trials = 4
rounds = 2

[[candidates]]
estimator = "sklearn.tree.DecisionTreeClassifier"
params = { min_samples_leaf = 5 }
[candidates.search]
max_depth = { low = 2, high = 6 }
"""

FEATURES = '''
import polars as pl


def fare_per_mile(fare: pl.Expr, miles: pl.Expr) -> pl.Expr:
    """Fare per mile driven."""
    return fare / (miles + 1)


def is_far(miles: pl.Expr) -> pl.Expr:
    """Whether the trip is longer than five miles."""
    return miles > 5
'''

HEURISTICS = '''
import polars as pl


def card(payment: pl.Expr) -> pl.Expr:
    """Who pays by card tips."""
    return (payment == "card").fill_null(False)
'''

SCENARIOS = '''
def probabilities_are_probabilities(predict, rows):
    """What the model says lies between 0 and 1."""
    said = predict(rows)
    assert ((said >= 0) & (said <= 1)).all()
'''


def trips(rows: int = 600, *, seed: int = 0) -> str:
    """Return simulated trips as CSV: card payers tip more, far trips too."""
    draw = random.Random(seed)
    lines = ["id,miles,fare,payment,tipped"]
    for number in range(rows):
        miles = round(draw.expovariate(0.3), 2)
        payment = draw.choice(["card", "cash", "card", ""])
        chance = 0.2 + (0.5 if payment == "card" else 0) + min(miles, 10) * 0.02
        lines.append(
            f"t{number},{miles},{round(3 + 2 * miles + draw.random(), 2)},{payment},{int(draw.random() < chance)}"
        )
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the folder of a small, complete project that has not run yet."""
    home = tmp_path / "fares"
    home.mkdir()
    (home / "loopwright.toml").write_text(TOML)
    (home / "features.py").write_text(FEATURES)
    (home / "heuristics.py").write_text(HEURISTICS)
    (home / "scenarios.py").write_text(SCENARIOS)
    (home / "trips.csv").write_text(trips())
    return home


@pytest.fixture
def opened(folder: Path) -> Callable[[], Project]:
    """Return a function that opens the small project anew, as a new process would."""
    return lambda: Project.open(folder)


@pytest.fixture(autouse=True)
def _few_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep native thread pools small: tests run side by side."""
    monkeypatch.setenv("OMP_NUM_THREADS", os.environ.get("OMP_NUM_THREADS", "1"))
