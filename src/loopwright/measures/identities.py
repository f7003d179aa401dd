"""Columns that add up to the label exactly: the plainest kind of leakage."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import DataError, EmptySample
from loopwright.measures.samples import Floats

__all__ = ["linear_identity"]

_MOST_COLUMNS = 4
_TOLERANCE = 1e-9
_SEARCHED_ROWS = 5_000
# Fewer rows than this per column could be met exactly by chance.
_ROWS_PER_COLUMN = 5


def linear_identity(
    columns: Mapping[str, ArrayLike], target: ArrayLike
) -> tuple[tuple[str, float], ...] | None:
    """Find up to four columns of which the target is a linear combination, apart from a constant.

    Columns are taken up greedily, each time the one that explains most of what is left, on a few thousand
    rows; what is found is then verified on all rows. Columns missing in more than half of the rows are not
    looked at, and rows with a missing value in another are left out.

    Parameters
    ----------
    columns : mapping of str to float array of shape (n_rows,)
        Numeric columns by name; NaN where missing.
    target : float array of shape (n_rows,)
        NaN where missing.

    Returns
    -------
    tuple of (str, float), or None
        Names and coefficients, the largest contribution first; None if there is no such combination (to one
        part in 10^9 of the target's spread), if the target is constant, or if the rows are too few to tell.

    Raises
    ------
    EmptySample
        If the target has no value at all.
    DataError
        If a column is not as long as the target, or not numeric.

    References
    ----------
    Pati, Rezaiifar & Krishnaprasad (1993), Orthogonal matching pursuit, Asilomar Conf. 27.

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> casual, registered, heat = generator.poisson(20, (3, 100))
    >>> columns = {"casual": casual, "heat": heat, "registered": registered}
    >>> sorted(linear_identity(columns, casual + registered))
    [('casual', 1.0), ('registered', 1.0)]
    """
    names, table, wanted = _complete(columns, target)
    if len(wanted) < _ROWS_PER_COLUMN * _MOST_COLUMNS or np.ptp(wanted) == 0:
        return None
    searched = slice(None) if len(wanted) <= _SEARCHED_ROWS else _evenly(len(wanted))
    chosen = _pursued(table[searched], wanted[searched])
    if chosen is None:
        return None
    coefficients = _fitted(table[:, chosen], wanted)
    return None if coefficients is None else _named(names, chosen, coefficients, table)


def _complete(columns: Mapping[str, ArrayLike], target: ArrayLike) -> tuple[list[str], Floats, Floats]:
    """Return names, a table (n_rows, n_columns) and the target, without missing values."""
    wanted = _numbers("the target", target)
    known = np.isfinite(wanted)
    if not known.any():
        raise EmptySample("the target has no value in any row, so nothing can add up to it.")
    usable = {}
    for name, values in columns.items():
        column = _numbers(f"column {name!r}", values)
        if column.shape != wanted.shape:
            raise DataError(f"column {name!r} has the shape {column.shape}, the target {wanted.shape}.")
        present = np.isfinite(column)
        if 2 * present.sum() >= len(column) and np.ptp(column[present]) > 0:
            usable[name] = column
    table = np.stack(list(usable.values()), axis=1) if usable else np.empty((len(wanted), 0))
    rows = known & np.isfinite(table).all(axis=1)
    return list(usable), table[rows], wanted[rows]


def _numbers(name: str, values: ArrayLike) -> Floats:
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} must be numeric ({error}). Leave out columns of other types.") from error


def _evenly(rows: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.linspace(0, rows - 1, _SEARCHED_ROWS).astype(np.int64)


def _pursued(table: Floats, wanted: Floats) -> list[int] | None:
    """Return the columns that leave nothing of the target, the needless ones among them left out."""
    centred = table - table.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=0)
    usable = lengths > 0
    directions = np.divide(centred, lengths, out=np.zeros_like(centred), where=usable)
    goal = wanted - wanted.mean()
    if not usable.any() or not goal.any():
        return None
    chosen: list[int] = []
    left = goal
    # Two more than wanted: a column taken up early may turn out to have coefficient 0.
    for _ in range(min(_MOST_COLUMNS + 2, int(usable.sum()))):
        gain = np.abs(directions.T @ left)
        gain[chosen] = -1.0
        chosen.append(int(gain.argmax()))
        weights = np.linalg.lstsq(directions[:, chosen], goal, rcond=None)[0]
        left = goal - directions[:, chosen] @ weights
        if np.linalg.norm(left) <= _TOLERANCE * np.linalg.norm(goal):
            needed = np.abs(weights) > 1e-7 * np.abs(weights).max()
            kept = [column for column, need in zip(chosen, needed, strict=True) if need]
            return kept if len(kept) <= _MOST_COLUMNS else None
    return None


def _fitted(table: Floats, wanted: Floats) -> Floats | None:
    """Return the coefficients if they meet the target in every row."""
    centred, goal = table - table.mean(axis=0), wanted - wanted.mean()
    coefficients = np.linalg.lstsq(centred, goal, rcond=None)[0]
    gap = np.abs(goal - centred @ coefficients).max()
    return np.asarray(coefficients) if gap <= 10 * _TOLERANCE * np.abs(goal).max() else None


def _named(
    names: list[str], chosen: list[int], coefficients: Floats, table: Floats
) -> tuple[tuple[str, float], ...]:
    weight = np.abs(coefficients) * table[:, chosen].std(axis=0)
    order = np.argsort(-weight, kind="stable")
    # Ten digits are what the search can vouch for; the rest is rounding.
    return tuple((names[chosen[at]], float(f"{coefficients[at]:.10g}")) for at in order)
