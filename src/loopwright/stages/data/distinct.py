"""How many different values there are, from the smallest of their hashes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["DISTINCT_ERROR", "estimated_distinct", "smallest_hashes"]

KEPT_HASHES = 4096
DISTINCT_ERROR = 1 / math.sqrt(KEPT_HASHES - 2)  # relative standard error of the estimate, 1.6 %


def smallest_hashes(*parts: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return the 4,096 smallest different hashes of all parts, in order.

    The smallest of a union are the smallest of the smallest: any way of merging gives the same.

    Parameters
    ----------
    *parts : uint64 array of shape (n_values,)
        Evenly spread hashes; the same value may come often.

    Examples
    --------
    >>> smallest_hashes(np.array([5, 3, 3], dtype=np.uint64), np.array([4], dtype=np.uint64))
    array([3, 4, 5], dtype=uint64)
    """
    hashes = np.concatenate(parts)
    reach = 4 * KEPT_HASHES
    while reach < len(hashes):
        low = hashes[hashes <= np.uint64(min(2**64 - 1, reach * (2**64 // len(hashes))))]
        smallest: NDArray[np.uint64] = np.unique(low)[:KEPT_HASHES]
        if len(smallest) == KEPT_HASHES:
            return smallest
        reach *= 8
    return np.unique(hashes)[:KEPT_HASHES]


def estimated_distinct(smallest: NDArray[np.uint64]) -> int:
    """Return the number of different values behind their smallest hashes.

    With the k-th smallest hash at the share u of its range there are about (k - 1) / u values, with relative
    standard error 1 / sqrt(k - 2).

    References
    ----------
    Bar-Yossef et al. (2002), Counting Distinct Elements in a Data Stream, RANDOM.
    Beyer et al. (2007), On Synopses for Distinct-Value Estimation Under Multiset Operations, SIGMOD.

    Examples
    --------
    >>> estimated_distinct(np.array([3, 9], dtype=np.uint64))
    2
    """
    if len(smallest) < KEPT_HASHES:
        return len(smallest)
    return round((KEPT_HASHES - 1) / (float(smallest[-1]) / 2.0**64))
