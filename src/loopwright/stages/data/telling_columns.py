"""Finds columns that say more about the label than a cause of it should."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.measures.identities import linear_identity
from loopwright.measures.strength import Strength, strength
from loopwright.stages.data.suspicion import Suspicion, SuspicionKind, share_interval

__all__ = ["Labelled", "adding_up", "deciding_categories", "naming_rows", "row_order", "single_features"]

Task = Literal["binary", "multiclass", "regression"]
Floats = NDArray[np.float64]

TELLING = 0.9  # from this score on, on the scale of ``measures.strength``
_DECIDED = 0.99
_CATEGORY_SHARE = 0.05
_BASE_RATES = (0.05, 0.95)
_MOST_CATEGORIES = 100
_NAMING_SHARE = 0.95
_FEWEST_ROWS = 50
_SAMPLED_ROWS = 20_000
_SCREENED_FEATURES = 200  # more numeric ones than that are screened on fewer rows first
_SCREENED_ROWS = 2_000
_SCREEN_BINS = 16
_WORTH_A_LOOK = 0.1  # share of the label's variance between bins
_SCALES = {"roc_auc": "ROC AUC", "information": "share of the label's information", "r2": "R²"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelled:
    """Training rows with a label.

    Attributes
    ----------
    frame : DataFrame of shape (n_rows, n_features)
    label : array of shape (n_rows,)
        Class codes, or numbers.
    task : {"binary", "multiclass", "regression"}
    classes : tuple of str
        In order of their codes.
    categorical : frozenset of str
        Features whose values are categories.
    """

    frame: pl.DataFrame
    label: Floats
    task: Task
    classes: tuple[str, ...]
    categorical: frozenset[str]

    @property
    def is_measurable(self) -> bool:
        """Whether there are rows enough, and labels that differ."""
        return len(self.label) >= _FEWEST_ROWS and len(np.unique(self.label)) > 1

    def sample(self, most: int) -> Labelled:
        """Return at most so many rows, evenly spaced."""
        step = -(-len(self.label) // most)
        return Labelled(
            frame=self.frame.gather_every(step),
            label=self.label[::step],
            task=self.task,
            classes=self.classes,
            categorical=self.categorical,
        )


def single_features(rows: Labelled) -> Iterator[Suspicion]:
    """Yield the features that alone predict the label nearly without error."""
    rows = rows.sample(_SAMPLED_ROWS)
    for name in _worth_a_look(rows):
        found = _strength(rows, name)
        if found is not None and found.score >= TELLING:
            yield _measured_suspicion("single_feature", (name,), found, _nearly_the_label(name, found))


def deciding_categories(rows: Labelled) -> Iterator[Suspicion]:
    """Yield the features of which a common value decides a binary label.

    A value decides if at least 5 % of the rows have it and less than 1 % or more than 99 % of these are
    positive, while overall it is 5 to 95 %.
    """
    base = float(rows.label.mean())
    if rows.task != "binary" or not _BASE_RATES[0] <= base <= _BASE_RATES[1]:
        return
    for series in rows.frame.get_columns():
        found = _deciding(series, rows) if _is_listable(series) else []
        if found:
            yield _decided(series.name, found, rows, base)


def adding_up(rows: Labelled) -> Iterator[Suspicion]:
    """Yield a suspicion if the number to predict is a sum of features."""
    if rows.task != "regression":
        return
    columns = {
        series.name: _numbers(series)
        for series in rows.frame.get_columns()
        if series.dtype.is_numeric() and series.name not in rows.categorical
    }
    terms = linear_identity(columns, rows.label) if columns else None
    if terms:
        formula = " + ".join(f"{weight:.6g} * {name}" if weight != 1 else name for name, weight in terms)
        sentence = (
            f"the label is exactly {formula}, apart from a constant. Ask whether these columns are known "
            f"before the outcome; if not, name them in known_after under [data]."
        )
        names = tuple(name for name, _ in terms)
        yield _counted_suspicion("adds_up", names, score=1.0, rows=len(rows.label), sentence=sentence)


def naming_rows(rows: Labelled) -> Iterator[Suspicion]:
    """Yield the features that have another value in nearly every row, as names and numbers of rows do."""
    for series in rows.frame.get_columns():
        present = series.drop_nulls()
        if len(present) < _FEWEST_ROWS or not _may_name(present, series.name in rows.categorical):
            continue
        different = present.n_unique()
        if different >= _NAMING_SHARE * len(present):
            sentence = (
                f"{series.name} has {different:,} different values in {len(present):,} rows: it names rows "
                f"rather than describes them, and can only be learned by heart. If it does name them, write "
                f'key = "{series.name}" under [data]; else put it under exclude in [features].'
            )
            yield _counted_suspicion(
                "names_rows",
                (series.name,),
                score=different / len(present),
                rows=len(present),
                sentence=sentence,
            )


def row_order(rows: Labelled) -> Iterator[Suspicion]:
    """Yield a suspicion if the position of a row gives its label away."""
    rows = rows.sample(_SAMPLED_ROWS)
    found = strength(np.arange(len(rows.label), dtype=np.float64), rows.label, task=rows.task)
    if found.score >= TELLING:
        sentence = (
            f"the rows lie in the order of the label: the position alone gives it with {_measured(found)}. "
            f"Ask how they were collected, and take care that no feature counts rows or follows their order."
        )
        yield _measured_suspicion("row_order", (), found, sentence)


def _measured_suspicion(
    kind: SuspicionKind, columns: tuple[str, ...], found: Strength, sentence: str
) -> Suspicion:
    return Suspicion(
        kind=kind,
        columns=columns,
        score=found.score,
        low=found.low,
        high=found.high,
        rows=found.rows,
        sentence=sentence,
    )


def _counted_suspicion(
    kind: SuspicionKind, columns: tuple[str, ...], *, score: float, rows: int, sentence: str
) -> Suspicion:
    return Suspicion(
        kind=kind, columns=columns, score=score, low=None, high=None, rows=rows, sentence=sentence
    )


def _nearly_the_label(name: str, found: Strength) -> str:
    return (
        f"{name} alone gives the label with {_measured(found)}, on {found.rows:,} training rows. Ask whether "
        f"its value is known before the outcome, and the same way when serving; if not, name it in "
        f"known_after under [data]."
    )


def _measured(found: Strength) -> str:
    return f"{_SCALES[found.scale]} {found.score:.3f} (95 % interval {found.low:.3f} to {found.high:.3f})"


def _strength(rows: Labelled, name: str) -> Strength | None:
    series = rows.frame[name]
    if series.null_count() == len(series):
        return None
    if name in rows.categorical or not _is_numberlike(series):
        return strength(_codes(series), rows.label, task=rows.task, kind="categorical")
    return strength(_numbers(series), rows.label, task=rows.task)


def _worth_a_look(rows: Labelled) -> list[str]:
    """Return the features that a closer measure may find telling: all of them, unless they are very many."""
    names = [series.name for series in rows.frame.get_columns() if not series.dtype.is_nested()]
    numeric = [name for name in names if name not in rows.categorical and _is_numberlike(rows.frame[name])]
    if len(numeric) <= _SCREENED_FEATURES:
        return names
    few = rows.sample(_SCREENED_ROWS)
    dull = {name for name in numeric if _explained(_numbers(few.frame[name]), few) < _WORTH_A_LOOK}
    return [name for name in names if name not in dull]


def _explained(values: Floats, rows: Labelled) -> float:
    """Return the share of the label's variance that lies between bins of equally many values."""
    order = np.argsort(values, kind="stable")
    ranks = np.empty(len(values), dtype=np.int64)
    ranks[order] = np.searchsorted(values[order], values[order])  # ties share a rank, and so a bin
    bins = ranks * _SCREEN_BINS // len(values)
    if rows.task != "multiclass":
        return _between(bins, rows.label)
    return max(_between(bins, (rows.label == code).astype(np.float64)) for code in np.unique(rows.label))


