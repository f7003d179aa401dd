"""Which column a fault is put into: the one that matters most to the model."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import polars as pl

from loopwright.records import Evidence
from loopwright.records.feature_set import Feature
from loopwright.records.model import Input

__all__ = ["importances", "nullable_first", "numbers"]

_FEWEST_VALUES = 5                 # a column of fewer is a code rather than a quantity with a unit
_MOSTLY = 0.5


def importances(evidence: Sequence[Evidence], features: Sequence[Feature], *, model: str) -> dict[str, float]:
    """Return how much each source column matters, through the features that are made of it.

    Parameters
    ----------
    evidence : sequence of Evidence
        Those called ``importance.<feature>`` count; of several about one feature, the newest.
    features : sequence of Feature
    model : str
        Digest of the model that they must be about.

    Examples
    --------
    >>> from loopwright.records import Ref
    >>> model = Ref(kind="model", digest="a")
    >>> shown = [Evidence(check="importance.rate", subject=model, claim="", passed=True, value=0.3)]
    >>> rate = Feature(name="rate", kind="numeric", origin="function", inputs=("fare", "miles"))
    >>> importances(shown, [rate], model="a")
    {'fare': 0.3, 'miles': 0.3}
    """
    shown = {
        item.check.removeprefix("importance."): item.value
        for item in evidence
        if item.check.startswith("importance.") and item.subject.digest == model and item.value is not None
    }
    found: dict[str, float] = {}
    for feature in features:
        for column in feature.inputs:
            found[column] = max(found.get(column, 0.0), shown.get(feature.name, 0.0))
    return found


def numbers(
    inputs: Sequence[Input], rows: pl.DataFrame, *, matter: Mapping[str, float], ignored: Collection[str] = ()
) -> list[str]:
    """Return the columns of quantities that a model takes, the one that matters most first.

    Quantities are numbers of several values most of which are there and not 0: codes and flags have no unit.

    Parameters
    ----------
    inputs : sequence of Input
        Of the model.
    rows : DataFrame
        Past rows.
    matter : mapping of str to float
        How much each column matters; 0 where it is not said.
    ignored : collection of str, default=()
        Columns that are not watched.
    """
    known = [item.name for item in inputs if item.type in ("int", "float") and item.name in rows.columns]
    quantities = [name for name in known if name not in ignored and _is_quantity(rows[name])]
    return sorted(quantities, key=lambda name: -matter.get(name, 0.0))


def nullable_first(
    inputs: Sequence[Input], rows: pl.DataFrame, *, matter: Mapping[str, float], ignored: Collection[str] = ()
) -> list[str]:
    """Return the columns that a model takes and that are there in most rows; those that may be null come first."""
    there = [
        item for item in inputs
        if item.name in rows.columns and item.name not in ignored and item.type != "time"
        and rows[item.name].null_count() < _MOSTLY / 2 * rows.height
    ]
    return [item.name for item in sorted(there, key=lambda item: (not item.nullable, -matter.get(item.name, 0.0)))]


def _is_quantity(values: pl.Series) -> bool:
    present = values.drop_nulls()
    return present.n_unique() >= _FEWEST_VALUES and int((present != 0).sum()) > _MOSTLY * values.len()
