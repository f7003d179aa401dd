"""How much windows of the reference differ from it: by season and trend, and because rows of a day are alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from loopwright.measures.quantiles import student_quantile

__all__ = ["Unrest", "unrest"]

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

# Of a straight trend the largest squared effect is three times the mean one, of a sine twice.
_LARGEST_TO_MEAN = 3.0
_ERROR_MARGIN = 1.5
_MUCH = 0.5                        # beyond that only values that the reference hardly has are an alarm
_RARE = 0.01
_LEVEL = 0.001                     # that a block has so large an effect by chance: the level of alarms, or above
_FEWEST_WINDOWS = 3
_FEWEST_BLOCK_ROWS = 100           # so many at least before one block is taken for itself
_FEWEST_PER_CELL = 5
_LEAST_EXPECTED = 0.5              # rarer cells are put together, per window
_SCALES = (1, 4, 13)               # with weekly windows: weeks, months, seasons
_FEW_ROWS = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrest:
    """What is normal between windows.

    Attributes
    ----------
    natural : float
        Squared effect that a window may have without anything being wrong.
    overdispersion : float
        Chi-square between neighbouring windows, as a multiple of that of independent rows; at least 1.
    window_rows : float
        Mean rows of a window.
    windows : int
    rare_share : float
        The largest share of a block's rows that are in bins with at most 1 % of all rows, as far as it is proven.
    notes : tuple of str
    """

    natural: float
    overdispersion: float
    window_rows: float
    windows: int
    rare_share: float
    notes: tuple[str, ...]


def unrest(table: Ints, *, number: Ints, hours: float | None, rows: int) -> Unrest:
    """Measure how much windows differ from all of them together.

    Neighbouring windows (with windows shorter than a week those a week apart) show how much more than independent
    rows they vary at random: the overdispersion. What is left when that is taken away is season and trend. Its
    mean over windows is estimated without bias, however few rows a window has; the largest is taken to be three
    times that, or what single blocks of windows prove, whichever is larger.

    Parameters
    ----------
    table : int64 array of shape (n_windows, n_bins)
        Rows of each window, none empty.
    number : int64 array of shape (n_windows,)
        Number of each window on the time line, increasing.
    hours : float or None
        Length of a window; None if windows were cut by rows.
    rows : int
        Of the reference.

    Returns
    -------
    Unrest

    References
    ----------
    Rao & Scott (1981), The analysis of categorical data from complex sample surveys, JASA 76(374).

    Examples
    --------
    >>> generator = np.random.default_rng(0)
    >>> same = generator.multinomial(200, [0.5, 0.3, 0.2], size=60)
    >>> found = unrest(same, number=np.arange(60), hours=None, rows=12_000)
    >>> found.natural < 0.02, found.overdispersion < 1.2
    (True, True)
    """
    windows = len(table)
    mean_rows = float(table.sum() / windows) if windows else float(rows)
    if windows < _FEWEST_WINDOWS:
        note = f"the reference has only {windows} windows, so what is normal between windows is not known"
        return Unrest(
            natural=0.0, overdispersion=1.0, window_rows=mean_rows, windows=windows, rare_share=0.0, notes=(note,)
        )
    cells = _frequent(table)
    between = _between_neighbours(cells, number, lag=_lag(number, hours))
    groupings = list(_groupings(number, hours, mean_rows=mean_rows))
    blocks = [_blocks(cells, index) for index in groupings]
    means = [_mean_effect(each, overdispersion=between) for each in (cells, *blocks)]
    # Only what is beyond one standard error is enlarged, else the noise of thin windows would be.
    shown = max(0.0, *(mean - error for mean, error in means))
    likely = _LARGEST_TO_MEAN * shown + _ERROR_MARGIN * means[0][1]
    proven = max((_proven(block, overdispersion=between) for block in blocks), default=0.0)
    natural = (1 + 2 / windows) * max(likely, proven)
    return Unrest(
        natural=natural, overdispersion=between, window_rows=mean_rows, windows=windows,
        rare_share=max((_rare_share(_blocks(table, index)) for index in groupings), default=0.0),
        notes=_notes(mean_rows, natural),
    )


def _notes(mean_rows: float, natural: float) -> tuple[str, ...]:
    few = f"windows of the reference have only {mean_rows:.0f} rows; what is normal was estimated with caution"
    much = ("windows of the reference itself differ very much; little but values that it hardly has can be an alarm. "
            "Longer windows would see more")
    return tuple(note for note, holds in ((few, mean_rows < _FEW_ROWS), (much, natural > _MUCH)) if holds)


def _frequent(table: Ints) -> Ints:
    """Put cells together that a window hardly ever has a row of: their chi-square has too heavy a tail."""
    totals = table.sum(axis=0)
    rare = totals < max(5.0, _LEAST_EXPECTED * len(table))
    kept = table[:, ~rare]
    return np.column_stack([kept, table[:, rare].sum(axis=1)]) if totals[rare].sum() else kept


def _lag(number: Ints, hours: float | None) -> int:
    """Return how far apart windows are that no season divides: a week, if there are enough weeks."""
    week = 1 if hours is None or hours >= 168 else round(168 / hours)
    return week if number[-1] - number[0] >= 3 * week else 1


def _between_neighbours(cells: Ints, number: Ints, *, lag: int) -> float:
    """Return the mean chi-square of pairs of windows over its freedom, less one standard error; at least 1."""
    later = np.searchsorted(number, number + lag)
    found = np.flatnonzero((later < number.size) & (number[np.minimum(later, number.size - 1)] == number + lag))
    a, b = cells[found].astype(float), cells[later[found]].astype(float)
    squares, freedom = _pair_squares(a, b)
    some = freedom > 0
    if some.sum() < 2:
        return 1.0
    ratio = squares[some].sum() / freedom[some].sum()
    spread = np.sqrt(np.sum((squares[some] - ratio * freedom[some]) ** 2)) / freedom[some].sum()
    # Neighbouring pairs share a window, which makes their mean about a quarter less sure.
    return float(max(1.0, ratio - 1.25 * spread))


def _pair_squares(a: Floats, b: Floats) -> tuple[Floats, Floats]:
    """Return chi-square of each pair of windows, and what it is on average for independent rows."""
    n, m = a.sum(axis=1, keepdims=True), b.sum(axis=1, keepdims=True)
    both = a + b
    terms = (a * m - b * n) ** 2 / np.maximum(both, 1) / (n * m)
    total = both.sum(axis=1)
    return terms.sum(axis=1), ((both > 0).sum(axis=1) - 1) * total / (total - 1)


def _against_rest(cells: Ints) -> tuple[Floats, Floats, float]:
    """Return chi-square of each window against all others, its effective rows, and the freedom."""
    total = cells.sum(axis=0).astype(float)
    n = float(total.sum())
    m = cells.sum(axis=1).astype(float)
    rows = m * (n - m) / n
    used = total > 0
    share = total[used] / n
    # The difference from the rest is that from the whole, enlarged by n / (n - m).
    apart = (cells[:, used] / m[:, None] - share) * (n / np.maximum(n - m, 1))[:, None]
    return rows * np.sum(apart**2 / share, axis=1), rows, float(used.sum() - 1)


def _mean_effect(cells: Ints, *, overdispersion: float) -> tuple[float, float]:
    """Return the mean squared effect of windows, without what chance adds, and its standard error."""
    squares, rows, freedom = _against_rest(cells)
    if freedom < 1 or len(cells) < 2:
        return 0.0, 0.0
    mean = float(np.sum(squares - overdispersion * freedom) / rows.sum())
    by_theory = overdispersion * np.sqrt(2 * freedom * len(cells))
    as_found = float(np.sqrt(np.sum((squares - overdispersion * freedom - mean * rows) ** 2)))
    # With few windows the spread itself is badly known: Student's margin in place of the normal one.
    few = student_quantile(0.8413, freedom=len(cells) - 1)
    return max(mean, 0.0), few * float(max(by_theory, as_found) / rows.sum())


def _groupings(number: Ints, hours: float | None, *, mean_rows: float) -> Iterator[Ints]:
    """Yield the blocks that windows are joined to: runs of them, and all with the same hour or weekday."""
    least = max(1, int(np.ceil(_FEWEST_BLOCK_ROWS / mean_rows)))
    for scale in _SCALES:
        yield number // (least * scale)
    for count in _periods(hours):
        if number[-1] - number[0] >= 2 * count:
            yield number % count


def _periods(hours: float | None) -> list[int]:
    """Return how many windows make a day, and a week, where that is a whole number of at least two."""
    if hours is None:
        return []
    counts = [(round(period / hours), period) for period in (24, 168)]
    return [count for count, period in counts if count >= 2 and abs(count * hours - period) < 1e-6]


def _blocks(cells: Ints, index: Ints) -> Ints:
    _, place = np.unique(index, return_inverse=True)
    found = np.zeros((int(place.max()) + 1, cells.shape[1]), dtype=np.int64)
    np.add.at(found, place, cells)
    return found


def _rare_share(table: Ints) -> float:
    """Return the largest share of rows in rare bins that a block shows beyond chance."""
    from scipy.special import betaincinv

    totals = table.sum(axis=0)
    rows = table.sum(axis=1)
    hits = table[:, totals <= _RARE * totals.sum()].sum(axis=1)
    some = (hits > 0) & (rows >= _FEWEST_BLOCK_ROWS / 2)
    return float(np.max(betaincinv(hits[some], rows[some] - hits[some] + 1, _LEVEL), initial=0.0))


def _proven(cells: Ints, *, overdispersion: float) -> float:
    """Return the largest squared effect that a block shows beyond chance.

    As long as alarms are made at the same level or a stricter one, no block of the reference is one.
    """
    from scipy.special import chndtr, chndtrinc

    squares, rows, freedom = _against_rest(cells)
    # The tail of chi-square is heavier than it should be where cells have only a few rows.
    enough = rows >= max(_FEWEST_BLOCK_ROWS / 2, _FEWEST_PER_CELL * freedom)
    if freedom < 1 or len(cells) < 2 or not enough.any():
        return 0.0
    level = 1 - _LEVEL
    scaled = squares[enough] / overdispersion
    beyond = chndtr(scaled, freedom, 0.0) > level
    if not beyond.any():
        return 0.0
    noncentrality = np.asarray(chndtrinc(scaled[beyond], freedom, level), dtype=np.float64)
    return float(np.nanmax(noncentrality * overdispersion / rows[enough][beyond]))
