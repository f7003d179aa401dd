"""The labels of live rows, made from their outcomes by the same rule that made the labels of training."""

from __future__ import annotations

from collections.abc import Callable

import polars as pl

from loopwright.records import Model
from loopwright.stages.labels.labelling import by_rule, class_name, from_column

__all__ = ["Rule", "labelled"]


class Rule:
    """How a project makes its label: a column, or the user's function over columns.

    Parameters
    ----------
    label : str
        The column, or the name of the function.
    function : callable, optional
    file : str
        Where the function stands, for messages.
    """

    def __init__(self, label: str, *, function: Callable[..., object] | None = None, file: str = "") -> None:
        self.label = label
        self.function = function
        self.file = file

    def values(self, frame: pl.DataFrame) -> pl.Series:
        """Return the label of every row, null where it cannot be told.

        Raises
        ------
        UnknownColumn, UserCodeError
        """
        if self.function is None:
            return from_column(frame, self.label)
        return by_rule(frame, self.function, file=self.file, name=self.label)[0]


def labelled(frame: pl.DataFrame, rule: Rule, *, model: Model) -> pl.DataFrame:
    """Return live rows with ``__label``: the code of the class, or the number; null while the outcome is pending.

    Parameters
    ----------
    frame : DataFrame
        Live rows with the columns that outcomes brought, and ``__label_at``.
    rule : Rule
    model : Model
        Its classes give the codes. A class that it does not know has no code, and such a row no label.

    Raises
    ------
    UnknownColumn, UserCodeError
    """
    if frame.is_empty():
        return frame.with_columns(pl.Series("__label", [], dtype=pl.Float64))
    values = rule.values(frame)
    codes = _numbers(values) if model.task == "regression" else _codes(values, model.classes)
    known = pl.col("__label_at").is_not_null()
    return frame.with_columns(pl.when(known).then(codes.alias("__label")).otherwise(None).alias("__label"))


def _numbers(values: pl.Series) -> pl.Series:
    return values.cast(pl.Float64, strict=False).fill_nan(None)


def _codes(values: pl.Series, classes: tuple[str, ...]) -> pl.Series:
    texts = values.map_elements(class_name, return_dtype=pl.String, skip_nulls=True)
    return texts.replace_strict(list(classes), list(range(len(classes))), return_dtype=pl.Float64, default=None)
