"""Whether a column of numbers arrives in another unit: which one, and in which rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import bdtrc

from loopwright.errors import EmptySample, Undefined
from loopwright.measures.distances import minimum_effect_test

__all__ = ["CONVERSIONS", "Conversion", "UnitChange", "unit_change", "unit_change_of_quantiles"]

Floats = NDArray[np.float64]

_BINS = 24
_FEWEST = 20                       # rows below which no unit is guessed
_FEWEST_DISTINCT = 5               # values of the reference below which a shape tells nothing
_MOST_REFERENCE = 20_000           # more rows add nothing to histograms of 24 bins
_CHANCE = 1e-6                     # how likely the difference may be by chance; some thirty units are tried
_RESIDUAL = 0.12                   # squared effect that may be left when the unit is put right: season, weather
_SHAPE = 0.3                       # the same, for the affected rows alone, which may be few
_EXPLAINED = 0.75                  # share of the effect that the conversion must take away
_NEAR = 4.0                        # factors up to this also happen by themselves: longer trips, higher prices
_NAMELESS = 5.0                    # a factor that no pair of units has must be at least this


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """From one unit to another: ``new = factor * old + offset``.

    Attributes
    ----------
    factor, offset : float
    name : str
        Such as ``"dollars to cents"``; ``""`` if no common pair of units has this factor.
    """

    factor: float
    offset: float = 0.0
    name: str = ""

    def converted(self, values: Floats) -> Floats:
        """Return values in the new unit."""
        return self.factor * values + self.offset

    @property
    def is_near(self) -> bool:
        """Whether a population may change by as much with no unit behind it."""
        return self.offset != 0 or 1 / _NEAR < self.factor < _NEAR

    @property
    def formula(self) -> str:
        """What happened to a value, for a sentence.

        Examples
        --------
        >>> Conversion(factor=0.01).formula, Conversion(factor=1.8, offset=32.0).formula
        ('divided by 100', 'multiplied by 1.8 plus 32')
        """
        if self.factor == 1:
            return f"changed by {self.offset:+g}"
        if self.offset:
            return f"multiplied by {self.factor:.4g} {'plus' if self.offset > 0 else 'less'} {abs(self.offset):g}"
        return f"multiplied by {self.factor:.4g}" if self.factor > 1 else f"divided by {1 / self.factor:.4g}"

    @property
    def inverse(self) -> Conversion:
        """The way back; its name is turned round."""
        return Conversion(
            factor=1 / self.factor, offset=-self.offset / self.factor,
            name=" or ".join(_turned(name) for name in self.name.split(" or ")),
        )

    def named_for(self, column: str, *, is_share: bool = False) -> Conversion:
        """Return the conversion named by those of its pairs that fit the column.

        Parameters
        ----------
        column : str
            Its name may say a unit, such as ``trip_seconds``.
        is_share : bool, default=False
            Whether the reference lies between 0 and 1, and so may be shares.

        Examples
        --------
        >>> Conversion(factor=100.0, name="dollars to cents or shares to percent").named_for("fare").name
        'dollars to cents'
        """
        every = self.name.split(" or ")
        pairs = [pair for pair in every if ("share" in pair) == is_share] or [every[0] if is_share else ""]
        told = [pair for pair in pairs if any(word[:-1] in column.casefold() for word in pair.split() if word != "to")]
        return Conversion(factor=self.factor, offset=self.offset, name=" or ".join(told or pairs))


def _turned(name: str) -> str:
    """Return ``"cents to dollars"`` for ``"dollars to cents"``."""
    return " to ".join(reversed(name.split(" to ")))


_FORWARD = (
    Conversion(factor=100.0, name="dollars to cents or shares to percent"),
    Conversion(factor=1000.0, name="kilometres to metres or seconds to milliseconds"),
    Conversion(factor=1e6, name="millions to ones or seconds to microseconds"),
    Conversion(factor=60.0, name="minutes to seconds or hours to minutes"),
    Conversion(factor=3600.0, name="hours to seconds"),
    Conversion(factor=24.0, name="days to hours"),
    Conversion(factor=12.0, name="feet to inches or years to months"),
    Conversion(factor=1.609344, name="miles to kilometres"),
    Conversion(factor=0.45359237, name="pounds to kilograms"),
    Conversion(factor=2.54, name="inches to centimetres"),
    Conversion(factor=0.3048, name="feet to metres"),
    Conversion(factor=3.6, name="metres per second to kilometres per hour"),
    Conversion(factor=1.8, offset=32.0, name="degrees Celsius to Fahrenheit"),
    Conversion(factor=1.0, offset=273.15, name="degrees Celsius to kelvin"),
)

CONVERSIONS: tuple[Conversion, ...] = (*_FORWARD, *(conversion.inverse for conversion in _FORWARD))
"""The pairs of units that are mixed up in practice, both ways."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitChange:
    """A column arrives in another unit.

    Attributes
    ----------
    conversion : Conversion
    share : float
        Of the window's values that arrive so.
    effect, residual : float
        Squared effect before and after the unit is put right.
    where : str
        The part of the window that is affected (``"since 2015-06-03 14:00"``, ``"from consumer 'app'"``);
        ``""`` for all of it, or if no part can be told.
    rows : tuple of int
        Positions in the frame of the rows that most clearly show it, best first; at most 50.
    """

    conversion: Conversion
    share: float
    effect: float
    residual: float
    where: str = ""
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """How well a window is the reference, of which a share was converted."""

    conversion: Conversion
    reference: Floats
    edges: Floats
    plain: Floats                  # shares per bin of the reference (n_bins,)
    converted: Floats              # the same of the converted reference
    share: float
    effect: float
    residual: float
    p_value: float                 # of so many converted rows if the reference were as it was
    shape: float                   # squared effect between the reference and the converted rows put right

    @property
    def is_good(self) -> bool:
        is_explained = self.residual <= min(_RESIDUAL, (1 - _EXPLAINED) * self.effect)
        return is_explained and self.p_value <= _CHANCE and self.shape <= _SHAPE

    @property
    def order(self) -> tuple[bool, float]:
        """Sorts what fits better before what fits worse; a factor without a name comes last."""
        return not self.conversion.name, self.residual + self.shape

    def odds(self, values: Floats) -> Floats:
        """Return for each value how likely it is to have been converted."""
        places = _places(values, self.edges)
        turned, kept = self.share * self.converted[places], (1 - self.share) * self.plain[places]
        some = turned + kept > 0
        return np.divide(turned, turned + kept, out=np.zeros_like(turned), where=some)


