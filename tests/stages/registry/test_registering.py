"""A fitted pipeline is registered as ONNX where that moves no row, else as skops with the reason."""

from __future__ import annotations

import pytest

from loopwright.stages.data import ROW
from loopwright.stages.registry.registering import registered
from loopwright.stages.training import Configuration
from loopwright.stages.training.running import fitted_run

AT = "2026-05-03T12:00:00Z"


def made(worked, keep, estimator, **params):
    """Fit, register, and return the model with its evidence."""
    by = Configuration(role="final", estimator=estimator, params=params, seed=0)
    final = fitted_run(worked.examples, name="final", of=worked.material, by=by, keep=keep, row=ROW)
    model, *evidence = registered(
        worked.examples, worked.rows, keep.contents["pipeline.skops"], name="fares", of=worked.material, final=final,
        keep=keep, row=ROW, at=AT,
    )
    return final, model, {item.check: item for item in evidence}


def test_a_model_that_onnx_can_hold_is_kept_as_onnx_with_the_proof(worked, keep):
    final, model, evidence = made(worked, keep, "sklearn.linear_model.LogisticRegression", C=0.5)
    assert model.format == "onnx"
    assert keep.contents["fares.onnx"]
    parity = evidence["parity.onnx"]
    test = next(part.rows for part in worked.line.parts.parts if part.name == "test")
    assert (parity.passed, parity.rows, parity.part) == (True, test, "test")
    assert parity.value <= float(parity.limit.removeprefix("<= "))
    assert model.made_from[0] == final.ref
    assert {ref.kind for ref in model.made_from} == {"run", "feature_set", "dataset_version", "label_set", "charter"}


def test_a_model_that_onnx_cannot_hold_is_kept_as_skops_and_says_why(worked, keep):
    _, model, evidence = made(worked, keep, "sklearn.semi_supervised.LabelPropagation", kernel="knn", n_neighbors=5)
    assert model.format == "skops"
    assert model.why_format
    assert keep.contents["fares.skops"] == keep.contents["pipeline.skops"]
    assert "parity.onnx" not in evidence
    assert evidence["parity.skops"].passed is True
    assert "not ONNX because" in evidence["parity.skops"].claim


def test_the_model_says_what_it_takes_and_what_it_answers(worked, keep):
    _, model, _ = made(worked, keep, "sklearn.linear_model.LogisticRegression")
    assert [(item.name, item.type, item.nullable) for item in model.inputs] == [
        ("miles", "float", False), ("fare", "float", False), ("payment", "string", True),
    ]
    assert (model.classes, model.categorical, model.threshold) == (("0", "1"), ("payment",), 0.5)
    assert model.functions == ("fare_per_mile", "is_far")


def test_what_the_model_costs_is_measured(worked, keep):
    _, model, evidence = made(worked, keep, "sklearn.linear_model.LogisticRegression")
    assert 0 < evidence["metric.latency_p50_ms"].value <= evidence["metric.latency_p99_ms"].value
    assert evidence["metric.model_size_mb"].value == pytest.approx(len(keep.contents["fares.onnx"]) / 1e6)
    assert {item.subject for item in evidence.values()} == {model.ref}
