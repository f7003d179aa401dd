"""Estimators by their import path: found, checked against the task, and built with parameters and a seed."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Mapping
from types import ModuleType
from typing import Literal, TypeAlias

from sklearn.base import BaseEstimator, is_classifier, is_regressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.utils import get_tags

from loopwright.errors import TrainingError, nearest

__all__ = [
    "Task",
    "Value",
    "build",
    "defaults",
    "is_tree_based",
    "load_class",
    "load_estimator",
    "takes_missing",
]

Task: TypeAlias = Literal["binary", "multiclass", "regression"]
Value: TypeAlias = str | int | float | bool | None

_TREE_MODULES = (
    "sklearn.tree.",
    "sklearn.ensemble.",
    "lightgbm.",
    "xgboost.",
    "catboost.",
)


def load_estimator(path: str, *, task: Task) -> type[BaseEstimator]:
    """Return the estimator class that an import path names.

    Parameters
    ----------
    path : str
        Such as ``"sklearn.ensemble.HistGradientBoostingClassifier"``.
    task : {"binary", "multiclass", "regression"}
        What the estimator must be able to do: classes need a classifier, numbers a regressor.

    Raises
    ------
    TrainingError
        If there is no such module or class, or it does not fit the task; names the nearest one that exists.

    Examples
    --------
    >>> load_estimator("sklearn.linear_model.Ridge", task="regression").__name__
    'Ridge'
    """
    found = load_class(path)
    _check_task(found, path, importlib.import_module(path.rpartition(".")[0]), task)
    return found


def load_class(path: str) -> type[BaseEstimator]:
    """Return the estimator class that an import path names, whatever its task.

    Raises
    ------
    TrainingError
        If there is no such module or class; names the nearest one that exists.

    Examples
    --------
    >>> load_class("sklearn.linear_model.Ridge").__name__
    'Ridge'
    """
    module_name, _, name = path.rpartition(".")
    module = _module(module_name, path)
    found = getattr(module, name, None)
    if not inspect.isclass(found) or not hasattr(found, "fit") or not hasattr(found, "get_params"):
        estimators = [each for each, value in vars(module).items() if hasattr(value, "fit")]
        raise TrainingError(
            f"{module_name} has no estimator {name!r}{nearest(name, estimators)}. "
            f"Change `estimator` under [[candidates]] in loopwright.toml."
        )
    return found


def _module(module_name: str, path: str) -> ModuleType:
    try:
        return importlib.import_module(module_name)
    except ImportError as error:
        first = module_name.partition(".")[0]
        if isinstance(error, ModuleNotFoundError) and error.name == first:
            problem = f"{first!r} is not installed; install it, or take an estimator of scikit-learn"
        else:
            problem = f"{module_name!r} cannot be imported{_nearest_module(first, module_name)} ({error})"
        raise TrainingError(f"the estimator {path!r} cannot be loaded: {problem}.") from error


def _nearest_module(first: str, wanted: str) -> str:
    places = getattr(importlib.import_module(first), "__path__", [])
    return nearest(wanted, [f"{first}.{each.name}" for each in pkgutil.iter_modules(places)])


def _check_task(found: type[BaseEstimator], path: str, module: ModuleType, task: Task) -> None:
    try:
        instance = found()
    except TypeError as error:
        raise TrainingError(
            f"the estimator {path!r} needs other estimators or values to be built ({error}), which a project "
            f"file cannot give. Name an estimator whose parameters all have defaults."
        ) from error
    fits = is_regressor(instance) if task == "regression" else is_classifier(instance)
    if not fits:
        kind = "regressor" if task == "regression" else "classifier"
        raise TrainingError(
            f"the task is {task}, which needs a {kind}, and {path!r} is none{_counterpart(found, module)}. "
            f"Change `estimator` under [[candidates]], or `task` under [charter]."
        )


def _counterpart(found: type[BaseEstimator], module: ModuleType) -> str:
    """Name ``RidgeClassifier`` to who wrote ``Ridge``, and the other way round."""
    stem = found.__name__.removesuffix("Classifier").removesuffix("Regressor")
    others = [stem + ending for ending in ("Classifier", "Regressor") if stem + ending != found.__name__]
    existing = [name for name in others if hasattr(module, name)]
    return f" (did you mean {existing[0]!r}?)" if existing else ""


def build(
    estimator: type[BaseEstimator], params: Mapping[str, Value], *, task: Task, seed: int
) -> BaseEstimator:
    """Return an unfitted estimator with these parameters, and with the seed if it takes one.

    ``random_state`` is the seed unless the parameters give another. A classifier that only decides
    (``LinearSVC``, ``RidgeClassifier``) is wrapped so that it gives probabilities: five cross-validated fits
    teach a sigmoid how its decision values translate (Platt scaling), then it is fitted on all rows.

    Parameters
    ----------
    estimator : class
        As ``load_estimator`` returns it.
    params : mapping of str to value
        Constructor arguments.
    task : {"binary", "multiclass", "regression"}
    seed : int

    Raises
    ------
    TrainingError
        If the estimator has no such parameter, or ``n_jobs`` is not 1: trials already run side by side.

    References
    ----------
    Platt (1999), Probabilistic Outputs for Support Vector Machines.

    Examples
    --------
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> build(DecisionTreeClassifier, {"max_depth": 3}, task="binary", seed=7)
    DecisionTreeClassifier(max_depth=3, random_state=7)
    """
    known = defaults(estimator)
    _check_params(estimator, params, known)
    seeded = {"random_state": seed} if "random_state" in known else {}
    built = estimator().set_params(**{**seeded, **params})
    if task != "regression" and not hasattr(built, "predict_proba"):
        return CalibratedClassifierCV(built, ensemble=False)
    return built


def _check_params(
    estimator: type[BaseEstimator], params: Mapping[str, Value], known: Mapping[str, object]
) -> None:
    for name in params:
        if name not in known:
            raise TrainingError(
                f"{estimator.__name__} has no parameter {name!r}{nearest(name, known)}; "
                f"it has {', '.join(known)}. Change it under [[candidates]] in loopwright.toml."
            )
    if params.get("n_jobs") not in (None, 1):
        raise TrainingError(
            f"n_jobs = {params['n_jobs']} is set for {estimator.__name__}, but trials run side by side with "
            f"one thread each, so that results do not depend on the machine. Take `n_jobs` out."
        )


def defaults(estimator: type[BaseEstimator]) -> dict[str, object]:
    """Return the parameters of an estimator with the values they have if nobody says otherwise.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> defaults(Ridge)["alpha"]
    1.0
    """
    return dict(estimator().get_params(deep=True))


def is_tree_based(estimator: BaseEstimator) -> bool:
    """Say whether only the order of a feature's values matters to the estimator, so that scaling is idle.

    Examples
    --------
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> is_tree_based(RandomForestClassifier())
    True
    """
    return f"{type(estimator).__module__}.".startswith(_TREE_MODULES)


def takes_missing(estimator: BaseEstimator) -> bool:
    """Say whether the estimator has its own way with missing numbers.

    ``BaggingClassifier`` says so too, but its ONNX conversion forgets which way missing values go.

    Examples
    --------
    >>> from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
    >>> takes_missing(HistGradientBoostingClassifier()), takes_missing(GradientBoostingClassifier())
    (True, False)
    """
    forgetful = type(estimator).__name__.startswith("Bagging")
    return bool(get_tags(estimator).input_tags.allow_nan) and not forgetful
