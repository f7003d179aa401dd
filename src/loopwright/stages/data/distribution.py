"""Where the numbers of a column lie: every value counted, or counted in fine bins when there are too many.

A number is kept as a whole-number key of the same order: a whole number or a time as itself, a float by its
bits. While there are at most 65,536 different keys they are counted one by one, and everything read off them
is exact. Beyond that keys fall into bins: floats and whole numbers into bins by sign, exponent and nine bits
of the mantissa (0.2 % wide), times into days. Which of the two it is depends on the values alone, never on
how they were divided, so that merging is exactly associative.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.stages.data.distinct import DISTINCT_ERROR, estimated_distinct, smallest_hashes
from loopwright.stages.data.stable_hash import mixed

__all__ = ["Distribution", "Scale", "distribution_of", "float_keys"]

Scale = Literal["int", "float", "time", "date"]
Keys = NDArray[np.int64]

MOST_VALUES = 65_536
_MANTISSA_DROPPED = 43  # of 52 bits: nine are kept, so a bin is at most 2**-9 of its value wide
_DAY = 86_400_000_000  # microseconds
_BIN_DAYS = 28  # of dates, when 65,536 different days (179 years) are not enough
_NO_HASHES = np.empty(0, dtype=np.uint64)


@dataclass(frozen=True, slots=True, eq=False)
class Distribution:
    """Counts of keys in ascending order.

    Attributes
    ----------
    scale : str
        What the keys stand for: ``"int"``, ``"float"``, ``"time"`` (microseconds) or ``"date"`` (days).
    keys : int64 array of shape (n_keys,)
        Values, or numbers of bins.
    counts : int64 array of shape (n_keys,)
        Rows per key.
    is_exact : bool
        Whether keys are values.
    low, high : int or None
        Smallest and largest value, as keys; None without values.
    hashes : uint64 array
        Smallest hashes of all values, kept once they are no longer counted one by one.
    """

    scale: Scale
    keys: Keys
    counts: NDArray[np.int64]
    is_exact: bool = True
    low: int | None = None
    high: int | None = None
    hashes: NDArray[np.uint64] = field(default_factory=lambda: _NO_HASHES)

    @property
    def rows(self) -> int:
        """Values counted."""
        return int(self.counts.sum())

    @property
    def unique(self) -> int:
        """Different values; an estimate unless exact."""
        return len(self.keys) if self.is_exact else estimated_distinct(self.hashes)

    @property
    def unique_error(self) -> float:
        """Relative standard error of ``unique``."""
        return 0.0 if self.is_exact else DISTINCT_ERROR

    @property
    def value_error(self) -> float:
        """Largest relative error of a value read off the bins."""
        if self.is_exact:
            return 0.0
        if self.scale in ("int", "float"):
            return 2.0 ** (_MANTISSA_DROPPED - 52)
        bin_width = _DAY if self.scale == "time" else _BIN_DAYS
        return bin_width / max(1, abs(self.low or 0), abs(self.high or 0))

    def merged(self, other: Distribution) -> Distribution:
        """Return the distribution of both."""
        low = min((key for key in (self.low, other.low) if key is not None), default=None)
        high = max((key for key in (self.high, other.high) if key is not None), default=None)
        if self.is_exact and other.is_exact:
            keys, counts = _added((self.keys, other.keys), (self.counts, other.counts))
            exact = Distribution(self.scale, keys, counts, True, low, high)
            return exact if len(keys) <= MOST_VALUES else exact.binned()
        left, right = self.binned(), other.binned()
        keys, counts = _added((left.keys, right.keys), (left.counts, right.counts))
        return Distribution(
            self.scale, keys, counts, False, low, high, smallest_hashes(left.hashes, right.hashes)
        )

    def binned(self) -> Distribution:
        """Return the same in bins."""
        if not self.is_exact:
            return self
        hashes = smallest_hashes(mixed(self.keys.view(np.uint64)))
        keys, counts = _added((_bins(self.keys, self.scale),), (self.counts,))
        return Distribution(self.scale, keys, counts, False, self.low, self.high, hashes)

    def values(self, keys: Keys) -> NDArray[np.float64]:
        """Return what keys stand for: numbers, microseconds or days."""
        return _floats(keys) if self.scale == "float" else keys.astype(np.float64)

    def edges(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return where the values of each key begin and end, within the smallest and largest value."""
        if self.is_exact or self.low is None or self.high is None:
            return self.values(self.keys), self.values(self.keys)
        ends = self.values(np.array([self.low, self.high]))
        starts, stops = _bin_values(self.keys, self.scale), _bin_values(self.keys + 1, self.scale)
        return np.clip(starts, *ends), np.clip(stops, *ends)


