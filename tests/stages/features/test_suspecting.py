"""Suspicions of leakage become evidence, and so does their absence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from loopwright.records import DatasetVersion, FeatureSet, LabelSet, Table
from loopwright.records.feature_set import Feature
from loopwright.stages.features.suspecting import suspected

TABLE = Table(name="t", version=0, rows=900, columns=(), sha256="ab")
LABELS = LabelSet(
    name="tipped", table=TABLE, task="binary", classes=("0", "1"), counts=(450, 450), rows=900, missing=0, mean=None,
    columns=("tipped",),
)
FEATURES = FeatureSet(
    table=TABLE, code=None,
    features=tuple(Feature(name=name, kind="numeric", origin="column", inputs=(name,)) for name in ("fare", "tips")),
)
DATASET = DatasetVersion(name="trips", table=TABLE, source="trips.csv", group="taxi")
SPLIT = DatasetVersion(name="trips-split", table=TABLE, source="split of trips v1 by random")


@pytest.fixture
def rows() -> pl.DataFrame:
    """Return examples in which nothing leaks: each taxi stays in one part."""
    draw = np.random.default_rng(0)
    label = draw.integers(0, 2, 900)
    part = np.repeat(["train", "validation", "test"], 300)
    return pl.DataFrame({
        "fare": draw.normal(size=900), "tips": draw.normal(size=900) + 0.2 * label, "__label": label, "__part": part,
        "taxi": [f"{name} {number % 9}" for number, name in enumerate(part)],
    })


def told(rows, *, parts=SPLIT, features=FEATURES):
    return suspected(
        rows, rows=rows, labels=LABELS, featureset=features, dataset=DATASET, parts=parts, at="2026-05-03T12:00:00Z"
    )


def test_where_nothing_leaks_one_piece_of_evidence_says_so(rows):
    (evidence,) = told(rows)
    assert (evidence.check, evidence.passed, evidence.subject) == ("leakage.none", True, FEATURES.ref)
    assert "2 features" in evidence.claim


def test_a_feature_that_gives_the_label_away_is_named_with_its_score(rows):
    leaking = rows.with_columns(tips=pl.col("__label") + 0.01 * pl.col("fare"))
    found = [item for item in told(leaking) if item.slice == "tips"]
    assert found
    assert all(item.passed is False and item.check.startswith("leakage.") for item in found)
    assert max(item.value for item in found) > 0.99
    assert all(item.low <= item.value <= item.high for item in found if item.low is not None)


def test_a_group_in_two_parts_leaks_unless_the_split_is_by_time(rows):
    mixed = rows.with_columns(taxi=pl.lit("a"))
    assert any("taxi" in (item.slice or "") + item.claim for item in told(mixed) if item.passed is False)
    (evidence,) = told(mixed, parts=replace(SPLIT, source="split of trips v1 by time"))
    assert evidence.check == "leakage.none"
