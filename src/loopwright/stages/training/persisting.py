"""A fitted pipeline as a skops file: arrays and settings, read back only if every type in it is trusted."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterable, Iterator
from itertools import chain

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.tree._tree import Tree

from loopwright.errors import ModelError

__all__ = ["TRUSTED", "from_skops", "to_skops"]

_DISTANCES = ("Euclidean", "Manhattan", "Chebyshev", "Minkowski")

TRUSTED = (
    "numpy.dtype",
    "sklearn._loss.loss.HalfTweedieLoss",
    "sklearn._loss.loss.HalfTweedieLossIdentity",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    *(f"sklearn.metrics._dist_metrics.{distance}Distance64" for distance in _DISTANCES),
    "sklearn.neighbors._ball_tree.BallTree",
    "sklearn.neighbors._kd_tree.KDTree",
    "sklearn.neural_network._stochastic_optimizers.AdamOptimizer",
    "sklearn.neural_network._stochastic_optimizers.SGDOptimizer",
    "sklearn.tree._tree.Tree",
)
"""Types that skops does not trust by itself and that were reviewed: building one runs no code from the file.

Decision trees follow the links that the file holds without looking where they lead, so ``from_skops`` checks
the links; the search trees of neighbour models are built anew from their rows.
"""


def to_skops(pipeline: Pipeline) -> bytes:
    """Return a fitted pipeline as a skops file.

    The same pipeline gives the same bytes: memory addresses and times, which skops writes into its files, are
    replaced by numbers counted in the order of the file.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted.

    Raises
    ------
    ModelError
        If the pipeline holds something that ``from_skops`` would refuse.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> fitted = make_pipeline(Ridge()).fit([[1.0], [2.0]], [1.0, 2.0])
    >>> to_skops(fitted) == to_skops(fitted)
    True
    """
    import skops.io

    try:
        packed = skops.io.dumps(pipeline)
    except Exception as error:
        raise ModelError(
            f"{type(pipeline[-1]).__name__} cannot be written as skops: {' '.join(str(error).split())[:300]}."
            f" Choose another estimator; pickle is never written, since reading it runs code."
        ) from error
    _refuse_untrusted(packed)
    return _canonical(packed)


def from_skops(content: bytes) -> Pipeline:
    """Return the pipeline that ``to_skops`` wrote, if every type in the file is trusted.

    Parameters
    ----------
    content : bytes
        May come from anywhere: no code in it is run, and no tree in it points outside of itself.

    Raises
    ------
    ModelError
        If the bytes are no skops file, or hold a type that is not trusted; names these types.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> fitted = make_pipeline(Ridge(alpha=0.0)).fit([[1.0], [2.0]], [1.0, 2.0])
    >>> from_skops(to_skops(fitted)).predict([[3.0]]).round(6).tolist()
    [3.0]
    """
    import skops.io

    _refuse_untrusted(content)
    try:
        pipeline = skops.io.loads(content, trusted=list(TRUSTED))
    except Exception as error:
        raise ModelError(
            f"the skops file cannot be read: {' '.join(str(error).split())[:300]}. It was written by another "
            f"version of scikit-learn, or damaged; train the model again with this version."
        ) from error
    if not isinstance(pipeline, Pipeline):
        raise ModelError(
            f"the skops file holds a {type(pipeline).__name__}. Hand in one that holds a pipeline."
        )
    for part in list(_parts(pipeline, set())):
        _check_links(part)
        _rebuild_neighbours(part)
    return pipeline


def _refuse_untrusted(content: bytes) -> None:
    import skops.io

    try:
        untrusted = set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED)
    except Exception as error:
        raise ModelError(
            f"these {len(content)} bytes are no skops file ({error}). Hand in a file that `to_skops` wrote."
        ) from error
    if untrusted:
        raise ModelError(
            f"the pipeline holds types that may run code when they are read: {', '.join(sorted(untrusted))}. "
            f"Take an estimator made of trusted types, or one that converts to ONNX."
        )


def _canonical(packed: bytes) -> bytes:
    source = zipfile.ZipFile(io.BytesIO(packed))
    schema = json.loads(source.read("schema.json"))
    files = _renumber(schema)
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as target:
        for old, new in files.items():
            _write(target, new, source.read(old))
        _write(target, "schema.json", json.dumps(schema, separators=(",", ":")).encode())
    return written.getvalue()


def _write(target: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    target.writestr(entry, content, compress_type=zipfile.ZIP_DEFLATED, compresslevel=6)


def _renumber(schema: object) -> dict[str, str]:
    """Replace memory addresses in the schema, in place; return the file names, old to new."""
    numbers: dict[int, int] = {}
    files: dict[str, str] = {}
    for count, node in enumerate(_nodes(schema)):
        if "__id__" in node:
            # Whether equal texts and numbers are one object is an accident of the interpreter.
            shared = node["__id__"] if node["__loader__"] != "JsonNode" else -count
            node["__id__"] = numbers.setdefault(int(str(shared)), len(numbers) + 1)
        if "file" in node:
            old = str(node["file"])
            node["file"] = files.setdefault(old, f"{len(files)}.{old.rpartition('.')[2]}")
    return files


def _nodes(value: object) -> Iterator[dict[str, object]]:
    if isinstance(value, dict):
        if "__loader__" in value:
            yield value
        for part in value.values():
            yield from _nodes(part)
    elif isinstance(value, list):
        for part in value:
            yield from _nodes(part)


def _parts(value: object, seen: set[int]) -> Iterator[BaseEstimator]:
    """Yield every estimator that can be reached from a value, wherever a file may have hidden it."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, BaseEstimator):
        yield value
    for part in _inside(value):
        yield from _parts(part, seen)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    if isinstance(value, list | tuple):
        return value
    if isinstance(value, np.ndarray):
        return value.ravel().tolist() if value.dtype == object else ()
    return vars(value).values() if hasattr(value, "__dict__") and not isinstance(value, type) else ()


