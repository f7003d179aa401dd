"""What any model must beat, by name; the code behind it is in ``simple_answers.py``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

__all__ = ["BASELINES", "LINEAR"]

Task = Literal["binary", "multiclass", "regression"]

BASELINES: Mapping[Task, tuple[str, ...]] = MappingProxyType({
    "binary": ("random", "majority"),
    "multiclass": ("random", "majority"),
    "regression": ("mean", "median"),
})
"""The baselines that look at no feature, weakest first."""

LINEAR: Mapping[Task, tuple[str, Mapping[str, int]]] = MappingProxyType({
    "binary": ("sklearn.linear_model.LogisticRegression", MappingProxyType({"max_iter": 1000})),
    "multiclass": ("sklearn.linear_model.LogisticRegression", MappingProxyType({"max_iter": 1000})),
    "regression": ("sklearn.linear_model.Ridge", MappingProxyType({})),
})
"""The simple linear model of each task, with parameters; fitted like any candidate."""
