"""Columns that add up to the label."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import DataError, EmptySample, LoopwrightError
from loopwright.measures.identities import linear_identity


def table(rows=400, columns=10, seed=0):
    generator = np.random.default_rng(seed)
    return {f"x{each}": generator.lognormal(size=rows) for each in range(columns)}


@settings(max_examples=30, deadline=None)
@given(
    chosen=st.lists(st.integers(0, 9), min_size=1, max_size=3, unique=True),
    weights=st.lists(st.sampled_from([-2.0, -1.0, 0.5, 1.0, 3.0]), min_size=3, max_size=3),
    constant=st.floats(-100, 100),
)
def test_a_combination_of_a_few_columns_is_found(chosen, weights, constant):
    columns = table()
    expected = {f"x{each}": weight for each, weight in zip(chosen, weights, strict=False)}
    target = constant + sum(weight * columns[name] for name, weight in expected.items())
    assert dict(linear_identity(columns, target) or ()) == pytest.approx(expected)


def test_a_little_noise_is_no_identity():
    columns = table()
    noise = np.random.default_rng(1).normal(size=400) * 1e-4
    assert linear_identity(columns, columns["x1"] + columns["x2"] + noise) is None


def test_an_identity_that_breaks_in_one_row_is_none():
    columns = table(rows=20_000)
    target = columns["x1"] + columns["x2"]
    target[777] += 1.0
    assert linear_identity(columns, target) is None


def test_a_sum_of_five_columns_is_not_looked_for():
    columns = table()
    assert linear_identity(columns, sum(columns[f"x{each}"] for each in range(5))) is None


def test_missing_values_hide_no_identity():
    columns = table()
    target = columns["x1"] - columns["x2"]
    columns["x1"] = np.where(np.arange(400) % 7 == 0, np.nan, columns["x1"])
    columns["x3"] = np.full(400, np.nan)
    target[5] = np.nan
    assert dict(linear_identity(columns, target) or ()) == pytest.approx({"x1": 1.0, "x2": -1.0})


def test_nothing_can_be_told_from_few_rows_a_constant_or_no_columns():
    few = table(rows=8)
    assert linear_identity(few, few["x1"]) is None
    assert linear_identity(table(), np.ones(400)) is None
    assert linear_identity({}, np.arange(400.0)) is None
    assert linear_identity({"one": np.ones(400)}, np.arange(400.0)) is None


def test_unusable_input_is_refused():
    with pytest.raises(EmptySample):
        linear_identity(table(), np.full(400, np.nan))
    with pytest.raises(DataError, match="'x0'"):
        linear_identity({"x0": np.ones(3)}, np.arange(4.0))
    with pytest.raises(DataError, match="numeric"):
        linear_identity({"x0": np.array(["a", "b"])}, np.arange(2.0))


def test_rented_bicycles_are_those_of_casual_and_registered_users():
    datasets = pytest.importorskip("loopwright.datasets")
    try:
        rows = datasets.load("bike-sharing")
    except LoopwrightError as error:
        pytest.skip(str(error))
    numeric = {
        name: rows[name].to_numpy()
        for name in rows.columns
        if name != "cnt" and rows[name].dtype.is_numeric()
    }
    if "casual" not in numeric:
        pytest.skip("the loader leaves the two parts of the count out")
    assert linear_identity(numeric, rows["cnt"].to_numpy()) == (("registered", 1.0), ("casual", 1.0))
