"""The simulated city keeps its promises: its days, its truth, its likeness to the real sample."""

from __future__ import annotations

import os
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

from loopwright import datasets
from loopwright.errors import UnreadableSource

city = datasets.simulated_city()
days = st.dates(min_value=date(1965, 1, 1), max_value=date(2030, 1, 1))
spans = st.integers(min_value=0, max_value=12)


@pytest.fixture(scope="module")
def trips():
    return city.City(seed=3).trips(date(2013, 1, 1), date(2016, 1, 1), per_day=40)


def is_big(trips):
    return (trips["tips"] > 0.2 * trips["fare"]).to_numpy()


def is_card(trips):
    return (trips["payment_type"] == "Credit Card").to_numpy()


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(min_value=0, max_value=2**40), start=days, before=spans, after=spans,
    per_day=st.floats(min_value=0.01, max_value=60),
)
def test_a_days_trips_do_not_depend_on_the_range_they_are_asked_for_in(seed, start, before, after, per_day):
    one = city.City(seed=seed)
    middle, end = start + timedelta(days=before), start + timedelta(days=before + after)
    parts = [one.trips(start, middle, per_day=per_day), one.trips(middle, end, per_day=per_day)]
    assert_frame_equal(one.trips(start, end, per_day=per_day), pl.concat(parts))


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(min_value=0, max_value=2**40), start=days, length=spans)
def test_every_trip_starts_in_its_range_in_order_and_has_its_own_id(seed, start, length):
    end = start + timedelta(days=length)
    trips = city.City(seed=seed).trips(start, end, per_day=30)
    assert trips["trip_start"].is_sorted()
    assert trips["trip_id"].is_unique().all()
    assert trips["trip_start"].dt.date().is_between(start, end, closed="left").all()
    assert trips["trip_id"].str.starts_with("sim-").all()
    assert (trips["trip_id"].str.slice(4, 8) == trips["trip_start"].dt.strftime("%Y%m%d")).all()


def test_an_empty_range_has_the_columns_and_no_rows(trips):
    empty = city.City().trips(date(2014, 1, 1), date(2014, 1, 1), per_day=5)
    assert empty.height == 0
    assert empty.schema == trips.schema
    assert city.City().truth(empty).shape == (0,)


def test_the_same_seed_is_the_same_city_and_another_seed_another():
    week = date(2014, 5, 5), date(2014, 5, 12)
    first = city.City(seed=4).trips(*week, per_day=20)
    assert_frame_equal(first, city.City(seed=4).trips(*week, per_day=20))
    assert not first.equals(city.City(seed=5).trips(*week, per_day=20))
    assert city.City(seed=4) == city.City(seed=4)


def test_columns_have_the_types_that_are_promised(trips):
    assert dict(trips.schema) == {
        "trip_id": pl.String, "taxi_id": pl.String, "driver_name": pl.String, "company": pl.String,
        "trip_start": pl.Datetime("us"), "trip_seconds": pl.Int64, "trip_miles": pl.Float64,
        "pickup_community_area": pl.Int64, "dropoff_community_area": pl.Int64,
        "pickup_latitude": pl.Float64, "pickup_longitude": pl.Float64,
        "payment_type": pl.String, "fare": pl.Float64, "tips": pl.Float64,
    }


def test_trips_are_possible(trips):
    assert (trips["fare"] >= 3.25).all()
    assert (trips["trip_seconds"] >= 60).all()
    assert (trips["trip_miles"].drop_nulls() > 0).all()
    assert (trips["tips"] >= 0).all()
    assert trips["pickup_latitude"].is_between(41.6, 42.1).all()
    assert trips["pickup_longitude"].is_between(-88.0, -87.5).all()


def test_tips_are_recorded_on_card_trips_only_and_the_truth_knows(trips):
    card = is_card(trips)
    truth = city.City(seed=3).truth(trips)
    assert (trips["tips"].to_numpy()[~card] == 0).all()
    assert (truth[~card] == 0).all()
    assert ((truth[card] > 0) & (truth[card] < 1)).all()


def test_no_tip_is_a_fifth_of_its_fare_so_rounding_decides_no_label(trips):
    tipped = trips.filter(pl.col("tips") > 0)
    distance_cents = (tipped["tips"] - 0.2 * tipped["fare"]).abs() * 100
    assert distance_cents.min() > 0.99


def test_the_truth_is_calibrated_in_every_part(trips):
    truth = city.City(seed=3).truth(trips)
    big, card = is_big(trips), is_card(trips)
    for low, high in [(0.2, 0.4), (0.4, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 1.0)]:
        part = card & (truth >= low) & (truth < high)
        standard_error = np.sqrt(truth[part] @ (1 - truth[part])) / part.sum()
        assert abs(big[part].mean() - truth[part].mean()) < 4 * standard_error


def test_the_truth_explains_the_tips_and_nothing_else_does(trips):
    truth = city.City(seed=3).truth(trips)
    left_over = is_big(trips) - truth
    for column in ["trip_seconds", "pickup_latitude", "pickup_longitude", "fare"]:
        assert abs(np.corrcoef(left_over, trips[column].to_numpy())[0, 1]) < 4 / np.sqrt(trips.height)


def test_payment_type_nearly_decides_and_the_oracle_is_a_little_better(trips):
    big, truth = is_big(trips), city.City(seed=3).truth(trips)
    oracle, payment = roc_auc_score(big, truth), roc_auc_score(big, is_card(trips))
    assert 0.94 < oracle < 0.97
    assert 0.90 < payment < oracle - 0.015
    card = is_card(trips)
    assert 0.62 < roc_auc_score(big[card], truth[card]) < 0.74


