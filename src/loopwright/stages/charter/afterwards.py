"""Columns that the outcome itself decides: what is known of them before cannot be what these rows hold."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import Undefined
from loopwright.measures.identities import linear_identity
from loopwright.measures.strength import strength
from loopwright.stages.charter.outcome import Outcome, Task, class_names
from loopwright.stages.charter.quoting import number_code, quoted

__all__ = ["Strengths", "coded", "copies", "measure", "rule_columns", "sums"]

_ROWS = 5_000                      # looked at
_COLUMNS = 300                     # looked at, from the left
_NEARLY = {"roc_auc": 0.85, "information": 0.5, "r2": 0.7}
_SUSPICIOUS = {"roc_auc": 0.9, "information": 0.75, "r2": 0.85}
_SCALE_WORDS = {
    "roc_auc": "ROC AUC",
    "information": "share of the label's entropy explained",
    "r2": "share of the variance explained",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Strengths:
    """What each column alone says about the label, on rows that it was not learnt from.

    Attributes
    ----------
    scores : mapping of str to float
        Column -> score, on the scale named.
    scale : str
        ``"roc_auc"`` (0.5 to 1), ``"information"`` or ``"r2"`` (0 to 1).
    """

    scores: Mapping[str, float]
    scale: str

    def gives_away(self, column: str) -> bool:
        """Say whether a column nearly decides the label."""
        return self.scores.get(column, 0.0) >= _NEARLY[self.scale]

    def suspicious(self, columns: Collection[str]) -> tuple[str, ...]:
        """Return the columns that say too much to be trusted unseen, the strongest first; at most three."""
        high = [name for name in columns if self.scores.get(name, 0.0) >= _SUSPICIOUS[self.scale]]
        return tuple(sorted(high, key=lambda name: -self.scores[name])[:3])

    def told(self, column: str) -> str:
        """Return the score of a column in words."""
        return f"{_SCALE_WORDS[self.scale]} {self.scores[column]:.3f}"


def measure(frame: pl.DataFrame, label: pl.Series, *, outcome: Outcome, skip: Collection[str]) -> Strengths:
    """Measure how much every column alone says about the label.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)
    label : polars.Series of shape (n_rows,)
    outcome : Outcome
        What is known of the label.
    skip : collection of str
        Columns that are not looked at.

    Examples
    --------
    >>> from loopwright.stages.charter.outcome import outcome
    >>> rows = pl.DataFrame({"paid": ["Card", "Cash"] * 100, "day": [1, 2, 3, 4] * 50})
    >>> label = pl.Series("tip", [1, 0] * 100)
    >>> found = measure(rows, label, outcome=outcome(label), skip=("day",))
    >>> found.told("paid")
    'ROC AUC 1.000'
    """
    scale = {"binary": "roc_auc", "multiclass": "information", "regression": "r2"}[outcome.task]
    truth = coded(label, outcome)
    rows = np.flatnonzero(np.isfinite(truth))
    if len(rows) > _ROWS:
        rows = np.sort(np.random.default_rng(0).choice(rows, size=_ROWS, replace=False))
    usable = [each for each in frame.iter_columns() if each.name not in skip and _is_usable(each.dtype)]
    scores = {each.name: _score(each.gather(rows), truth[rows], outcome.task) for each in usable[:_COLUMNS]}
    return Strengths(scores={name: score for name, score in scores.items() if score is not None}, scale=scale)


def coded(label: pl.Series, outcome: Outcome) -> NDArray[np.float64]:
    """Return the label as numbers: 1 for the positive class of two, the place among several, or the value.

    NaN stands where a row has no label.
    """
    if outcome.task == "regression":
        return label.cast(pl.Float64).to_numpy().astype(np.float64)
    codes: dict[str, float] = {name: float(code) for code, name in enumerate(outcome.classes)}
    if outcome.task == "binary":
        codes = {name: float(name == outcome.positive) for name in outcome.classes}
    numbers = class_names(label).replace_strict(codes, default=None, return_dtype=pl.Float64)
    return numbers.fill_null(float("nan")).to_numpy()


def rule_columns(strengths: Strengths, columns: Collection[str]) -> dict[str, str]:
    """Return the columns of a label rule that are known only after the outcome, with the reason.

    Those that alone nearly decide the label, and in any case the strongest: were all of them known before,
    there would be nothing to predict.

    Examples
    --------
    >>> measured = Strengths(scores={"tips": 0.97, "fare": 0.6}, scale="roc_auc")
    >>> rule_columns(measured, ("tips", "fare"))
    {'tips': 'alone it nearly decides the label rule (ROC AUC 0.970)'}
    """
    known = [name for name in columns if name in strengths.scores]
    found = {
        name: f"alone it nearly decides the label rule ({strengths.told(name)})"
        for name in known if strengths.gives_away(name)
    }
    if found or not columns:
        return found
    strongest = max(known, key=lambda name: strengths.scores[name], default=next(iter(columns)))
    return {strongest: "the label rule looks at it, and not all of its columns can be known before"}


def copies(frame: pl.DataFrame, label: pl.Series, *, classes: int, skip: Collection[str]) -> dict[str, str]:
    """Return the columns that are the label in other words: one value for each class and no other.

    Examples
    --------
    >>> rows = pl.DataFrame({"species_id": [0, 1, 0], "island": ["a", "a", "b"]})
    >>> copies(rows, pl.Series("species", ["x", "y", "x"]), classes=2, skip=())
    {'species_id': 'it says the same as the label in other words'}
    """
    if not classes:
        return {}
    known = label.is_not_null()
    said = label.filter(known).alias("said")
    looked_at = (each for each in frame.iter_columns() if each.name not in skip and _is_usable(each.dtype))
    candidates = (each.filter(known) for each in looked_at)
    found = [
        each.name for each in candidates
        if each.n_unique() == classes
        and not each.null_count()
        and pl.DataFrame({"said": said, "other": each}).n_unique() == classes
    ]
    return dict.fromkeys(found, "it says the same as the label in other words")


def sums(frame: pl.DataFrame, target: pl.Series, *, skip: Collection[str]) -> dict[str, str]:
    """Return the columns of which a number is the exact sum, or the total that the number is a part of.

    Parameters
    ----------
    frame : polars.DataFrame of shape (n_rows, n_columns)
    target : polars.Series of shape (n_rows,)
        The label, or another column that is known only after the outcome.
    skip : collection of str
        Columns that are not looked at.

    Examples
    --------
    >>> rows = pl.DataFrame({"casual": range(50), "registered": [n * n for n in range(50)]})
    >>> list(sums(rows, (rows["casual"] + rows["registered"]).alias("cnt"), skip=()))
    ['registered', 'casual']
    """
    if not target.dtype.is_numeric() or not target.cast(pl.Float64).is_finite().any():
        return {}
    numeric = [name for name, kind in frame.schema.items() if name not in skip and kind.is_numeric()]
    found = linear_identity({name: _floats(frame[name]) for name in numeric[:_COLUMNS]}, _floats(target))
    if found is None:
        return {}
    reason = f"{quoted(target.name)} is exactly {_combination(found)}"
    # A part of a sum is as late as the sum; so is a total of which the target is a part.
    positive = [name for name, weight in found if weight > 0]
    return dict.fromkeys(positive if len(positive) in (1, len(found)) else [], reason)


def _combination(found: tuple[tuple[str, float], ...]) -> str:
    terms = []
    for name, weight in found:
        size = "" if abs(weight) == 1 else f"{number_code(abs(weight))} "
        terms.append(f" {'+' if weight > 0 else '-'} {size}{quoted(name)}")
    return "".join(terms).removeprefix(" + ").strip() + ", apart from a constant"


def _floats(values: pl.Series) -> NDArray[np.float64]:
    return values.cast(pl.Float64).fill_null(float("nan")).to_numpy().astype(np.float64)


def _is_usable(kind: pl.DataType) -> bool:
    return kind.is_numeric() or kind in (pl.String, pl.Boolean)


def _score(values: pl.Series, truth: NDArray[np.float64], task: Task) -> float | None:
    try:
        if values.dtype.is_numeric():
            return strength(_floats(values), truth, task=task).score
        codes = values.cast(pl.String).rank("dense").cast(pl.Int64).fill_null(-1).to_numpy()
        return strength(codes, truth, task=task, kind="categorical").score
    except Undefined:
        return None  # Too few rows, or a label that is constant in the sample: nothing can be known.
