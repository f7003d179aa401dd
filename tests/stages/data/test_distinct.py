"""The number of different values is estimated within its error, however values are divided."""

from __future__ import annotations

import numpy as np
import pytest

from loopwright.stages.data.distinct import DISTINCT_ERROR, KEPT_HASHES, estimated_distinct, smallest_hashes
from loopwright.stages.data.stable_hash import mixed


@pytest.mark.parametrize("different", [10, KEPT_HASHES, 50_000, 400_000])
@pytest.mark.parametrize("times", [1, 5])
def test_estimates_are_within_four_standard_errors(different, times):
    hashes = mixed(np.repeat(np.arange(different, dtype=np.uint64), times))
    assert estimated_distinct(smallest_hashes(hashes)) == pytest.approx(different, rel=4 * DISTINCT_ERROR)


def test_the_smallest_of_a_union_are_the_smallest_of_the_smallest():
    hashes = mixed(np.arange(30_000, dtype=np.uint64))
    parts = [smallest_hashes(hashes[at::3]) for at in range(3)]
    whole = smallest_hashes(hashes)
    assert np.array_equal(smallest_hashes(*parts), whole)
    assert np.array_equal(whole, np.sort(hashes)[:KEPT_HASHES])


def test_one_value_a_million_times_is_one():
    assert estimated_distinct(smallest_hashes(np.full(1_000_000, 7, dtype=np.uint64))) == 1
