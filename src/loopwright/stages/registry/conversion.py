"""A fitted pipeline as ONNX, a graph of arithmetic that runs no code when it is read."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from onnx import ModelProto, helper
from sklearn.base import BaseEstimator, is_classifier
from sklearn.pipeline import Pipeline

from loopwright.errors import ModelError
from loopwright.records.feature_set import Feature
from loopwright.stages.training.isolation import isolated

__all__ = ["MAX_INPUTS", "ML_OPSET", "OPSET", "to_onnx"]

OPSET = 21
"""Version of the ONNX operators. Pinned, so that an upgrade of the converter does not change what is written,
and of 2024, so that the runtimes of phones and browsers can read it."""

MAX_INPUTS = 2000
"""Features beyond which a model is not converted."""

ML_OPSET = 3
"""Version of ONNX's operators for trees and text, pinned for the same reasons."""


def to_onnx(pipeline: Pipeline, features: Sequence[Feature]) -> bytes:
    """Return a fitted pipeline, preprocessing included, as an ONNX model.

    The n-th input is the n-th feature, a float or string tensor of shape (n_rows, 1); it has the feature's
    name, with signs that are not allowed in ONNX replaced by ``_``. Of a classifier the second output holds
    the probabilities, shape (n_rows, n_classes); of a regressor the only output holds the values,
    shape (n_rows, 1).

    Two things that the converter gets wrong are put right here, so that trees send every row the same way:

    * thresholds of histogram gradient boosting are 64 bit, ONNX compares 32 bit, and the converter rounds to
      the nearest; rounding down instead decides ``x <= threshold`` alike for every 32-bit x;
    * the side that missing values take in scikit-learn's trees and forests is dropped; it is written back.

    The same pipeline gives the same bytes, except for neighbour models, in which the converter numbers names
    through the life of the process.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, as ``fitting.fit`` returns it; not changed.
    features : sequence of Feature
        Its inputs, in the order of its matrix.

    Raises
    ------
    ModelError
        If the estimator has no ONNX form; gives the converter's reason.

    Examples
    --------
    >>> import polars as pl
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> miles = Feature(name="miles", kind="numeric", origin="column", inputs=("miles",))
    >>> rows = pl.DataFrame({"miles": [1.0, 2.0, 3.0]})
    >>> fitted = make_pipeline(StandardScaler(), Ridge()).fit(rows, [2.0, 4.0, 6.0])
    >>> len(to_onnx(fitted, [miles])) < 1000
    True
    """
    convertible = copy.deepcopy(pipeline)
    _floor_thresholds(convertible[-1])
    if len(features) > MAX_INPUTS:
        raise ModelError(
            f"{len(features)} features are more than the {MAX_INPUTS} for which ONNX is worth while: a graph has one "
            f"input for each, and takes minutes to load. Keep the model as skops."
        )
    try:
        model = _converted(convertible, features)
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise ModelError(
            f"{type(pipeline[-1]).__name__} cannot be converted to ONNX: {reason[:300]}. "
            f"Keep the model as skops, or choose an estimator that ONNX has a form for."
        ) from error
    _restore_missing_sides(model, convertible[-1])
    _sort_operator_sets(model)
    return bytes(model.SerializeToString(deterministic=True))


def _converted(pipeline: Pipeline, features: Sequence[Feature]) -> ModelProto:
    import skl2onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    types = {"numeric": FloatTensorType, "categorical": StringTensorType}
    # Without zipmap probabilities are one tensor instead of a list of dictionaries.
    options = {id(pipeline[-1]): {"zipmap": False}} if is_classifier(pipeline[-1]) else None
    # The converter hands booleans to integer attributes, about which protobuf 6 warns on every call. The filters of
    # warnings are one per process, and fits that run at the same time set them: so the same isolation as theirs.
    with isolated():
        return skl2onnx.to_onnx(
            pipeline,
            initial_types=[(each.name, types[each.kind]([None, 1])) for each in features],
            name="loopwright",
            options=options,
            target_opset={"": OPSET, "ai.onnx.ml": ML_OPSET},
        )


def _sort_operator_sets(model: ModelProto) -> None:
    """Put the operator sets in order: the converter lists them in the order of a hash that changes by process."""
    ordered = sorted(model.opset_import, key=lambda each: each.domain)
    del model.opset_import[:]
    model.opset_import.extend(ordered)


def _floor_thresholds(model: BaseEstimator) -> None:
    for predictors in getattr(model, "_predictors", []):
        for tree in predictors:
            tree.nodes["num_threshold"] = _largest_float32_not_above(tree.nodes["num_threshold"])


def _largest_float32_not_above(values: NDArray[np.float64]) -> NDArray[np.float64]:
    with np.errstate(over="ignore"):
        rounded = values.astype(np.float32)
    below = np.nextafter(rounded, np.float32(-np.inf))
    return np.where(rounded > values, below, rounded).astype(np.float64)


def _restore_missing_sides(model: ModelProto, estimator: BaseEstimator) -> None:
    trees = [each.tree_ for each in getattr(estimator, "estimators_", [estimator]) if hasattr(each, "tree_")]
    ensembles = [node for node in model.graph.node if node.op_type.startswith("TreeEnsemble")]
    if not trees or len(ensembles) != 1:
        return
    found = {each.name: each for each in ensembles[0].attribute}
    starts = np.cumsum([0, *(tree.node_count for tree in trees)])
    places = starts[list(found["nodes_treeids"].ints)] + np.array(found["nodes_nodeids"].ints)
    sides = np.concatenate([tree.missing_go_to_left for tree in trees])[places].astype(int).tolist()
    if "nodes_missing_value_tracks_true" in found:
        ensembles[0].attribute.remove(found["nodes_missing_value_tracks_true"])
    ensembles[0].attribute.append(helper.make_attribute("nodes_missing_value_tracks_true", sides))
