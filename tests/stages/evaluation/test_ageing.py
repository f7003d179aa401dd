"""A split by time has an age: quality is told span by span after the end of training."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import polars as pl
import pytest

from loopwright.stages.data import ROW
from loopwright.stages.evaluation.ageing import aged
from loopwright.stages.registry import applied
from loopwright.stages.training.running import parts_of

AT = "2026-05-03T12:00:00Z"
START = datetime(2026, 1, 1)


@pytest.fixture
def later(worked):
    """Return what ageing takes, for rows of which the training part came first and a test row each hour after it."""
    parts = worked.rows["__part"].fill_null("train").to_list()
    hours, seen = [], 0
    for part in parts:
        seen += part != "train"
        hours.append(0 if part == "train" else seen)
    source = worked.rows.with_columns(pl.Series("when", [START + timedelta(hours=hour) for hour in hours]))
    of = replace(
        worked.material, dataset=replace(worked.line.dataset, time="when"),
        parts=replace(worked.line.parts, source="split of fares v1 by time"),
    )
    divided = parts_of(worked.examples, features=worked.line.features, labels=worked.line.labels, row=ROW)
    return divided, source, applied(worked.project, worked.line.model), of


def test_only_a_split_by_time_has_an_age(later):
    divided, source, model, of = later
    assert aged(divided, source, model, of=replace(of, parts=replace(of.parts, source="by random")), at=AT) == ()
    assert aged(divided, source, model, of=replace(of, dataset=replace(of.dataset, time=None)), at=AT) == ()


def test_spans_with_too_few_rows_are_not_told(later):
    divided, source, model, of = later
    assert sum(len(divided[part].rows) for part in ("validation", "test")) < 5 * 100
    assert aged(divided, source, model, of=of, at=AT) == ()


def test_quality_is_told_with_an_interval_for_spans_of_equal_length(later):
    divided, source, model, of = later
    # All rows that were not trained on lie in the last fifth of the time.
    end = START + timedelta(days=100)
    late = source.with_columns(pl.when(pl.col("when") > START).then(end).otherwise("when").alias("when"))
    (evidence,) = aged(divided, late, model, of=of, at=AT)
    assert (evidence.check, evidence.slice) == ("staleness.backtest", "80 to 100 days old")
    assert evidence.low < evidence.value < evidence.high
    assert evidence.rows == sum(len(divided[part].rows) for part in ("validation", "test"))
    assert evidence.claim.startswith("80 to 100 days after the end of its training data the roc_auc is 0.")


def test_numbers_are_taken_as_seconds(later):
    divided, source, model, of = later
    seconds = source.with_columns(
        pl.when(pl.col("when") > START).then(86_400 * 50).otherwise(0).cast(pl.Int64).alias("when")
    )
    (evidence,) = aged(divided, seconds, model, of=of, at=AT)
    assert evidence.slice == "40 to 50 days old"
