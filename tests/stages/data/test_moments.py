"""Moments are exact for whole numbers and stable for floats."""

from __future__ import annotations

import statistics

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.data.moments import RealMoments, WholeMoments, real_moments, whole_moments

INTS = st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=20)


@given(INTS)
def test_whole_numbers_are_summed_exactly(values):
    found = whole_moments(np.array(values, dtype=np.int64))
    assert found == WholeMoments(len(values), sum(values), sum(value * value for value in values))
    assert found.std == pytest.approx(statistics.pstdev(values), rel=1e-12)


def test_a_small_spread_far_from_zero_is_not_lost():
    values = 1e9 + np.array([0.0, 1.0, 2.0])
    merged = real_moments(values[:1]).merged(real_moments(values[1:]))
    assert merged.mean == 1e9 + 1
    assert merged.std == pytest.approx(np.sqrt(2 / 3), rel=1e-9)


def test_no_rows_have_no_mean():
    assert real_moments(np.array([])).mean is None
    assert whole_moments(np.array([], dtype=np.int64)).std is None
    assert RealMoments().merged(RealMoments(1, 2.0, 0.0)).mean == 2.0