def test_the_truth_survives_a_journey_through_a_file(trips, tmp_path):
    some = trips.head(500)
    some.write_csv(tmp_path / "trips.csv")
    again = pl.read_csv(tmp_path / "trips.csv", try_parse_dates=True)
    np.testing.assert_array_equal(city.City().truth(some), city.City().truth(again))


@pytest.mark.parametrize(
    ("start", "end", "per_day", "says"),
    [
        (date(2014, 1, 2), date(2014, 1, 1), 5.0, "before its start"),
        (date(2014, 1, 1), date(2014, 1, 2), 0.0, "positive number"),
        (date(2014, 1, 1), date(2014, 1, 2), -1.0, "positive number"),
        (date(2014, 1, 1), date(2014, 1, 2), float("nan"), "positive number"),
        (date(2014, 1, 1), date(2014, 1, 2), float("inf"), "positive number"),
    ],
)
def test_an_impossible_wish_is_an_error(start, end, per_day, says):
    with pytest.raises(ValueError, match=says):
        city.City().trips(start, end, per_day=per_day)


def test_a_negative_seed_is_an_error():
    with pytest.raises(ValueError, match="not negative"):
        city.City(seed=-1)


@pytest.mark.parametrize("rows", [1, 2, 100, 12_000])
def test_the_demo_has_exactly_the_rows_that_were_asked_for_over_the_whole_time(rows):
    demo = city.City(seed=7).demo(rows=rows)
    assert demo.height == rows
    assert demo["trip_start"].is_sorted()
    if rows >= 100:
        assert demo["trip_start"][0].year == 2013
        assert demo["trip_start"][-1].year == 2015


def test_the_command_writes_what_it_says(tmp_path, capsys):
    out = tmp_path / "data" / "trips.csv"
    assert city.main(["--out", str(out), "--rows", "300", "--seed", "7"]) == 0
    said = capsys.readouterr().out
    assert "300 SIMULATED trips" in said
    written = pl.read_csv(out, try_parse_dates=True)
    assert_frame_equal(written, city.City(seed=7).demo(rows=300))


def test_the_command_writes_parquet_too(tmp_path):
    city.main(["--out", str(tmp_path / "trips.parquet"), "--rows", "50"])
    assert_frame_equal(pl.read_parquet(tmp_path / "trips.parquet"), city.City().demo(rows=50))


@pytest.mark.parametrize(
    "wish",
    [
        ["--rows", "0"], ["--rows", "many"], ["--seed", "-1"],
        ["--out", "trips.xls"], ["--out", "/dev/null/x.csv"],
    ],
)
def test_the_command_answers_a_bad_wish_with_a_sentence(wish, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        city.main(["--out", str(tmp_path / "trips.csv"), *wish])
    assert stop.value.code == 2
    assert "error:" in capsys.readouterr().err


@pytest.fixture(scope="module")
def real():
    # Tests download nothing from outside: they use the data folder that they were started with.
    if "LOOPWRIGHT_DATA" not in os.environ:
        pytest.skip("needs LOOPWRIGHT_DATA, a folder with the public datasets")
    try:
        rows = datasets.load("chicago-taxi")
    except UnreadableSource as missing:
        pytest.skip(f"needs the real taxi sample: {missing}")
    return rows.with_columns(trip_start=pl.from_epoch("trip_start_timestamp")).filter(
        pl.col("trip_start").dt.year() <= 2015
    )


def test_payments_grow_as_in_the_real_sample(trips, real):
    for year in (2013, 2014, 2015):
        of_year = pl.col("trip_start").dt.year() == year
        simulated, measured = is_card(trips.filter(of_year)).mean(), is_card(real.filter(of_year)).mean()
        assert simulated == pytest.approx(measured, abs=0.025)


def test_big_tips_are_as_common_as_in_the_real_sample(trips, real):
    assert is_big(trips).mean() == pytest.approx(is_big(real).mean(), abs=0.015)
    given_card = is_big(trips)[is_card(trips)].mean()
    assert given_card == pytest.approx(is_big(real)[is_card(real)].mean(), abs=0.025)


@pytest.mark.parametrize("column", ["fare", "trip_seconds"])
@pytest.mark.parametrize("quantile", [0.25, 0.5, 0.75, 0.9])
def test_fares_and_times_lie_as_in_the_real_sample(trips, real, column, quantile):
    assert trips[column].quantile(quantile) == pytest.approx(real[column].quantile(quantile), rel=0.2)


def test_hours_weekdays_and_areas_lie_as_in_the_real_sample(trips, real):
    parts = [
        pl.col("trip_start").dt.hour(), pl.col("trip_start").dt.weekday(), pl.col("pickup_community_area"),
        pl.col("dropoff_community_area"),
    ]
    for part in parts:
        shares = [rows.select(part.alias("part").value_counts(normalize=True, name="share").struct.unnest())
                  for rows in (trips, real)]
        both = shares[0].join(shares[1], on="part", how="full", nulls_equal=True).fill_null(0)
        assert (both["share"] - both["share_right"]).abs().max() < 0.06


def test_values_are_missing_as_in_the_real_sample(trips, real):
    missing = {column: trips[column].null_count() / trips.height for column in trips.columns}
    assert missing["company"] == pytest.approx(real["company"].null_count() / real.height, abs=0.02)
    assert missing["dropoff_community_area"] == pytest.approx(
        real["dropoff_community_area"].null_count() / real.height, abs=0.01
    )
    assert missing["trip_miles"] == pytest.approx((real["trip_miles"] == 0).mean(), abs=0.03)
    assert {column for column, share in missing.items() if share} == {
        "company", "dropoff_community_area", "trip_miles"
    }
