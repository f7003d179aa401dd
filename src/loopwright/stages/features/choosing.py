"""Which columns the model sees, and why the others are left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl

from loopwright.errors import UnknownColumn
from loopwright.records.feature_set import Feature
from loopwright.settings import FeatureSettings
from loopwright.stages.features.computing import FeatureFunction

__all__ = ["Choice", "choose"]

_ID_LIKE_SHARE = 0.5               # text of which more than half of the rows have a value of their own
_ID_LIKE_VALUES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The features, and what was left out with the reason."""

    features: tuple[Feature, ...]
    dropped: tuple[str, ...]


def choose(
    train: pl.DataFrame,
    *,
    made: Sequence[FeatureFunction],
    seconds: Mapping[str, float],
    reserved: Mapping[str, str],
    settings: FeatureSettings,
) -> Choice:
    """Choose the model's inputs by looking at the training part only.

    Parameters
    ----------
    train : DataFrame
        Rows of the training part, features computed.
    made : sequence of FeatureFunction
        The features that are functions.
    seconds : mapping of str to float
        What each of them took.
    reserved : mapping of str to str
        Columns that are no features, with the reason ("it is the key").
    settings : FeatureSettings
        ``include`` and ``exclude`` of the project file; what is included by name is not second-guessed.

    Raises
    ------
    UnknownColumn
        If the project file includes or excludes a column that is not there.
    """
    for name in (*settings.include, *settings.exclude):
        if name not in train.columns:
            raise UnknownColumn(name, known=train.columns, where="[features] in loopwright.toml")
    functions = {item.name: item for item in made}
    features, dropped = [], []
    for name in train.columns:
        reason = _reason(train[name], reserved=reserved, settings=settings)
        if reason:
            dropped.append(f"{name}: {reason}")
        else:
            features.append(_feature(train[name], functions.get(name), seconds.get(name)))
    return Choice(features=tuple(features), dropped=tuple(dropped))


def _reason(values: pl.Series, *, reserved: Mapping[str, str], settings: FeatureSettings) -> str | None:
    """Say why a column is no feature; None if it is one."""
    if values.name in reserved:
        return reserved[values.name]
    if values.name in settings.exclude:
        return "excluded in the project file"
    if settings.include:
        return None if values.name in settings.include else "not among those included in the project file"
    return _unfit(values)


def _unfit(values: pl.Series) -> str | None:
    filled = values.drop_nulls()
    if filled.is_empty():
        return "has no value in the training part"
    kind = values.dtype
    if not (kind.is_numeric() or kind in (pl.Boolean, pl.String)):
        return f"is of type {kind}; make a feature of it in features.py"
    distinct = filled.n_unique()
    if distinct == 1:
        return "has one value only in the training part"
    if kind == pl.String and distinct > max(_ID_LIKE_VALUES, _ID_LIKE_SHARE * len(filled)):
        return f"names its rows: {distinct} different texts in {len(filled)} rows"
    if kind.is_integer() and distinct == len(values) and len(values) > _ID_LIKE_VALUES and _counts_rows(values):
        return "numbers the rows"
    return None


def _counts_rows(values: pl.Series) -> bool:
    """Say whether sorted values go up by the same step nearly everywhere, as a row number does."""
    steps = values.sort().diff().drop_nulls()
    return bool((steps == steps.mode()[0]).mean() > 0.5)


def _feature(values: pl.Series, made: FeatureFunction | None, seconds: float | None) -> Feature:
    return Feature(
        name=values.name,
        kind="categorical" if values.dtype == pl.String else "numeric",
        origin="function" if made else "column",
        inputs=made.inputs if made else (values.name,),
        description=made.description.split("\n\n")[0].replace("\n", " ") if made else "",
        seconds=seconds,
    )
