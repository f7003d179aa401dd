"""From the rows of a dataset version to the table of features."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from loopwright.errors import DataError
from loopwright.records import LabelSet
from loopwright.records.feature_set import Feature
from loopwright.settings import DataSettings, FeatureSettings
from loopwright.stages.features.choosing import choose
from loopwright.stages.features.computing import assert_row_wise, compute, feature_functions, needed

__all__ = ["Built", "build", "reserved"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """The features of every row.

    Attributes
    ----------
    table : DataFrame
        The row's position and one column per feature.
    features : tuple of Feature
    functions : tuple of str
        The user's functions that the features take, those below them included.
    dropped : tuple of str
        ``"column: reason"``.
    """

    table: pl.DataFrame
    features: tuple[Feature, ...]
    functions: tuple[str, ...]
    dropped: tuple[str, ...]


def build(
    frame: pl.DataFrame,
    functions: Mapping[str, Callable[..., object]],
    *,
    data: DataSettings,
    features: FeatureSettings,
    labels: LabelSet,
    file: str,
    row: str,
) -> Built:
    """Compute the user's functions for all rows and choose the model's inputs.

    Parameters
    ----------
    frame : DataFrame
        All rows, with their position in the column ``row`` and their part in ``__part``.
    functions : mapping of str to callable
    data : DataSettings
        What the columns mean.
    features : FeatureSettings
    labels : LabelSet
    file : str
        Where the functions stand, for messages.
    row : str

    Raises
    ------
    UserCodeError, UnknownColumn
    DataError
        If no column is left for the model.
    """
    source = frame.drop(row, "__part")
    kept_out = reserved(data, labels)
    # A function may not see what is known only after the outcome: it would not be there when serving.
    visible = [name for name in source.columns if name not in data.known_after and name != _label_column(data)]
    made = feature_functions(functions, visible, file=file)
    computed, seconds = compute(source, made, file=file)
    assert_row_wise(source, computed, made, file=file)
    train = computed.filter(frame["__part"] == "train")
    choice = choose(train, made=made, seconds=seconds, reserved=kept_out, settings=features)
    if not choice.features:
        raise DataError(
            "no column is left for the model to see. Left out were " + "; ".join(choice.dropped) + ". "
            "Include columns in [features] of loopwright.toml, or write features in features.py."
        )
    names = [feature.name for feature in choice.features]
    return Built(
        table=pl.concat([frame.select(row), computed.select(names)], how="horizontal"),
        features=choice.features,
        functions=tuple(item.name for item in needed(made, names)),
        dropped=choice.dropped,
    )


def reserved(data: DataSettings, labels: LabelSet) -> dict[str, str]:
    """Return the columns that are no features, with the reason."""
    reasons = dict.fromkeys(data.known_after, "is known only after the outcome")
    if len(labels.columns) == 1:
        reasons[labels.columns[0]] = "is what the label is made from"
    for name, reason in ((data.key, "is the key"), (data.time, "is the time"), (data.group, "is the group")):
        if name:
            reasons[name] = reason
    return reasons


def _label_column(data: DataSettings) -> str | None:
    return None if ":" in data.label else data.label
