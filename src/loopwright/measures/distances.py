"""How far two samples of one column lie apart, from their counts over the same bins."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import DataError, Undefined
from loopwright.measures.samples import Floats, Ints, counts

__all__ = [
    "MinimumEffect", "jensen_shannon", "l_infinity", "minimum_effect_test", "population_stability", "surplus_test",
]

# Below this many expected rows a cell's chi-square term is no longer near its limit (Cochran's rule).
_FEWEST_EXPECTED = 5.0
# A share of the reference is taken for the largest that it may be at this level.
_SURE = 0.99


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumEffect:
    """Whether two histograms differ by more than is worth an alarm.

    Attributes
    ----------
    p_value : float
        How often a difference this large would show if the true effect were no more than ``limit``.
    effect : float
        Estimated squared effect size, less what chance adds; near the population stability index, and near
        eight times the Jensen-Shannon divergence in nats.
    limit : float
        The effect that is still accepted.
    cells : int
        Bins compared, after rare ones were put together.
    squares : float
        The squared effect as it was measured, with what chance adds: chi-square per effective row.
    """

    p_value: float
    effect: float
    limit: float
    cells: int
    squares: float = 0.0


def l_infinity(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the largest difference between the two shares of any one bin.

    Parameters
    ----------
    reference, current : int arrays of shape (n_bins,)
        Row counts per value or bin, over the same bins.

    Returns
    -------
    float
        Between 0 and 1.

    Raises
    ------
    EmptySample
        If a side holds no rows.
    DataError
        If the arrays are no counts over the same bins.

    References
    ----------
    TensorFlow Data Validation, ``infinity_norm`` of the skew and drift comparators.

    Examples
    --------
    >>> l_infinity([1, 9], [3, 7])
    0.2
    """
    p, q = _shares(reference, current)
    return round(float(np.abs(p - q).max()), 15)


def jensen_shannon(reference: ArrayLike, current: ArrayLike) -> float:
    """Return the Jensen-Shannon divergence between two histograms.

    With shares p and q and their middle m it is the mean of the Kullback-Leibler divergences of p and of q
    from m. (Its square root is a distance.)

    Parameters
    ----------
    reference, current : int arrays of shape (n_bins,)
        Row counts per bin, over the same bins.

    Returns
    -------
    float
        In bits: 0 for equal shares, 1 for samples that share no bin.

    Raises
    ------
    EmptySample
        If a side holds no rows.
    DataError
        If the arrays are no counts over the same bins.

    References
    ----------
    Lin (1991), Divergence measures based on the Shannon entropy, IEEE Trans. Inf. Theory 37(1).

    Examples
    --------
    >>> jensen_shannon([5, 0], [0, 7])
    1.0
    """
    p, q = _shares(reference, current)
    middle = (p + q) / 2
    return float(min(max((_bits(p, middle) + _bits(q, middle)) / 2, 0.0), 1.0))


def population_stability(reference: ArrayLike, current: ArrayLike, *, floor: float = 1e-6) -> float:
    """Return the population stability index between two histograms.

    With bin shares p and q this is ``sum((p - q) * log(p / q))``, the symmetrised Kullback-Leibler
    divergence. Chance alone adds about ``(bins - 1) * (1 / rows + 1 / rows)``; to judge drift use
    ``minimum_effect_test``, which takes that away.

    Parameters
    ----------
    reference, current : int arrays of shape (n_bins,)
        Row counts per bin, over the same bins.
    floor : float, default=1e-6
        Smallest share a bin is given, so that an empty bin keeps the logarithm finite; above 0.

    Returns
    -------
    float
        In nats; 0 when the shares agree.

    Raises
    ------
    EmptySample
        If a side holds no rows: unknown drift is not zero drift.
    DataError
        If the arrays are no counts over the same bins, or the floor is not above 0.

    References
    ----------
    Kullback & Leibler (1951), On information and sufficiency, Ann. Math. Statist. 22(1).

    Examples
    --------
    >>> round(population_stability([50, 50], [40, 60]), 4)
    0.0405
    """
    if not 0 < floor < 1:
        raise DataError(f"floor must be a small share above 0, such as 1e-6; found {floor!r}.")
    p, q = (np.maximum(each, floor) for each in _shares(reference, current))
    return float(np.sum((p - q) * np.log(p / q)))


