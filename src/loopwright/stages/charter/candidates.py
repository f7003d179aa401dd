"""The models that a new project tries: one made of trees and one that is linear."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from loopwright.stages.charter.outcome import Task

__all__ = ["Candidate", "candidates"]

_MANY_ROWS = 2_000
_MANY_CLASSES = 5                  # each class costs a tree per round, so that more of them get fewer rounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An entry of ``[[candidates]]``.

    Attributes
    ----------
    estimator : str
        Import path.
    why : str
        When it is good.
    params : str
        Fixed parameters, as TOML.
    search : mapping of str to str
        Parameter -> range, as TOML.
    """

    estimator: str
    why: str
    params: str
    search: Mapping[str, str]


def candidates(task: Task, *, rows: int, classes: int = 0) -> tuple[Candidate, ...]:
    """Return the candidates for a task.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
    rows : int
        Labelled rows: of few, large trees would learn each by heart.
    classes : int, default=0

    Examples
    --------
    >>> [each.estimator.rpartition(".")[2] for each in candidates("regression", rows=1000)]
    ['HistGradientBoostingRegressor', 'Ridge']
    """
    return _trees(task, rows=rows, classes=classes), _linear(task)


def _trees(task: Task, *, rows: int, classes: int) -> Candidate:
    kind = "Regressor" if task == "regression" else "Classifier"
    leaf, leaves = (5, max(10, min(40, rows // 10))), (3, 16)
    if rows >= _MANY_ROWS:
        leaf, leaves = (10, 100), (4, 32)
    return Candidate(
        estimator=f"sklearn.ensemble.HistGradientBoosting{kind}",
        why="good on most tables; takes missing values as they are",
        params=f"max_iter = {40 if classes > _MANY_CLASSES else 100}",
        search={
            "learning_rate": "low = 0.03, high = 0.3, log = true",
            "max_leaf_nodes": f"low = {leaves[0]}, high = {leaves[1]}, log = true",
            "min_samples_leaf": f"low = {leaf[0]}, high = {leaf[1]}, log = true",
            "l2_regularization": "low = 0.001, high = 10, log = true",
        },
    )


def _linear(task: Task) -> Candidate:
    why = "easy to explain, and hard to beat where rows are few"
    if task == "regression":
        return Candidate(
            estimator="sklearn.linear_model.Ridge", why=why, params="",
            search={"alpha": "low = 0.01, high = 1000, log = true"},
        )
    return Candidate(
        estimator="sklearn.linear_model.LogisticRegression", why=why, params="max_iter = 500",
        search={"C": "low = 0.001, high = 10, log = true"},
    )
