"""What a fit runs in."""

from __future__ import annotations

import threading
import warnings

import pytest
from threadpoolctl import threadpool_info

from loopwright.stages.training.isolation import isolated


def test_warnings_become_notes_each_once_and_in_order():
    with isolated() as notes:
        for text in ("first\n  line", "second", "first line"):
            warnings.warn(text, RuntimeWarning, stacklevel=1)
    assert notes == ["RuntimeWarning: first line", "RuntimeWarning: second"]


def test_afterwards_warnings_are_shown_as_before():
    with isolated():
        pass
    with pytest.warns(UserWarning, match="outside"):
        warnings.warn("outside", UserWarning, stacklevel=1)


def test_arithmetic_has_one_thread_inside_and_as_many_as_before_outside():
    import sklearn.ensemble  # noqa: F401  -- loads OpenMP

    before = [pool["num_threads"] for pool in threadpool_info()]
    with isolated(), isolated():
        assert {pool["num_threads"] for pool in threadpool_info()} == {1}
    assert [pool["num_threads"] for pool in threadpool_info()] == before


def test_fits_side_by_side_each_get_their_own_notes():
    found, together = {}, threading.Barrier(4)

    def work(name):
        with isolated() as notes:
            together.wait()
            warnings.warn(name, UserWarning, stacklevel=1)
            together.wait()
        found[name] = notes

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {name: [f"UserWarning: {name}"] for name in "abcd"}


def test_an_error_inside_leaves_nothing_behind():
    with pytest.raises(ZeroDivisionError), isolated():
        _ = 1 / 0
    with pytest.warns(UserWarning, match="shown"):
        warnings.warn("shown", UserWarning, stacklevel=1)
