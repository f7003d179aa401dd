"""Rows with everything that makes preprocessing hard: missing values, text, constants, huge numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl
import pytest

from loopwright.records.feature_set import Feature
from loopwright.stages.features.matrix import matrix


@dataclass(frozen=True)
class Rows:
    """A matrix, its features, and a label for each task."""

    raw: pl.DataFrame
    frame: pl.DataFrame
    features: list[Feature]
    labels: dict


def features_of(frame: pl.DataFrame) -> list[Feature]:
    return [
        Feature(
            name=name,
            kind="categorical" if frame[name].dtype == pl.String else "numeric",
            origin="column",
            inputs=(name,),
        )
        for name in frame.columns
    ]


def rows_of(frame: pl.DataFrame, labels: dict) -> Rows:
    features = features_of(frame)
    return Rows(raw=frame, frame=matrix(frame, features), features=features, labels=labels)


def trips(rows: int, *, seed: int) -> Rows:
    draw = np.random.default_rng(seed)
    miles = draw.exponential(4.0, rows)
    payment = draw.choice(["card", "cash"], rows)
    hour = draw.integers(0, 24, rows)
    signal = (payment == "card") + 0.1 * miles + draw.normal(0, 0.3, rows)
    frame = pl.DataFrame(
        {
            "miles": np.where(draw.random(rows) < 0.1, np.nan, miles),
            "payment": pl.Series(np.where(draw.random(rows) < 0.1, "", payment)).replace({"": None}),
            "hour": hour,
            "started": 1_380_000_000 + 900 * draw.integers(0, 40_000, rows),
            "constant": np.ones(rows),
        }
    )
    labels = {
        "binary": (signal > np.median(signal)).astype(np.int64),
        "multiclass": np.digitize(signal, np.quantile(signal, [0.33, 0.66])).astype(np.int64),
        "regression": 3 + 10 * signal,
    }
    return rows_of(frame, labels)


@pytest.fixture(scope="session")
def train() -> Rows:
    return trips(600, seed=0)


@pytest.fixture(scope="session")
def test() -> Rows:
    return trips(300, seed=1)


@pytest.fixture(scope="session")
def make_rows():
    """Return rows_of, for tests that bring their own frames."""
    return rows_of
