"""Evidence that may be looked at after every row: e-values, and intervals that hold at all times at once.

An e-process starts at 1, is never negative, and under the null hypothesis its expectation is at most 1 whenever one
stops. So it exceeds ``1 / alpha`` at some time with probability ``alpha`` at most (Ville's inequality), however often
one looks, whatever the reason one stopped for, and with no plan of how many rows there will be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, Literal, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from loopwright.errors import DataError, EmptySample
from loopwright.measures.samples import Floats

__all__ = ["arm_differences", "attribution_evalues", "betting_evalues", "confidence_sequence", "rows_to_reach"]

# Shares of the largest stake that keeps wealth above zero. A stake wrong by a factor of 1.4 still grows at more than
# four fifths of the best rate, so powers of two are close enough; ten of them cost log(10) = 2.3 nats at most. The
# smallest is right for differences of a five-hundredth of the variance, which takes some hundred thousand rows.
_SHARES: Final[Floats] = np.asarray(0.9 * 2.0 ** -np.arange(10), dtype=np.float64)

# Ratios of odds between the arms for which the attribution process has a bet.
_ODDS: Final[Floats] = np.array([1.25, 1.5, 2.0, 3.0, 5.0, 8.0, 15.0, 30.0])

_LARGEST: Final = 690.0           # nats; e-values stay below 1e300, so that records can hold them
_BLOCK: Final = 1 << 15           # rows at a time: a million rows need no gigabyte
_SLACK: Final = 1e-9              # values may leave their range by so much, as rounding does

T = TypeVar("T", np.float64, np.bool_)


def betting_evalues(differences: ArrayLike, *, low: float = -1.0, high: float = 1.0) -> Floats:
    """Return the e-process against "given the rows before it, the mean of each difference is 0 or less".

    A gambler who stakes a constant share of the wealth on every difference multiplies it by ``1 + stake * difference``;
    under the hypothesis that is no game to win. The process is the mean wealth of gamblers with different stakes. It
    does not depend on the order of the rows: late ones may be added where they belong.

    Parameters
    ----------
    differences : array of shape (n_rows,)
        Each between ``low`` and ``high``. None may depend on one before it other than by its variance: rows of one
        customer are averaged first.
    low, high : float, default=-1 and 1
        Range that was known before the rows were; ``low`` is below 0 and ``high`` above.

    Returns
    -------
    float64 array of shape (n_rows,)
        The e-value after each row, at most 1e300; reject at ``1 / alpha``. Empty if there are no rows, which say
        nothing: their e-value is 1.

    Raises
    ------
    DataError
        If a difference is missing or outside of the range, or the range does not hold 0.

    References
    ----------
    Waudby-Smith & Ramdas (2024), Estimating means of bounded random variables by betting, J. R. Stat. Soc. B 86(1).
    Ville (1939), Étude critique de la notion de collectif.

    Examples
    --------
    >>> better = betting_evalues([0.3, 0.1] * 40)
    >>> len(better), bool(better[-1] > 20)
    (80, True)
    >>> bool(betting_evalues([0.3, -0.3] * 40).max() < 2)
    True
    """
    values = _ranged(differences, low=low, high=high)
    if not low < 0 < high:
        raise DataError(f"the range of the differences must hold 0; found {low:g} to {high:g}.")
    stakes = _SHARES / -low
    return _mixed(np.log1p(block[:, None] * stakes) for block in _blocks(values))


def attribution_evalues(
    challenger: ArrayLike, propensity: ArrayLike, *, worse: Literal["challenger", "champion"] = "challenger"
) -> Floats:
    """Return the e-process against "this arm has no more than its share of the events".

    Of each event (an error, a slow answer) one asks only on which arm it fell. If the arms do not differ, that is a
    coin whose probability is the logged propensity. How frequent events are, how that drifts, and how the share
    grows over a ramp, drop out: nothing is pooled that may not be.

    Parameters
    ----------
    challenger : bool array of shape (n_events,)
        Whether the event fell on the challenger.
    propensity : array of shape (n_events,)
        Probability, strictly between 0 and 1, with which the challenger was given what the event happened to.
        Events of one sticky entity share one toss: count only the first.
    worse : {"challenger", "champion"}, default="challenger"
        Which arm is suspected to have more events than the other.

    Returns
    -------
    float64 array of shape (n_events,)
        The e-value after each event, at most 1e300: the mean over ratios of odds from 1.25 to 30 of the likelihood
        ratio of that many more events to equally many.

    Raises
    ------
    DataError
        If the arrays have different lengths or a propensity is no probability between 0 and 1.

    References
    ----------
    Robbins (1970), Statistical methods related to the law of the iterated logarithm, Ann. Math. Statist. 41(5):
    mixtures of likelihood ratios as tests that may be looked at all the time.
    Ramdas, Grünwald, Vovk & Shafer (2023), Game-theoretic statistics and safe anytime-valid inference,
    Statist. Sci. 38(4).

    Examples
    --------
    >>> float(attribution_evalues([True] * 3, [0.1] * 3)[-1]) > 20
    True
    >>> float(attribution_evalues([True, False] * 50, [0.5] * 100)[-1]) < 1
    True
    """
    hit = np.asarray(challenger, dtype=np.bool_)
    share = _probabilities(propensity, len(hit))
    if worse == "champion":
        hit, share = ~hit, 1 - share
    pairs = zip(_blocks(hit), _blocks(share), strict=True)
    return _mixed(
        np.where(on[:, None], np.log(_ODDS), 0.0) - np.log1p(part[:, None] * (_ODDS - 1)) for on, part in pairs
    )


def arm_differences(losses: ArrayLike, *, challenger: ArrayLike, propensity: ArrayLike) -> tuple[Floats, Floats]:
    """Return, of rows that only one arm answered, values whose expectation is a weighted difference of the arms.

    Each loss counts by the inverse of the probability with which its row was given its arm, so that the expectation is
    the champion's mean loss less the challenger's although no row has both. Losses are taken from the mean of those
    before, which changes no expectation and leaves less noise, and the result is multiplied by the smaller of the
    two propensities, so that it stays between -1 and 1: a bet must know what it can lose.

    Parameters
    ----------
    losses : array of shape (n_rows,)
        Of the arm that answered, between 0 and 1, in the order in which they became known.
    challenger : bool array of shape (n_rows,)
    propensity : array of shape (n_rows,)
        Probability, strictly between 0 and 1, with which the row was given the challenger.

    Returns
    -------
    values : float64 array of shape (n_rows,)
        Between -1 and 1; above 0 in expectation where the challenger is better.
    weights : float64 array of shape (n_rows,)
        What the differences are multiplied by; ``values.sum() / weights.sum()`` estimates the difference.

    Raises
    ------
    DataError
        If a loss is not between 0 and 1, a propensity is no such probability, or the lengths differ.

    References
    ----------
    Horvitz & Thompson (1952), A generalization of sampling without replacement from a finite universe, JASA 47.
    Howard et al. (2021), Time-uniform, nonparametric, nonasymptotic confidence sequences, Ann. Statist. 49(2),
    section 4.2: predictable baselines.

    Examples
    --------
    >>> values, weights = arm_differences([0.2, 0.1], challenger=[False, True], propensity=[0.5, 0.5])
    >>> values.round(3).tolist(), weights.tolist()
    ([-0.3, 0.25], [0.5, 0.5])
    """
    loss = _ranged(losses, low=0.0, high=1.0)
    share, given = _probabilities(propensity, len(loss)), np.asarray(challenger, dtype=np.bool_)
    if len(given) != len(loss):
        raise DataError(f"there are {len(loss):,} losses, but {len(given):,} arms. Give one arm for each row.")
    weights = np.minimum(share, 1 - share)
    before = np.concatenate([[0.0], np.cumsum(loss)])[:-1]
    centred = loss - (before + 0.5) / (np.arange(len(loss)) + 1)
    return weights * centred * np.where(given, -1 / share, 1 / (1 - share)), weights


def confidence_sequence(
    values: ArrayLike, *, low: float, high: float, level: float = 0.95, weights: ArrayLike | None = None
) -> tuple[float, float]:
    """Return an interval for the mean of bounded values that holds after every row at once.

    It holds the means that the betting process of `betting_evalues`, played up and down, has not rejected. With
    probability ``level`` none of the intervals that are seen while rows come in misses the mean. It is wider
    than an interval for a number of rows that was fixed before.

    Parameters
    ----------
    values : array of shape (n_rows,)
        Each between ``low`` and ``high``; given those before it, with the same mean.
    low, high : float
        Range that was known before.
    level : float, default=0.95
    weights : array of shape (n_rows,), optional
        Positive and at most 1, known before the value: then the mean of each value is its weight times what the
        interval is for, which lies between ``low`` and ``high``. See `arm_differences`.

    Returns
    -------
    low, high : float
        In the unit of the values.

    Raises
    ------
    EmptySample
        If there are no rows.
    DataError
        If a value is missing or outside of the range, a weight is not in (0, 1], or the level is none.

    References
    ----------
    Waudby-Smith & Ramdas (2024), Estimating means of bounded random variables by betting, J. R. Stat. Soc. B 86(1).

    Examples
    --------
    >>> low, high = confidence_sequence([0.2, 0.4] * 200, low=0, high=1)
    >>> round(low, 2), round(high, 2)
    (0.28, 0.32)
    """
    x, w = _ranged(values, low=low, high=high), _weights(weights, np.size(values))
    if len(x) == 0:
        raise EmptySample("an interval for a mean needs at least one value; there is none.")
    if not (low < high and 0 < level < 1):
        raise DataError(f"the range must not be empty and the level lie between 0 and 1; found {low:g} to {high:g} "
                        f"and {level:g}.")
    limit = np.log(2 / (1 - level))
    below = _end(x, w, low=low, high=high, limit=limit)
    above = -_end(-x, w, low=-high, high=-low, limit=limit)
    return below, above


def rows_to_reach(differences: ArrayLike, *, limit: float, low: float = -1.0, high: float = 1.0) -> int | None:
    """Return how many more rows like these the process of `betting_evalues` needs to reach a limit.

    A forecast and no test: it takes the growth so far of the stake that did best for the growth to come.

    Parameters
    ----------
    differences : array of shape (n_rows,)
    limit : float
        E-value to be reached, at least 1.
    low, high : float, default=-1 and 1

    Returns
    -------
    int or None
        0 if it is reached; None if these rows do not lead there, or there are none.

    Raises
    ------
    DataError
        As for `betting_evalues`.

    Examples
    --------
    >>> rows_to_reach([0.3, 0.1] * 5, limit=20.0)
    23
    >>> rows_to_reach([-0.3, 0.1] * 5, limit=20.0) is None
    True
    """
    path = betting_evalues(differences, low=low, high=high)
    if len(path) == 0:
        return None
    if path[-1] >= limit:
        return 0
    wealth = _log_wealth(np.asarray(differences, dtype=np.float64), _SHARES / -low)
    missing = np.log(limit * len(_SHARES)) - wealth
    rows = np.full(len(wealth), np.inf)
    np.divide(missing * len(path), wealth, out=rows, where=wealth > 1e-9)
    return int(np.ceil(rows.min())) if np.isfinite(rows.min()) else None


def _mixed(blocks: Iterator[Floats]) -> Floats:
    """Return the mean over bets of the product over rows, row by row, of factors given as logarithms."""
    path: list[Floats] = []
    wealth: Floats | float = 0.0
    for factors in blocks:
        logs = np.cumsum(factors, axis=0) + wealth
        wealth = logs[-1]
        path.append(np.exp(np.minimum(_log_mean(logs), _LARGEST)))
    return np.concatenate(path) if path else np.empty(0)


def _log_mean(logs: Floats) -> Floats:
    top = logs.max(axis=-1)
    return np.asarray(top + np.log(np.exp(logs - top[..., None]).mean(axis=-1)))


def _log_wealth(values: Floats, stakes: Floats) -> Floats:
    """Return the logarithm of what each stake has become after all rows."""
    parts = [np.log1p(block[:, None] * stakes).sum(axis=0) for block in _blocks(values)]
    return np.asarray(np.sum(parts, axis=0))


def _end(x: Floats, w: Floats | None, *, low: float, high: float, limit: float) -> float:
    """Return the largest mean that bets on more reject, together with everything below it; ``low`` if there is none."""

    def evidence(mean: float) -> float:
        # What can be lost is known: the value at its lowest. With weights one bound serves all means, since with
        # a bound for each the evidence would not fall as the mean grows.
        most = mean - low if w is None else max(0.0, high) - low
        wealth = _log_wealth(x - mean if w is None else x - w * mean, _SHARES / most)
        return float(_log_mean(wealth)) - limit

    centre = float(x.mean() if w is None else x.sum() / w.sum())
    if centre - low <= 1e-9 * (high - low):
        return low
    step = (float(x.std()) + 1e-4 * (high - low)) * float(np.sqrt(2 * limit / len(x)))
    step /= 1.0 if w is None else float(w.mean())
    return _crossing(evidence, start=min(centre, high), step=step, floor=low)


def _crossing(evidence: Callable[[float], float], *, start: float, step: float, floor: float) -> float:
    """Return where evidence, which falls as the mean grows, is just enough: never where it is not."""
    inside, outside = start, start - step
    while outside > floor and evidence(outside) < 0:
        inside, step = outside, 2 * step
        outside -= step
    if outside <= floor:
        outside = floor + 1e-6 * (start - floor)
        if outside >= inside or evidence(outside) < 0:
            return floor
    close = 0.002 * (inside - outside)
    while inside - outside > close:
        middle = (inside + outside) / 2
        inside, outside = (middle, outside) if evidence(middle) < 0 else (inside, middle)
    return outside


def _blocks(values: NDArray[T]) -> Iterator[NDArray[T]]:
    return (values[start : start + _BLOCK] for start in range(0, len(values), _BLOCK))


def _ranged(values: ArrayLike, *, low: float, high: float) -> Floats:
    numbers = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1:
        raise DataError(f"the values must have the shape (n_rows,); found {numbers.shape}.")
    slack = _SLACK * (high - low)
    outside = ~((numbers >= low - slack) & (numbers <= high + slack))
    if outside.any():
        raise DataError(
            f"{outside.sum():,} of {len(numbers):,} values are missing or not between {low:g} and {high:g}, for "
            f"example {numbers[outside][0]:g} in row {np.flatnonzero(outside)[0]}. Scale or clip them first."
        )
    return np.clip(numbers, low, high)


def _probabilities(values: ArrayLike, rows: int) -> Floats:
    share = np.asarray(values, dtype=np.float64)
    if share.shape != (rows,) or not np.all((share > 0) & (share < 1)):
        raise DataError(
            f"a propensity strictly between 0 and 1 is needed for each of {rows:,} rows; found {values!r:.100}. "
            f"Leave out rows whose arm was not drawn by chance."
        )
    return share


def _weights(values: ArrayLike | None, rows: int) -> Floats | None:
    if values is None:
        return None
    weights = np.asarray(values, dtype=np.float64)
    if weights.shape != (rows,) or not np.all((weights > 0) & (weights <= 1)):
        raise DataError(f"a weight above 0, and 1 at most, is needed for each of {rows:,} rows; found {values!r:.100}.")
    return weights
