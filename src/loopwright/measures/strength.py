"""How much one feature alone says about the label: much too much is a suspicion of leakage."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import DataError, EmptySample, Undefined
from loopwright.measures.confusion import ratio
from loopwright.measures.intervals import at_the_end, spread
from loopwright.measures.ranks import rank_sums, roc_auc
from loopwright.measures.samples import TASKS, Floats, Ints, Task
from loopwright.measures.sums import Sums, means

__all__ = ["Strength", "strength"]

_BINS = 64           # quantile bins of a numeric feature
_PRIOR_ROWS = 1.0    # a group's estimate is drawn towards that of all rows as if by so many rows
_RESAMPLES = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Strength:
    """What one feature says about the label of rows it was not learned from.

    Attributes
    ----------
    score : float
        On the scale named; its lowest value says nothing, 1 gives the label away.
    low, high : float
        95 % bootstrap interval, on the same scale.
    rows : int
        Rows it was measured on.
    scale : {"roc_auc", "information", "r2"}
        Binary: area under the ROC curve, 0.5 to 1. Multiclass: share of the label's entropy that is
        explained, 0 to 1. Regression: share of the variance that is explained, 0 to 1.
    """

    score: float
    low: float
    high: float
    rows: int
    scale: Literal["roc_auc", "information", "r2"]


@dataclass(frozen=True, slots=True)
class _Folded:
    """Groups and folds of the rows."""

    group: Ints
    groups: int
    fold: Ints
    folds: int

    def others(self, values: Floats) -> tuple[Floats, Floats]:
        """Return, per row, the sum of values and the rows of its group in the other folds."""
        cell = self.fold * self.groups + self.group
        size = self.folds * self.groups
        sums = np.bincount(cell, weights=values, minlength=size).reshape(self.folds, -1)
        rows = np.bincount(cell, minlength=size).reshape(self.folds, -1)
        return (sums.sum(axis=0) - sums).ravel()[cell], (rows.sum(axis=0) - rows).ravel()[cell]

    def prior(self, values: Floats) -> Floats:
        """Return, per row, the mean of values over all other folds."""
        sums = np.bincount(self.fold, weights=values, minlength=self.folds)
        rows = np.bincount(self.fold, minlength=self.folds)
        return np.asarray(((sums.sum() - sums) / np.maximum(rows.sum() - rows, 1))[self.fold])

    def estimate(self, values: Floats) -> Floats:
        """Return, per row, what its group's rows in the other folds say its value is."""
        sums, rows = self.others(values)
        return (sums + _PRIOR_ROWS * self.prior(values)) / (rows + _PRIOR_ROWS)


def strength(
    values: ArrayLike,
    truth: ArrayLike,
    *,
    task: Task,
    kind: Literal["numeric", "categorical"] = "numeric",
    seed: int = 0,
    folds: int = 5,
) -> Strength:
    """Measure how well one feature alone predicts the label.

    The rows are grouped by the feature (numeric: 64 quantile bins and one for missing values; categorical:
    its codes) and each row is predicted from the label's mean in its group over the *other* folds, drawn
    slightly towards the mean of all rows. So a column that numbers the rows says nothing, however many values
    it has. Folds are stratified by the label.

    Parameters
    ----------
    values : array of shape (n_rows,)
        Numeric: floats, NaN where missing. Categorical: integer codes, negative where missing; strings are
        taken too, but cost more time.
    truth : array of shape (n_rows,)
        Class codes, or true values; none missing.
    task : {"binary", "multiclass", "regression"}
    kind : {"numeric", "categorical"}, default="numeric"
    seed : int, default=0
        Deals rows into folds and draws the resamples of the interval.
    folds : int, default=5
        At least 2.

    Returns
    -------
    Strength

    Raises
    ------
    EmptySample
        If there are no rows.
    Undefined
        If the label is constant, or there are fewer rows than folds.
    DataError
        If lengths differ, a label is missing, or an option is none of those above.

    References
    ----------
    Micci-Barreca (2001), A preprocessing scheme for high-cardinality categorical attributes, SIGKDD
    Explorations 3(1) (group means with shrinkage). Theil (1970), On the estimation of relationships
    involving qualitative variables, Am. J. Sociol. 76(1) (the uncertainty coefficient, here out of fold).

    Examples
    --------
    >>> label = np.arange(1000) % 2
    >>> strength(label * 3.0, label, task="binary").score
    1.0
    >>> strength(np.arange(1000.0), label, task="binary").score < 0.6
    True
    """
    label = _label(truth, task, folds)
    group, groups = _grouped(values, kind, len(label))
    generator = np.random.default_rng(seed)
    folded = _Folded(group, groups, _dealt(label, folds, generator), folds)
    part, floor, scale = _SCALES[task](folded, label)
    value = part.whole
    low, high = spread(part, value=value, level=0.95, resamples=_RESAMPLES, seed=seed)
    if low == high == 1:
        low, high = at_the_end(1.0, bounds=(floor, 1.0), rows=_rarest(label, task))
    score, low, high = (float(min(max(each, floor), 1.0)) for each in (value, low, high))
    return Strength(score=score, low=low, high=high, rows=len(label), scale=scale)