def distribution_of(keys: Keys, *, scale: Scale) -> Distribution:
    """Return the distribution of keys.

    Parameters
    ----------
    keys : int64 array of shape (n_values,)
        Whole numbers, microseconds, days, or ``float_keys``.
    scale : {"int", "float", "time", "date"}

    Examples
    --------
    >>> found = distribution_of(np.array([7, 5, 7]), scale="int")
    >>> found.keys, found.counts, found.is_exact
    (array([5, 7]), array([1, 2]), True)
    """
    if not len(keys):
        return Distribution(scale, keys, np.empty(0, dtype=np.int64))
    low, high = int(keys.min()), int(keys.max())
    if pl.Series(keys[: 2 * MOST_VALUES]).n_unique() <= MOST_VALUES:
        exact = Distribution(scale, *_counted(keys), True, low, high)
        return exact if len(exact.keys) <= MOST_VALUES else exact.binned()
    hashes = smallest_hashes(mixed(keys.view(np.uint64)))
    return Distribution(scale, *_counted(_bins(keys, scale)), False, low, high, hashes)


def float_keys(values: NDArray[np.float64]) -> Keys:
    """Return whole numbers in the order of the floats; -0.0 counts as 0.0.

    Examples
    --------
    >>> keys = float_keys(np.array([-1.5, -0.0, 0.0, 2.0]))
    >>> bool((np.diff(keys) >= 0).all()), int(keys[1]), int(keys[2])
    (True, 0, 0)
    """
    return _turned((values + 0.0).view(np.int64))


def _floats(keys: Keys) -> NDArray[np.float64]:
    return _turned(keys).view(np.float64)


def _turned(bits: Keys) -> Keys:
    """Turn the order of negative floats round, as their bits ascend with distance from 0; its own inverse."""
    turned: Keys = bits ^ ((bits >> 63) & np.int64(2**63 - 1))
    return turned


def _bins(keys: Keys, scale: Scale) -> Keys:
    if scale == "time":
        return keys // _DAY
    if scale == "date":
        return keys // _BIN_DAYS
    return (keys if scale == "float" else float_keys(keys.astype(np.float64))) >> _MANTISSA_DROPPED


def _bin_values(bins: Keys, scale: Scale) -> NDArray[np.float64]:
    if scale == "time":
        return bins.astype(np.float64) * _DAY
    if scale == "date":
        return bins.astype(np.float64) * _BIN_DAYS
    return _floats(bins << _MANTISSA_DROPPED)


def _counted(keys: Keys) -> tuple[Keys, NDArray[np.int64]]:
    if len(keys) <= MOST_VALUES:
        unique, counts = np.unique(keys, return_counts=True)
        return unique, counts.astype(np.int64)
    table = pl.Series("key", keys).value_counts(name="rows").sort("key")
    return table["key"].to_numpy(), table["rows"].cast(pl.Int64).to_numpy()


def _added(keys: tuple[Keys, ...], counts: tuple[NDArray[np.int64], ...]) -> tuple[Keys, NDArray[np.int64]]:
    """Return the different keys in order, and the sum of the counts of each."""
    unique, place = np.unique(np.concatenate(keys), return_inverse=True)
    sums = np.zeros(len(unique), dtype=np.int64)
    np.add.at(sums, place, np.concatenate(counts))
    return unique, sums
