"""Limits that a measured value must keep, as ``[targets.satisfice]`` writes them."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite
from typing import Final, Literal, cast

from loopwright.errors import ProjectError
from loopwright.measures.catalogue import METRIC_TASKS, RESOURCES, MetricFacts
from loopwright.settings import TargetSettings
from loopwright.tomltext import nearest_name, shown, shown_key

__all__ = ["LIMIT_PATTERN", "Comparison", "Limit", "limit_problem", "limits", "target"]

Comparison = Literal["<=", ">=", "<", ">"]

# No group by name: the JSON Schema hands the pattern on to editors.
LIMIT_PATTERN: Final = r"\s*(<=|>=|<|>)\s*([-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?)\s*"
"""The form of a limit's right-hand side, as a regular expression for the whole text."""

_LIMIT_FORM: Final = 'expected a comparison with a number, such as "<= 0.35" or ">= 0.6"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bound that a measured value must keep.

    Attributes
    ----------
    metric : str
        A metric or a resource of ``loopwright.measures.catalogue``.
    column : str or None
        Column on whose every slice the limit must hold; None for all rows together.
    comparison : str
        ``"<="``, ``">="``, ``"<"`` or ``">"``.
    value : float
        The bound, in the unit of the metric.
    """

    metric: str
    column: str | None
    comparison: Comparison
    value: float

    def holds(self, value: float) -> bool:
        """Say whether a value keeps the limit; NaN, which is no measurement, never does.

        Examples
        --------
        >>> target("log_loss <= 0.35").holds(0.4)
        False
        """
        return _COMPARISONS[self.comparison](value, self.value)

    @property
    def name(self) -> str:
        """The key that a project file says it under: ``recall`` or ``recall@payment_type``."""
        return self.metric if self.column is None else f"{self.metric}@{self.column}"

    def __str__(self) -> str:
        return f"{self.name} {self.comparison} {self.value:g}"


_COMPARISONS: Final[dict[Comparison, Callable[[float, float], bool]]] = {
    "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
}


def target(expression: str) -> Limit:
    """Return the limit that an expression describes.

    Parameters
    ----------
    expression : str
        ``metric <= number`` or ``metric@column >= number``; ``<`` and ``>`` too.

    Raises
    ------
    ProjectError
        If it is no such expression, or names no metric and no resource.

    Examples
    --------
    >>> target("recall@payment_type >= 0.6")
    Limit(metric='recall', column='payment_type', comparison='>=', value=0.6)
    """
    found = re.fullmatch(rf"\s*(\S.*?){LIMIT_PATTERN}", expression, re.DOTALL)
    if found is None:
        raise ProjectError(f'{shown(expression)} is no limit; expected one such as "recall@country >= 0.6"')
    return _limit(found[1], found[2] + found[3])


def _limit(name: str, expression: str) -> Limit:
    problem = limit_problem(name, expression)
    if problem:
        raise ProjectError(f"{shown_key(name)} = {shown(expression)}: {problem}")
    comparison, value = cast(re.Match[str], re.fullmatch(LIMIT_PATTERN, expression)).groups()
    metric, _, column = name.partition("@")
    return Limit(
        metric=metric, column=column or None, comparison=cast(Comparison, comparison), value=float(value)
    )


def limits(targets: TargetSettings) -> tuple[Limit, ...]:
    """Return the limits of a project, in the order in which its file lists them.

    Raises
    ------
    ProjectError
        If one of them is no limit; a project file that was read holds none such.

    Examples
    --------
    >>> limits(TargetSettings(optimize="roc_auc", satisfice={"log_loss": "<= 0.35"}))
    (Limit(metric='log_loss', column=None, comparison='<=', value=0.35),)
    """
    return tuple(_limit(name, expression) for name, expression in targets.satisfice.items())


def limit_problem(name: str, expression: str) -> str:
    """Return what is wrong with a limit, whatever the task; nothing if it is right.

    Parameters
    ----------
    name : str
        The key: a metric or a resource, or ``metric@column``.
    expression : str
        The value: a comparison with a number.

    Examples
    --------
    >>> limit_problem("recall", ">= 60")
    'recall is never above 1; expected a smaller number'
    """
    return _name_problem(name) or _expression_problem(name.partition("@")[0], expression)


def _name_problem(name: str) -> str:
    metric, at, column = name.partition("@")
    if at and metric in RESOURCES:
        return f"{metric} is measured for the whole model, not on slices; write it without @{column}"
    if at and not column:
        return f"a column must follow the @, such as {shown(metric + '@payment_type')}"
    if metric in METRIC_TASKS or metric in RESOURCES:
        return ""
    known = (*METRIC_TASKS, *RESOURCES)
    return f"unknown metric {shown(metric)}; expected one of {', '.join(known)}{nearest_name(metric, known)}"


def _expression_problem(metric: str, expression: str) -> str:
    found = re.fullmatch(LIMIT_PATTERN, expression)
    if found is None or not isfinite(float(found[2])):
        return _LIMIT_FORM
    value, facts = float(found[2]), METRIC_TASKS.get(metric, _RESOURCE)
    if value < facts.low:
        return f"{metric} is never below {facts.low:g}; expected a larger number"
    return f"{metric} is never above {facts.high:g}; expected a smaller number" if value > facts.high else ""


_RESOURCE: Final = MetricFacts((), "down", 0, inf)