_Scaled: TypeAlias = tuple[Sums, float, Literal["roc_auc", "information", "r2"]]


def _binary(folded: _Folded, label: Floats) -> _Scaled:
    # Rounded, so that sums of the same rows in another order are the same score.
    score = np.round(folded.estimate(label), 12)
    return rank_sums(label.astype(np.int64), score, value=roc_auc, bins=None), 0.5, "roc_auc"


def _multiclass(folded: _Folded, label: Floats) -> _Scaled:
    codes = label.astype(np.int64)
    own, prior = np.zeros(len(label)), np.zeros(len(label))
    for code in np.unique(codes):
        mine = codes == code
        own[mine] = folded.estimate(mine.astype(np.float64))[mine]
        prior[mine] = folded.prior(mine.astype(np.float64))[mine]
    losses = (-np.log(np.maximum(each, 1e-12)) for each in (own, prior))
    return means(*losses, value=_explained), 0.0, "information"


def _regression(folded: _Folded, label: Floats) -> _Scaled:
    errors = ((label - estimate) ** 2 for estimate in (folded.estimate(label), folded.prior(label)))
    return means(*errors, value=_explained), 0.0, "r2"


_SCALES: dict[Task, Callable[[_Folded, Floats], _Scaled]] = {
    "binary": _binary,
    "multiclass": _multiclass,
    "regression": _regression,
}


def _explained(sums: Floats) -> Floats:
    with_feature, without = sums[..., 1], sums[..., 2]
    return 1 - ratio(with_feature, without)


def _label(truth: ArrayLike, task: Task, folds: int) -> Floats:
    if task not in TASKS:
        raise DataError(f"the task {task!r} is unknown; it must be one of {', '.join(map(repr, TASKS))}.")
    label = np.asarray(truth, dtype=np.float64)
    if label.ndim != 1 or not np.all(np.isfinite(label)):
        raise DataError("the label must be one row of numbers, none missing. Remove rows without a label.")
    if not len(label):
        raise EmptySample("there are no rows to measure the strength of a feature on.")
    if folds < 2 or len(label) < folds:
        raise Undefined(
            f"{len(label):,} rows cannot be dealt into {folds} folds. Take 2 or more, with a row for each."
        )
    if np.all(label == label[0]):
        raise Undefined("the label is the same in every row, so no feature can say anything about it.")
    if task == "binary" and not np.all((label == 0) | (label == 1)):
        raise DataError("a binary label must be coded 0 and 1. Encode it first.")
    return label


def _rarest(label: Floats, task: Task) -> int:
    return len(label) if task == "regression" else int(np.unique(label, return_counts=True)[1].min())


def _dealt(label: Floats, folds: int, generator: np.random.Generator) -> Ints:
    """Deal rows into folds so that each holds its share of every label."""
    shuffled = generator.permutation(len(label))
    order = shuffled[np.argsort(label[shuffled], kind="stable")]
    fold = np.empty(len(label), dtype=np.int64)
    fold[order] = np.arange(len(label)) % folds
    return fold


def _grouped(values: ArrayLike, kind: str, rows: int) -> tuple[Ints, int]:
    if kind not in ("numeric", "categorical"):
        raise DataError(f"kind must be 'numeric' or 'categorical'; found {kind!r}.")
    given = np.asarray(values)
    if given.shape != (rows,):
        raise DataError(f"the feature must have one value per row, {rows:,}; found the shape {given.shape}.")
    if kind == "numeric":
        return _binned(given)
    try:
        distinct, code = np.unique(given, return_inverse=True)
    except TypeError as error:
        raise DataError(f"a categorical feature must hold codes or strings, not both ({error}).") from error
    return code.astype(np.int64), len(distinct)


def _binned(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[Ints, int]:
    """Return a code per quantile bin, or per value where there are few; the last code is for missing."""
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"a numeric feature must hold numbers ({error}). Is it categorical?") from error
    known = numbers[~np.isnan(numbers)]
    if not len(known):
        return np.zeros(len(numbers), dtype=np.int64), 1
    ordered = np.sort(known)
    edges = np.unique(ordered[np.arange(1, _BINS) * len(ordered) // _BINS])
    if _few(ordered):
        edges = np.unique(ordered)
    code = np.searchsorted(edges, numbers, side="right").astype(np.int64)
    code[np.isnan(numbers)] = len(edges) + 1
    return code, len(edges) + 2


def _few(ordered: Floats) -> bool:
    return bool(1 + np.count_nonzero(ordered[1:] != ordered[:-1]) <= _BINS)
