"""Keys keep the order of what they stand for, and bins are as narrow as they claim."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.data.distribution import Distribution, distribution_of, float_keys

FLOATS = st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20)


@given(FLOATS)
def test_keys_are_in_the_order_of_the_floats(values):
    numbers = np.array(values)
    assert np.array_equal(
        np.argsort(float_keys(numbers), kind="stable"), np.argsort(numbers + 0.0, kind="stable")
    )


@given(FLOATS)
def test_keys_give_their_floats_back(values):
    found = distribution_of(float_keys(np.array(values)), scale="float")
    assert found.values(found.keys).tolist() == sorted(set(np.array(values) + 0.0))


@given(FLOATS)
def test_every_value_lies_in_its_bin_and_bins_are_narrow(values):
    exact = distribution_of(float_keys(np.array(values)), scale="float")
    binned = exact.binned()
    starts, stops = binned.edges()
    assert binned.rows == len(values)
    for value in values:
        inside = (starts <= value) & (value <= stops)
        assert inside.any()
        width = (stops - starts)[inside].min()
        assert width <= max(abs(value) * 2 * binned.value_error, 1e-290)


def test_the_bins_of_no_rows_are_none():
    empty = distribution_of(np.array([], dtype=np.int64), scale="int")
    assert isinstance(empty.merged(empty.binned()), Distribution)
    assert empty.unique == 0
