"""What a pipeline is fed."""

from __future__ import annotations

import datetime as dt
import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loopwright.errors import DataError, UnknownColumn
from loopwright.records.feature_set import Feature
from loopwright.stages.features.matrix import matrix


def feature(name, kind):
    return Feature(name=name, kind=kind, origin="column", inputs=(name,))


NUMBER, TEXT = feature("number", "numeric"), feature("text", "categorical")


def test_columns_come_in_the_order_of_the_features_and_others_are_left_out():
    frame = pl.DataFrame({"other": [1], "text": ["a"], "number": [2]})
    assert matrix(frame, [NUMBER, TEXT]).schema == {"number": pl.Float32, "text": pl.String}


@pytest.mark.parametrize("missing", [None, math.nan, math.inf, -math.inf, 1e300])
def test_what_is_no_float32_number_is_nan(missing):
    made = matrix(pl.DataFrame({"number": [1.5, missing]}), [NUMBER])["number"]
    assert made[0] == 1.5
    assert math.isnan(made[1])
    assert made.null_count() == 0


def test_booleans_are_zero_and_one():
    assert matrix(pl.DataFrame({"number": [True, False]}), [NUMBER])["number"].to_list() == [1.0, 0.0]


def test_a_column_of_nothing_but_nulls_is_missing_everywhere():
    frame = pl.DataFrame({"number": [None, None], "text": [None, None]})
    made = matrix(frame, [NUMBER, TEXT])
    assert made["number"].is_nan().all()
    assert made["text"].to_list() == ["", ""]


def test_numbers_dates_and_categories_become_text_where_text_is_wanted():
    for values, expected in [([3], "3"), ([dt.date(2016, 1, 2)], "2016-01-02"), ([True], "true")]:
        assert matrix(pl.DataFrame({"text": values}), [TEXT])["text"].to_list() == [expected]
    category = pl.DataFrame({"text": pl.Series(["a"], dtype=pl.Categorical)})
    assert matrix(category, [TEXT])["text"].to_list() == ["a"]


def test_a_missing_column_is_named_with_the_nearest_one():
    with pytest.raises(UnknownColumn, match=r"'number'.*did you mean 'numbers'"):
        matrix(pl.DataFrame({"numbers": [1]}), [NUMBER])


def test_text_where_a_number_is_wanted_is_an_error_that_says_so():
    with pytest.raises(DataError, match="'number' is numeric, but these rows hold it as String"):
        matrix(pl.DataFrame({"number": ["a"]}), [NUMBER])


def test_lists_are_no_text():
    with pytest.raises(DataError, match="categorical"):
        matrix(pl.DataFrame({"text": [[1]]}), [TEXT])


@given(
    numbers=st.lists(st.floats() | st.none(), min_size=1, max_size=20),
    text=st.text(max_size=5) | st.none(),
)
def test_a_matrix_of_a_matrix_is_the_same(numbers, text):
    frame = pl.DataFrame(
        {"number": numbers, "text": [text] * len(numbers)}, schema={"number": pl.Float64, "text": pl.String}
    )
    once = matrix(frame, [NUMBER, TEXT])
    assert_frame_equal(matrix(once, [NUMBER, TEXT]), once, check_exact=True)
