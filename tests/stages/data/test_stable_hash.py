"""The hash never changes, spreads evenly, and sees a value alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.data.stable_hash import mixed, stable_hash


def test_the_hash_is_the_same_for_ever():
    assert [hex(int(h)) for h in stable_hash(pl.Series(["taxi", "", None]))] == [
        "0x4d4103813d41e2ad",
        "0xe220a8397b1dcdaf",
        "0x7d91d4c3fe86f0de",
    ]
    assert [hex(int(h)) for h in stable_hash(pl.Series([7, -1, None]), seed=3)] == [
        "0x10ced40318b131a8",
        "0x434eda6f9ca18f7d",
        "0x34639455a00830b9",
    ]


def test_splitmix_agrees_with_its_published_sequence():
    gamma = 0x9E3779B97F4A7C15
    state = np.array([(1234567 + at * gamma) % 2**64 for at in range(3)], dtype=np.uint64)
    assert mixed(state).tolist() == [6457827717110365317, 3203168211198807973, 9817491932198370423]


@given(st.lists(st.text(max_size=6) | st.none(), min_size=1, max_size=10))
def test_a_value_has_its_hash_among_any_others(values):
    together = stable_hash(pl.Series(values, dtype=pl.String))
    alone = [stable_hash(pl.Series([value], dtype=pl.String))[0] for value in values]
    assert together.tolist() == [int(value) for value in alone]


@given(st.integers(1 - 2**53, 2**53 - 1))
def test_whole_and_real_numbers_of_one_value_agree(number):
    assert stable_hash(pl.Series([number])) == stable_hash(pl.Series([float(number)]))


def test_whole_numbers_that_floats_cannot_tell_apart_differ():
    numbers = pl.Series([2**60, 2**60 + 1, -(2**60), -(2**60) - 1])
    assert len(set(stable_hash(numbers).tolist())) == 4


@pytest.mark.parametrize(
    "values", [pl.Series(range(20_000)), pl.Series([f"id-{at}" for at in range(20_000)])]
)
def test_hashes_are_spread_evenly(values):
    hashes = stable_hash(values)
    assert len(np.unique(hashes)) == len(values)
    counts = np.bincount((hashes >> np.uint64(58)).astype(int), minlength=64)
    expected = len(values) / 64
    assert ((counts - expected) ** 2 / expected).sum() < 110  # chi-squared with 63 degrees, p < 0.0003


def test_seeds_give_unrelated_hashes():
    values = pl.Series(range(20_000))
    low = [stable_hash(values, seed=seed) < np.uint64(2**63) for seed in (0, 1)]
    assert abs(np.mean(low[0] == low[1]) - 0.5) < 0.02
