"""Every cause of a column that moved is told from the others, on weeks of the simulated city."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from loopwright.stages.monitoring.causes import suspect


def _suspect(watched, column, frame, *, with_rows=True, **given):
    return suspect(
        watched.reading(column, frame), frame=frame if with_rows else None,
        reference=watched.reference if with_rows else None,
        others=[reading for reading in watched.readings(frame) if reading.column != column], **given,
    )


@pytest.mark.parametrize("with_rows", [True, False])
def test_a_fare_in_cents_is_a_unit_change_that_is_named(watched, with_rows):
    found = _suspect(watched, "fare", watched.week().with_columns(pl.col("fare") * 100), with_rows=with_rows)
    assert found.cause == "unit change"
    assert found.title == "fare is multiplied by 100 (dollars to cents)"
    assert "its median is" in found.explanation
    assert "Do not train" in found.advice


def test_a_change_of_unit_says_since_when_and_shows_such_rows(watched):
    later = pl.col("__at") >= pl.datetime(2014, 11, 6, 12)
    frame = watched.week().with_columns(fare=pl.when(later).then(pl.col("fare") * 100).otherwise(pl.col("fare")))
    found = _suspect(watched, "fare", frame)
    assert "since 2014-11-06 1" in found.explanation
    assert frame[list(found.rows)]["fare"].min() > 100


@pytest.mark.parametrize("with_rows", [True, False])
def test_credit_card_without_its_space_is_a_renamed_category(watched, with_rows):
    frame = watched.week().with_columns(pl.col("payment_type").replace({"Credit Card": "CreditCard"}))
    found = _suspect(watched, "payment_type", frame, with_rows=with_rows)
    assert found.cause == "renamed category"
    assert found.title == "payment_type: 'Credit Card' is now 'CreditCard'"
    assert "both are spelled alike" in found.explanation


def test_a_rename_whose_rows_were_refused_at_the_door_is_still_a_rename(watched, makes):
    week = watched.week()
    cards = week.filter(pl.col("payment_type") == "Credit Card").height
    kept = week.filter(pl.col("payment_type") != "Credit Card")
    door = makes.door(
        "payment_type", "new value", rows=cards, of=week.height, refused=cards, examples=["CreditCard"]
    )
    found = _suspect(watched, "payment_type", kept, doors=[door])
    assert found.cause == "renamed category"
    assert "'CreditCard'" in found.title


@pytest.mark.parametrize("column", ["fare", "payment_type", "trip_miles", "company"])
@pytest.mark.parametrize("with_rows", [True, False])
def test_a_column_that_is_half_null_lost_its_values_upstream(watched, column, with_rows):
    frame = watched.week().with_row_index().with_columns(
        pl.when(pl.col("index") % 2 == 0).then(pl.col(column)).alias(column)
    )
    found = _suspect(watched, column, frame, with_rows=with_rows)
    assert found.cause == "upstream null"
    assert found.title.startswith(f"{column} is missing in ")
    if with_rows:
        assert frame[list(found.rows)][column].null_count() == len(found.rows) > 0


def test_a_column_that_is_all_null_lost_its_values_upstream(watched):
    frame = watched.week().with_columns(pl.lit(None, pl.Float64).alias("fare"))
    assert _suspect(watched, "fare", frame).cause == "upstream null"


def test_passengers_who_always_lacked_the_value_are_a_change_of_the_population(watched):
    from_the_airport = watched.week(per_day=300).filter(pl.col("pickup_community_area").is_in([76, 56]))
    column = "dropoff_community_area"
    more = from_the_airport[column].null_count() / from_the_airport.height
    assert more > 4 * watched.reference[column].null_count() / watched.reference.height
    assert _suspect(watched, column, from_the_airport).cause == "population change"


@pytest.mark.parametrize("text", ["", "null", "None", "N/A", "nan"])
def test_text_that_means_nothing_is_an_upstream_null(watched, text):
    frame = watched.week().with_row_index().with_columns(
        payment_type=pl.when(pl.col("index") % 4 == 0).then(pl.lit(text)).otherwise(pl.col("payment_type"))
    )
    found = _suspect(watched, "payment_type", frame)
    assert found.cause == "upstream null"
    assert repr(text) in found.explanation


@pytest.mark.parametrize("number", [0.0, -1.0, 9999.0])
def test_a_number_that_stands_for_nothing_is_an_upstream_null(watched, number):
    frame = watched.week().with_row_index().with_columns(
        trip_miles=pl.when(pl.col("index") % 4 == 0).then(number).otherwise(pl.col("trip_miles"))
    )
    found = _suspect(watched, "trip_miles", frame)
    assert found.cause == "upstream null"
    assert f"the number {number:g}" in found.explanation


def test_a_value_that_takes_its_rows_from_all_others_is_a_new_category(watched):
    frame = watched.week().with_row_index().with_columns(
        payment_type=pl.when(pl.col("index") % 10 == 0).then(pl.lit("Mobile")).otherwise(pl.col("payment_type"))
    )
    found = _suspect(watched, "payment_type", frame)
    assert found.cause == "new category"
    assert found.title == "payment_type has a new value, 'Mobile'"
    assert set(frame[list(found.rows)]["payment_type"]) == {"Mobile"}


@pytest.mark.parametrize("column", ["fare", "trip_miles", "trip_seconds", "payment_type", "company"])
def test_an_evening_heavy_week_is_a_change_of_the_population(watched, makes, column):
    evening = watched.week(per_day=250).filter(pl.col("trip_start").dt.hour() >= 18)
    found = _suspect(watched, column, evening, qualities=[makes.quality(0.8)])
    assert found.cause == "population change"
    assert "The quality holds" in found.explanation


@pytest.mark.parametrize("week", range(4))
@pytest.mark.parametrize("kept", [pl.col("fare") > 15, pl.col("trip_miles") < 1.5, pl.col("payment_type") == "Cash"])
def test_other_passengers_are_no_fault_of_the_data(watched, week, kept):
    frame = watched.week(date(2014, 11, 3 + 7 * week), per_day=200).filter(kept)
    causes = {_suspect(watched, column, frame).cause for column in ("fare", "trip_miles", "trip_seconds", "company")}
    assert causes == {"population change"}


def test_a_change_of_the_population_names_what_else_moved_and_whether_the_quality_fell(watched, makes):
    far = watched.week(per_day=250).filter(pl.col("trip_miles") > 5)
    found = _suspect(watched, "fare", far, qualities=[makes.quality(0.61)])
    assert "trip_miles" in found.explanation
    assert "roc_auc is 0.61 from 0.8" in found.explanation
    assert "Train again" in found.advice
    expected = _suspect(watched, "fare", far, qualities=[makes.quality(None, estimate=0.7, estimate_alarmed=True)])
    assert "expected to fall" in expected.explanation


def test_the_same_window_gives_the_same_suspicion(watched):
    frame = watched.week().with_columns(pl.col("fare") * 100)
    assert _suspect(watched, "fare", frame) == _suspect(watched, "fare", frame)


def test_frames_without_the_column_are_done_without(watched):
    frame = watched.week().with_columns(pl.col("fare") * 100)
    found = suspect(
        watched.reading("fare", frame), frame=frame.drop("fare"), reference=watched.reference.drop("fare")
    )
    assert found.cause == "unit change"


def test_a_histogram_without_rows_is_no_error(watched):
    reading = watched.reading("company", watched.week())
    nothing = replace(
        reading, histogram=replace(reading.histogram, current=tuple(np.zeros(len(reading.histogram.labels), int)))
    )
    assert suspect(nothing).cause == "population change"
