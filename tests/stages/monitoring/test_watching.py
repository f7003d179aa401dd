"""One window is read against the reference of the model that answered: drift, quality, traffic and the door."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from loopwright.settings import MonitorSettings
from loopwright.stages import registry
from loopwright.stages.monitoring.references import Answered, references
from loopwright.stages.monitoring.watching import Watch, window_report
from loopwright.stages.serving.events import refused_schema

START = datetime(2026, 3, 2)
SPAN = (START, START + timedelta(days=1))
TURNED = (1 - pl.col("__label")).alias("__label")
NO_REFUSALS = pl.DataFrame(schema=refused_schema())


@pytest.fixture
def by(worked):
    """What windows of the project's model are read by."""
    line, monitor = worked.line, MonitorSettings(min_rows=50, late_days=1)
    rows = worked.rows.drop_nulls("__part")
    test = worked.examples.filter(pl.col("__part") == "test")
    answered = Answered(
        truth=test["__label"].to_numpy().astype(np.float64),
        scores=registry.applied(worked.project, line.model).predict(rows.filter(pl.col("__part") == "test")), at=None,
    )
    found = references(
        rows, answered, model=line.model, charter=line.charter, schema=line.schema, monitor=monitor, at=None
    )
    return Watch(
        references=found, monitor=monitor, model=line.model.digest, now=START + timedelta(days=9),
        latency_limit_ms=20.0,
    )


@pytest.fixture
def traffic(worked):
    """Return a function that makes a window of live rows of what the model was trained on, changed if wished."""
    predictor = registry.applied(worked.project, worked.line.model)

    def made(changed=None, *, model=worked.line.model.digest):
        rows = worked.rows.filter(pl.col("__part") == "train").sample(300, seed=1)
        labels = worked.examples.select("__row", pl.col("__label").cast(pl.Float64))
        rows = rows.join(labels, on="__row", how="left", maintain_order="left")
        rows = rows if changed is None else rows.with_columns(changed)
        scores = pl.Series("__score", predictor.predict(rows))
        at = [START + timedelta(minutes=4 * number) for number in range(rows.height)]
        return rows.drop("__row", "__part").with_columns(
            scores, pl.Series("__at", at), pl.Series("__received", at), pl.lit(model).alias("__model"),
            __id=pl.int_range(pl.len()).cast(pl.String), __label_at=pl.lit(START + timedelta(days=1)),
            __deployment=pl.lit("d"), __latency_ms=pl.lit(2.0), __scores=pl.concat_list(scores), __consumer=pl.lit("a"),
            __flags=pl.lit(None, pl.List(pl.String)), __prediction=pl.lit("1"), __arm=pl.lit("champion"),
            __entity=pl.lit("e"), __held_back=pl.lit(value=False),
        )

    return made


def read(frame, by, before=()):
    return window_report(frame, NO_REFUSALS, SPAN, by=by, before=before)


def test_traffic_like_the_reference_is_quiet(by, traffic):
    report = read(traffic(), by)
    assert (report.start, report.rows, report.deployment) == ("2026-03-02T00:00:00", 300, "d")
    assert not any(column.alarmed for column in report.columns)
    assert not report.predictions.alarmed
    assert [(each.metric, each.alarmed, each.mature) for each in report.qualities] == [
        ("roc_auc", False, True), ("log_loss", False, True)
    ]


def test_a_column_that_moves_alarms(by, traffic):
    report = read(traffic(pl.col("fare") * 100), by)
    assert [column.column for column in report.columns if column.alarmed] == ["fare"]


def test_outcomes_that_turn_round_alarm_the_quality_and_no_column(by, traffic):
    report = read(traffic(TURNED), by)
    assert not any(column.alarmed for column in report.columns)
    assert report.qualities[0].alarmed


def test_only_the_rows_that_the_model_answered_itself_say_how_good_it_is(by, traffic):
    mixed = pl.concat([traffic(), traffic(TURNED, model="another")])
    report = read(mixed, by)
    assert report.rows == 600
    assert report.qualities[0].rows == 300
    assert not report.qualities[0].alarmed


def test_detectors_go_on_from_the_window_before_and_not_from_that_of_another_model(by, traffic):
    first = read(traffic(), by)
    (quality, *others) = first.qualities
    suspicious = replace(first, qualities=(replace(quality, evidence=5.0), *others))
    again = read(traffic(), by, before=[suspicious])
    fresh = read(traffic(), by, before=[replace(suspicious, model="another")])
    assert again.qualities[0].evidence > fresh.qualities[0].evidence == quality.evidence


def test_a_window_without_rows_says_nothing_and_alarms_nothing(by, traffic):
    report = read(traffic().clear(), by)
    assert (report.rows, report.deployment) == (0, "")
    assert not any(column.alarmed for column in report.columns)
    assert all(quality.value is None for quality in report.qualities)