def minimum_effect_test(
    reference: ArrayLike, current: ArrayLike, *, effect: float = 0.02, overdispersion: float = 1.0
) -> MinimumEffect:
    """Test whether two samples differ by more than an effect that does not matter.

    The chi-square statistic of homogeneity is held against the noncentral distribution it has when the true
    squared effect is exactly ``effect``. With many rows an immaterial change is no alarm, with few rows
    noise is none. Bins with fewer than five expected rows on a side are put together.

    Parameters
    ----------
    reference, current : int arrays of shape (n_bins,)
        Row counts per bin, over the same bins.
    effect : float, default=0.02
        Squared effect that is accepted, on the scale of the population stability index; 0 tests for any
        difference.
    overdispersion : float, default=1
        How many times as much chance adds as it would if rows were independent (the design effect), at least 1;
        rows of one day or one customer are alike. Chi-square is divided by it.

    Returns
    -------
    MinimumEffect

    Raises
    ------
    EmptySample
        If a side holds no rows.
    Undefined
        If the rows are too few to fill two bins.
    DataError
        If the arrays are no counts over the same bins, the effect is negative, or the overdispersion below 1.

    References
    ----------
    Murphy & Myors (1999), Testing the hypothesis that treatments have negligible effects: minimum-effect
    tests in the general linear model, J. Appl. Psychol. 84(2).
    Rao & Scott (1981), The analysis of categorical data from complex sample surveys, JASA 76(374).

    Examples
    --------
    >>> minimum_effect_test([5000, 5000], [5100, 4900]).p_value > 0.99
    True
    >>> minimum_effect_test([500, 500], [300, 700]).p_value < 0.001
    True
    """
    if effect < 0:
        raise DataError(f"the accepted effect cannot be negative; found effect={effect!r}.")
    if not overdispersion >= 1:
        raise DataError(f"overdispersion must be at least 1 (independent rows); found {overdispersion!r}.")
    p, q = _paired(reference, current)
    n, m = int(p.sum()), int(q.sum())
    cells = _pooled(p, q)
    if cells.shape[1] == 1:
        _check_one_value(p, q)
        return MinimumEffect(p_value=1.0, effect=0.0, limit=effect, cells=1)
    rows = n * m / (n + m) / overdispersion
    share = (cells[0] + cells[1]) / (n + m)
    squares = float(np.sum((cells[0] / n - cells[1] / m) ** 2 / share))
    freedom = cells.shape[1] - 1
    return MinimumEffect(
        p_value=_beyond(squares * rows, freedom, rows * effect),
        effect=max(0.0, squares - freedom / rows),
        limit=effect,
        cells=cells.shape[1],
        squares=squares,
    )


