"""Which values of a column are old ones under a new name, and which are new."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np
import polars as pl
from scipy.optimize import linear_sum_assignment

from loopwright.errors import EmptySample, Undefined
from loopwright.measures.distances import minimum_effect_test

__all__ = ["Rename", "rename_of", "spelling", "value_counts"]

_FEWEST = 10                       # rows of a value below which it is given no old name
_ALIKE = 0.15                      # mean squared effect over the other columns up to which two groups are alike
_PROFILE_BINS = 8
_MOST_VALUES = 50                  # a text column with more values is a name, not a property; rarer ones are left


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename:
    """Rows that had one value now have another.

    Attributes
    ----------
    old, new : str
    share, lost : float
        Share of the window that has the new value, and that the old one has lost against the reference.
    confirmed : tuple of {"spelling", "share", "other columns"}
        What speaks for it.
    difference : float or None
        Mean squared effect, over the other columns, between the rows with the new value and the reference's rows
        with the old one; None if there were no rows to compare.
    """

    old: str
    new: str
    share: float
    lost: float
    confirmed: tuple[str, ...]
    difference: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sides:
    """Both sides of one column: counts of its values, and rows if there are any."""

    column: str
    reference: Mapping[str, int]
    current: Mapping[str, int]
    before: pl.DataFrame | None
    now: pl.DataFrame | None

    def shares(self, value: str) -> tuple[float, float]:
        total, seen = max(sum(self.reference.values()), 1), max(sum(self.current.values()), 1)
        return self.reference.get(value, 0) / total, self.current.get(value, 0) / seen


def spelling(value: str) -> str:
    """Return what stays of a value however it is written.

    Examples
    --------
    >>> spelling("Credit Card") == spelling("credit-card") == spelling("CREDITCARD")
    True
    """
    plain = unicodedata.normalize("NFKD", value).casefold()
    return "".join(letter for letter in plain if letter.isalnum())


def rename_of(
    column: str,
    *,
    reference_counts: Mapping[str, int],
    counts: Mapping[str, int],
    reference: pl.DataFrame | None = None,
    frame: pl.DataFrame | None = None,
) -> tuple[Rename, ...]:
    """Return the new values of a window that are old values under another name.

    A value that is spelled like one that became rarer is that one, unless more came than went; one value may have
    several new names. Other new values need an old one that is gone where they are (in the window, in what
    follows their first row, or at the consumers that send them), had their share, and whose rows look like theirs
    in the other columns.

    Parameters
    ----------
    column : str
    reference_counts, counts : mapping of str to int
        Rows per value, on both sides, missing ones left out.
    reference, frame : DataFrame, optional
        The rows themselves, for a comparison of the other columns.

    Examples
    --------
    >>> rename_of("payment", reference_counts={"Cash": 700, "Credit Card": 300},
    ...           counts={"Cash": 71, "CreditCard": 29})[0].old
    'Credit Card'
    """
    sides = _Sides(column=column, reference=reference_counts, current=counts, before=reference, now=frame)
    came = [value for value in sorted(counts, key=lambda value: (-counts[value], value))
            if value not in reference_counts and counts[value] >= _FEWEST]
    went = [value for value in sorted(reference_counts) if _has_fallen(sides, value)]
    spelled = {value: [new for new in came if spelling(new) == spelling(value) != ""] for value in went}
    found = [_judged(sides, value, new, beside=news) for value, news in spelled.items() for new in news]
    taken = {rename.new for rename in found if rename} | {rename.old for rename in found if rename}
    common = sorted(reference_counts, key=lambda value: (-reference_counts[value], value))[:_MOST_VALUES]
    rest = _matched(sides, [value for value in came if value not in taken], [v for v in common if v not in taken])
    both = [*filter(None, found), *(pair[0] for pair in rest)]
    return tuple(sorted(both, key=lambda rename: (-rename.share, rename.new)))


def _has_fallen(sides: _Sides, value: str) -> bool:
    """Say whether a value became rarer by more than chance."""
    before, now = sides.shares(value)
    rows = max(sum(sides.current.values()), 1)
    return bool(before - now > 3 * np.sqrt(before * (1 - before) / rows))


def _slack(sides: _Sides, share: float, *, wobble: float) -> float:
    """Return by how much the share that came may differ from the one that went: chance, and the season."""
    rows, total = max(sum(sides.current.values()), 1), max(sum(sides.reference.values()), 1)
    return float(4 * np.sqrt(share * (1 - share) * (2 / rows + 1 / total)) + wobble * share)


def _judged(sides: _Sides, old: str, new: str, *, beside: Sequence[str]) -> Rename | None:
    """Return the rename of a value to one that is spelled like it, unless the shares speak against it."""
    before, now = sides.shares(old)
    came = sum(sides.shares(value)[1] for value in beside)
    if came > (before - now) + _slack(sides, before, wobble=0.6):
        return None
    fits = abs(came - (before - now)) <= _slack(sides, before, wobble=0.2)
    return _rename(sides, old, new, fits=fits, spelled=True)


def _rename(sides: _Sides, old: str, new: str, *, fits: bool, spelled: bool) -> Rename:
    difference = _difference(sides, old, new)
    alike = difference is not None and difference <= _ALIKE
    before, now = sides.shares(old)
    reasons = (("spelling", spelled), ("share", fits), ("other columns", alike))
    return Rename(
        old=old, new=new, share=sides.shares(new)[1], lost=before - now,
        confirmed=tuple(name for name, holds in reasons if holds), difference=difference,
    )


def _matched(sides: _Sides, came: Sequence[str], went: Sequence[str]) -> list[tuple[Rename, float]]:
    """Return the renames to values that are spelled differently; each old and each new value is used once."""
    if not came or not went:
        return []
    pairs = {(new, old): _replaced(sides, old, new) for new in came for old in went}
    cost = np.array([[_cost(pairs[new, old], new, old) for old in went] for new in came])
    return [
        pair for row, column in zip(*linear_sum_assignment(cost), strict=True)
        if (pair := pairs[came[row], went[column]]) is not None
    ]


def _cost(pair: tuple[Rename, float] | None, new: str, old: str) -> float:
    """Return how little a new value fits an old one: shares apart, other columns unlike, spelled differently."""
    if pair is None:
        return 1e6
    rename, apart = pair
    likeness = SequenceMatcher(None, spelling(new), spelling(old)).ratio()
    return apart**2 + 20 * (rename.difference or 0.0) - 4 * likeness


def _replaced(sides: _Sides, old: str, new: str) -> tuple[Rename, float] | None:
    """Return the rename if, where the new value is, the old one is gone and the new one has its share.

    The second number says how far the shares are apart, in standard errors.
    """
    for part in _parts(sides, new):
        before, gone = part.shares(old)
        came = part.shares(new)[1]
        rows = max(sum(part.current.values()), 1)
        error = float(np.sqrt(before * (1 - before) / rows))
        wobble = 0.35 if sides.now is not None else 0.2
        if before * rows < _FEWEST or gone > 0.1 * before or abs(came - before) > 3 * error + wobble * before:
            continue
        rename = _rename(sides, old, new, fits=True, spelled=False)
        if rename.difference is None or rename.difference <= _ALIKE:
            return rename, abs(came - before) / (error + wobble * before / 3)
    return None


def _parts(sides: _Sides, new: str) -> list[_Sides]:
    """Return the whole window, what follows the first row with the new value, and the consumers that send it."""
    if sides.now is None:
        return [sides]
    with_it = sides.now.filter(pl.col(sides.column).cast(pl.String) == new)
    parts = [sides.now]
    if "__at" in with_it.columns and with_it["__at"].null_count() < with_it.height:
        parts.append(sides.now.filter(pl.col("__at") >= with_it["__at"].min()))
    if "__consumer" in with_it.columns:
        parts.append(sides.now.filter(pl.col("__consumer").is_in(with_it["__consumer"].unique().to_list())))
    return [sides, *(replace(sides, current=value_counts(part[sides.column]), now=part) for part in parts[1:])]


def value_counts(values: pl.Series) -> dict[str, int]:
    """Return the rows per value as text, missing ones left out.

    Examples
    --------
    >>> value_counts(pl.Series(["a", None, "a"]))
    {'a': 2}
    """
    texts, rows = _counted(values.drop_nulls())
    return dict(zip(texts, rows, strict=True))


def _difference(sides: _Sides, old: str, new: str) -> float | None:
    """Return the mean effect, over the other columns, between the rows that came and those that went."""
    if sides.before is None or sides.now is None:
        return None
    before = sides.before.filter(pl.col(sides.column).cast(pl.String) == old)
    now = sides.now.filter(pl.col(sides.column).cast(pl.String) == new)
    if min(before.height, now.height) < _FEWEST:
        return None
    names = _properties(sides.column, sides.before, sides.now)
    effects = [effect for name in names if (effect := _effect(before[name], now[name])) is not None]
    return float(np.mean(effects)) if effects else None


def _properties(column: str, before: pl.DataFrame, now: pl.DataFrame) -> list[str]:
    """Return the other columns that are numbers or have few values."""
    return [
        name for name, kind in before.schema.items()
        if name != column and not name.startswith("__") and now.schema.get(name) == kind
        and (kind.is_numeric() or (kind == pl.String and before[name].n_unique() <= _MOST_VALUES))
    ]


def _effect(before: pl.Series, now: pl.Series) -> float | None:
    if before.dtype.is_numeric():
        cuts = np.unique(before.drop_nulls().cast(pl.Float64).to_numpy())
        if cuts.size > _PROFILE_BINS:
            cuts = np.unique(np.quantile(before.drop_nulls().to_numpy(), np.arange(1, _PROFILE_BINS) / _PROFILE_BINS))
        before, now = (
            pl.Series(np.searchsorted(cuts, side.drop_nulls().cast(pl.Float64).to_numpy(), side="right")).cast(
                pl.String
            )
            for side in (before, now)
        )
    left, right = (dict(zip(*_counted(side), strict=True)) for side in (before, now))
    names = sorted({*left, *right})
    try:
        return minimum_effect_test(
            np.array([left.get(name, 0) for name in names]), np.array([right.get(name, 0) for name in names])
        ).effect
    except (EmptySample, Undefined):
        return None


def _counted(values: pl.Series) -> tuple[list[str], list[int]]:
    counts = values.cast(pl.String).fill_null("\0").rename("value").value_counts(name="rows").sort("value")
    return counts["value"].to_list(), counts["rows"].to_list()