def unit_change(
    column: str, frame: pl.DataFrame, reference: pl.DataFrame, *, others_moved: bool = False
) -> UnitChange | None:
    """Return the unit that a column of numbers changed to, if the window looks like that.

    The window is held against mixtures of the reference and the converted reference: a change that begins in
    the middle of the window, or comes from one consumer, is a mixture. A conversion is believed if it takes
    nearly all of the difference away. One by a factor below 4 must also have changed the column's relation to
    the column that it goes with most closely, since all trips may grow longer by themselves; and it must have
    come at one moment, or from one consumer.

    Parameters
    ----------
    column : str
        A numeric column of both frames.
    frame : DataFrame
        Rows of the window.
    reference : DataFrame
        Rows that the model was judged on.
    others_moved : bool, default=False
        Whether other columns drifted too; then a small factor needs a relation that shows it.

    Returns
    -------
    UnitChange or None
    """
    now, before = _numbers(frame, column), np.sort(_thinned(_numbers(reference, column)))
    if min(now.size, before.size) < _FEWEST or np.unique(before).size < _FEWEST_DISTINCT:
        return None
    fits = sorted(
        (fit for conversion in _candidates(before, now) if (fit := _fitted(conversion, before, now)) and fit.is_good),
        key=lambda fit: fit.order,
    )
    for fit in _nearest_first(fits, column, frame, reference):
        where = _where(fit, column, frame)
        if not fit.conversion.is_near or _is_no_growth(fit, column, frame, reference, where, others_moved):
            return _told(fit, column, frame, where)
    return None


