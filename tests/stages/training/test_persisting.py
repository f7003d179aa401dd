"""Pipelines as skops files."""

from __future__ import annotations

import io
import json
import pickle
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.ensemble import (
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.svm import SVC, LinearSVC

from loopwright.errors import ModelError
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.persisting import from_skops, to_skops
from loopwright.stages.training.pipelines import pipeline

KINDS = [
    (HistGradientBoostingClassifier, {"max_iter": 5}),
    (RandomForestClassifier, {"n_estimators": 5}),
    (GradientBoostingClassifier, {"n_estimators": 5}),
    (LogisticRegression, {}),
    (LinearSVC, {}),
    (SVC, {}),
    (KNeighborsClassifier, {"algorithm": "kd_tree"}),
    (MLPClassifier, {"max_iter": 5}),
    (GaussianNB, {}),
]


def fitted(rows, estimator, params, task="binary"):
    made = pipeline(estimator, params, features=rows.features, frame=rows.frame, task=task, seed=0)
    return fit(made, rows.frame, rows.labels[task]).pipeline


@pytest.mark.parametrize(("estimator", "params"), KINDS)
def test_what_comes_back_predicts_the_same_bits(train, test, estimator, params):
    before = fitted(train, estimator, params)
    after = from_skops(to_skops(before))
    assert np.array_equal(*(predict(each, test.frame, task="binary") for each in (before, after)))


def test_the_same_fit_gives_the_same_bytes(train):
    kinds = (HistGradientBoostingRegressor, {"max_iter": 3})
    assert to_skops(fitted(train, *kinds, "regression")) == to_skops(fitted(train, *kinds, "regression"))


def test_the_same_fit_gives_the_same_bytes_in_another_process():
    program = (
        "import hashlib, polars as pl, numpy as np\n"
        "from loopwright.records.feature_set import Feature\n"
        "from loopwright.stages.training.fitting import fit\n"
        "from loopwright.stages.features.matrix import matrix\n"
        "from loopwright.stages.training.persisting import to_skops\n"
        "from loopwright.stages.training.pipelines import pipeline\n"
        "features = [Feature(name='x', kind='numeric', origin='column', inputs=('x',))]\n"
        "frame = matrix(pl.DataFrame({'x': range(100)}), features)\n"
        "made = pipeline('sklearn.tree.DecisionTreeRegressor', {}, features=features, frame=frame,\n"
        "                task='regression', seed=0)\n"
        "print(hashlib.sha256(to_skops(fit(made, frame, np.arange(100.0) ** 2).pipeline)).hexdigest())\n"
    )
    said = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
        for _ in range(2)
    ]
    assert said[0] == said[1]


def test_types_that_may_run_code_are_refused_by_name(train):
    made = Pipeline([("prepare", FunctionTransformer(np.linalg.norm)), ("model", LogisticRegression())])
    with pytest.raises(ModelError, match=r"may run code.*numpy.linalg"):
        to_skops(made)
    with pytest.raises(ModelError, match=r"may run code.*numpy.linalg"):
        from_skops(skops.io.dumps(made))


@pytest.mark.parametrize("content", [b"", b"no zip", pickle.dumps({"a": 1})])
def test_what_is_no_skops_file_is_refused(content):
    with pytest.raises(ModelError, match="no skops file"):
        from_skops(content)


def test_another_object_than_a_pipeline_is_refused():
    with pytest.raises(ModelError, match="holds a LogisticRegression"):
        from_skops(skops.io.dumps(LogisticRegression()))


@pytest.mark.parametrize("change", ["far", "back", "feature"])
def test_trees_that_point_outside_of_themselves_are_refused(train, change):
    forest = fitted(train, HistGradientBoostingClassifier, {"max_iter": 2})
    nodes = forest[-1]._predictors[0][0].nodes
    match change:
        case "far":
            nodes["left"][0] = 4_000_000_000
        case "back":
            nodes["right"][0] = 0
        case "feature":
            nodes["feature_idx"][0] = 1_000_000
    with pytest.raises(ModelError, match="points outside of itself"):
        from_skops(to_skops(forest))


def test_forests_that_point_outside_of_themselves_are_refused(train):
    content = to_skops(fitted(train, RandomForestClassifier, {"n_estimators": 1}))
    with pytest.raises(ModelError, match="points outside of itself"):
        from_skops(with_far_children(content))


def with_far_children(content):
    """Return the file with the first array of tree nodes changed."""
    source, written = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(written, "w") as target:
        for name in source.namelist():
            body = source.read(name)
            if name.endswith(".npy"):
                array = np.load(io.BytesIO(body))
                if array.dtype.names and "left_child" in array.dtype.names:
                    array["left_child"][0] = 1_000_000
                    buffer = io.BytesIO()
                    np.save(buffer, array)
                    body = buffer.getvalue()
            target.writestr(name, body)
    return written.getvalue()


def test_files_hold_neither_times_nor_addresses(train):
    archive = zipfile.ZipFile(io.BytesIO(to_skops(fitted(train, LogisticRegression, {}))))
    assert {entry.date_time[0] for entry in archive.infolist()} == {1980}
    schema = json.loads(archive.read("schema.json"))
    assert schema["__id__"] == 1
