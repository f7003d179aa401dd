"""What is normal between windows: seasons, trends and rows that are alike, told from chance."""

from __future__ import annotations

import numpy as np
import pytest

from loopwright.stages.monitoring.unrest import unrest


def drawn(shares, *, rows, seed=0):
    """Return windows of so many rows, each drawn from its own shares."""
    generator = np.random.default_rng(seed)
    return np.array([generator.multinomial(rows, share) for share in shares])


def of(table, *, hours=168.0):
    return unrest(table, number=np.arange(len(table)), hours=hours, rows=int(table.sum()))


def two(high):
    """Return shares of two values, one row for each window."""
    return np.column_stack([high, 1 - high])


@pytest.mark.parametrize(("rows", "hours"), [(16, 24.0), (115, 168.0), (2000, 24.0)])
@pytest.mark.parametrize("bins", [2, 10])
def test_windows_of_one_kind_are_calm(rows, hours, bins):
    # Windows of a dozen rows leave doubt that costs a little.
    most = 0.02 if rows > 16 else 0.08
    for seed in range(5):
        found = of(drawn([np.full(bins, 1 / bins)] * 104, rows=rows, seed=seed), hours=hours)
        assert found.natural < most
        assert found.overdispersion < 1.2


@pytest.mark.parametrize("rows", [115, 2000])
def test_a_yearly_season_is_natural_and_no_overdispersion(rows):
    season = 0.4 + 0.08 * np.sin(2 * np.pi * np.arange(104) / 52)
    found = of(drawn(two(season), rows=rows))
    largest = 0.08**2 / (0.4 * 0.6)
    assert largest * 0.8 < found.natural < largest * 3
    assert found.overdispersion < 1.3


def test_weekdays_of_daily_windows_are_natural():
    weekend = np.where(np.arange(365) % 7 >= 5, 0.5, 0.35)
    found = of(drawn(two(weekend), rows=300), hours=24.0)
    largest = (0.5 - 0.393) ** 2 / (0.393 * 0.607)
    assert found.natural > largest
    assert found.overdispersion < 1.2


def test_a_trend_is_natural():
    found = of(drawn(two(np.linspace(0.25, 0.40, 104)), rows=300))
    assert found.natural > 0.075**2 / (0.325 * 0.675)


def test_one_odd_window_counts_even_if_the_mean_hides_it():
    shares = np.full(104, 0.4)
    shares[60] = 0.6
    assert of(drawn(two(shares), rows=1000)).natural > 0.08


def test_rows_in_fives_are_overdispersed_five_times():
    table = 5 * drawn([np.full(6, 1 / 6)] * 100, rows=40)
    found = of(table)
    assert 3.5 < found.overdispersion < 6
    assert found.natural < 0.05


def test_two_windows_tell_nothing_and_it_is_said():
    found = of(drawn([np.full(3, 1 / 3)] * 2, rows=100))
    assert (found.natural, found.overdispersion) == (0.0, 1.0)
    assert "not known" in found.notes[0]


def test_few_windows_leave_more_room_than_many():
    few, many = (of(drawn([np.full(10, 0.1)] * n, rows=115)).natural for n in (6, 200))
    assert few > many


def test_thin_windows_are_said_to_be_thin():
    assert "only 16 rows" in of(drawn([np.full(4, 0.25)] * 100, rows=16), hours=24.0).notes[0]


def test_very_much_unrest_is_said():
    found = of(drawn(two(np.tile([0.02, 0.98], 30)), rows=500))
    assert found.natural > 0.5
    assert "Longer windows" in found.notes[0]


def test_a_window_full_of_rare_values_is_known_as_usual():
    shares = np.tile([0.6, 0.398, 0.002], (100, 1))
    calm = of(drawn(shares, rows=200)).rare_share
    shares[50] = [0.5, 0.4, 0.1]
    assert calm < 0.01
    assert 0.03 < of(drawn(shares, rows=200)).rare_share < 0.1


def test_a_column_of_one_value_has_no_unrest():
    found = of(np.column_stack([np.full(50, 80), np.zeros(50, dtype=np.int64)]))
    assert (found.natural, found.overdispersion) == (0.0, 1.0)