def unit_change_of_quantiles(
    column: str, quantiles: Sequence[float], reference: Sequence[float], *, others_moved: bool = False
) -> UnitChange | None:
    """Return the unit that a column changed to as a whole, judged by a few quantiles alone.

    Parameters
    ----------
    column : str
        For the name of the unit.
    quantiles, reference : sequence of float
        The same points of both distributions.
    others_moved : bool, default=False
        Whether other columns drifted too; then a small factor is not believed.

    Examples
    --------
    >>> found = unit_change_of_quantiles("fare", (420, 660, 830, 1150, 3100), (4.2, 6.65, 8.25, 11.45, 31.0))
    >>> found.conversion.name
    'dollars to cents'
    """
    now, before = np.asarray(quantiles, dtype=float), np.asarray(reference, dtype=float)
    if now.size != before.size or now.size < 3 or np.ptp(before) == 0:
        return None
    known = min(CONVERSIONS, key=lambda conversion: _gap(conversion, before, now))
    positive = (now > 0) & (before > 0)
    ratio = float(np.median(now[positive] / before[positive])) if positive.sum() >= 3 else 1.0
    nameless = Conversion(factor=ratio)
    found = known if _gap(known, before, now) <= _CLOSE else nameless
    if _gap(found, before, now) > _CLOSE or (not found.name and 1 / _NAMELESS < ratio < _NAMELESS):
        return None
    if found.is_near and others_moved:
        return None
    identity = Conversion(factor=1.0)
    is_share = bool(np.all((before >= 0) & (before <= 1)))
    return UnitChange(
        conversion=found.named_for(column, is_share=is_share), share=1.0,
        effect=_gap(identity, before, now), residual=_gap(found, before, now),
    )


_CLOSE = 0.12                      # how far the worst quantile may be from the converted one, in spreads


def _gap(conversion: Conversion, before: Floats, now: Floats) -> float:
    """Return how far the converted quantiles are from those seen, in units of their own size or spread."""
    expected = conversion.converted(before)
    size = np.abs(expected) if conversion.offset == 0 else np.full_like(expected, np.ptp(expected))
    size = np.where(size > 0, size, max(float(np.ptp(expected)), np.finfo(float).tiny))
    return float(np.max(np.abs(now - expected) / size))


def _nearest_first(
    fits: Sequence[_Fit], column: str, frame: pl.DataFrame, reference: pl.DataFrame
) -> list[_Fit]:
    """Return the fits with those that are as good as the best ordered by the relation to another column."""
    partner = _partner(column, frame, reference) if len(fits) > 1 else None
    if partner is None or fits[0].share < 1:
        return list(fits)
    line = _line(reference, column, partner)
    alike = [fit for fit in fits if fit.conversion.name and fit.order[1] <= fits[0].order[1] + 0.03]
    alike.sort(key=lambda fit: abs(_off(frame, column, partner, line, fit.conversion.inverse)))
    return [*alike, *(fit for fit in fits if all(fit is not each for each in alike))]


def _numbers(frame: pl.DataFrame, column: str) -> Floats:
    """Return the finite values of a column."""
    values = frame[column].cast(pl.Float64, strict=False).drop_nulls().to_numpy()
    return np.asarray(values[np.isfinite(values)], dtype=float)


