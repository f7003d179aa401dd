"""Another unit is told by what makes the window like the reference again."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.monitoring.units import CONVERSIONS, unit_change, unit_change_of_quantiles

MIDDLE = datetime(2014, 11, 6, 12)


def _converted(frame, column, conversion, where=None):
    turned = pl.col(column) * conversion.factor + conversion.offset
    return frame.with_columns(turned if where is None else pl.when(where).then(turned).otherwise(pl.col(column)))


def _known(part):
    return next(each for each in CONVERSIONS if part in each.name.split(" or "))


@pytest.mark.parametrize("column", ["fare", "trip_miles"])
@pytest.mark.parametrize("conversion", CONVERSIONS, ids=lambda conversion: conversion.name.split(" or ")[0])
def test_every_known_conversion_of_a_whole_week_is_named(watched, column, conversion):
    found = unit_change(column, _converted(watched.week(), column, conversion), watched.reference)
    assert found is not None
    assert found.conversion.factor == pytest.approx(conversion.factor)
    assert found.conversion.offset == pytest.approx(conversion.offset)
    assert set(found.conversion.name.split(" or ")) <= set(conversion.name.split(" or "))
    assert found.share > 0.9


@pytest.mark.parametrize("column", ["fare", "trip_miles", "trip_seconds", "pickup_community_area", "pickup_latitude"])
def test_a_healthy_week_is_in_the_old_unit(watched, column):
    assert unit_change(column, watched.week(per_day=200), watched.reference) is None


@pytest.mark.parametrize("rows", [pl.col("trip_miles") > 2.5, pl.col("trip_miles") < 2, pl.col("fare") > 15])
@pytest.mark.parametrize("column", ["fare", "trip_miles", "trip_seconds"])
def test_longer_or_shorter_trips_are_no_other_unit(watched, rows, column):
    assert unit_change(column, watched.week(per_day=150).filter(rows), watched.reference) is None


def test_an_evening_heavy_week_is_no_other_unit(watched):
    evening = watched.week(per_day=200).filter(pl.col("trip_start").dt.hour() >= 18)
    found = [unit_change(column, evening, watched.reference) for column in ("fare", "trip_miles", "trip_seconds")]
    assert found == [None, None, None]


@pytest.mark.parametrize("part", ["dollars to cents", "miles to kilometres", "feet to metres"])
def test_a_change_in_the_middle_of_a_window_is_found_with_its_moment(watched, part):
    week = watched.week(per_day=300)
    half = _converted(week, "trip_miles", _known(part), where=pl.col("__at") >= MIDDLE)
    found = unit_change("trip_miles", half, watched.reference)
    assert found.conversion.factor == pytest.approx(_known(part).factor)
    assert found.share == pytest.approx((week["__at"] >= MIDDLE).mean(), abs=0.1)
    assert found.where.startswith("since 2014-11-06 1")


def test_a_change_that_ends_in_the_middle_of_a_window_is_found_with_its_moment(watched):
    half = _converted(watched.week(), "fare", _known("dollars to cents"), where=pl.col("__at") < MIDDLE)
    assert unit_change("fare", half, watched.reference).where.startswith("until 2014-11-06 1")


def test_one_consumer_that_sends_another_unit_is_named(watched):
    week = watched.week().with_columns(
        __consumer=pl.when(pl.col("taxi_id").str.slice(-1) < "3").then(pl.lit("old app")).otherwise(pl.lit("app"))
    )
    sent = _converted(week, "fare", _known("dollars to cents"), where=pl.col("__consumer") == "old app")
    assert unit_change("fare", sent, watched.reference).where == "from consumer 'old app'"


def test_a_few_rows_in_cents_are_found_and_shown(watched):
    week = watched.week()
    some = np.random.default_rng(0).random(week.height) < 0.06
    found = unit_change(
        "fare", _converted(week, "fare", _known("dollars to cents"), where=pl.Series(some)), watched.reference
    )
    assert found.conversion.name == "dollars to cents"
    assert found.share == pytest.approx(0.06, abs=0.03)
    assert set(found.rows) <= set(np.flatnonzero(some))
    assert len(found.rows) > 10


def test_a_factor_that_no_units_have_is_told_without_a_name(watched):
    found = unit_change("fare", watched.week().with_columns(pl.col("fare") * 7.5), watched.reference)
    assert found.conversion.name == ""
    assert found.conversion.factor == pytest.approx(7.5, rel=0.1)


def test_a_small_factor_in_one_of_two_columns_that_go_together_is_a_unit(watched):
    week = watched.week().with_columns(pl.col("trip_miles") * 1.609344)
    assert unit_change("trip_miles", week, watched.reference, others_moved=True) is not None
    both = week.with_columns(pl.col("fare") * 1.6, pl.col("trip_seconds") * 1.6)
    assert unit_change("trip_miles", both, watched.reference, others_moved=True) is None


def test_shares_become_percent_and_money_does_not():
    generator = np.random.default_rng(1)
    before = pl.DataFrame({"rate": generator.beta(2, 5, 3000)})
    now = pl.DataFrame({"rate": 100 * generator.beta(2, 5, 300)})
    assert unit_change("rate", now, before).conversion.name == "shares to percent"


def test_too_few_values_are_no_evidence(watched):
    assert unit_change("fare", watched.week().head(10).with_columns(pl.col("fare") * 100), watched.reference) is None


@pytest.mark.parametrize("values", [[0.0] * 300, [None] * 300, [float("nan")] * 300, [-5.0] * 300])
def test_odd_columns_have_no_unit(watched, values):
    now = pl.DataFrame({"fare": pl.Series(values, dtype=pl.Float64)})
    assert unit_change("fare", now, watched.reference) is None
    assert unit_change("fare", watched.reference, now) is None


QUANTILES = (4.45, 6.65, 8.25, 11.45, 31.0)


@given(factor=st.sampled_from([each for each in CONVERSIONS if not each.offset]), noise=st.floats(-0.04, 0.04))
def test_quantiles_alone_tell_the_factor(factor, noise):
    moved = tuple(factor.factor * value * (1 + noise) for value in QUANTILES)
    found = unit_change_of_quantiles("x", moved, QUANTILES)
    assert found.conversion.factor == pytest.approx(factor.factor)


@given(ratio=st.floats(0.75, 1.3))
def test_quantiles_that_moved_a_little_are_in_the_old_unit(ratio):
    assert unit_change_of_quantiles("fare", tuple(ratio * value for value in QUANTILES), QUANTILES) is None


def test_quantiles_of_a_constant_tell_nothing():
    assert unit_change_of_quantiles("fare", (100.0,) * 5, (1.0,) * 5) is None
    assert unit_change_of_quantiles("fare", (), ()) is None


def test_quantiles_in_fahrenheit_are_told():
    celsius = (-5.0, 4.0, 11.0, 19.0, 28.0)
    found = unit_change_of_quantiles("temperature", tuple(1.8 * value + 32 for value in celsius), celsius)
    assert found.conversion.name == "degrees Celsius to Fahrenheit"


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=20))
def test_a_conversion_and_its_inverse_change_nothing(values):
    for each in CONVERSIONS:
        back = each.inverse.converted(each.converted(np.array(values)))
        np.testing.assert_allclose(back, values, rtol=1e-9, atol=1e-6)
