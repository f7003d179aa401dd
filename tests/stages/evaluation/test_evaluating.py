"""All that is found out about a model, from the file that will serve and from raw rows on."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import roc_auc_score

from loopwright.stages.data import ROW
from loopwright.stages.evaluation.evaluating import Subject, evaluated, predictions_in
from loopwright.stages.registry import applied

AT = "2026-05-03T12:00:00Z"


def judged(worked, keep, *, subject=None, final=None, baselines=None, rival=None, source=None):
    line, get = worked.line, worked.project.artifacts.get
    return evaluated(
        subject or Subject(model=line.model, applied=applied(worked.project, line.model)), worked.examples,
        worked.rows if source is None else source, of=worked.material, final=final or get(line.final.predictions),
        baselines=baselines or {}, rival=rival, keep=keep, row=ROW, at=AT,
    )


def one(found, check, slice_=None):
    return next(item for item in found if (item.check, item.slice) == (check, slice_))


@pytest.fixture
def final(worked) -> bytes:
    return worked.project.artifacts.get(worked.line.final.predictions)


def test_the_metric_is_that_of_the_test_part_with_an_interval(worked, keep, final):
    found = judged(worked, keep)
    test = worked.rows.filter(pl.col("__part") == "test")
    expected = roc_auc_score(test["tipped"], predictions_in(final, "test"))
    metric = one(found, "metric.roc_auc")
    assert metric.value == pytest.approx(expected, abs=1e-6)
    assert metric.low < metric.value < metric.high
    assert (metric.rows, metric.part) == (test.height, "test")


def test_slices_are_those_of_the_charter(worked, keep):
    found = judged(worked, keep)
    slices = {item.slice for item in found if item.check.startswith("metric.")}
    values = {f"payment = {value}" for value in worked.rows["payment"].drop_nulls().unique()}
    assert values <= slices
    assert all(name is None or name.startswith("payment") for name in slices)


def test_the_registered_model_says_from_raw_rows_what_the_fit_said(worked, keep):
    end = one(judged(worked, keep), "pipeline.end_to_end")
    assert end.passed is True
    assert end.value < 1e-4


def test_a_served_model_that_differs_from_the_fit_fails(worked, keep, final):
    moved = pl.when(pl.col("part") == "test").then(1 - pl.col("prediction")).otherwise("prediction").alias("prediction")
    buffer = io.BytesIO()
    pl.read_parquet(io.BytesIO(final)).with_columns(moved).write_parquet(buffer)
    end = one(judged(worked, keep, final=buffer.getvalue()), "pipeline.end_to_end")
    assert end.passed is False
    assert "something else than the fit in training" in end.claim


def test_a_column_that_arrives_otherwise_than_in_training_shows_at_the_end(worked, keep):
    skewed = worked.rows.with_columns(miles=pl.col("miles") * 1.609)
    assert one(judged(worked, keep, source=skewed), "pipeline.end_to_end").passed is False


def test_baselines_and_the_rival_are_compared_in_pairs(worked, keep):
    get = worked.project.artifacts.get
    majority = next(run for run in worked.line.runs if run.name == "majority")
    rival = applied(worked.project, worked.line.model)
    found = judged(worked, keep, baselines={"majority": get(majority.predictions)}, rival=rival)
    against = one(found, "comparison.majority")
    assert against.value == pytest.approx(one(found, "metric.roc_auc").value - 0.5)
    assert one(found, "comparison.champion").value == 0.0
    assert not any(item.check == "comparison.champion" for item in judged(worked, keep))


def test_what_each_feature_adds_is_measured_and_drawn(worked, keep):
    found = judged(worked, keep)
    names = {item.check.removeprefix("importance.") for item in found if item.check.startswith("importance.")}
    assert names == {item.name for item in worked.line.features.features}
    bars = json.loads(keep.contents["importance.json"])
    means = [item["mean"] for item in bars["features"]]
    assert means == sorted(means, reverse=True)


def test_pictures_are_kept_and_pointed_at(worked, keep):
    found = [item for item in judged(worked, keep) if item.check.startswith("exhibit.")]
    assert {item.check for item in found} == {
        "exhibit.roc", "exhibit.precision_recall", "exhibit.reliability", "exhibit.score_histogram",
        "exhibit.confusion", "exhibit.importance",
    }
    assert {item.exhibit.name for item in found} == set(keep.contents)
    assert all(json.loads(content) for content in keep.contents.values())


def test_what_has_no_value_on_these_rows_is_told_and_not_made_up(worked, keep):
    line = worked.line
    one_class = worked.examples.with_columns(
        pl.when(pl.col("__part") == "test").then(1).otherwise("__label").cast(pl.Int64).alias("__label")
    )
    found = evaluated(
        Subject(model=line.model, applied=applied(worked.project, line.model)), one_class, worked.rows,
        of=worked.material, final=worked.project.artifacts.get(line.final.predictions), baselines={}, rival=None,
        keep=keep, row=ROW, at=AT,
    )
    assert all(item.value is None for item in found if item.check == "metric.roc_auc" and item.slice is None)
    assert "cannot be known" in one(found, "importance").claim


def test_a_value_is_judged_by_its_size_and_a_probability_as_it_is(worked, keep, final):
    model = replace(worked.line.model, task="regression")
    subject = Subject(model=model, applied=applied(worked.project, worked.line.model))
    frame = pl.read_parquet(io.BytesIO(final)).with_columns(prediction=pl.col("prediction") + 1000.0)
    buffer = io.BytesIO()
    frame.write_parquet(buffer)
    end = one(judged(worked, keep, subject=subject, final=buffer.getvalue()), "pipeline.end_to_end")
    assert float(end.limit.removeprefix("<= ")) == pytest.approx(0.1, rel=0.01)
    assert end.passed is False


def test_kept_predictions_come_back_as_one_number_or_one_per_class(final):
    assert predictions_in(final, "test").ndim == 1
    buffer = io.BytesIO()
    several = {"part": ["test", "validation"], "prediction_0": [0.2, 0.5], "prediction_1": [0.8, 0.5]}
    pl.DataFrame(several).write_parquet(buffer)
    assert predictions_in(buffer.getvalue(), "test").tolist() == [[0.2, 0.8]]
    assert isinstance(predictions_in(final, "validation"), np.ndarray)
