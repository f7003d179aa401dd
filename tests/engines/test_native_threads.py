"""All threads together fit the cores, and the limits are taken back."""

from __future__ import annotations

import os

import numpy as np
import pytest
from sklearn.metrics import pairwise_distances_argmin_min
from threadpoolctl import threadpool_info

from loopwright.engines import LocalEngine
from loopwright.engines.native_threads import native_threads_limited


def _threads():
    pairwise_distances_argmin_min(np.zeros((2, 2)), np.zeros((2, 2)))
    return {pool["filepath"]: pool["num_threads"] for pool in threadpool_info()}


def test_workers_leave_each_other_their_cores_and_limits_are_taken_back():
    before = _threads()
    seen = LocalEngine(workers=4).map(lambda _: _threads(), range(8))
    assert all(set(threads.values()) == {max(1, len(os.sched_getaffinity(0)) // 4)} for threads in seen)
    assert _threads() == before


def test_one_item_may_use_all_cores():
    assert LocalEngine(workers=4).map(lambda _: _threads(), [0]) == [_threads()]


def test_limits_are_taken_back_after_an_error():
    before = _threads()
    with pytest.raises(ZeroDivisionError):
        LocalEngine(workers=2).map(lambda number: 1 / number, [0, 0])
    assert _threads() == before


def test_the_last_who_leaves_restores():
    before = _threads()
    with native_threads_limited(1) as renew:
        renew()
        with native_threads_limited(1) as renew_too:
            renew_too()
        assert set(_threads().values()) == {1}
    assert _threads() == before
