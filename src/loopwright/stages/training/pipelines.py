"""From the matrix to the estimator: preprocessing that is fitted with the model and travels inside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl
from sklearn.base import BaseEstimator
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from loopwright.errors import TrainingError
from loopwright.records.feature_set import Feature
from loopwright.stages.training.estimators import (
    Task,
    Value,
    build,
    is_tree_based,
    load_estimator,
    takes_missing,
)

__all__ = ["MAX_LEVELS", "MIN_LEVEL_ROWS", "pipeline"]

MIN_LEVEL_ROWS = 10
"""Text values that are rarer in training get no column of their own: too few rows to learn from."""

MAX_LEVELS = 50
"""At most so many values of a text feature, the most frequent ones, get a column each."""


def pipeline(
    estimator: str | type[BaseEstimator],
    params: Mapping[str, Value],
    *,
    features: Sequence[Feature],
    frame: pl.DataFrame,
    task: Task,
    seed: int,
) -> Pipeline:
    """Return an unfitted pipeline of preprocessing (step ``prepare``) and estimator (step ``model``).

    * Numbers go as they are, missing ones as NaN, to estimators that have their own way with NaN. For others
      the median of the training rows stands in for what is missing.
    * Numbers are brought to mean 0 and standard deviation 1, except for estimators made of trees.
    * Text becomes a 0/1 column per value that is frequent enough (``MIN_LEVEL_ROWS``, ``MAX_LEVELS``);
      missing text is a value like others. Rarer and later unseen values are 0 in all columns. The values are
      fixed here, since scikit-learn's own grouping of infrequent values has no ONNX form.
    * Features without any value, and text without a frequent value, are left out.

    Parameters
    ----------
    estimator : str or class
        Import path, or what ``load_estimator`` returns.
    params : mapping of str to value
        Its constructor arguments.
    features : sequence of Feature
        The columns of ``frame``.
    frame : polars.DataFrame of shape (n_rows, n_features)
        The training rows, as ``matrix`` returns them.
    task : {"binary", "multiclass", "regression"}
    seed : int
        ``random_state`` of an estimator that has one.

    Raises
    ------
    TrainingError
        If the estimator or a parameter does not exist, or no feature has any value.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from loopwright.stages.features.matrix import matrix
    >>> miles = Feature(name="miles", kind="numeric", origin="column", inputs=("miles",))
    >>> rows = matrix(pl.DataFrame({"miles": [1, 2, 3]}), [miles])
    >>> made = pipeline(Ridge, {"alpha": 0.1}, features=[miles], frame=rows, task="regression", seed=0)
    >>> list(made.named_steps)
    ['prepare', 'model']
    """
    kind = load_estimator(estimator, task=task) if isinstance(estimator, str) else estimator
    model = build(kind, params, task=task, seed=seed)
    prepare = _prepare(model, features, frame)
    return Pipeline([("prepare", prepare), ("model", model)]).set_output(transform="default")


def _prepare(model: BaseEstimator, features: Sequence[Feature], frame: pl.DataFrame) -> ColumnTransformer:
    numeric = [each.name for each in features if each.kind == "numeric"]
    numbers = [name for name in numeric if not frame[name].is_nan().all()]
    levels = {each.name: _levels(frame[each.name]) for each in features if each.kind == "categorical"}
    text = [name for name, values in levels.items() if values]
    if not numbers and not text:
        raise TrainingError(
            f"none of the {len(features)} features holds a value that a model could learn from in the "
            f"{frame.height} training rows. Check the source, or add features to features.py."
        )
    parts: list[tuple[str, object, list[str]]] = []
    if numbers:
        parts.append(("numbers", _of_numbers(model), numbers))
    if text:
        parts.append(("text", _one_hot([levels[name] for name in text]), text))
    return ColumnTransformer(parts, remainder="drop", sparse_threshold=0)


def _of_numbers(model: BaseEstimator) -> Pipeline | SimpleImputer | str:
    scaled = not is_tree_based(model)
    if takes_missing(model):
        return StandardScaler() if scaled else "passthrough"
    imputer = SimpleImputer(strategy="median")
    return Pipeline([("fill", imputer), ("scale", StandardScaler())]) if scaled else imputer


def _one_hot(levels: list[list[str]]) -> OneHotEncoder:
    categories = [np.array(values, dtype=object) for values in levels]
    return OneHotEncoder(
        categories=categories, handle_unknown="ignore", sparse_output=False, dtype=np.float32
    )


def _levels(column: pl.Series) -> list[str]:
    """Return the values that get a column, sorted; among equally frequent ones the first by name."""
    counts = column.value_counts(name="rows").filter(pl.col("rows") >= MIN_LEVEL_ROWS)
    most = counts.sort(["rows", column.name], descending=[True, False]).head(MAX_LEVELS)
    return sorted(most[column.name].to_list())
