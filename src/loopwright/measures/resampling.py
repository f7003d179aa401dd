"""Many resamples of the same rows at once, drawn on sums rather than on rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from loopwright.measures.samples import Floats, Ints
from loopwright.measures.sums import Sums

__all__ = ["BLOCKS", "Groups", "grouped", "influence", "resampled"]

# Rows beyond this many are resampled in blocks of rows put together at random: the spread of 1024 block sums
# is known to 2 %, as good as what 1000 resamples can show of it, and costs the same for any number of rows.
BLOCKS = 1024

# With very many sums (the ROC areas of a hundred classes) memory allows fewer blocks of more rows.
_FEWEST_BLOCKS = 200
_TABLE = 4_000_000

# Numbers held at once while resamples are worked on: 2 M float64 are 16 MB, and a metric needs a few such.
_HELD = 1_500_000

Value: TypeAlias = Callable[..., Floats]
_Table: TypeAlias = NDArray[np.float32] | NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Groups:
    """Rows put together in groups that are resampled as one.

    Attributes
    ----------
    sums : tuple of float arrays, each of shape (n_groups, width)
        What one member of each group adds, for every metric that shares the resamples.
    counts : int64 array of shape (n_groups,)
        Members of each group: of one kind of row, how many there are; of a random block, one.
    expected : float64 array of shape (n_groups,)
        Members of each group that a resample holds on average.
    """

    sums: tuple[_Table, ...]
    counts: Ints
    expected: Floats

    @property
    def center(self) -> Floats:
        """Sums of the first metric over an average resample, of shape (width,)."""
        return np.asarray(self.expected @ self.sums[0].astype(np.float64))

    @property
    def totals(self) -> tuple[Floats, ...]:
        """Sums over all members, each of shape (width,)."""
        return tuple(np.asarray(self.counts @ each.astype(np.float64)) for each in self.sums)


def grouped(parts: Sequence[Sums], *, generator: np.random.Generator) -> Groups:
    """Put the rows of one or more metrics of the same rows into groups.

    Rows that add exactly the same (a cell of a confusion matrix) are one kind, and resampling kinds is exact.
    Otherwise every row is a group, or beyond ``BLOCKS`` rows a random block is.
    """
    if len(parts) == 1 and parts[0].reading == "fill":
        return _filled(parts[0])
    if all(part.columns.shape[1] == 1 and part.values is None for part in parts):
        kinds = _kinds(parts)
        if kinds is not None:
            return kinds
    rows = len(parts[0].columns)
    blocks = min(rows, BLOCKS, max(_FEWEST_BLOCKS, _TABLE // sum(part.width for part in parts)))
    block = np.arange(rows) if rows == blocks else generator.permutation(rows) % blocks
    return Groups(
        sums=tuple(_block_sums(part, block, blocks) for part in parts),
        counts=np.ones(blocks, dtype=np.int64),
        expected=np.ones(blocks),
    )


def resampled(groups: Groups, value: Value, *, resamples: int, generator: np.random.Generator) -> Floats:
    """Return the value of each bootstrap resample of the groups.

    Parameters
    ----------
    groups : Groups
    value : callable
        From one array of sums of shape (n, width) per metric to values of shape (n,).
    resamples : int
    generator : numpy.random.Generator

    Returns
    -------
    float64 array of shape (resamples,)
        NaN where a resample leaves the value undefined.
    """
    step = _rows_held(groups)
    return np.concatenate(
        [
            _once(groups, value, min(step, resamples - start), generator)
            for start in range(0, resamples, step)
        ]
    )


def influence(groups: Groups, value: Value) -> tuple[Floats, Ints]:
    """Return how far leaving out one member of each group moves the value, and how many members each has.

    Groups without which the value is undefined are left out.
    """
    totals, seen, step = groups.totals, np.flatnonzero(groups.counts), _rows_held(groups)

    def without_some(some: Ints) -> Floats:
        return value(*(total - each[some] for total, each in zip(totals, groups.sums, strict=True)))

    without = np.concatenate([without_some(seen[at : at + step]) for at in range(0, len(seen), step)])
    known = np.isfinite(without)
    without, counts = without[known], groups.counts[seen][known]
    if not len(without):
        return without, counts
    return np.average(without, weights=counts) - without, counts


def _once(groups: Groups, value: Value, resamples: int, generator: np.random.Generator) -> Floats:
    weights = _weights(groups, resamples, generator)
    return value(*(_weighted(weights, each) for each in groups.sums))


def _weighted(weights: Ints, table: _Table) -> Floats:
    """Multiply in the precision of the table."""
    return np.asarray(np.matmul(weights.astype(table.dtype), table), dtype=np.float64)


def _weights(groups: Groups, resamples: int, generator: np.random.Generator) -> Ints:
    kinds, members = len(groups.counts), int(groups.counts.sum())
    if np.any(groups.expected != 1):
        return generator.multinomial(members, groups.expected / members, size=resamples)
    drawn = generator.integers(0, kinds, (resamples, kinds)) + kinds * np.arange(resamples)[:, None]
    return np.bincount(drawn.ravel(), minlength=resamples * kinds).reshape(resamples, kinds)


def _filled(part: Sums) -> Groups:
    """Return all kinds of rows, those that were not seen expected half a time (as Jeffreys' prior has it).

    A resample of what was seen holds no false negative if the sample holds none; that six of six positive
    rows were found would then count as certain.
    """
    counts = np.bincount(part.columns[:, 0], minlength=part.width)
    shares = np.maximum(counts, 0.5)
    return Groups(
        sums=(np.eye(part.width),),
        counts=counts.astype(np.int64),
        expected=np.asarray(shares * (counts.sum() / shares.sum())),
    )


def _kinds(parts: Sequence[Sums]) -> Groups | None:
    """Return kinds of equal rows, where there are so few that a multinomial draw over them is cheap."""
    code, combinations = np.zeros(len(parts[0].columns), dtype=np.int64), 1
    for part in parts:
        code, combinations = code * part.width + part.columns[:, 0], combinations * part.width
    found, first, counts = np.unique(code, return_index=True, return_counts=True)
    if len(found) > min(BLOCKS, len(code) // 2):
        return None
    # In the order of the rows, so that exchanging two metrics draws the same resamples.
    order = np.argsort(first)
    first, counts = first[order], counts[order]
    sums = tuple(_one_hot(part.columns[first, 0], part.width) for part in parts)
    return Groups(sums=sums, counts=counts.astype(np.int64), expected=counts.astype(np.float64))


def _one_hot(codes: Ints, width: int) -> Floats:
    sums = np.zeros((len(codes), width))
    sums[np.arange(len(codes)), codes] = 1.0
    return sums


def _block_sums(part: Sums, block: Ints, blocks: int) -> _Table:
    cells = (block[:, None] * part.width + part.columns).ravel()
    weights = None if part.values is None else part.values.ravel()
    sums = np.bincount(cells, weights=weights, minlength=blocks * part.width).reshape(blocks, part.width)
    # Counts are exact in float32 (up to 16 million), and multiply twice as fast.
    return sums.astype(np.float32) if part.values is None else sums.astype(np.float64)


def _rows_held(groups: Groups) -> int:
    width = sum(int(each.shape[1]) for each in groups.sums)
    return max(16, _HELD // (len(groups.counts) + 2 * width))
