"""Partials add up: any division of the rows, merged in any order, says the same as all rows at once."""

from __future__ import annotations

import datetime
import json
import math
from dataclasses import replace
from functools import reduce
from itertools import pairwise

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import CorruptStore, DataError
from loopwright.records.record import decode, encode
from loopwright.records.statistics import Statistics
from loopwright.stages.data import distribution, vocabulary
from loopwright.stages.data.partials import dump, load, merge, partial, summarize, view
from loopwright.stages.data.reading import read

SCHEMA = {
    "whole": pl.Int64, "real": pl.Float64, "text": pl.String, "truth": pl.Boolean,
    "moment": pl.Datetime("us"), "day": pl.Date, "many": pl.List(pl.Int64), "raw": pl.Binary,
}  # fmt: skip
MODERATE = st.floats(-1e6, 1e6) | st.sampled_from([math.nan, math.inf, -math.inf, 0.0, -0.0])
ROW = st.fixed_dictionaries(
    {
        "whole": st.none() | st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
        "real": st.none() | MODERATE,
        "text": st.none() | st.text(max_size=3),
        "truth": st.none() | st.booleans(),
        "moment": st.none() | st.datetimes(datetime.datetime(1900, 1, 1), datetime.datetime(2100, 1, 1)),
        "day": st.none() | st.dates(datetime.date(1900, 1, 1)),
        "many": st.none() | st.lists(st.integers(0, 9), max_size=3),
        "raw": st.none() | st.binary(max_size=3),
    }
)
TABLE = st.lists(ROW, max_size=12).map(lambda rows: pl.DataFrame(rows, schema=SCHEMA))
EXACT = [name for name in SCHEMA if name != "real"]


def exact(partials):
    """Return the bytes of everything that must not depend on the order of merging."""
    return dump({name: partials[name] for name in EXACT})


def about_equal(left, right):
    rounded = {"mean": (left.mean, right.mean), "std": (left.std, right.std)}
    assert replace(left, mean=None, std=None) == replace(right, mean=None, std=None)
    for ours, theirs in rounded.values():
        assert (ours is None) == (theirs is None)
        assert (ours or 0.0) == pytest.approx(theirs or 0.0, rel=1e-6, abs=1e-6)


@settings(max_examples=50)
@given(TABLE, st.lists(st.integers(0, 12), max_size=3))
def test_any_partition_gives_the_same(frame, cuts):
    borders = [0, *sorted(cuts), frame.height]
    parts = [partial(frame[low:high]) for low, high in pairwise(borders)]
    merged = reduce(merge, parts)
    assert exact(merged) == exact(partial(frame))
    about_equal(view(merged["real"]), view(partial(frame)["real"]))


@settings(max_examples=30)
@given(TABLE, TABLE, TABLE)
def test_merging_is_associative_and_commutative(first, second, third):
    a, b, c = partial(first), partial(second), partial(third)
    assert exact(merge(merge(a, b), c)) == exact(merge(a, merge(b, c)))
    assert exact(merge(a, b)) == exact(merge(b, a))
    about_equal(view(merge(merge(a, b), c)["real"]), view(merge(a, merge(b, c))["real"]))
    about_equal(view(merge(a, b)["real"]), view(merge(b, a)["real"]))


@settings(max_examples=50)
@given(TABLE)
def test_bytes_give_the_same_partials_back(frame):
    kept = dump(partial(frame))
    assert dump(load(kept)) == kept
    assert [view(item) for item in load(kept).values()] == [view(item) for item in partial(frame).values()]


@settings(max_examples=50)
@given(TABLE)
def test_views_are_records_without_nan(frame):
    statistics = Statistics(parts=(summarize(frame),))
    assert decode(Statistics, encode(statistics)) == statistics