def _check_links(model: BaseEstimator) -> None:
    """Refuse decision trees that point outside of themselves or back: they would crash or never end."""
    features = int(getattr(model, "n_features_in_", 0))
    if isinstance(getattr(model, "tree_", None), Tree):
        tree = model.tree_
        inner = tree.children_left != -1
        children = np.stack([tree.children_left[inner], tree.children_right[inner]])
        _check_nodes(children, tree.feature[inner], np.flatnonzero(inner), len(inner), features)
    for predictor in chain.from_iterable(getattr(model, "_predictors", ())):
        nodes = predictor.nodes
        inner = nodes["is_leaf"] == 0
        children = np.stack([nodes["left"][inner], nodes["right"][inner]]).astype(np.int64)
        bitsets = len(predictor.raw_left_cat_bitsets)
        categorical = (nodes["is_categorical"] != 0) & (nodes["bitset_idx"] >= bitsets)
        features = 0 if categorical.any() else features
        _check_nodes(children, nodes["feature_idx"][inner], np.flatnonzero(inner), len(inner), features)


def _check_nodes(
    children: NDArray[np.int64],
    feature: NDArray[np.int64],
    parents: NDArray[np.int64],
    nodes: int,
    features: int,
) -> None:
    forward = (children > parents) & (children < nodes)
    if nodes == 0 or not forward.all() or (feature < 0).any() or (feature >= features).any():
        raise ModelError(
            "a decision tree in the skops file points outside of itself, so the file was damaged or made to "
            "do harm. Delete it, and train the model again."
        )


def _rebuild_neighbours(model: BaseEstimator) -> None:
    tree = getattr(model, "_tree", None)
    if tree is not None:
        measure = {"metric": model.effective_metric_, **model.effective_metric_params_}
        model._tree = type(tree)(model._fit_X, model.leaf_size, **measure)
