"""Drift of one window after the other: faults that are found, alarms that end, and windows that say nothing."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from loopwright.settings import MonitorSettings
from loopwright.stages.monitoring.budget import budget
from loopwright.stages.monitoring.drift import backtest, read_columns, read_prediction
from loopwright.stages.monitoring.reference import prediction_profile, profile
from loopwright.stages.monitoring.windows import ColumnReading

LIMITS = budget(MonitorSettings(window_hours=168.0), columns=2, qualities=2, doors=3, others=5)


def drawn(rows, *, seed, fare=1.0, card=0.35):
    generator = np.random.default_rng(seed)
    return pl.DataFrame({
        "fare": fare * np.round(generator.lognormal(2.2, 0.6, rows), 2),
        "paid": generator.choice(["Card", "Cash", "Voucher"], p=[card, 0.97 - card, 0.03], size=rows),
    })


@pytest.fixture(scope="module")
def found():
    rows = drawn(8000, seed=0)
    start = datetime(2014, 1, 6)
    moments = pl.Series("at", [start + timedelta(hours=each) for each in range(8000)])
    return profile(
        rows.with_columns(moments), columns=["fare", "paid"], at="at", window_hours=168.0, window_rows=None, effect=0.02
    )


def read(found, frame, previous=()):
    return {each.column: each for each in read_columns(found, frame, budget=LIMITS, previous=previous)}


def test_unchanged_windows_raise_no_alarm(found):
    previous = ()
    for seed in range(1, 53):
        previous = read_columns(found, drawn(170, seed=seed), budget=LIMITS, previous=previous)
        assert not any(each.alarmed for each in previous)


@pytest.mark.parametrize("rows", [60, 170, 5000])
def test_a_fare_in_cents_is_found_at_once(found, rows):
    fare = read(found, drawn(rows, seed=1, fare=100.0))["fare"]
    assert fare.alarmed
    assert fare.effect > 1
    assert fare.quantiles[2] == pytest.approx(100 * fare.reference_quantiles[2], rel=0.3)


@pytest.mark.parametrize("rows", [60, 170, 5000])
def test_a_renamed_value_is_found_and_named(found, rows):
    frame = drawn(rows, seed=1).with_columns(pl.col("paid").replace("Card", "Kredit"))
    paid = read(found, frame)["paid"]
    assert paid.alarmed
    assert (paid.new_values, paid.lost_values) == (("Kredit",), ("Card",))
    assert paid.effect > 0.1


@pytest.mark.parametrize("rows", [60, 170, 5000])
def test_values_that_go_missing_are_found(found, rows):
    half = pl.int_range(pl.len()) % 2 == 0
    paid = read(found, drawn(rows, seed=1).with_columns(pl.when(half).then("paid").alias("paid")))["paid"]
    assert paid.alarmed
    assert (paid.missing, paid.reference_missing) == (0.5, 0.0)


def test_a_column_that_no_longer_comes_is_all_missing(found):
    fare = read(found, drawn(170, seed=1).drop("fare"))["fare"]
    assert fare.alarmed
    assert (fare.missing, fare.quantiles) == (1.0, ())


def test_a_small_lasting_change_is_found_over_windows(found):
    previous, first = (), None
    for seed in range(1, 40):
        previous = read_columns(found, drawn(170, seed=seed, card=0.46), budget=LIMITS, previous=previous)
        if previous[1].alarmed:
            first = seed
            break
    assert first is not None
    # No single of these windows would have been enough.
    assert 1 < first <= 15


def test_an_alarm_lasts_as_long_as_the_fault_and_then_ends(found):
    previous, alarmed = (), []
    for week in range(9):
        frame = drawn(170, seed=week, fare=100.0 if 3 <= week < 6 else 1.0)
        previous = read_columns(found, frame, budget=LIMITS, previous=previous)
        alarmed.append(previous[0].alarmed)
    assert alarmed == [False] * 3 + [True] * 3 + [False] * 3
    assert previous[0].evidence < 10


@pytest.mark.parametrize("rows", [0, 1, 5, 19])
def test_a_window_with_too_few_rows_raises_neither_alarm_nor_error(found, rows):
    before = read_columns(found, drawn(170, seed=1, card=0.45), budget=LIMITS)
    frame = drawn(rows, seed=2, fare=100.0) if rows else drawn(1, seed=2).head(0)
    readings = read_columns(found, frame, budget=LIMITS, previous=before)
    assert not any(each.alarmed for each in readings)
    # Evidence neither grows nor is lost.
    assert [each.evidence for each in readings] == [each.evidence for each in before]


def test_a_frame_without_any_column_is_read_too(found):
    assert [each.rows for each in read_columns(found, pl.DataFrame(), budget=LIMITS)] == [0, 0]


def test_a_change_that_does_not_matter_is_no_alarm_in_any_number_of_rows(found):
    assert not read(found, drawn(200_000, seed=3, card=0.37))["paid"].alarmed


def test_histograms_have_the_same_bins_on_both_sides(found):
    for each in read(found, drawn(170, seed=1)).values():
        shown = each.histogram
        assert len(shown.labels) == len(shown.reference) == len(shown.current)
        assert sum(shown.current) == each.rows == 170
        assert sum(shown.reference) == 8000


def test_readings_survive_being_kept(found):
    import msgspec

    for frame in (drawn(170, seed=1), drawn(170, seed=1, fare=100.0), drawn(5, seed=1)):
        readings = read_columns(found, frame, budget=LIMITS)
        kept = msgspec.json.decode(msgspec.json.encode(readings), type=tuple[ColumnReading, ...])
        assert kept == readings


def test_a_frequent_value_that_is_missing_by_chance_is_not_lost(found):
    few = drawn(60, seed=1).filter(pl.col("paid") != "Voucher")
    assert read(found, few)["paid"].lost_values == ()


def test_scores_and_classes_are_read_like_columns():
    generator = np.random.default_rng(0)
    options = {"at": None, "window_hours": 168.0, "window_rows": 200, "effect": 0.02}
    scores = prediction_profile(pl.Series(generator.beta(2, 5, 5000)), **options)
    same, other = (pl.DataFrame({"__score": generator.beta(a, 5, 300)}) for a in (2, 4))
    assert not read_prediction(scores, same, budget=LIMITS).alarmed
    reading = read_prediction(scores, other, budget=LIMITS)
    assert (reading.column, reading.alarmed) == ("prediction", True)

    classes = prediction_profile(pl.Series(generator.choice(["a", "b"], size=5000)), **options)
    assert read_prediction(classes, pl.DataFrame({"__prediction": ["a"] * 300}), budget=LIMITS).alarmed


def test_limits_raise_no_alarm_on_the_windows_they_were_made_from():
    generator = np.random.default_rng(1)
    start = datetime(2014, 1, 6)
    moments = [start + timedelta(hours=each) for each in range(17_000)]
    # A yearly season, a weekend, and a trend that lasts two years.
    week = np.arange(17_000) / 168
    season = 10 + 2 * np.sin(2 * np.pi * week / 52) + np.where(week % 1 > 5 / 7, 2, 0) + week / 50
    rows = pl.DataFrame({"at": moments, "x": season + generator.normal(size=17_000)})
    for hours in (24.0, 168.0):
        found = profile(rows, columns=["x"], at="at", window_hours=hours, window_rows=None, effect=0.02)
        limits = budget(MonitorSettings(window_hours=hours), columns=1, qualities=1, doors=1, others=1)
        assert backtest(found, rows, budget=limits) == 0
        broken = rows.with_columns(pl.col("x") * 3)
        assert backtest(found, broken, budget=limits) >= 1


def test_a_column_with_a_strong_season_still_shows_a_change_of_unit():
    """A temperature: every week differs from the year, but no week has had such numbers."""
    generator = np.random.default_rng(2)
    hours = np.arange(17_520)
    celsius = 12 + 13 * np.sin(2 * np.pi * hours / 8760) + generator.normal(scale=3, size=hours.size)
    rows = pl.DataFrame({"at": [datetime(2014, 1, 6) + timedelta(hours=int(each)) for each in hours], "x": celsius})
    limits = budget(MonitorSettings(window_hours=168.0), columns=1, qualities=1, doors=1, others=1)
    found = profile(rows, columns=["x"], at="at", window_hours=168.0, window_rows=None, effect=0.02)
    assert backtest(found, rows, budget=limits) == 0
    summer = rows[26 * 168 : 27 * 168].with_columns(pl.col("x") * 1.8 + 32)
    assert read_columns(found, summer, budget=limits)[0].alarmed


def test_days_whose_rows_are_alike_raise_no_alarm():
    """Each taxi makes eight trips in a row with the same fare: rows are worth an eighth."""
    def city(seed, weeks):
        generator = np.random.default_rng(seed)
        count = weeks * 25
        fares = np.repeat(np.round(generator.lognormal(2, 0.5, count), 2), 8)
        hours = np.repeat(np.arange(count) * 168 / 25, 8)
        return pl.DataFrame({"fare": fares, "at": [datetime(2014, 1, 6) + timedelta(hours=each) for each in hours]})

    reference = city(0, 104)
    found = profile(reference, columns=["fare"], at="at", window_hours=168.0, window_rows=None, effect=0.02)
    assert found.columns[0].overdispersion > 5
    limits = budget(MonitorSettings(window_hours=168.0), columns=1, qualities=1, doors=1, others=1)
    assert backtest(found, reference, budget=limits) == 0
    assert sum(backtest(found, city(seed, 52), budget=limits) for seed in range(1, 7)) <= 1