@given(st.lists(st.integers(-1000, 1000), min_size=1, max_size=50))
def test_views_agree_with_numpy(values):
    seen = view(partial(pl.DataFrame({"x": values}))["x"])
    assert seen.mean == pytest.approx(np.mean(values))
    assert seen.std == pytest.approx(np.std(values))
    assert seen.median == np.median(values)
    assert (seen.min, seen.max, seen.unique) == (min(values), max(values), len(set(values)))
    assert [bucket.high for bucket in seen.quantile_histogram] == [
        np.quantile(values, share, method="inverted_cdf") for share in np.arange(1, 11) / 10
    ]
    if seen.min != seen.max:
        edges = np.histogram_bin_edges(values, bins=10)
        assert sum(bucket.rows for bucket in seen.standard_histogram) == len(values)
        assert [bucket.high for bucket in seen.standard_histogram] == pytest.approx(list(edges[1:]))


def test_whole_numbers_beyond_any_float_are_summed_exactly():
    values = [2**63 - 1, 2**63 - 2, -(2**63)] * 5
    moments = partial(pl.DataFrame({"x": values}))["x"].moments
    assert (moments.total, moments.squares) == (sum(values), sum(value * value for value in values))


def test_floats_near_the_end_of_their_range_do_not_overflow_into_the_record():
    seen = view(partial(pl.DataFrame({"x": [1.7e308, 1.7e308, -1.7e308]}))["x"])
    assert seen.std is None
    assert all(math.isfinite(bucket.low) for bucket in seen.standard_histogram)


def test_types_that_differ_are_not_merged():
    with pytest.raises(DataError, match="int in some rows and string in others"):
        merge(partial(pl.DataFrame({"x": [1]})), partial(pl.DataFrame({"x": ["a"]})))


@pytest.mark.parametrize("content", [b"", b"not arrow", pl.DataFrame({"x": [1]}).write_ipc(None).getvalue()])
def test_bytes_of_anything_else_are_refused(content):
    with pytest.raises(CorruptStore, match="stored statistics"):
        load(content)


class TestManyValues:
    """Beyond the cap numbers fall into bins and texts are estimated, within the errors stated."""

    @pytest.fixture(autouse=True)
    def small(self, monkeypatch):
        monkeypatch.setattr(distribution, "MOST_VALUES", 1000)
        monkeypatch.setattr(vocabulary, "MOST_WORDS", 1000)

    @pytest.fixture
    def frame(self):
        draw = np.random.default_rng(0)
        return pl.DataFrame(
            {
                "whole": draw.integers(-(10**7), 10**7, 30_000),
                "real": draw.lognormal(0, 2, 30_000),
                "text": [f"id {number}" for number in draw.zipf(1.5, 30_000).clip(0, 10**9)],
                "moment": pl.from_epoch(pl.Series(draw.integers(0, 10**9, 30_000))).cast(pl.Datetime("us")),
            }
        )

    def test_numbers_keep_to_their_stated_error(self, frame):
        for name in ("whole", "real"):
            seen, values = view(partial(frame)[name]), np.sort(frame[name].to_numpy())
            assert seen.value_error == 2**-9
            assert (seen.min, seen.max) == (values[0], values[-1])
            middle = np.quantile(values, 0.5, method="inverted_cdf")
            assert seen.median == pytest.approx(middle, rel=2 * seen.value_error)
            for at, bucket in enumerate(seen.quantile_histogram, start=1):
                truth = np.quantile(values, at / 10, method="inverted_cdf")
                assert bucket.high == pytest.approx(truth, rel=2 * seen.value_error)
            assert seen.unique == pytest.approx(len(np.unique(values)), rel=4 * seen.unique_error)

    def test_a_standard_histogram_from_bins_is_close(self, frame):
        seen = view(partial(frame)["whole"])
        counts, _ = np.histogram(frame["whole"].to_numpy(), bins=10)
        assert [bucket.rows for bucket in seen.standard_histogram] == pytest.approx(list(counts), rel=0.05)

    def test_moments_are_placed_to_the_day(self, frame):
        seen = view(partial(frame)["moment"])
        truth = frame["moment"].median()
        assert abs(datetime.datetime.fromisoformat(seen.median) - truth) < datetime.timedelta(days=1)

    def test_counts_of_texts_are_too_low_by_at_most_the_stated_error(self, frame):
        seen = view(partial(frame)["text"])
        truth = dict(frame["text"].value_counts().rows())
        assert seen.count_error > 0
        assert all(0 <= truth[value] - rows <= seen.count_error for value, rows in seen.top_values)
        assert seen.unique == pytest.approx(len(truth), rel=4 * seen.unique_error)
        assert not seen.is_exact

    def test_merging_never_depends_on_the_division(self, frame):
        whole = partial(frame)
        parts = [partial(rows) for rows in frame.iter_slices(700)]
        merged = reduce(merge, parts)
        backwards = reduce(merge, reversed(parts))
        for name in ("whole", "moment"):
            assert dump({name: merged[name]}) == dump({name: whole[name]}) == dump({name: backwards[name]})
        assert np.array_equal(merged["real"].distribution.keys, whole["real"].distribution.keys)
        assert np.array_equal(merged["text"].vocabulary.hashes, whole["text"].vocabulary.hashes)

    def test_bytes_give_estimates_back_too(self, frame):
        kept = dump(partial(frame))
        assert dump(load(kept)) == kept


