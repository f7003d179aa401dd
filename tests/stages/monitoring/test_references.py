"""What live traffic is compared with is made of the rows that a model was trained and judged on, and kept as JSON."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from loopwright.errors import CorruptStore
from loopwright.records import Schema
from loopwright.records.record import Artifact
from loopwright.settings import MonitorSettings
from loopwright.stages import registry
from loopwright.stages.monitoring.references import (
    Answered,
    decoded_references,
    encoded_references,
    reference_evidence,
    references,
    shares,
)

MONITOR = MonitorSettings(min_rows=50)


@pytest.fixture
def make(worked):
    """Return a function that makes the references of the project's model."""
    line, rows = worked.line, worked.rows.drop_nulls("__part")
    test = worked.examples.filter(pl.col("__part") == "test")
    said = rows.filter(pl.col("__part") == "test")
    answered = Answered(
        truth=test["__label"].to_numpy().astype(np.float64),
        scores=registry.applied(worked.project, line.model).predict(said), at=None,
    )

    def made(*, schema: Schema = line.schema, monitor: MonitorSettings = MONITOR):
        return references(
            rows, answered, model=line.model, charter=line.charter, schema=schema, monitor=monitor, at=None
        )

    return made


def test_they_describe_what_the_model_takes_says_and_is_worth(worked, make):
    found = make()
    assert {column.column for column in found.columns.columns} == {"miles", "fare", "payment"}
    assert found.rows == worked.rows["__part"].drop_nulls().len()
    assert [metric.metric for metric in found.quality.metrics] == ["roc_auc", "log_loss"]
    assert found.alarms == 0, "on its own rows the limits raise no alarm"


def test_they_come_back_from_their_json(make):
    found = make()
    assert decoded_references(encoded_references(found)) == found


def test_bytes_that_are_none_are_told():
    with pytest.raises(CorruptStore, match="backup"):
        decoded_references(b"{}")


def test_what_is_to_be_ignored_is_not_watched(make):
    found = make(monitor=replace(MONITOR, ignore=("fare",)))
    assert {column.column for column in found.columns.columns} == {"miles", "payment"}


def test_each_column_more_leaves_less_to_each_for_false_alarms(make):
    few, many = make(monitor=replace(MONITOR, ignore=("fare", "miles"))), make()
    assert many.budget(MONITOR).drift.window_alpha < few.budget(MONITOR).drift.window_alpha


def test_rows_that_the_schema_would_flag_already_count_as_usual(worked, make):
    columns = tuple(
        replace(column, maximum=5.0) if column.name == "miles" else column for column in worked.line.schema.columns
    )
    usual = make(schema=replace(worked.line.schema, columns=columns)).doors["miles"]
    rows = worked.rows.drop_nulls("__part")
    assert usual == pytest.approx((rows["miles"] > 5).mean())
    assert shares(make())["payment", "new value"] == 0.0


def test_the_evidence_says_how_often_the_limits_would_have_cried_wolf(worked, make):
    artifact = Artifact(sha256="0" * 64, size=1, name="reference.json")
    found = reference_evidence(make(), model=worked.line.model.ref, artifact=artifact, at="2026-03-01T00:00:00Z")
    assert found.value == 0.0
    assert "in 3 columns" in found.claim
    assert "0 alarms" in found.claim
    assert found.subject == worked.line.model.ref
