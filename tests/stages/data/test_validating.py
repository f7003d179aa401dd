"""Anomalies of all parts are told together, with rows as they are numbered in the dataset version."""

from __future__ import annotations

import polars as pl
import pytest

from loopwright.records import Anomaly, DatasetVersion, Ref, Schema, Statistics, Table
from loopwright.records.schema import ColumnSchema
from loopwright.stages.data.describing import describe_parts
from loopwright.stages.data.validating import validate_parts, validated

ROWS = pl.DataFrame({
    "__row": range(6),
    "id": list("abcdef"),
    "fare": [1.0, -2.0, 3.0, 4.0, -5.0, 6.0],
    "tip": [0.0, 1.0, 50.0, 1.0, 1.0, 1.0],
    "__part": ["test", "test", "train", "train", "train", None],
})
SOURCE = Ref(kind="dataset_version", digest="ab")
SCHEMA = Schema(columns=(
    ColumnSchema(name="id", type="string"),
    ColumnSchema(name="fare", type="float", minimum=0),
    ColumnSchema(name="tip", type="float", maximum=20, severity="warning"),
))


@pytest.fixture
def found() -> tuple[Anomaly, ...]:
    parts, _ = describe_parts(ROWS.drop("__row"))
    return validate_parts(
        ROWS, SCHEMA, statistics=Statistics(parts=parts), key="id", row="__row", made_from=(SOURCE,)
    )


def test_errors_come_first_and_then_parts_in_order(found):
    assert [(item.severity, item.part, item.column) for item in found] == [
        ("error", "train", "fare"), ("error", "test", "fare"), ("warning", "train", "tip"),
    ]


def test_examples_are_rows_of_the_dataset_version_not_of_the_part(found):
    train, test, _ = found
    assert [(item.row, item.key) for item in train.examples] == [(4, "e")]
    assert [(item.row, item.key) for item in test.examples] == [(1, "b")]


def test_each_says_what_it_rests_on(found):
    assert {item.made_from for item in found} == {(SOURCE,)}


def test_rows_that_fit_have_none():
    parts, _ = describe_parts(ROWS.drop("__row"))
    loose = Schema(columns=tuple(ColumnSchema(name=name, type=kind) for name, kind in (
        ("id", "string"), ("fare", "float"), ("tip", "float"),
    )))
    assert validate_parts(
        ROWS, loose, statistics=Statistics(parts=parts), key=None, row="__row", made_from=(SOURCE,)
    ) == ()


def test_the_evidence_counts_errors_and_warnings_apart(found):
    table = Table(name="trips", version=0, rows=6000, columns=(), sha256="cd")
    dataset = DatasetVersion(name="trips", table=table, source="trips.csv")
    evidence = validated(found, SCHEMA, dataset=dataset, made_from=(SOURCE,), at="2026-05-03T12:00:00Z")
    assert evidence.claim.startswith("6,000 rows were compared with a schema of 3 columns: 2 errors and 1 warning")
    assert (evidence.passed, evidence.value, evidence.limit) == (False, 2.0, "<= 0")
    warnings = [item for item in found if item.severity == "warning"]
    assert validated(warnings, SCHEMA, dataset=dataset, made_from=(SOURCE,), at="").passed is True