def surplus_test(
    reference: ArrayLike, current: ArrayLike, *, effect: float = 0.02, overdispersion: float = 1.0,
    rare: float = 0.01, usual: float = 0.0,
) -> MinimumEffect:
    """Test whether bins that the reference hardly fills hold more rows than an effect that does not matter.

    ``minimum_effect_test`` puts bins together that are too rare for chi-square, and in a window of few rows that
    may hide a new value among old ones. Here all rare bins are one, whose rows are held against the binomial
    distribution with the largest share that is still accepted.

    Parameters
    ----------
    reference, current : int arrays of shape (n_bins,)
        Row counts per bin, over the same bins.
    effect : float, default=0.02
        Squared effect that is accepted, on the scale of the population stability index.
    overdispersion : float, default=1
        As for ``minimum_effect_test``.
    rare : float, default=0.01
        Bins with at most this share of the reference are rare.
    usual : float, default=0
        Share of rows in rare bins that is known to be usual at times, though it is less in the whole reference.

    Returns
    -------
    MinimumEffect
        Of two cells: rare bins, and the others. Its effect is 0 if they hold fewer rows than in the reference.

    Raises
    ------
    EmptySample
        If a side holds no rows.
    DataError
        If the arrays are no counts over the same bins, or a number is out of its range.

    References
    ----------
    Clopper & Pearson (1934), The use of confidence or fiducial limits illustrated in the case of the binomial,
    Biometrika 26(4).

    Examples
    --------
    >>> surplus_test([6000, 6000, 0], [40, 30, 30]).p_value < 1e-6
    True
    >>> surplus_test([6000, 6000, 0], [50, 49, 1]).p_value > 0.1
    True
    """
    from scipy.special import bdtrc, betaincinv

    if effect < 0 or not overdispersion >= 1:
        raise DataError(f"the accepted effect cannot be negative and overdispersion not be below 1; found "
                        f"effect={effect!r} and overdispersion={overdispersion!r}.")
    p, q = _paired(reference, current)
    is_rare = p <= rare * p.sum()
    n, m = p.sum() / overdispersion, q.sum() / overdispersion
    before, now = p[is_rare].sum() / overdispersion, q[is_rare].sum() / overdispersion
    most = max(usual, float(betaincinv(before + 1, max(n - before, 1e-9), _SURE)))
    # The change d of a share s whose squared effect, d² over the mean of both shares, is just accepted.
    accepted = min(most + (effect / 2 + (effect**2 / 4 + 4 * effect * most) ** 0.5) / 2, 1.0)
    # A whole number of effective rows, rounded so that the tail becomes larger rather than smaller.
    hits = int(np.floor(now))
    return MinimumEffect(
        p_value=float(bdtrc(hits - 1, max(int(np.ceil(m)), hits), accepted)) if hits else 1.0,
        effect=float(_pair_effect(before / n, now / m, chance=1 / n + 1 / m)),
        limit=effect,
        cells=2,
    )


def _pair_effect(before: float, now: float, *, chance: float) -> float:
    """Return the squared effect of a share that grew, less what chance adds; 0 if it did not."""
    if now <= before:
        return 0.0
    middle = (before + now) / 2
    return max(0.0, (now - before) ** 2 / (middle * (1 - middle)) - chance) if middle < 1 else 0.0


def _paired(reference: ArrayLike, current: ArrayLike) -> tuple[Ints, Ints]:
    p, q = counts(reference, name="reference"), counts(current, name="current")
    if len(p) != len(q):
        raise DataError(
            f"both sides must be counted over the same bins; reference has {len(p)} and current {len(q)}. "
            f"Count both over the values of either."
        )
    return p, q


def _shares(reference: ArrayLike, current: ArrayLike) -> tuple[Floats, Floats]:
    p, q = _paired(reference, current)
    return p / p.sum(), q / q.sum()


def _bits(p: Floats, middle: Floats) -> float:
    some = p > 0
    return float(np.sum(p[some] * np.log2(p[some] / middle[some])))


def _pooled(p: Ints, q: Ints) -> Floats:
    """Return counts of shape (2, cells): rare bins in one cell, with the next bin if that is still rare."""
    both = p + q
    fewest = both * min(p.sum(), q.sum()) / both.sum()
    order = np.argsort(fewest, kind="stable")[np.sum(both == 0) :]
    p, q, fewest = p[order], q[order], fewest[order]
    rare = int(np.sum(fewest < _FEWEST_EXPECTED))
    if rare and fewest[:rare].sum() < _FEWEST_EXPECTED:
        rare += 1
    heads = [[side[:rare].sum()] if rare else [] for side in (p, q)]
    return np.array([np.concatenate([head, side[rare:]]) for head, side in zip(heads, (p, q), strict=True)])


def _check_one_value(p: Ints, q: Ints) -> None:
    if np.sum(p + q > 0) > 1:
        raise Undefined(
            f"{p.sum():,} and {q.sum():,} rows are too few for the test: "
            f"they do not fill two bins with five rows each. Compare over a longer window."
        )


def _beyond(statistic: float, freedom: int, noncentrality: float) -> float:
    """Return the share of the noncentral chi-square distribution beyond the statistic."""
    from scipy.special import chdtrc, chndtr

    if noncentrality == 0:
        return float(chdtrc(freedom, statistic))
    return float(min(max(1 - chndtr(statistic, freedom, noncentrality), 0.0), 1.0))
