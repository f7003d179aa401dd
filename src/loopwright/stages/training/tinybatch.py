"""A few rows that an estimator must be able to learn by heart, and the estimator freed to do so."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV

from loopwright.stages.training.estimators import Value, defaults, is_tree_based

__all__ = ["MAX_ROWS", "ability", "easy_rows", "freed"]

MAX_ROWS = 64
"""A batch has at most so many rows."""

_SOUGHT_ROWS = 2000

# Values that put no limit on learning by heart.
_FREE: dict[str, Value] = {
    "C": 1e4,
    "alpha": 1e-6,
    "bootstrap": False,
    "ccp_alpha": 0.0,
    "early_stopping": False,
    "l2_regularization": 0.0,
    "max_depth": None,
    "max_leaf_nodes": None,
    "min_child_samples": 1,
    "min_child_weight": 0.0,
    "min_impurity_decrease": 0.0,
    "min_samples_leaf": 1,
    "min_samples_split": 2,
    "min_weight_fraction_leaf": 0.0,
    "n_neighbors": 1,
    "oob_score": False,
    "reg_alpha": 0.0,
    "reg_lambda": 0.0,
    "subsample": 1.0,
}
_MEMORISERS = ("sklearn.neighbors", "sklearn.neural_network", "sklearn.gaussian_process", "sklearn.svm")
_LINEAR = ("sklearn.linear_model",)
# Sums of stumps, and linear models of the logarithm, which cannot say 0.
_LIMITED = ("AdaBoost", "GammaRegressor", "PoissonRegressor", "TweedieRegressor")


def freed(estimator: BaseEstimator) -> tuple[BaseEstimator, dict[str, Value]]:
    """Return the estimator without what keeps it from learning by heart, and what was changed.

    Regularisation, least sizes of leaves, bagging and early stopping are there so that a model does *not*
    learn single rows; they are taken out for the check, and so is the calibration around a classifier.

    Examples
    --------
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> freed(HistGradientBoostingRegressor(l2_regularization=1.0))[1]
    {'early_stopping': False, 'l2_regularization': 0.0, 'max_leaf_nodes': None, 'min_samples_leaf': 1}
    """
    inner = estimator.estimator if isinstance(estimator, CalibratedClassifierCV) else estimator
    params = inner.get_params(deep=False)
    changes = {name: free for name, free in _FREE.items() if name in params and _differs(params[name], free)}
    # Rounds of boosting are few and dear, steps of an optimiser many and cheap.
    steps = 100 if is_tree_based(inner) else 10_000
    for name, least in {"learning_rate": 0.1, "max_iter": steps, "n_estimators": 100}.items():
        value = params.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < least:
            changes[name] = type(value)(least)
    if "bootstrap" in changes and "max_samples" in params:
        changes["max_samples"] = defaults(type(inner))["max_samples"]  # type: ignore[assignment]
    return inner.set_params(**changes), changes


def ability(estimator: BaseEstimator) -> str:
    """Return what an estimator can learn by heart: ``"any rows"``, ``"independent rows"`` or ``"some rows"``.

    A linear model can give any answers to rows of which none is a weighted sum of the others, and only to
    those. Estimators that assume more (naive Bayes, boosted stumps) may fail on some.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> ability(Ridge())
    'independent rows'
    """
    module, name = type(estimator).__module__, type(estimator).__name__
    if name.startswith(_LIMITED):
        return "some rows"
    if module.startswith(_LINEAR) or name.startswith("LinearSV"):
        return "independent rows"
    return "any rows" if is_tree_based(estimator) or module.startswith(_MEMORISERS) else "some rows"


def easy_rows(
    prepared: NDArray[np.float64],
    labels: NDArray[np.int64] | NDArray[np.float64],
    *,
    independent: bool,
    seed: int,
) -> NDArray[np.int64]:
    """Return up to ``MAX_ROWS`` rows that differ from each other, of the classes in turn.

    Parameters
    ----------
    prepared : float64 array of shape (n_rows, n_columns)
        What enters the estimator; NaN is a value of its own.
    labels : array of shape (n_rows,)
    independent : bool
        Take only rows of which none is a weighted mean of the others: at most ``n_columns + 1``.
    seed : int

    Examples
    --------
    >>> rows = np.array([[1.0], [1.0], [2.0], [3.0]])
    >>> len(easy_rows(rows, np.array([0, 1, 1, 0]), independent=False, seed=0))
    3
    """
    order = _in_turn(labels, np.random.default_rng(seed))[:_SOUGHT_ROWS]
    rows = np.nan_to_num(prepared[order], nan=-1e3)
    return order[_independent(rows) if independent else _different(rows)]


def _in_turn(
    labels: NDArray[np.int64] | NDArray[np.float64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return all rows in random order, but one of each class after another."""
    order = generator.permutation(len(labels))
    if labels.dtype.kind == "f":
        return order
    shuffled = labels[order]
    turn = np.empty(len(labels), dtype=np.int64)
    for code in np.unique(shuffled):
        members = np.flatnonzero(shuffled == code)
        turn[members] = np.arange(len(members))
    return order[np.argsort(turn, kind="stable")]


def _different(rows: NDArray[np.float64]) -> NDArray[np.int64]:
    _, first = np.unique(rows, axis=0, return_index=True)
    return np.sort(first)[:MAX_ROWS]


def _independent(rows: NDArray[np.float64]) -> NDArray[np.int64]:
    """Take a row if a tenth of it, at least, is not explained by the rows taken before (Gram and Schmidt)."""
    extended = np.column_stack([np.ones(len(rows)), rows])
    size = np.linalg.norm(extended, axis=1)
    rest = extended.copy()
    taken: list[int] = []
    while len(taken) < min(MAX_ROWS, extended.shape[1]):
        free = np.flatnonzero(np.linalg.norm(rest, axis=1) > 0.1 * size)
        if len(free) == 0:
            break
        taken.append(int(free[0]))
        direction = rest[free[0]] / np.linalg.norm(rest[free[0]])
        rest = rest - np.outer(rest @ direction, direction)
    return np.array(taken, dtype=np.int64)


def _differs(value: object, free: Value) -> bool:
    return value is not free and (value != free or isinstance(value, bool) != isinstance(free, bool))
