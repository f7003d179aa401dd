"""A registered model, loaded so that it can score rows: one way to ask, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import ModelError
from loopwright.records.feature_set import Feature
from loopwright.records.model import Model
from loopwright.stages.features.matrix import matrix

__all__ = ["BATCH_ROWS", "Scorer", "load_scorer", "onnx_scorer", "skops_scorer"]

Task: TypeAlias = Literal["binary", "multiclass", "regression"]
Predictions: TypeAlias = NDArray[np.float64]

BATCH_ROWS = 16_384
"""Rows scored at once: bounds memory, and is large enough that the cost of a call does not count."""


class Scorer(Protocol):
    """Scores rows with a model."""

    def predict(self, frame: pl.DataFrame) -> Predictions:
        """Return predictions in the shape of the task.

        binary: probability of class 1, shape (n_rows,); multiclass: probabilities, shape (n_rows, n_classes);
        regression: values, shape (n_rows,). Of no rows there are no predictions.

        Parameters
        ----------
        frame : polars.DataFrame
            Holds at least a column per feature, as features were built; not yet a matrix.

        Raises
        ------
        UnknownColumn, DataError
            If features are missing or of the wrong kind.
        ModelError
            If the model fails on these rows.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batches:
    """Feeds a model batch by batch.

    ``ask`` takes a matrix and returns the raw answer, probabilities or values, of shape (n_rows, n_outputs).
    """

    features: tuple[Feature, ...]
    task: Task
    width: int
    ask: Callable[[pl.DataFrame], NDArray[np.float32] | Predictions]

    def predict(self, frame: pl.DataFrame) -> Predictions:
        """Return predictions in the shape of the task."""
        answers = [
            self._answer(matrix(batch, self.features))
            for batch in (frame.iter_slices(BATCH_ROWS) if frame.height else [frame])
        ]
        whole = np.concatenate(answers)
        return whole if self.task == "multiclass" else whole[:, -1]

    def _answer(self, rows: pl.DataFrame) -> Predictions:
        if rows.height == 0:
            return np.empty((0, self.width))
        try:
            return np.asarray(self.ask(rows), dtype=np.float64).reshape(rows.height, self.width)
        except Exception as error:
            raise ModelError(
                f"the model failed on {rows.height} rows: {' '.join(str(error).split())[:300]}. "
                f"Register it again from its run; its file does not fit its record."
            ) from error


def load_scorer(model: Model, content: bytes) -> Scorer:
    """Return a scorer for a registered model.

    Parameters
    ----------
    model : Model
    content : bytes
        The artifact ``model.file``.

    Raises
    ------
    ModelError
        If the bytes are no model of the recorded format, or want other inputs than the record says.
    """
    features = [
        Feature(
            name=name,
            kind="categorical" if name in model.categorical else "numeric",
            origin="column",
            inputs=(name,),
        )
        for name in model.features
    ]
    make = onnx_scorer if model.format == "onnx" else skops_scorer
    return make(content, features=features, task=model.task, classes=len(model.classes))


def onnx_scorer(content: bytes, *, features: Sequence[Feature], task: Task, classes: int) -> Scorer:
    """Return a scorer for an ONNX model made by ``to_onnx``.

    It runs in one thread and in fixed order, so that the same row always gets the same bits. Callers score
    many requests side by side; threads within one row of a small model cost more than they save.

    Parameters
    ----------
    content : bytes
    features : sequence of Feature
        In the order of the model's inputs.
    task : {"binary", "multiclass", "regression"}
    classes : int
        How many there are; ignored for regression.

    Raises
    ------
    ModelError
        If the bytes are no ONNX model, or its inputs are not these features.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.use_deterministic_compute = True
    options.log_severity_level = 3
    try:
        session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:
        raise ModelError(
            f"these {len(content)} bytes are no ONNX model that runs: {' '.join(str(error).split())[:300]}. "
            f"Restore the artifact, or register the model again."
        ) from error
    names = [each.name for each in session.get_inputs()]
    if len(names) != len(features):
        raise ModelError(
            f"the ONNX model has {len(names)} inputs and its record {len(features)} features. "
            f"Register the model again."
        )
    output = [session.get_outputs()[-1].name]

    def ask(rows: pl.DataFrame) -> NDArray[np.float32]:
        columns = zip(names, rows.get_columns(), strict=True)
        answer = session.run(output, {name: column.to_numpy().reshape(-1, 1) for name, column in columns})
        return np.asarray(answer[0], dtype=np.float32)

    return _Batches(features=tuple(features), task=task, width=_width(task, classes), ask=ask)


def skops_scorer(content: bytes, *, features: Sequence[Feature], task: Task, classes: int) -> Scorer:
    """Return a scorer for a pipeline written by ``to_skops``.

    It runs in one thread, like ``onnx_scorer``: left to themselves, threads of scikit-learn's histogram
    boosting wait for each other on a busy machine, and single rows take half a second.

    Parameters
    ----------
    content : bytes
    features : sequence of Feature
        In the order of the pipeline's matrix.
    task : {"binary", "multiclass", "regression"}
    classes : int
        How many there are; ignored for regression.

    Raises
    ------
    ModelError
        If the bytes are no such file, or hold types that are not trusted.
    """
    from threadpoolctl import ThreadpoolController

    from loopwright.stages.training.persisting import from_skops

    pipeline = from_skops(content)
    threads = ThreadpoolController()

    def ask(rows: pl.DataFrame) -> Predictions:
        with threads.limit(limits=1, user_api="openmp"):
            answer = pipeline.predict(rows) if task == "regression" else pipeline.predict_proba(rows)
        return np.asarray(answer, dtype=np.float64)

    return _Batches(features=tuple(features), task=task, width=_width(task, classes), ask=ask)


def _width(task: Task, classes: int) -> int:
    return 1 if task == "regression" else classes
