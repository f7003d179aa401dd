"""Distances between histograms, and the test that asks whether a difference matters."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError, EmptySample, LoopwrightError, Undefined
from loopwright.measures.distances import (
    jensen_shannon,
    l_infinity,
    minimum_effect_test,
    population_stability,
    surplus_test,
)

DISTANCES = (l_infinity, jensen_shannon, population_stability)
histograms = st.lists(st.integers(0, 1000), min_size=4, max_size=4).filter(any)


@pytest.mark.parametrize("distance", DISTANCES)
@given(a=histograms, b=histograms)
def test_distance_is_symmetric_and_never_negative(distance, a, b):
    assert distance(a, b) == pytest.approx(distance(b, a))
    assert distance(a, b) >= 0


@pytest.mark.parametrize("distance", DISTANCES)
@given(a=histograms, times=st.integers(1, 9))
def test_equal_shares_have_no_distance(distance, a, times):
    assert distance(a, [times * count for count in a]) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("distance", [l_infinity, jensen_shannon])
@given(a=histograms, b=histograms)
def test_bounded_distances_are_at_most_one(distance, a, b):
    assert distance(a, b) <= 1


@pytest.mark.parametrize("distance", [*DISTANCES, minimum_effect_test])
@pytest.mark.parametrize(("a", "b"), [([0, 0], [3, 5]), ([3, 5], [0, 0]), ([], [])])
def test_an_empty_side_is_an_error_not_a_zero(distance, a, b):
    with pytest.raises(EmptySample):
        distance(a, b)


@pytest.mark.parametrize("distance", [*DISTANCES, minimum_effect_test])
def test_other_bins_and_negative_counts_are_refused(distance):
    with pytest.raises(DataError, match="bins"):
        distance([1, 2], [1, 2, 3])
    with pytest.raises(DataError):
        distance([1, -2], [1, 2])


def test_known_values():
    assert l_infinity([1, 9], [3, 7]) == 0.2
    assert jensen_shannon([1, 0], [1, 1]) == pytest.approx(0.3112781, abs=1e-7)
    assert population_stability([50, 50], [40, 60]) == pytest.approx(0.0405465, abs=1e-7)


def test_a_floor_that_is_no_share_is_refused():
    with pytest.raises(DataError, match="floor"):
        population_stability([1, 2], [2, 1], floor=0.0)


def trials(p, q, *, rows, effect, times=400):
    generator = np.random.default_rng(rows)
    found = [
        minimum_effect_test(generator.multinomial(rows, p), generator.multinomial(rows, q), effect=effect)
        for _ in range(times)
    ]
    return np.mean([each.p_value < 0.05 for each in found]), np.mean([each.effect for each in found])


@pytest.mark.parametrize("bins", [2, 10, 50])
def test_equal_samples_are_called_different_as_often_as_said(bins):
    p = np.full(bins, 1 / bins)
    assert trials(p, p, rows=1000, effect=0.0)[0] == pytest.approx(0.05, abs=0.035)


@pytest.mark.parametrize("rows", [500, 50_000])
def test_equal_samples_hardly_ever_differ_by_an_effect_that_matters(rows):
    p = np.full(20, 1 / 20)
    assert trials(p, p, rows=rows, effect=0.02)[0] <= 0.01


def test_an_immaterial_change_in_very_many_rows_is_no_alarm():
    rate, effect = trials([0.5, 0.5], [0.52, 0.48], rows=1_000_000, effect=0.02, times=50)
    assert rate == 0
    # In shares .5 and .52 the squared effect is about .02² / (.51 * .49).
    assert effect == pytest.approx(0.02**2 / (0.51 * 0.49), rel=0.1)


def test_a_large_change_is_found_in_a_few_hundred_rows():
    assert trials([0.5, 0.3, 0.2], [0.25, 0.35, 0.4], rows=500, effect=0.02)[0] > 0.95


def test_the_effect_is_on_the_scale_of_population_stability():
    reference, current = [5000, 3000, 2000], [4500, 3200, 2300]
    found = minimum_effect_test(reference, current)
    assert found.effect == pytest.approx(population_stability(reference, current), rel=0.05)


def test_rare_values_are_put_together():
    found = minimum_effect_test([500, 500, 1, 4, 1, 1], [500, 500, 0, 2, 4, 0])
    assert found.cells == 3
    assert found.p_value > 0.9


def test_one_value_on_both_sides_is_no_difference():
    found = minimum_effect_test([30, 0], [50, 0])
    assert (found.p_value, found.effect, found.cells) == (1.0, 0.0, 1)


def test_too_few_rows_to_tell_are_an_error_not_a_pass():
    with pytest.raises(Undefined, match="too few"):
        minimum_effect_test([2, 1], [1, 2])


def test_a_negative_effect_is_refused():
    with pytest.raises(DataError, match="effect"):
        minimum_effect_test([9, 9], [9, 9], effect=-0.1)


@pytest.fixture(scope="module")
def taxi():
    datasets = pytest.importorskip("loopwright.datasets")
    pl = pytest.importorskip("polars")
    try:
        folder = datasets.path("chicago-taxi")
    except LoopwrightError as error:
        pytest.skip(str(error))
    return {
        name: pl.read_csv(folder / f"{name}.csv", infer_schema_length=None)
        for name in ("train", "eval", "serving")
    }


@pytest.mark.parametrize(
    ("column", "reference", "current", "published"),
    [("payment_type", "train", "serving", 0.0225), ("company", "eval", "train", 0.00820891)],
)
def test_taxi_skew_and_drift_are_those_that_tfdv_published(taxi, column, reference, current, published):
    sides = [Counter(taxi[side][column].drop_nulls().to_list()) for side in (reference, current)]
    values = sorted(sides[0].keys() | sides[1].keys())
    found = l_infinity(*([side[value] for value in values] for side in sides))
    assert found == pytest.approx(published, abs=5e-9 if column == "company" else 5e-7)


def test_rows_that_are_alike_make_a_difference_less_sure():
    a, b = [500, 500], [300, 700]
    found = [minimum_effect_test(a, b, overdispersion=times).p_value for times in (1.0, 5.0, 20.0)]
    assert found == sorted(found)
    assert found[-1] > 0.01


@pytest.mark.parametrize("test", [minimum_effect_test, surplus_test])
def test_overdispersion_below_independent_rows_is_refused(test):
    with pytest.raises(DataError, match="overdispersion"):
        test([9, 9], [9, 9], overdispersion=0.5)


def test_many_new_values_in_a_small_window_are_found_where_chi_square_cannot():
    reference, current = [8000, 4000, 0], [67, 0, 33]
    assert surplus_test(reference, current).p_value < 1e-12
    assert minimum_effect_test(reference, current).p_value > 0.01


@pytest.mark.parametrize("rows", [100, 1000, 20_000])
def test_a_surplus_that_is_just_accepted_is_found_no_more_often_than_said(rows):
    generator = np.random.default_rng(rows)
    # New values of 1 % have about the squared effect .02.
    found = [
        surplus_test([6000, 6000, 0], generator.multinomial(rows, [0.495, 0.495, 0.01])).p_value < 0.01
        for _ in range(400)
    ]
    assert np.mean(found) <= 0.02


def test_fewer_rare_rows_than_before_are_no_surplus():
    found = surplus_test([9900, 100], [1000, 0])
    assert (found.p_value, found.effect) == (1.0, 0.0)


def test_without_rare_bins_there_is_no_surplus():
    assert surplus_test([50, 50], [1, 99]).p_value == 1.0


@given(a=histograms, b=histograms)
def test_a_surplus_is_always_a_probability(a, b):
    found = surplus_test(a, b)
    assert 0 <= found.p_value <= 1
    assert 0 <= found.effect < float("inf")
