"""A charter, and rows whose relation to the label may change on some day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from loopwright.records import Charter
from loopwright.records.feature_set import Feature
from loopwright.stages.features.matrix import matrix

START = datetime(2015, 1, 1)
FEATURES = [Feature(name=name, kind="numeric", origin="column", inputs=(name,)) for name in ("miles", "hour")]


@dataclass(frozen=True)
class World:
    """Rows of three hundred days."""

    inputs: pl.DataFrame
    truth: np.ndarray
    times: pl.Series
    features: list[Feature]


def charter_of(task="binary", optimize=None, **changes):
    return Charter(
        project="p", task=task, decision="", users="", business_metric="", risks=(), without_ml=None, impact=3,
        feasibility=3, optimize=optimize or {"roc_auc": 1.0}, satisfice=(), slices=(), min_slice_rows=50,
        confidence=0.95, not_worse_by=0.005, threshold=changes.get("threshold", 0.5), positive=None,
    )


def world(seed=0, *, change=None, rows=2400, days=300, task="binary"):
    """Return rows in order of time; after the day ``change`` both features mean something else."""
    draw = np.random.default_rng(seed)
    values, day = draw.normal(size=(rows, 2)), np.arange(rows) * days / rows
    weights = np.tile([1.0, -0.7], (rows, 1))
    if change is not None:
        weights[day >= change] = [-0.7, 1.0]
    signal = (values * weights).sum(axis=1)
    truth = signal + draw.normal(size=rows)
    if task == "binary":
        truth = (draw.random(rows) < 1 / (1 + np.exp(-signal))).astype(np.int64)
    if task == "multiclass":
        truth = np.digitize(truth, [-0.8, 0.8]).astype(np.int64)
    return World(
        inputs=matrix(pl.DataFrame({"miles": values[:, 0], "hour": values[:, 1]}), FEATURES),
        truth=truth,
        times=pl.Series("start", [START + timedelta(days=float(each)) for each in day]),
        features=FEATURES,
    )


@pytest.fixture
def make_world():
    """Return the maker of rows."""
    return world


@pytest.fixture
def make_charter():
    """Return the maker of charters."""
    return charter_of
