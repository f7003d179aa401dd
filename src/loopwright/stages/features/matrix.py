"""Exactly what a pipeline is fed, in training and when serving: a Polars column per feature, of two types."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from loopwright.errors import DataError, UnknownColumn
from loopwright.records.feature_set import Feature

__all__ = ["matrix"]


def matrix(frame: pl.DataFrame, features: Sequence[Feature]) -> pl.DataFrame:
    """Return the features of some rows in the two types that every model format understands.

    ===========  ==========================================================================================
    numeric      Float32; False and True are 0 and 1; null, NaN and values beyond Float32 are NaN ("missing")
    categorical  String; null is ``""``; numbers and booleans are written out
    ===========  ==========================================================================================

    Float32 is what ONNX trees compare and what scikit-learn's trees and forests cast to anyway. Whole numbers
    above 16,777,216 (an id, a Unix time) lose their last digits here, in training and serving alike.
    How many values are missing or infinite is counted by the statistics of the dataset, not here.

    Parameters
    ----------
    frame : polars.DataFrame
        Holds at least a column per feature.
    features : sequence of Feature
        The inputs of the model, in its order.

    Returns
    -------
    polars.DataFrame of shape (n_rows, n_features)
        In the order of ``features``.

    Raises
    ------
    UnknownColumn
        If the rows lack a feature.
    DataError
        If a numeric feature holds no numbers, or a categorical one cannot be written as text.

    Examples
    --------
    >>> fare = Feature(name="fare", kind="numeric", origin="column", inputs=("fare",))
    >>> company = Feature(name="company", kind="categorical", origin="column", inputs=("company",))
    >>> rows = pl.DataFrame({"company": ["Blue", None], "fare": [3, None]})
    >>> matrix(rows, [fare, company]).rows()
    [(3.0, 'Blue'), (nan, '')]
    """
    schema = frame.schema
    for feature in features:
        _check(schema, feature)
    return frame.select([_expression(feature) for feature in features])


def _check(schema: pl.Schema, feature: Feature) -> None:
    if feature.name not in schema:
        raise UnknownColumn(feature.name, known=schema, where="the list of features")
    dtype = schema[feature.name]
    fits = dtype.is_numeric() or dtype in (pl.Boolean, pl.Null)
    if feature.kind == "categorical":
        fits = fits or dtype.is_temporal() or isinstance(dtype, pl.String | pl.Categorical | pl.Enum)
    if not fits:
        raise DataError(
            f"the feature {feature.name!r} is {feature.kind}, but these rows hold it as {dtype}. Hand in "
            f"{'numbers' if feature.kind == 'numeric' else 'text'}, or change the feature in features.py."
        )


def _expression(feature: Feature) -> pl.Expr:
    column = pl.col(feature.name)
    if feature.kind == "categorical":
        return column.cast(pl.String).fill_null("")
    number = column.cast(pl.Float32)
    missing = pl.lit(float("nan"), dtype=pl.Float32)
    return pl.when(number.is_finite()).then(number).otherwise(missing).alias(feature.name)
