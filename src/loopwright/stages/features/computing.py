"""Feature functions over Polars expressions: which are there, in what order, and what they give.

A feature is a plain function. Its name is the column it makes, its parameters name the columns it needs (source
columns or other features), its docstring is its entry in the catalogue::

    def fare_per_mile(fare: pl.Expr, trip_miles: pl.Expr) -> pl.Expr:
        "Fare per mile driven; missing for trips without distance."
        return pl.when(trip_miles > 0).then(fare / trip_miles)

A feature must be row-wise: what it says of a row may not depend on other rows, for a served row comes alone.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from loopwright.errors import UserCodeError, nearest
from loopwright.usercode import blamed

__all__ = ["FeatureFunction", "assert_row_wise", "compute", "feature_functions", "needed"]

Function = Callable[..., object]

_SINGLE_ROWS = 6  # rows computed one by one, where even a maximum over the rows gives itself away


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureFunction:
    """A feature function with everything that it needs, through other features too."""

    name: str
    function: Function
    arguments: tuple[str, ...]  # as written
    inputs: tuple[str, ...]  # source columns only
    description: str


def feature_functions(functions: Mapping[str, Function], columns: Sequence[str], *, file: str) -> list[FeatureFunction]:
    """Return the functions in an order in which each finds what it needs.

    Parameters
    ----------
    functions : mapping of str to callable
    columns : sequence of str
        The source columns.
    file : str
        For messages.

    Raises
    ------
    UserCodeError
        If a function needs something that is neither a column nor a feature, if features need one another in a
        circle, or if a feature has the name of a column.

    Examples
    --------
    >>> made = feature_functions({"b": lambda a: a * 2, "a": lambda x: x + 1}, ["x"], file="features.py")
    >>> [(item.name, item.inputs) for item in made]
    [('a', ('x',)), ('b', ('x',))]
    """
    clash = set(functions) & set(columns)
    if clash:
        raise UserCodeError(
            f"{file}: function `{min(clash)}` has the name of a source column. Rename it: a feature is a new column."
        )
    arguments = {name: tuple(inspect.signature(function).parameters) for name, function in functions.items()}
    _check_arguments(arguments, columns, file=file)
    done: dict[str, FeatureFunction] = {}
    while len(done) < len(functions):
        ready = [
            name for name in functions if name not in done and not (set(arguments[name]) & set(functions)) - set(done)
        ]
        if not ready:
            circle = ", ".join(f"`{name}`" for name in functions if name not in done)
            raise UserCodeError(f"{file}: the features {circle} need one another in a circle. Break it.")
        for name in ready:
            done[name] = _feature_function(name, functions[name], arguments[name], done)
    return list(done.values())


def needed(features: Sequence[FeatureFunction], names: Sequence[str]) -> list[FeatureFunction]:
    """Return the functions that the named features take, those below them included, in order."""
    wanted = set(names)
    kept = []
    for feature in reversed(features):
        if feature.name in wanted:
            kept.append(feature)
            wanted.update(feature.arguments)
    return kept[::-1]


def compute(
    frame: pl.DataFrame, features: Sequence[FeatureFunction], *, file: str
) -> tuple[pl.DataFrame, dict[str, float]]:
    """Return the frame with a column per feature, and the seconds that each took.

    Parameters
    ----------
    frame : DataFrame of shape (n_rows, n_columns)
    features : sequence of FeatureFunction
        In the order of ``feature_functions``.
    file : str
        For messages.

    Raises
    ------
    UserCodeError
        If a function fails, returns no expression, or its expression fails.
    """
    seconds: dict[str, float] = {}
    for feature in features:
        start = time.perf_counter()
        with blamed(file, feature.name, doing="the feature was computed"):
            frame = frame.with_columns(_expression(feature, file))
        seconds[feature.name] = time.perf_counter() - start
    return frame, seconds


def assert_row_wise(
    frame: pl.DataFrame, computed: pl.DataFrame, features: Sequence[FeatureFunction], *, file: str, rows: int = 48
) -> None:
    """Raise if what a feature says of a row depends on the other rows.

    The features are computed again for a few rows in reverse order, and for some rows one by one, and must say the
    same; so are ``.mean()``, ``.max()``, ``.shift()``,
    ``.rank()`` and ``.over()`` found, which would mean something else for a served row.

    Raises
    ------
    UserCodeError
    """
    if frame.height < 2 or not features:
        return
    step = max(1, frame.height // rows)
    # Beginning with the second row: the first has no row before it, so that a shift would go unseen there.
    places = list(range(1, frame.height, step))[::-1][:rows]
    for group in (places, *([place] for place in places[:_SINGLE_ROWS])):
        alone, _ = compute(frame[group], features, file=file)
        for feature in features:
            _assert_same(feature.name, computed[feature.name][group], alone[feature.name], group, file=file)


def _assert_same(name: str, before: pl.Series, after: pl.Series, places: Sequence[int], *, file: str) -> None:
    same = before.eq_missing(after) | _close(before, after)
    if not same.all():
        at = same.arg_min() or 0
        raise UserCodeError(
            f"{file}: feature `{name}` is not row-wise: row {places[at]} gets {before[at]!r} among all rows "
            f"and {after[at]!r} among a few. A served row comes alone; use only values of the row itself."
        )


def _close(before: pl.Series, after: pl.Series) -> pl.Series:
    """Vectorised floating point may differ in the last bit between a long and a short array."""
    if not before.dtype.is_float():
        return pl.Series([False]).new_from_index(0, len(before)) if len(before) else pl.Series([], dtype=pl.Boolean)
    nan = before.is_nan() & after.is_nan()
    return (((before - after).abs() <= 1e-12 * before.abs()) | nan).fill_null(value=False)


def _check_arguments(arguments: Mapping[str, tuple[str, ...]], columns: Sequence[str], *, file: str) -> None:
    known = {*columns, *arguments}
    for name, wanted in arguments.items():
        for argument in wanted:
            if argument not in known:
                raise UserCodeError(
                    f"{file}: function `{name}` needs `{argument}`, which is neither a column nor a feature"
                    f"{nearest(argument, known)}. Parameters are named after the columns they take."
                )
        if not wanted:
            raise UserCodeError(
                f"{file}: function `{name}` takes no column. Name its parameters after the columns it needs, "
                f"or begin its name with _ if it is no feature."
            )


def _feature_function(
    name: str, function: Function, arguments: tuple[str, ...], done: Mapping[str, FeatureFunction]
) -> FeatureFunction:
    inputs: dict[str, None] = {}
    for argument in arguments:
        inputs.update(dict.fromkeys(done[argument].inputs if argument in done else (argument,)))
    return FeatureFunction(
        name=name,
        function=function,
        arguments=arguments,
        inputs=tuple(inputs),
        description=inspect.getdoc(function) or "",
    )


def _expression(feature: FeatureFunction, file: str) -> pl.Expr:
    made = feature.function(*(pl.col(name) for name in feature.arguments))
    if isinstance(made, pl.Expr):
        return made.alias(feature.name)
    # `pl.when(...).then(...)` without otherwise is no Expr yet, but says the same.
    if hasattr(made, "otherwise"):
        return made.otherwise(None).alias(feature.name)  # type: ignore[no-any-return]
    raise UserCodeError(
        f"{file}: function `{feature.name}` returned {type(made).__name__}, not a Polars expression. "
        f"Its parameters are expressions: return what they make, such as `fare / trip_miles`."
    )
