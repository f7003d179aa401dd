"""The verdict on one window: rare to be wrong about what is accepted, quick to see what is not."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from loopwright.stages.monitoring.reference import profile
from loopwright.stages.monitoring.verdicts import verdict

SHARES = np.array([0.5, 0.3, 0.2])


@pytest.fixture(scope="module")
def reference():
    values = np.random.default_rng(0).choice(list("abc"), p=SHARES, size=12_000)
    rows = pl.DataFrame({"x": values})
    return profile(rows, columns=["x"], at=None, window_hours=24.0, window_rows=200, effect=0.02).columns[0]


def drawn(item, shares, *, rows, times, seed=0):
    """Return verdicts on windows with these shares of a, b, c and of a new value."""
    generator = np.random.default_rng(seed)
    found = []
    for _ in range(times):
        *old, new = generator.multinomial(rows, shares)
        counts = np.zeros(len(item.labels), dtype=np.int64)
        counts[:3], counts[-1] = old, new
        found.append(verdict(item, counts))
    return found


@pytest.mark.parametrize("rows", [25, 100, 1000, 20_000])
def test_windows_like_the_reference_are_hardly_ever_suspected(reference, rows):
    found = drawn(reference, [*SHARES, 0.0], rows=rows, times=400)
    assert np.mean([each.p_value < 0.01 for each in found]) <= 0.01
    assert np.mean([each.e_value for each in found]) <= 1.0


@pytest.mark.parametrize("rows", [100, 1000, 5000])
def test_a_change_that_is_just_accepted_is_no_evidence_on_average(reference, rows):
    # (.57 - .5)² / .5 and so on: a squared effect of .02.
    shares = np.array([0.57, 0.2571, 0.1729])
    assert np.sum((shares - SHARES) ** 2 / ((shares + SHARES) / 2)) == pytest.approx(0.02, rel=0.1)
    found = drawn(reference, [*shares, 0.0], rows=rows, times=400)
    assert np.mean([each.p_value < 0.01 for each in found]) <= 0.025
    assert np.mean([each.e_value for each in found]) <= 1.25


@pytest.mark.parametrize("rows", [60, 100, 350, 5000])
def test_a_renamed_value_is_seen_in_any_window(reference, rows):
    for found in drawn(reference, [0.5, 0.0, 0.2, 0.3], rows=rows, times=50):
        assert found.p_value < 1e-4
        assert found.effect > 0.1


@pytest.mark.parametrize("rows", [0, 1, 19])
def test_too_few_rows_say_nothing(reference, rows):
    counts = np.zeros(len(reference.labels), dtype=np.int64)
    counts[-1] = rows
    found = verdict(reference, counts)
    assert (found.p_value, found.effect, found.e_value) == (1.0, 0.0, None)


def test_rows_that_are_alike_are_believed_less(reference):
    from dataclasses import replace

    counts = np.array([70, 20, 10, 0, 0, 0])
    alike = replace(reference, overdispersion=5.0)
    assert verdict(alike, counts).p_value > 10 * verdict(reference, counts).p_value


def test_a_column_of_one_value_is_seen_to_become_another():
    rows = pl.DataFrame({"x": ["on"] * 1000})
    item = profile(rows, columns=["x"], at=None, window_hours=24.0, window_rows=100, effect=0.02).columns[0]
    assert verdict(item, np.array([100, 0, 0, 0])).p_value == 1.0
    assert verdict(item, np.array([0, 0, 0, 100])).p_value < 1e-9
    assert verdict(item, np.array([99, 0, 0, 1])).p_value > 0.1