def test_long_texts_are_told_apart_but_not_kept_whole():
    frame = pl.DataFrame({"x": ["a" * 10_000 + "b", "a" * 10_000 + "c", "short"]})
    seen = view(partial(frame)["x"])
    assert seen.unique == 3
    assert max(len(value) for value, _ in seen.top_values) < 300
    assert seen.max_length == 10_001


@settings(max_examples=20)
@given(st.sampled_from(list(SCHEMA)))
def test_a_column_without_values_has_statistics(name):
    frame = pl.DataFrame({name: [None, None]}, schema={name: SCHEMA[name]})
    seen = view(partial(frame)[name])
    assert (seen.rows, seen.missing, seen.present, seen.missing_share) == (2, 2, 0, 1.0)
    assert seen.mean is seen.min is seen.median is None


def test_the_taxi_statistics_of_tfdv_are_a_view(shared):
    path = shared("chicago_taxi_tfdv/train.csv")
    golden = json.loads(shared("chicago_taxi_tfdv/golden_stats_train.json").read_text())
    seen = {column.name: column for column in summarize(read(path.name, folder=path.parent).frame).columns}
    assert {feature["name"] for feature in golden["features"]} == set(seen)
    for feature in golden["features"]:
        column, numbers = seen[feature["name"]], feature.get("num_stats")
        common = (numbers or feature["string_stats"])["common_stats"]
        assert column.missing == int(common.get("num_missing", 0))
        assert column.present == int(common.get("num_non_missing", 0))
        (agrees_in_numbers if numbers else agrees_in_texts)(column, numbers or feature["string_stats"])


def agrees_in_numbers(column, golden):
    assert column.mean == pytest.approx(golden["mean"], rel=1e-12)
    # TFDV subtracts squares of large numbers, so its deviation of census tracts is off in the fifth digit.
    assert column.std == pytest.approx(golden["std_dev"], rel=2e-5)
    assert column.zeros == int(golden.get("num_zeros", 0))
    assert (column.min, column.max) == (golden.get("min", 0), golden["max"])
    # TFDV keeps medians as 32-bit floats, out of a sketch with an error of 1 % of the ranks.
    assert column.median == pytest.approx(golden.get("median", 0), rel=1e-5)
    standard, quantiles = golden["histograms"]
    for ours, theirs in zip(column.standard_histogram, standard["buckets"], strict=True):
        assert ours.high == pytest.approx(theirs["high_value"])
        assert ours.rows == pytest.approx(theirs["sample_count"], abs=0.01 * column.rows)
    for ours, theirs in zip(column.quantile_histogram, quantiles["buckets"], strict=True):
        assert ours.high == pytest.approx(theirs.get("high_value", 0), rel=0.03)
        assert ours.rows == pytest.approx(theirs["sample_count"])


def agrees_in_texts(column, golden):
    assert (column.unique or 0) == int(golden.get("unique", 0))
    assert [(value, float(rows)) for value, rows in column.top_values] == [
        (value["value"], value["frequency"]) for value in golden.get("top_values", [])
    ]
    assert (column.mean_length or 0) == pytest.approx(golden.get("avg_length", 0), rel=1e-6)
