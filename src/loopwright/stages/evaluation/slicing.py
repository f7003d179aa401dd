"""Rows that a person would name: those with a value of a column, and those a model is most wrong about."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import DataError
from loopwright.stages.evaluation.wording import number

__all__ = [
    "LARGEST",
    "Slice",
    "examples_by_slice",
    "is_slice_of",
    "row_losses",
    "slices_of",
    "worst_rows",
]

LARGEST = 20
"""Values of a text column that become slices of their own; the rest is one slice."""

_FEW_NUMBERS = 10                 # so many different numbers are categories ("passengers = 2"), not a scale
_QUARTILES = (0.25, 0.5, 0.75)
_FORMS = re.compile(r" (= .*|<= .*|> .*|in \(.*\]|is missing|is any other value)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """Rows that share a value, or a range of values, of a column.

    Attributes
    ----------
    name : str
        What a person reads: ``"payment_type = Cash"``, ``"fare in (5.25, 7.85]"``, ``"fare is missing"``.
    column : str
    rows : int64 array of shape (n_slice_rows,)
        Positions of the rows, ascending.
    """

    name: str
    column: str
    rows: NDArray[np.int64]


def slices_of(column: pl.Series) -> tuple[Slice, ...]:
    """Cut the rows by the values of a column; every row is in exactly one slice.

    Numbers and moments with more than ten different values are cut at their quartiles. Of other columns every
    value is a slice, up to the 20 most frequent; the rest is one slice ("is any other value"). Missing values
    (NaN among them) are a slice of their own.

    Parameters
    ----------
    column : polars.Series of length n_rows
        Named like the column.

    Returns
    -------
    tuple of Slice
        Along the scale, or the most frequent value first; missing values last. Empty slices are left out.

    Raises
    ------
    DataError
        If the values are no numbers, moments, truth values or text.

    Examples
    --------
    >>> paid = pl.Series("paid", ["Cash", None, "Card", "Cash"])
    >>> [(part.name, part.rows.tolist()) for part in slices_of(paid)]
    [('paid = Cash', [0, 3]), ('paid = Card', [2]), ('paid is missing', [1])]
    """
    values = _comparable(column)
    many = _on_a_scale(values) and values.n_unique() > _FEW_NUMBERS
    names, codes = _by_quartile(values) if many else _by_value(values)
    return tuple(
        Slice(name=f"{column.name} {name}", column=column.name, rows=rows)
        for code, name in enumerate([*names, "is missing"])
        if len(rows := np.flatnonzero(codes == code))
    )


def is_slice_of(name: str, column: str) -> bool:
    """Say whether a slice of this name was cut by this column.

    Examples
    --------
    >>> is_slice_of("fare in (5.25, 7.85]", "fare"), is_slice_of("fare_zone = 2", "fare")
    (True, False)
    """
    return name.startswith(column) and _FORMS.fullmatch(name[len(column):]) is not None


def _comparable(column: pl.Series) -> pl.Series:
    """Return the column as numbers, moments or text, with null for everything missing."""
    kind = column.dtype
    if isinstance(kind, pl.Float32):  # of its digits only seven are meant: 0.1, not 0.10000000149
        return column.fill_nan(None).cast(pl.Float64).round_sig_figs(7)
    if kind.is_float():
        return column.fill_nan(None)
    if isinstance(kind, pl.Decimal):
        return column.cast(pl.Float64)
    if isinstance(kind, pl.Categorical | pl.Enum | pl.Boolean | pl.Null):
        return column.cast(pl.String)
    if isinstance(kind, pl.Datetime):
        return _to_days(column)
    if kind.is_numeric() or kind.is_temporal() or isinstance(kind, pl.String):
        return column
    raise DataError(
        f"slices cannot be cut by the column {column.name!r}: its values are {kind}, not numbers, moments, "
        f"truth values or text. Take it out of `slices`, and of targets written metric@{column.name}, in "
        f"loopwright.toml, or name a feature that sums it up."
    )


def _on_a_scale(values: pl.Series) -> bool:
    return values.dtype.is_numeric() or values.dtype.is_temporal()


def _to_days(column: pl.Series) -> pl.Series:
    """Return moments as days where they span more than two weeks, so that slice names stay short."""
    known = column.drop_nulls()
    if known.len() and (known.max() - known.min()).total_seconds() > 14 * 86_400:  # type: ignore[operator,union-attr]
        return column.cast(pl.Date)
    return column


def _by_value(values: pl.Series) -> tuple[list[str], NDArray[np.int64]]:
    """Return the names of the slices, and the slice of each row; missing values come after the last name."""
    counts = pl.DataFrame({"value": values}).drop_nulls().group_by("value").len()
    kept = counts.sort(["len", "value"], descending=[True, False]).head(LARGEST)["value"]
    if _on_a_scale(values):
        kept = kept.sort()
    names = [f"= {_said(value)}" for value in kept]
    numbers = pl.Series(range(len(kept)), dtype=pl.Int64)
    codes = values.replace_strict(kept, numbers, default=len(kept), return_dtype=pl.Int64)
    return [*names, "is any other value"], _with_missing(codes, values, len(names) + 1)


def _by_quartile(values: pl.Series) -> tuple[list[str], NDArray[np.int64]]:
    edges = _edges(values)
    said = [_said(edge) for edge in edges]
    middle = [f"in ({low}, {high}]" for low, high in pairwise(said)]
    codes = edges.search_sorted(values.fill_null(edges[0]), side="left")
    return [f"<= {said[0]}", *middle, f"> {said[-1]}"], _with_missing(codes, values, len(said) + 1)


def _with_missing(codes: pl.Series, values: pl.Series, code: int) -> NDArray[np.int64]:
    return np.where(values.is_null().to_numpy(), code, codes.fill_null(code).to_numpy()).astype(np.int64)


def _edges(values: pl.Series) -> pl.Series:
    """Return the quartiles, rounded to what the slice names say, so that the names are exact."""
    known = values.drop_nulls().sort()
    edges = known.gather([int(share * (len(known) - 1)) for share in _QUARTILES])
    if values.dtype.is_float():
        edges = edges.round_sig_figs(4)
    return edges.unique().sort()


def _said(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    return '""' if value == "" else str(value)


def row_losses(
    truth: NDArray[np.generic], prediction: NDArray[np.float64], *, task: str
) -> NDArray[np.float64]:
    """Return how wrong each row is: minus the log of the true class's probability, or the absolute error.

    Parameters
    ----------
    truth : array of shape (n_rows,)
        Class codes, or numbers for regression.
    prediction : float64 array of shape (n_rows,) or, for several classes, (n_rows, n_classes)
        Probability of class 1, probabilities, or numbers.
    task : str
        ``"binary"``, ``"multiclass"`` or ``"regression"``.

    Returns
    -------
    float64 array of shape (n_rows,)
        Infinite where the true class was given no probability at all, or the prediction is not a number.

    Examples
    --------
    >>> row_losses(np.array([1, 0]), np.array([0.5, 0.9]), task="binary").round(2).tolist()
    [0.69, 2.3]
    """
    if task == "regression":
        losses = np.abs(truth.astype(np.float64) - prediction)
    else:
        with np.errstate(divide="ignore"):
            losses = -np.log(_of_true_class(truth, prediction))
    return np.where(np.isnan(losses), np.inf, losses)


def _of_true_class(truth: NDArray[np.generic], prediction: NDArray[np.float64]) -> NDArray[np.float64]:
    codes = truth.astype(np.int64)
    if prediction.ndim == 1:
        return np.where(codes == 1, prediction, 1 - prediction)
    return prediction[np.arange(len(codes)), codes]


def worst_rows(
    truth: NDArray[np.generic],
    prediction: NDArray[np.float64],
    *,
    task: str,
    keys: pl.Series,
    classes: Sequence[str] = (),
    n: int = 5,
) -> tuple[str, ...]:
    """Describe the rows that the model is most wrong about.

    Parameters
    ----------
    truth, prediction, task
        As for `row_losses`.
    keys : polars.Series of length n_rows
        What names a row; the series is called after the key column (``"trip_id"``), or ``"row"``.
    classes : sequence of str, optional
        Names of the classes in the order of their codes.
    n : int, default=5
        At most so many rows.

    Returns
    -------
    tuple of str
        One sentence a row, the worst first; of equally wrong rows the earlier.

    Examples
    --------
    >>> worst_rows(np.array([1, 0]), np.array([0.5, 0.91]), task="binary", classes=("no", "yes"), n=1,
    ...            keys=pl.Series("trip_id", ["a7", "b2"]))
    ('trip_id=b2: said 0.91 for yes, was no',)
    """
    worst = np.argsort(-row_losses(truth, prediction, task=task), kind="stable")[:n].tolist()
    return tuple(
        f"{keys.name}={keys[row]}: said {_prediction_text(prediction[row], classes)}, "
        f"was {_truth_text(truth[row], classes)}"
        for row in worst
    )


def _prediction_text(prediction: NDArray[np.float64] | np.float64, classes: Sequence[str]) -> str:
    if isinstance(prediction, np.ndarray):
        best = int(np.argmax(prediction))
        return f"{classes[best] if classes else f'class {best}'} ({number(float(prediction[best]))})"
    return number(float(prediction)) + (f" for {classes[1]}" if len(classes) == 2 else "")


def _truth_text(truth: np.generic, classes: Sequence[str]) -> str:
    return classes[int(truth.item())] if classes else number(float(truth.item()))


def examples_by_slice(
    truth: NDArray[np.generic],
    prediction: NDArray[np.float64],
    *,
    task: str,
    keys: pl.Series,
    slices: Mapping[str, pl.Series],
    classes: Sequence[str] = (),
    n: int = 5,
) -> Callable[[str | None], tuple[str, ...]]:
    """Return a function that describes the worst rows of a slice, given the slice's name.

    Parameters
    ----------
    truth, prediction, task, keys, classes, n
        As for `worst_rows`.
    slices : mapping of str to polars.Series of length n_rows
        The columns that slices were cut by.

    Returns
    -------
    callable
        Takes the name of a slice, or None for all rows. Nothing is computed before it is called.

    Examples
    --------
    >>> examples = examples_by_slice(
    ...     np.array([1.0, 2.0]), np.array([1.5, 9.0]), task="regression", keys=pl.Series("row", [0, 1]),
    ...     slices={"paid": pl.Series("paid", ["Cash", "Card"])})
    >>> examples("paid = Cash")
    ('row=0: said 1.5, was 1',)
    """

    def examples(name: str | None) -> tuple[str, ...]:
        rows = _rows_of(name, slices) if name else np.arange(len(truth))
        of_slice = truth[rows], prediction[rows]
        return worst_rows(*of_slice, task=task, keys=keys.gather(rows), classes=classes, n=n)

    return examples


def _rows_of(name: str, slices: Mapping[str, pl.Series]) -> NDArray[np.int64]:
    """Return the rows of a slice; none if no column makes a slice of this name."""
    for column, values in slices.items():
        if is_slice_of(name, column):
            for part in slices_of(values.alias(column)):
                if part.name == name:
                    return part.rows
    return np.empty(0, dtype=np.int64)
