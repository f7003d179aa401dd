"""The label of every row: from a column, or by a rule over columns."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, cast

import polars as pl

from loopwright.errors import UnknownColumn, UnusableLabel, UserCodeError
from loopwright.records import LabelSet, Ref, Table
from loopwright.usercode import blamed

__all__ = ["Labels", "by_rule", "class_name", "encode_labels", "from_column", "label_set"]

_MAX_CLASSES = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """Encoded labels.

    Attributes
    ----------
    codes : Series of shape (n_rows,)
        Class codes (Int32) or numbers (Float64); null where a row has no label.
    classes : tuple of str
        Values in the order of their codes; of two the second is positive. Empty for regression.
    """

    codes: pl.Series
    classes: tuple[str, ...]


def from_column(frame: pl.DataFrame, column: str) -> pl.Series:
    """Return the label column.

    Raises
    ------
    UnknownColumn
    """
    if column not in frame.columns:
        raise UnknownColumn(column, known=frame.columns, where="[data] label in loopwright.toml")
    return frame[column]


def by_rule(
    frame: pl.DataFrame, rule: Callable[..., object], *, file: str, name: str
) -> tuple[pl.Series, tuple[str, ...]]:
    """Apply a rule such as ``def big_tip(tips, fare): return tips > 0.2 * fare``.

    Returns
    -------
    values : Series of shape (n_rows,)
    columns : tuple of str
        The columns that the rule looked at.

    Raises
    ------
    UserCodeError, UnknownColumn
    """
    columns = tuple(inspect.signature(rule).parameters)
    for column in columns:
        if column not in frame.columns:
            raise UnknownColumn(column, known=frame.columns, where=f"{file}: function `{name}`")
    with blamed(file, name, doing="the label was computed"):
        made = rule(*(pl.col(column) for column in columns))
        if not isinstance(made, pl.Expr):
            raise UserCodeError(f"{file}: function `{name}` returned {type(made).__name__}, not a Polars expression.")
        return frame.select(made.alias(name)).to_series(), columns


def encode_labels(values: pl.Series, *, task: str, positive: str | int | bool | None = None) -> Labels:
    """Turn label values into what estimators learn.

    Parameters
    ----------
    values : Series of shape (n_rows,)
    task : {"binary", "multiclass", "regression"}
    positive : optional
        Of two classes the one that counts as positive; the rarer one if not given.

    Raises
    ------
    UnusableLabel
        If no row has a label, if all have the same, if there are more than two for a binary task, or if numbers
        are wanted and text is found.

    Examples
    --------
    >>> encode_labels(pl.Series(["no", "yes", None, "no"]), task="binary").classes
    ('no', 'yes')
    """
    known = values.drop_nulls()
    if values.dtype.is_float():
        known = known.filter(known.is_not_nan())
    if known.is_empty():
        raise UnusableLabel(
            f"the label {values.name!r} is missing in all {len(values)} rows; there is nothing to learn from."
        )
    if task == "regression":
        return _numbers(values)
    return _classes(values, known, task=task, positive=positive)


def _numbers(values: pl.Series) -> Labels:
    if not (values.dtype.is_numeric() or values.dtype == pl.Boolean):
        raise UnusableLabel(
            f'the label {values.name!r} is {values.dtype} (such as {values.drop_nulls()[0]!r}), but '
            'task = "regression" '
            f'needs numbers. Set task = "multiclass" or choose another label.'
        )
    numbers = values.cast(pl.Float64)
    infinite = int(numbers.is_infinite().sum())
    if infinite:
        raise UnusableLabel(f"the label {values.name!r} is infinite in {infinite} rows; mend them or leave them out.")
    numbers = numbers.fill_nan(None)
    if numbers.drop_nulls().n_unique() == 1:
        raise UnusableLabel(
            f"the label {values.name!r} is {numbers.drop_nulls()[0]:g} in every row; there is nothing to learn."
        )
    return Labels(codes=numbers, classes=())


def _classes(values: pl.Series, known: pl.Series, *, task: str, positive: str | int | bool | None) -> Labels:
    counts = known.value_counts(sort=True)
    names = [class_name(value) for value in counts.to_series(0)]
    if len(names) == 1:
        raise UnusableLabel(f"the label {values.name!r} is {names[0]!r} in every row; there is nothing to learn.")
    if task == "binary" and len(names) != 2:
        raise UnusableLabel(
            f'the label {values.name!r} has {len(names)} values ({", ".join(map(repr, names[:6]))}), but '
            'task = "binary" '
            f'needs two. Set task = "{"regression" if known.dtype.is_numeric() else "multiclass"}", or write a rule.'
        )
    if len(names) > _MAX_CLASSES:
        raise UnusableLabel(
            f"the label {values.name!r} has {len(names)} values; more than {_MAX_CLASSES} classes are hardly meant. "
            f'Set task = "regression", or choose another label.'
        )
    order = _binary_order(names, values.name, positive) if task == "binary" else _sorted(names)
    texts = values.map_elements(class_name, return_dtype=pl.String, skip_nulls=True)
    if values.dtype.is_float():
        texts = pl.select(pl.when(values.is_nan()).then(None).otherwise(texts)).to_series()
    codes = texts.replace_strict(order, list(range(len(order))), return_dtype=pl.Int32, default=None)
    return Labels(codes=codes.alias(values.name), classes=tuple(order))


def _binary_order(names: list[str], label: str, positive: str | int | bool | None) -> list[str]:
    """Put the positive class last; ``names`` comes with the more frequent class first."""
    if positive is None:
        # True and yes mean "positive" whatever their share; else the rarer class is what people look for.
        said = [name for name in names if name.lower() in {"true", "yes", "1"}]
        positive = said[0] if len(said) == 1 else names[1]
    wanted = class_name(positive)
    if wanted not in names:
        raise UnusableLabel(
            f"[targets] positive = {positive!r}, but the label {label!r} has the values {names[0]!r} and {names[1]!r}."
        )
    return [name for name in names if name != wanted] + [wanted]


def _sorted(names: list[str]) -> list[str]:
    try:
        return sorted(names, key=float)
    except ValueError:
        return sorted(names)


def class_name(value: object) -> str:
    """Return a class value as text: ``1.0`` and ``1`` are one class, ``True`` is ``true``."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def label_set(
    labels: Labels, *, table: Table, task: str, columns: tuple[str, ...], made_from: tuple[Ref, ...]
) -> LabelSet:
    """Return the record of labels that lie in a table."""
    counts = labels.codes.drop_nulls().value_counts().rows()
    by_code = {int(code): rows for code, rows in counts} if labels.classes else {}
    mean = None if labels.classes else cast("float", labels.codes.mean())
    return LabelSet(
        made_from=made_from,
        name=labels.codes.name,
        table=table,
        task=cast("Literal['binary', 'multiclass', 'regression']", task),
        classes=labels.classes,
        counts=tuple(by_code.get(code, 0) for code in range(len(labels.classes))),
        rows=len(labels.codes),
        missing=labels.codes.null_count(),
        mean=mean,
        columns=columns,
    )
