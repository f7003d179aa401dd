"""The type of a column is decided by all its rows; what does not fit is named."""

from __future__ import annotations

import datetime
import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.data.text_types import typed_text


def typed(*values, **options):
    return typed_text(pl.DataFrame({"x": list(values)}, schema={"x": pl.String}), **options)


def column(*values, **options):
    return typed(*values, **options).frame["x"]


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (["1", "-2", "+3"], pl.Int64),
        (["1", " 2 ", "3"], pl.Int64),
        (["1", "2.5", "1e3"], pl.Float64),
        (["1", "inf", "-inf"], pl.Float64),
        (["1", "", "  ", "NA", "null", "?"], pl.Int64),
        (["True", "false", ""], pl.Boolean),
        (["2020-01-31", "2021-02-01"], pl.Date),
        (["2020-01-31 10:00", "2020-01-31T10:00:00.5"], pl.Datetime("us")),
        (["2020-01-31T10:00Z", "2020-01-31T10:00+02:00"], pl.Datetime("us", "UTC")),
        (["2020-01-31T10:00Z", "2020-01-31T10:00"], pl.String),
        (["2020-02-30", "2020-01-01"], pl.String),
        (["a", "1"], pl.String),
        (["02134", "60614"], pl.String),
        (["02", "7"], pl.Int64),
        (["12345678901234567890", "1"], pl.String),
        (["", None], pl.String),
        (["yes", "no"], pl.String),
    ],
)
def test_types_are_found(values, dtype):
    assert column(*values).dtype == dtype


def test_the_last_row_counts_as_much_as_the_first():
    assert column(*["1"] * 5000, "2.5").dtype == pl.Float64
    assert column(*["1"] * 10, *["a"] * 10).dtype == pl.String


def test_zones_are_brought_to_utc():
    moments = column("2020-01-31T10:00-0330", "2020-01-31T23:59:59.123456+14").to_list()
    assert moments[0] == datetime.datetime(2020, 1, 31, 13, 30, tzinfo=datetime.UTC)
    assert moments[1] == datetime.datetime(2020, 1, 31, 9, 59, 59, 123456, tzinfo=datetime.UTC)


def test_a_word_among_numbers_is_a_misfit_that_is_named():
    found = typed(*["1.5"] * 99, "abc")
    assert found.frame["x"].dtype == pl.Float64
    assert found.misfits == {99: ["column 'x': 'abc' is not a number, as 99.0% of this column are"]}


def test_words_beyond_five_percent_make_a_column_text():
    found = typed(*["1"] * 94, *["a"] * 6)
    assert found.frame["x"].dtype == pl.String
    assert not found.misfits


def test_blanks_in_a_numeric_column_are_missing_and_no_misfits():
    found = typed("29.85", " ", "1889.5", "")
    assert found.frame["x"].to_list() == [29.85, None, 1889.5, None]
    assert not found.misfits


def test_nan_and_infinity_are_numbers():
    values = column("1", "nan", "NaN", "-inf").to_list()
    assert values[0] == 1
    assert math.isnan(values[1])
    assert math.isnan(values[2])
    assert values[3] == -math.inf


@pytest.mark.parametrize(
    ("word", "value", "bad", "what"),
    [
        ("int", "5", "2.5", "a whole number"),
        ("float", "2.5", "two", "a number"),
        ("bool", "true", "yes", "true or false"),
        ("date", "2020-01-01", "2020-13-01", "a date"),
        ("time", "2020-01-01T10:00", "noon", "a time"),
    ],
)
def test_a_declared_type_makes_everything_else_a_misfit(word, value, bad, what):
    found = typed(value, bad, "", types={"x": word})
    assert list(found.misfits) == [1]
    assert what in found.misfits[1][0]
    assert found.frame["x"].null_count() == 2


def test_a_column_declared_as_text_stays_text():
    assert column("1", "2", types={"x": "string"}).to_list() == ["1", "2"]


@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_whole_numbers_survive(values):
    assert column(*map(str, values)).to_list() == values


@given(st.lists(st.floats(allow_nan=False), min_size=1))
def test_floats_survive(values):
    assert [float(value) for value in column(*map(repr, values))] == values


@given(st.lists(st.datetimes(datetime.datetime(1, 1, 1)), min_size=1))
def test_moments_survive(values):
    found = column(*(value.isoformat(sep=" ", timespec="microseconds") for value in values))
    assert found.to_list() == values
