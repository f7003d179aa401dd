"""Models loaded to score rows."""

from __future__ import annotations

import numpy as np
import pytest

from loopwright.errors import DataError, ModelError, UnknownColumn
from loopwright.records.model import Model
from loopwright.records.record import Artifact
from loopwright.stages.registry import scoring
from loopwright.stages.registry.conversion import to_onnx
from loopwright.stages.registry.scoring import load_scorer
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.persisting import to_skops
from loopwright.stages.training.pipelines import pipeline

ESTIMATOR = {
    "binary": "sklearn.ensemble.HistGradientBoostingClassifier",
    "multiclass": "sklearn.linear_model.LogisticRegression",
    "regression": "sklearn.linear_model.Ridge",
}
CLASSES = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}


def fitted(rows, task):
    made = pipeline(ESTIMATOR[task], {}, features=rows.features, frame=rows.frame, task=task, seed=0)
    return fit(made, rows.frame, rows.labels[task]).pipeline


def record(rows, task, form, content):
    return Model(
        name="m",
        task=task,
        estimator=ESTIMATOR[task],
        params={},
        format=form,
        why_format="",
        file=Artifact(sha256="", size=len(content), name="model"),
        feature_code=None,
        features=tuple(each.name for each in rows.features),
        categorical=tuple(each.name for each in rows.features if each.kind == "categorical"),
        inputs=(),
        classes=CLASSES[task],
        threshold=None,
        functions=(),
    )


def loaded(rows, task, form):
    pipe = fitted(rows, task)
    content = to_onnx(pipe, rows.features) if form == "onnx" else to_skops(pipe)
    return pipe, load_scorer(record(rows, task, form, content), content)


@pytest.mark.parametrize("form", ["onnx", "skops"])
@pytest.mark.parametrize("task", list(ESTIMATOR))
def test_both_formats_answer_as_the_pipeline_does_from_features_as_they_were_built(train, test, task, form):
    pipe, scorer = loaded(train, task, form)
    expected = predict(pipe, test.frame, task=task)
    said = scorer.predict(test.raw)
    assert said.shape == expected.shape
    assert said.dtype == np.float64
    assert said == pytest.approx(expected, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("form", ["onnx", "skops"])
def test_batches_change_nothing(train, test, form, monkeypatch):
    _, scorer = loaded(train, "multiclass", form)
    whole = scorer.predict(test.raw)
    monkeypatch.setattr(scoring, "BATCH_ROWS", 7)
    assert np.array_equal(scorer.predict(test.raw), whole)


@pytest.mark.parametrize("form", ["onnx", "skops"])
def test_no_rows_have_no_predictions(train, form):
    for task, shape in [("binary", (0,)), ("multiclass", (0, 3)), ("regression", (0,))]:
        assert loaded(train, task, form)[1].predict(train.raw.head(0)).shape == shape


def test_a_row_gets_the_same_bits_alone_and_among_others(train, test):
    _, scorer = loaded(train, "binary", "onnx")
    together = scorer.predict(test.raw)
    alone = [scorer.predict(test.raw.slice(row, 1))[0] for row in range(20)]
    assert together[:20].tolist() == alone


def test_missing_features_and_wrong_types_are_errors(train):
    _, scorer = loaded(train, "binary", "onnx")
    with pytest.raises(UnknownColumn, match="'miles'"):
        scorer.predict(train.raw.drop("miles"))
    with pytest.raises(DataError, match="'miles' is numeric"):
        scorer.predict(train.raw.with_columns(miles="payment"))


@pytest.mark.parametrize("form", ["onnx", "skops"])
def test_bytes_that_are_no_model_are_refused(train, form):
    with pytest.raises(ModelError, match="bytes are no"):
        load_scorer(record(train, "binary", form, b"rubbish"), b"rubbish")


def test_a_file_that_does_not_fit_its_record_is_refused(train, make_rows):
    content = to_onnx(fitted(train, "binary"), train.features)
    fewer = make_rows(train.raw.select("miles", "hour"), {})
    with pytest.raises(ModelError, match="has 5 inputs and its record 2 features"):
        load_scorer(record(fewer, "binary", "onnx", content), content)
    scorer = load_scorer(record(train, "multiclass", "onnx", content), content)
    with pytest.raises(ModelError, match="does not fit its record"):
        scorer.predict(train.raw)
