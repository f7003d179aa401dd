"""What happens to the simulated city while a model serves happens when and as it is scheduled, and nothing else."""

from datetime import timedelta

import polars as pl
import pytest

from loopwright import datasets

year = datasets.simulated_year()
City = datasets.simulated_city().City
BY_NAME = {happening.name: happening for happening in year.HAPPENINGS}


@pytest.fixture(scope="module")
def trips() -> pl.DataFrame:
    return City(seed=4, **year.changes()).trips(year.LIVE_START, year.LIVE_END, per_day=60)


@pytest.fixture(scope="module")
def arrived(trips) -> pl.DataFrame:
    return year.arriving(trips)


def of(frame: pl.DataFrame, name: str) -> pl.DataFrame:
    happening = BY_NAME[name]
    return frame.filter(pl.col("trip_start").dt.date().is_between(happening.start, happening.end, closed="left"))


def test_happenings_follow_one_another_with_a_quiet_fortnight_between():
    for earlier, later in zip(year.HAPPENINGS, year.HAPPENINGS[1:], strict=False):
        assert later.start - earlier.end >= timedelta(days=14)
    assert year.HAPPENINGS[0].start - year.LIVE_START >= timedelta(days=14)


def test_fares_are_in_cents_for_the_scheduled_month_only(trips, arrived):
    both = trips.join(arrived, on="trip_id", suffix="_arrived")
    ratio = (both["fare_arrived"] / both["fare"]).round(6)
    in_cents = both["trip_id"].is_in(of(both, "cents")["trip_id"].implode())
    assert set(ratio.filter(in_cents)) == {100.0}
    assert set(ratio.filter(~in_cents)) == {1.0}


def test_the_payment_type_is_renamed_for_the_scheduled_weeks_only(arrived):
    assert "Credit Card" not in set(of(arrived, "rename")["payment_type"])
    assert arrived.filter(pl.col("payment_type") == "Card").height == of(arrived, "rename").filter(
        pl.col("payment_type") == "Card"
    ).height > 100


def test_no_trip_arrives_in_the_silent_week(arrived):
    assert of(arrived, "silence").height == 0


def test_the_festival_brings_a_quarter_more_trips_and_leaves_tips_alone(trips, arrived):
    usual, festival = arrived.height / trips.height, of(arrived, "festival").height / of(trips, "festival").height
    assert 1.1 < festival / usual < 1.4
    assert of(arrived, "festival")["tips"].to_list() == of(trips, "festival").filter(
        pl.col("trip_id").is_in(arrived["trip_id"].implode())
    )["tips"].to_list()


def test_habits_change_on_the_scheduled_day_and_the_truth_knows(trips):
    city = City(seed=4, **year.changes())
    before = City(seed=4, card_growth_until=year.LIVE_START)
    changed = city.truth(trips) != before.truth(trips)
    assert trips.filter(pl.Series(changed))["trip_start"].dt.date().min() >= BY_NAME["habits"].start
    cards = of(trips, "habits").filter(pl.col("payment_type") == "Credit Card")
    assert (cards["tips"] > 0.2 * cards["fare"]).mean() == pytest.approx(city.truth(cards).mean(), abs=0.03)


def test_cards_stop_growing_when_serving_starts(trips):
    share = trips.group_by(pl.col("trip_start").dt.quarter().alias("quarter")).agg(
        (pl.col("payment_type") == "Credit Card").mean().alias("card")
    )["card"]
    assert share.max() - share.min() < 0.05
