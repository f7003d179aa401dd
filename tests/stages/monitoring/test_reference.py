"""The reference of monitoring: bins, values, and what is said of columns that cannot be watched."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError, EmptySample, UnknownColumn
from loopwright.stages.monitoring.reference import (
    Profile,
    counted,
    own_windows,
    prediction_profile,
    profile,
)


def described(values, **options):
    """Return the profile of one column without time."""
    rows = pl.DataFrame({"x": values}, **options)
    return profile(rows, columns=["x"], at=None, window_hours=24.0, window_rows=None, effect=0.02)


def column(values, **options):
    found = described(values, **options)
    assert not found.skipped, found.skipped
    return found.columns[0]


numbers = st.lists(
    st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1.0])),
    min_size=1, max_size=200,
)


@given(reference=numbers, live=numbers)
def test_any_numbers_are_counted_once_each(reference, live):
    found = column(reference, schema={"x": pl.Float64})
    assert sum(found.counts) == len(reference)
    assert len(found.labels) == len(found.counts)
    assert counted(pl.Series(live, dtype=pl.Float64), of=found).counts.sum() == len(live)
    assert tuple(counted(pl.Series(reference, dtype=pl.Float64), of=found).counts) == found.counts


texts = st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "(new)", "(missing)", "", "é"])), min_size=1)


@given(reference=texts, live=texts)
def test_any_values_are_counted_once_each(reference, live):
    found = column(reference, schema={"x": pl.String})
    assert sum(found.counts) == len(reference)
    assert len(found.labels) == len(found.counts)
    assert counted(pl.Series(live, dtype=pl.String), of=found).counts.sum() == len(live)


def test_tenths_of_the_rows_make_the_bins_of_a_number():
    found = column(np.random.default_rng(0).normal(size=5000))
    inner = found.counts[1:-2]
    assert len(inner) == 10
    assert min(inner) > 450
    # Below and above all numbers, and missing.
    assert (found.counts[0], found.counts[-2], found.counts[-1]) == (0, 0, 0)
    assert len(found.quantiles) == 5


def test_a_frequent_number_has_a_bin_of_its_own():
    generator = np.random.default_rng(0)
    values = np.where(generator.random(4000) < 0.6, 0.0, generator.exponential(size=4000))
    found = column(values)
    zeros = found.labels.index("0")
    assert found.counts[zeros] == (values == 0).sum()
    # A small number beside it does not fall in with the zeros, nor does one below.
    beside = counted(pl.Series([1e-9, -1e-9, 0.0]), of=found).counts
    assert beside[zeros] == 1


def test_a_number_with_few_values_has_a_bin_for_each():
    found = column([0, 1, 2, 3] * 100)
    assert [label for label in found.labels if label in "0123"] == ["0", "1", "2", "3"]
    assert len(found.labels) == 7


def test_numbers_out_of_the_range_of_the_reference_have_bins_of_their_own():
    found = column(np.linspace(5, 10, 1000))
    counts = counted(pl.Series([4.0, 11.0, float("inf"), float("-inf")]), of=found).counts
    assert (counts[0], counts[-2]) == (2, 2)


def test_numbers_that_came_as_text_are_numbers_or_missing():
    found = column(np.linspace(5, 10, 1000))
    assert counted(pl.Series(["7.5", "seven"]), of=found).missing == 1


def test_a_value_that_only_one_window_of_the_reference_has_is_what_new_means():
    # 20 windows; customers come and go, so every window has some that no other has.
    generator = np.random.default_rng(0)
    values = [f"customer {each}" for each in generator.integers(0, 800, size=2000)]
    found = column(values)
    assert found.counts[-1] > 0
    assert counted(pl.Series(["nobody"]), of=found).counts[-1] == 1


def test_rare_values_are_other_and_unknown_ones_new():
    found = column(["a"] * 500 + ["b"] * 500 + ["c", "c"])
    assert found.labels[:2] == ("a", "b")
    names = dict(zip(found.labels, counted(pl.Series(["a", "c", "d", None]), of=found).counts, strict=True))
    # "c" is in one of the twenty windows only, yet it is known.
    assert names == {"a": 1, "b": 0, "(other)": 1, "(missing)": 1, "(new)": 1}


def test_very_many_values_are_capped_and_it_is_said():
    generator = np.random.default_rng(1)
    found = column([f"v{min(each, 5000)}" for each in generator.zipf(1.2, size=20_000)])
    assert len(found.labels) == 33
    assert any("most frequent" in note for note in found.notes)


def test_more_values_than_can_be_kept_make_new_ones_untellable():
    found = column([f"v{each % 3000}" for each in range(9000)])
    assert found.is_open
    assert any("cannot be told" in note for note in found.notes)
    assert counted(pl.Series(["unheard of"]), of=found).counts[-1] == 0


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([f"id-{each}" for each in range(500)], "distinct"),
        (list(range(1000, 1500)), "counts or names"),
        ([datetime(2015, 1, 1) + timedelta(hours=each) for each in range(300)], "moments"),
        ([[1, 2]] * 30, "no histogram"),
    ],
)
def test_columns_that_tell_nothing_are_skipped_with_the_reason(values, reason):
    found = described(values)
    assert found.columns == ()
    assert reason in found.skipped[0].reason


def test_whole_numbers_that_are_distinct_by_chance_are_watched():
    assert described(np.random.default_rng(0).permutation(10**7)[:500]).columns


def test_a_column_without_any_value_is_watched():
    assert column([None] * 200, schema={"x": pl.String}).missing == 1.0
    assert column([None] * 200, schema={"x": pl.Float64}).counts[-1] == 200


def test_truth_values_are_two_values():
    assert column([True, False, True] * 100).labels[:2] == ("true", "false")


def test_profiles_survive_being_kept():
    rows = pl.DataFrame({
        "a": np.r_[np.random.default_rng(0).normal(size=990), [np.inf] * 10], "b": ["x", None] * 500,
        "t": [datetime(2015, 1, 1) + timedelta(hours=each) for each in range(1000)],
    })
    found = profile(rows, columns=["a", "b", "t"], at="t", window_hours=24.0, window_rows=None, effect=0.02)
    assert msgspec.json.decode(msgspec.json.encode(found), type=Profile) == found


def test_windows_are_cut_by_time_whatever_form_it_has():
    hours = [datetime(2015, 1, 5) + timedelta(hours=each) for each in range(24 * 30)]
    seconds = pl.Series(hours).dt.epoch("s")
    forms = [pl.Series(hours), pl.Series(hours).dt.replace_time_zone("UTC"), seconds, seconds.cast(pl.Float64),
             pl.Series(hours).cast(pl.Datetime("ns"))]
    counts = [
        profile(
            pl.DataFrame({"t": form, "x": ["a", "b"] * 360}), columns=["x"], at="t", window_hours=24.0,
            window_rows=None, effect=0.02,
        ).columns[0].windows
        for form in forms
    ]
    assert counts == [30] * 5


def test_years_order_the_rows_but_are_no_hours():
    rows = pl.DataFrame({"year": [2010 + each % 5 for each in range(1000)], "x": ["a", "b"] * 500})
    found = profile(rows, columns=["x"], at="year", window_hours=24.0, window_rows=100, effect=0.02)
    assert found.columns[0].windows == 10


def test_rows_without_a_moment_are_in_no_window_but_in_the_reference():
    hours = [datetime(2015, 1, 5) + timedelta(hours=each) for each in range(240)]
    rows = pl.DataFrame({"t": [*hours, None, None], "x": ["a", "b"] * 121})
    found = profile(rows, columns=["x"], at="t", window_hours=24.0, window_rows=None, effect=0.02)
    assert (found.columns[0].rows, found.columns[0].windows) == (242, 10)
    assert [frame.height for frame in own_windows(found, rows)] == [24] * 10


def test_what_cannot_be_a_reference_is_refused():
    rows = pl.DataFrame({"x": ["a"]})
    options = {"window_hours": 24.0, "window_rows": None, "effect": 0.02}
    with pytest.raises(EmptySample):
        profile(rows.head(0), columns=["x"], at=None, **options)
    with pytest.raises(UnknownColumn, match="'z'"):
        profile(rows, columns=["z"], at=None, **options)
    with pytest.raises(DataError, match="no times"):
        profile(rows, columns=["x"], at="x", **options)
    with pytest.raises(EmptySample):
        prediction_profile(pl.Series([], dtype=pl.Float64), at=None, **options)


def test_predictions_are_described_as_numbers_or_classes():
    options = {"at": None, "window_hours": 24.0, "window_rows": None, "effect": 0.02}
    assert prediction_profile(pl.Series(np.linspace(0, 1, 500)), **options).kind == "numeric"
    assert prediction_profile(pl.Series([f"c{each % 3}" for each in range(500)]), **options).kind == "categorical"


def test_a_single_row_is_a_reference_too():
    assert column([1.0]).rows == 1