def _thinned(values: Floats) -> Floats:
    step = max(1, values.size // _MOST_REFERENCE)
    return values[::step]


def _candidates(before: Floats, now: Floats) -> tuple[Conversion, ...]:
    """Return the known conversions, and the factor between the medians if it is large."""
    middle, moved = float(np.median(before)), float(np.median(now))
    ratio = moved / middle if middle > 0 and moved > 0 else 1.0
    return CONVERSIONS if 1 / _NAMELESS < ratio < _NAMELESS else (*CONVERSIONS, Conversion(factor=ratio))


def _places(values: Floats, edges: Floats) -> NDArray[np.intp]:
    return np.searchsorted(edges, values, side="right")


def _counts(values: Floats, edges: Floats) -> NDArray[np.int64]:
    return np.bincount(_places(values, edges), minlength=edges.size + 1).astype(np.int64)


def _fitted(conversion: Conversion, before: Floats, now: Floats) -> _Fit | None:
    """Return the mixture of the plain and the converted reference that is nearest to the window."""
    converted = conversion.converted(before)
    edges = _edges(np.concatenate([before, converted]))
    kept, turned, seen = (_counts(values, edges) for values in (before, converted, now))
    plain, moved = kept / kept.sum(), turned / turned.sum()
    share = _mixing(plain, moved, seen / seen.sum())
    try:
        plainly = minimum_effect_test(kept, seen, effect=0.0)
        beyond = _beyond(plain, moved, share, seen=seen, rows=before.size)
        residual, whole = (_left(plain, moved, each, seen=seen, rows=before.size) for each in (share, 1.0))
    except (EmptySample, Undefined):
        return None
    # A near conversion of all rows is hard to tell from one of most; then all is the simpler story.
    if share > 0.75 and whole <= min(_RESIDUAL, (1 - _EXPLAINED) * plainly.effect) / 2:
        share, residual = 1.0, whole
    if share * now.size < _FEWEST / 2:
        return None
    fit = _Fit(
        conversion=conversion, reference=before, edges=edges, plain=plain, converted=moved, share=share,
        effect=plainly.effect, residual=residual, p_value=min(plainly.p_value, beyond), shape=0.0,
    )
    return fit if conversion.is_near else replace(fit, shape=_shape(fit, now))


def _beyond(plain: Floats, moved: Floats, share: float, *, seen: NDArray[np.int64], rows: int) -> float:
    """Return how likely so many rows are where converted ones outnumber the plain, if none were converted."""
    there = share * moved > (1 - share) * plain
    expected = (float(plain[there].sum()) * rows + 1) / (rows + 1)
    return float(bdtrc(int(seen[there].sum()) - 1, int(seen.sum()), expected)) if seen[there].sum() else 1.0


def _shape(fit: _Fit, now: Floats) -> float:
    """Return how far the converted rows, put right, are from the reference; 0 if they are too few to say.

    Only far conversions are asked: of near ones, the rows that are most likely converted are the larger ones.
    """
    back = fit.conversion.inverse.converted(now[fit.odds(now) > 0.5])
    cuts = np.unique(np.quantile(fit.reference, (0.25, 0.5, 0.75)))
    try:
        return minimum_effect_test(_counts(fit.reference, cuts), _counts(back, cuts)).effect
    except (EmptySample, Undefined):
        return 0.0


def _left(plain: Floats, moved: Floats, share: float, *, seen: NDArray[np.int64], rows: int) -> float:
    """Return the squared effect between the window and a mixture."""
    mixed = np.rint(((1 - share) * plain + share * moved) * rows).astype(np.int64)
    return minimum_effect_test(mixed, seen).effect


def _edges(values: Floats) -> Floats:
    """Return edges between quantiles, in the middle of two values: rounding then carries no row across."""
    distinct = np.unique(values)
    cuts = np.unique(np.quantile(values, np.arange(1, _BINS) / _BINS, method="inverted_cdf"))
    places = np.searchsorted(distinct, cuts[cuts > distinct[0]])
    return np.asarray((distinct[places - 1] + distinct[places]) / 2, dtype=float)


def _mixing(plain: Floats, moved: Floats, seen: Floats) -> float:
    """Return the share of ``moved`` in the mixture nearest to ``seen``, by weighted least squares."""
    weight = 1 / np.maximum(plain + moved, 1e-9)
    step = moved - plain
    size = float(np.sum(weight * step**2))
    return float(np.clip(np.sum(weight * step * (seen - plain)) / size, 0, 1)) if size > 0 else 0.0


def _share_in(fit: _Fit, values: Floats) -> float:
    seen = _counts(values, fit.edges)
    return _mixing(fit.plain, fit.converted, seen / seen.sum())


def _where(fit: _Fit, column: str, frame: pl.DataFrame) -> str:
    """Return the part of the window outside of which the values are as before; ``""`` if there is none."""
    if fit.share > 0.97:
        return ""
    return next((name for name, part in _parts(fit, column, frame) if _is_split(fit, column, frame, part)), "")


def _parts(fit: _Fit, column: str, frame: pl.DataFrame) -> list[tuple[str, pl.Series]]:
    """Return parts of the window that may be affected, each with a name and its rows as a mask."""
    parts: list[tuple[str, pl.Series]] = []
    if "__at" in frame.columns:
        known = frame.select("__at", pl.col(column).cast(pl.Float64, strict=False).alias("value")).drop_nulls()
        known = known.filter(pl.col("value").is_finite()).sort("__at")
        # Where the running sum of the odds less their mean turns, the odds change most.
        odds = fit.odds(known["value"].to_numpy())
        sums = np.cumsum(odds - odds.mean())
        start = known["__at"][min(int(np.argmin(sums)) + 1, known.height - 1)]
        end = known["__at"][int(np.argmax(sums))]
        parts.append((f"since {str(start)[:16]}", frame["__at"] >= start))
        parts.append((f"until {str(end)[:16]}", frame["__at"] <= end))
    if "__consumer" in frame.columns and frame["__consumer"].n_unique() > 1:
        names = frame["__consumer"].drop_nulls().value_counts(sort=True).head(20)["__consumer"].to_list()
        parts.extend((f"from consumer {name!r}", frame["__consumer"] == name) for name in sorted(names))
    return parts


def _is_split(fit: _Fit, column: str, frame: pl.DataFrame, part: pl.Series) -> bool:
    mask = part.fill_null(value=False)
    inside, outside = _numbers(frame.filter(mask), column), _numbers(frame.filter(~mask), column)
    if min(inside.size, outside.size) < _FEWEST / 2:
        return False
    return _share_in(fit, inside) >= 0.8 and _share_in(fit, outside) <= 0.2


def _is_no_growth(
    fit: _Fit, column: str, frame: pl.DataFrame, reference: pl.DataFrame, where: str, others_moved: bool
) -> bool:
    """Say whether a small factor is a unit and not a population that became larger."""
    if fit.share < 0.8 and not where:
        return False
    affected = dict(_parts(fit, column, frame))[where] if where else pl.repeat(value=True, n=frame.height, eager=True)
    rows = frame.filter(affected.fill_null(value=False))
    partner = _partner(column, frame, reference)
    if partner is None:
        return not others_moved
    line = _line(reference, column, partner)
    as_seen = _off(rows, column, partner, line, Conversion(factor=1.0))
    put_right = _off(rows, column, partner, line, fit.conversion.inverse)
    return abs(put_right) <= 0.4 * abs(as_seen)


def _partner(column: str, frame: pl.DataFrame, reference: pl.DataFrame) -> str | None:
    """Return the other numeric column that goes most closely with this one in the reference."""
    names = [
        name for name, kind in reference.schema.items()
        if kind.is_numeric() and name != column and not name.startswith("__") and name in frame.columns
    ]
    strengths = {name: _strength(reference, column, name) for name in names}
    best = max(strengths, key=lambda name: strengths[name], default=None)
    return best if best is not None and strengths[best] >= 0.5 else None


def _pairs(frame: pl.DataFrame, column: str, partner: str) -> tuple[Floats, Floats]:
    """Return the logarithms of both columns where both are positive."""
    pairs = frame.select(pl.col(column).cast(pl.Float64, strict=False), pl.col(partner).cast(pl.Float64)).filter(
        (pl.col(column) > 0) & (pl.col(partner) > 0) & pl.col(column).is_finite() & pl.col(partner).is_finite()
    )
    return np.log(pairs[column].to_numpy()), np.log(pairs[partner].to_numpy())


def _strength(reference: pl.DataFrame, column: str, partner: str) -> float:
    left, right = _pairs(reference, column, partner)
    # An identical copy would be in the new unit too, and so tells nothing.
    if left.size < _FEWEST or np.ptp(left) == 0 or np.ptp(right) == 0 or np.ptp(left - right) < 1e-9:
        return 0.0
    return abs(float(np.corrcoef(left, right)[0, 1]))


def _line(reference: pl.DataFrame, column: str, partner: str) -> tuple[float, float]:
    left, right = _pairs(reference, column, partner)
    slope, start = np.polyfit(right, left, 1)
    return float(slope), float(start)


def _off(
    frame: pl.DataFrame, column: str, partner: str, line: tuple[float, float], conversion: Conversion
) -> float:
    """Return how far the middle of the window is from the reference's relation, as a logarithm."""
    turned = frame.with_columns(pl.col(column).cast(pl.Float64) * conversion.factor + conversion.offset)
    left, right = _pairs(turned, column, partner)
    # Values that are mostly not positive, where the reference's were, are as far off as can be.
    return float(np.median(left - line[1] - line[0] * right)) if 2 * left.size > frame.height else inf


def _told(fit: _Fit, column: str, frame: pl.DataFrame, where: str) -> UnitChange:
    values = frame[column].cast(pl.Float64, strict=False).fill_null(np.nan).to_numpy()
    known = np.flatnonzero(np.isfinite(values))
    odds = fit.odds(values[known])
    best = known[np.argsort(-odds, kind="stable")][: min(50, int(np.sum(odds > 0.5)))]
    is_share = bool(np.all((fit.reference >= 0) & (fit.reference <= 1)))
    return UnitChange(
        conversion=fit.conversion.named_for(column, is_share=is_share), share=fit.share,
        effect=fit.effect, residual=fit.residual, where=where,
        rows=tuple(int(row) for row in best),
    )
