"""The space that a candidate is searched in, as Optuna distributions, and boxes within it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import exp, log
from typing import TypeAlias

import numpy as np
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from loopwright.errors import TrainingError
from loopwright.settings import CandidateSettings, Range

__all__ = ["Space", "Value", "around", "contains", "draw", "inside", "space_of"]

Value: TypeAlias = str | int | float | bool | None
Space: TypeAlias = dict[str, BaseDistribution]


def space_of(candidate: CandidateSettings, defaults: Mapping[str, object]) -> Space:
    """Return the search space of a candidate.

    A range is one of whole numbers if both of its ends are whole and the estimator's default is no fraction:
    ``max_leaf_nodes = { low = 8, high = 64 }`` draws 8, 9, ..., 64, while ``alpha = { low = 1, high = 10 }``
    draws fractions where the default is 1.0.

    Parameters
    ----------
    candidate : CandidateSettings
    defaults : mapping of str to object
        Parameters of the estimator with their defaults.

    Raises
    ------
    TrainingError
        If a range is empty, or logarithmic and not above 0, or a list of choices is empty.

    Examples
    --------
    >>> candidate = CandidateSettings(estimator="a.B", search={"depth": Range(low=2, high=8)})
    >>> space_of(candidate, {"depth": 3})
    {'depth': IntDistribution(high=8, log=False, low=2, step=1)}
    """
    return {
        name: _range(name, sought, defaults.get(name), candidate)
        if isinstance(sought, Range)
        else _choices(name, sought, candidate)
        for name, sought in candidate.search.items()
    }


def _range(name: str, sought: Range, default: object, candidate: CandidateSettings) -> BaseDistribution:
    if not sought.low <= sought.high or (sought.log and sought.low <= 0):
        raise TrainingError(
            f"{candidate.estimator} is searched for {name} between {sought.low:g} and {sought.high:g}, "
            f"{'and a logarithmic scale must begin above 0' if sought.log else 'where nothing lies'}. "
            f"Change the range under [candidates.search]."
        )
    whole = float(sought.low).is_integer() and float(sought.high).is_integer()
    if whole and not isinstance(default, float):
        return IntDistribution(int(sought.low), int(sought.high), log=sought.log)
    return FloatDistribution(float(sought.low), float(sought.high), log=sought.log)


def _choices(name: str, sought: Sequence[Value], candidate: CandidateSettings) -> BaseDistribution:
    if not sought:
        raise TrainingError(
            f"{candidate.estimator} is to be searched for {name}, but the list of choices is empty. "
            f"Name at least one under [candidates.search]."
        )
    return CategoricalDistribution(list(dict.fromkeys(sought)))


def contains(distribution: BaseDistribution, value: Value) -> bool:
    """Say whether a value lies in a distribution.

    Examples
    --------
    >>> depth = IntDistribution(2, 8)
    >>> contains(depth, 3), contains(depth, 3.5), contains(depth, None)
    (True, False, False)
    """
    if isinstance(distribution, CategoricalDistribution):
        return any(value == choice and type(value) is type(choice) for choice in distribution.choices)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    fits = isinstance(distribution, FloatDistribution) or float(value).is_integer()
    return fits and bool(distribution.low <= value <= distribution.high)


def inside(space: Space, wanted: Mapping[str, object]) -> dict[str, Value]:
    """Return those of the wanted values that the space has a place for, numbers moved to its nearest end.

    Examples
    --------
    >>> space = {"depth": IntDistribution(2, 8), "kind": CategoricalDistribution(["a", "b"])}
    >>> inside(space, {"depth": 20, "kind": "c", "other": 1})
    {'depth': 8}
    """
    found: dict[str, Value] = {}
    for name, distribution in space.items():
        value = wanted.get(name)
        if isinstance(distribution, CategoricalDistribution):
            if contains(distribution, value):  # type: ignore[arg-type]
                found[name] = value  # type: ignore[assignment]
        elif isinstance(value, int | float) and not isinstance(value, bool):
            near = min(max(value, distribution.low), distribution.high)
            found[name] = int(near) if isinstance(distribution, IntDistribution) else float(near)
    return found


def around(space: Space, best: Sequence[Mapping[str, Value]], *, margin: float) -> Space:
    """Return the smallest box of the space that holds the best values, widened by a margin.

    Parameters
    ----------
    space : Space
        The whole space; the box never leaves it.
    best : sequence of mapping
        Parameter values; those outside of the space are passed over.
    margin : float
        Share of the whole range, on its own scale, that is added at both ends. Choices are narrowed to those
        among the best.

    Examples
    --------
    >>> around({"x": FloatDistribution(0.0, 10.0)}, [{"x": 4.0}, {"x": 6.0}], margin=0.1)
    {'x': FloatDistribution(high=7.0, log=False, low=3.0, step=None)}
    """
    box = dict(space)
    for name, distribution in space.items():
        seen = [each[name] for each in best if name in each and contains(distribution, each[name])]
        if isinstance(distribution, CategoricalDistribution):
            left = [choice for choice in distribution.choices if choice in seen]
            box[name] = CategoricalDistribution(left) if left else distribution
        elif seen:
            numbers = [float(value) for value in seen if isinstance(value, int | float)]
            box[name] = _narrowed(distribution, numbers, margin)
    return box


def _narrowed(distribution: BaseDistribution, seen: list[float], margin: float) -> BaseDistribution:
    scale, back = (log, exp) if distribution.log else (float, float)
    wide = margin * (scale(distribution.high) - scale(distribution.low))
    low = max(back(scale(min(seen)) - wide), float(distribution.low))
    high = min(back(scale(max(seen)) + wide), float(distribution.high))
    if isinstance(distribution, IntDistribution):
        # Rounded outwards, so that neighbours of the best stay within reach however narrow the box is.
        first, last = int(np.floor(low + 1e-9)), int(np.ceil(high - 1e-9))
        return IntDistribution(first, last, log=distribution.log)
    return FloatDistribution(low, max(low, high), log=distribution.log)


def draw(distribution: BaseDistribution, generator: np.random.Generator) -> Value:
    """Return one value, each as likely as any other (on a logarithmic scale: each order of magnitude).

    Examples
    --------
    >>> draw(IntDistribution(3, 3), np.random.default_rng(0))
    3
    """
    if isinstance(distribution, CategoricalDistribution):
        choice: Value = distribution.choices[int(generator.integers(len(distribution.choices)))]
        return choice
    # A whole number stands for the interval around it, so that both ends are drawn as often as others.
    half = 0.5 if isinstance(distribution, IntDistribution) else 0.0
    low, high = distribution.low - half, distribution.high + half
    value = exp(generator.uniform(log(low), log(high))) if distribution.log else generator.uniform(low, high)
    value = min(max(value, distribution.low), distribution.high)
    return round(value) if half else float(value)