def _between(bins: NDArray[np.int64], target: Floats) -> float:
    sizes = np.bincount(bins, minlength=_SCREEN_BINS)
    means = np.bincount(bins, weights=target, minlength=_SCREEN_BINS) / np.maximum(1, sizes)
    spread = float(np.var(target))
    return float(sizes @ (means - np.mean(target)) ** 2) / len(target) / spread if spread else 0.0


def _is_listable(series: pl.Series) -> bool:
    if series.dtype.is_nested() or series.dtype.is_float() or series.dtype.is_temporal():
        return False
    return series.n_unique() <= _MOST_CATEGORIES


def _deciding(series: pl.Series, rows: Labelled) -> list[tuple[str, int, int]]:
    """Return value, rows and positive rows of the values that decide, the most common first."""
    counted = (
        pl.DataFrame({"value": series, "label": rows.label})
        .group_by("value")
        .agg(pl.len().alias("rows"), pl.col("label").sum().alias("positive"))
        .sort(by=["rows", "value"], descending=[True, False])
    )
    return [
        ("missing" if value is None else repr(value), total, round(positive))
        for value, total, positive in counted.rows()
        if total >= _CATEGORY_SHARE * len(series) and not 1 - _DECIDED <= positive / total <= _DECIDED
    ]


def _decided(name: str, found: list[tuple[str, int, int]], rows: Labelled, base: float) -> Suspicion:
    _, total, positive = found[0]
    code = int(positive > total / 2)
    hits = positive if code else total - positive
    low, high = share_interval(hits, total)
    said = "; ".join(
        _value_sentence(name, value, count, hit, rows.classes) for value, count, hit in found[:3]
    )
    usual = rows.classes[1] if len(rows.classes) > 1 else "1"
    return Suspicion(
        kind="deciding_category",
        columns=(name,),
        score=hits / total,
        low=low,
        high=high,
        rows=total,
        sentence=f"{said}; of all rows {base:.1%} are {usual!r}. Ask whether the outcome can be otherwise "
        f"there, or is only never recorded: a model would learn the gap in the records.",
    )


def _value_sentence(name: str, value: str, total: int, positive: int, classes: Sequence[str]) -> str:
    code = int(positive > total / 2)
    hits = positive if code else total - positive
    label = classes[code] if code < len(classes) else str(code)
    return f"{name} = {value}: {hits:,} of {total:,} rows are {label!r}"


def _may_name(present: pl.Series, is_categorical: bool) -> bool:
    """Say whether a column may hold names of rows: text, or whole numbers that count them up."""
    if isinstance(present.dtype, pl.String):
        return True
    if not present.dtype.is_integer():
        return False
    low, high = present.min(), present.max()
    counts_up = isinstance(low, int) and isinstance(high, int) and high - low < 2 * len(present)
    return is_categorical or counts_up


def _is_numberlike(series: pl.Series) -> bool:
    return series.dtype.is_numeric() or series.dtype.is_temporal()


def _numbers(series: pl.Series) -> Floats:
    """Return floats, NaN where missing; times as numbers of their unit."""
    plain = series.to_physical() if series.dtype.is_temporal() else series
    values: Floats = plain.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    return np.where(np.isfinite(values), values, np.nan)


def _codes(series: pl.Series) -> NDArray[np.int64]:
    """Return whole numbers for categories, -1 where missing."""
    return (series.cast(pl.String).rank("dense").cast(pl.Int64) - 1).fill_null(-1).to_numpy()
