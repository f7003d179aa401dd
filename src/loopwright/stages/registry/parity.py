"""Whether a converted model says what the fitted pipeline says, row by row, and where they part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray
from onnx import helper, load_model_from_string
from sklearn.pipeline import Pipeline

from loopwright.errors import EmptySample, ModelError

__all__ = ["Parity", "first_divergent_step", "parity", "unit_of"]

_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Parity:
    """Two sets of predictions compared.

    Attributes
    ----------
    rows : int
        Rows compared.
    rows_off : int
        Rows that differ by more than the tolerance.
    share_off : float
        ``rows_off / rows``.
    largest : float
        The largest difference, in units of ``unit``; as large as a float can be if a prediction is no number.
    tolerance : float
        In units of ``unit``.
    unit : float
        What differences are counted in.
    examples : tuple of int
        Up to five rows that are off, worst first, counted from 0.
    passed : bool
        No row is off. One row that is sent the other way is a different model for that row.
    """

    rows: int
    rows_off: int
    share_off: float
    largest: float
    tolerance: float
    unit: float
    examples: tuple[int, ...]
    passed: bool


def parity(
    expected: NDArray[np.float64], actual: NDArray[np.float64], *, tolerance: float = 1e-4, unit: float = 1.0
) -> Parity:
    """Compare the predictions of a converted model with those of the pipeline that it was made from.

    ONNX computes in 32 bits, so equal means equal up to rounding (about 1e-7 of the unit); a row that takes
    another branch of a tree is off by much more than the tolerance.

    Parameters
    ----------
    expected, actual : float64 array of shape (n_rows,) or (n_rows, n_classes)
        Of the pipeline, and of the converted model.
    tolerance : float, default=1e-4
        Largest difference that counts as rounding, in units of ``unit``.
    unit : float, default=1.0
        What a difference is counted in: 1 for probabilities, ``unit_of`` for values.

    Raises
    ------
    EmptySample
        If there are no rows: nothing was compared.
    ModelError
        If the shapes differ.

    Examples
    --------
    >>> found = parity(np.array([0.2, 0.5, 0.9]), np.array([0.2, 0.6, 0.9]))
    >>> found.passed, found.rows_off, found.examples
    (False, 1, (1,))
    """
    if expected.shape != actual.shape:
        raise ModelError(
            f"the pipeline gives predictions of shape {expected.shape} and the converted model of shape "
            f"{actual.shape}. Register the model again, or keep it as skops."
        )
    if len(expected) == 0:
        raise EmptySample("parity needs at least one row to compare. Hand in rows of the test part.")
    off_by = np.abs(expected - actual).reshape(len(expected), -1).max(axis=1) / unit
    off_by = np.where(np.isfinite(off_by), off_by, np.finfo(np.float64).max)
    off = int((off_by > tolerance).sum())
    worst = np.argsort(-off_by, kind="stable")[: min(off, _EXAMPLES)]
    return Parity(
        rows=len(off_by), rows_off=off, share_off=off / len(off_by), largest=float(off_by.max()),
        tolerance=tolerance, unit=unit, examples=tuple(int(row) for row in worst), passed=off == 0,
    )


def unit_of(expected: NDArray[np.float64], *, task: Literal["binary", "multiclass", "regression"]) -> float:
    """Return what differences of predictions are counted in: 1 for probabilities, else their spread.

    Of a regression the unit is the standard deviation of the predictions, so that the tolerance means the
    same for fares and for house prices; if all are equal it is their size, or 1 if that is 0.

    Examples
    --------
    >>> unit_of(np.array([100.0, 300.0]), task="regression")
    100.0
    >>> unit_of(np.array([0.1, 0.3]), task="binary")
    1.0
    """
    if task != "regression" or len(expected) == 0:
        return 1.0
    spread, size = float(np.std(expected)), float(np.abs(expected).max())
    return spread if spread > size * 1e-9 else size or 1.0


def first_divergent_step(
    pipeline: Pipeline,
    content: bytes,
    frame: pl.DataFrame,
    row: int,
    *,
    tolerance: float = 1e-4,
    unit: float = 1.0,
) -> str:
    """Say at which step of the pipeline the converted model goes another way with one row.

    What the ONNX graph computes up to its estimator is put into the estimator of the pipeline. If that moves
    the prediction, preprocessing is to blame, and the first column that moves it alone is named; rounding
    that moves nothing is not blamed. Otherwise the conversion of the estimator itself is at fault.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Steps ``prepare`` and ``model``, fitted.
    content : bytes
        What ``to_onnx`` made of it.
    frame : polars.DataFrame of shape (n_rows, n_features)
        As ``matrix`` returns it.
    row : int
        Counted from 0.
    tolerance, unit : float
        As in ``parity``.

    Returns
    -------
    str
        Such as ``"prepare: numbers__fare is 0.25 in the pipeline and 0.24999999 in ONNX"`` or
        ``"model: HistGradientBoostingClassifier"``.
    """
    prepare, model = pipeline[:-1], pipeline[-1]
    single = frame.slice(row, 1)
    expected = np.asarray(prepare.transform(single))
    actual = _entering_the_estimator(content, single, width=expected.shape[1])
    if actual is None:
        return f"model: {type(model).__name__} (the ONNX graph has no single tensor that enters it)"
    changed = np.flatnonzero(~np.isclose(actual, expected[0], rtol=0, atol=0, equal_nan=True))
    trials = np.repeat(expected, len(changed) + 2, axis=0)
    trials[1] = actual
    trials[np.arange(len(changed)) + 2, changed] = actual[changed]
    said = model.predict_proba(trials) if hasattr(model, "predict_proba") else model.predict(trials)
    moved = np.abs(said - said[0]).reshape(len(trials), -1).max(axis=1) > tolerance * unit
    if not moved[1:].any():
        return f"model: {type(model).__name__}"
    place = changed[int(moved[2:].argmax())]
    name = prepare.get_feature_names_out()[place]
    return f"prepare: {name} is {expected[0, place]:.9g} in the pipeline and {actual[place]:.9g} in ONNX"


def _entering_the_estimator(
    content: bytes, single: pl.DataFrame, *, width: int
) -> NDArray[np.float32] | None:
    """Return the last float tensor of the graph, of one row, that is made by joining or scaling columns."""
    import onnxruntime

    model = load_model_from_string(content)
    joining = ("Concat", "Scaler", "Imputer", "Reshape")
    joined = [node.output[0] for node in model.graph.node if node.op_type in joining]
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in joined)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    columns = zip(session.get_inputs(), single.get_columns(), strict=True)
    answers = session.run(joined, {each.name: column.to_numpy().reshape(1, 1) for each, column in columns})
    fitting = [each for each in answers if each.dtype == np.float32 and each.shape == (1, width)]
    return np.asarray(fitting[-1][0], dtype=np.float32) if fitting else None
