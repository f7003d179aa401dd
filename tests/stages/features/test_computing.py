from __future__ import annotations

import polars as pl
import pytest

from loopwright.errors import UserCodeError
from loopwright.stages.features.computing import assert_row_wise, compute, feature_functions, needed

TRIPS = pl.DataFrame({"fare": [5.0, 7.0, None, 20.0], "miles": [1.0, 0.0, 2.0, 10.0]})


def made(frame: pl.DataFrame = TRIPS, **functions):
    return feature_functions(functions, frame.columns, file="features.py")


def per_mile(fare, miles):
    """Fare per mile; missing without distance."""
    return pl.when(miles > 0).then(fare / miles)


def dear(per_mile):
    return per_mile > 3


def test_a_feature_is_named_after_its_function_and_fed_by_its_parameters():
    computed, seconds = compute(TRIPS, made(per_mile=per_mile), file="features.py")
    assert computed["per_mile"].to_list() == [5.0, None, None, 2.0]
    assert set(seconds) == {"per_mile"}


def test_features_may_need_one_another_in_any_order():
    functions = made(dear=dear, per_mile=per_mile)
    assert [item.name for item in functions] == ["per_mile", "dear"]
    assert functions[1].inputs == ("fare", "miles")
    assert compute(TRIPS, functions, file="features.py")[0]["dear"].to_list() == [True, None, None, False]


def test_what_a_feature_needs_is_kept_with_it():
    functions = made(dear=dear, per_mile=per_mile, far=lambda miles: miles > 5)
    assert [item.name for item in needed(functions, ["dear"])] == ["per_mile", "dear"]


def test_the_docstring_is_the_catalogue_entry():
    assert made(per_mile=per_mile)[0].description == "Fare per mile; missing without distance."


@pytest.mark.parametrize(
    ("functions", "message"),
    [
        ({"a": lambda fair: fair}, r"function `a` needs `fair`, .* \(did you mean 'fare'\?\)"),
        ({"a": lambda b: b, "b": lambda a: a}, "need one another in a circle"),
        ({"fare": lambda miles: miles}, "has the name of a source column"),
        ({"a": lambda: pl.lit(1)}, "takes no column"),
    ],
)
def test_features_that_cannot_be_put_in_order_are_refused(functions, message):
    with pytest.raises(UserCodeError, match=message):
        made(**functions)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda fare: 3, "returned int, not a Polars expression"),
        (lambda fare: fare.no_such_method(), "failed while the feature was computed: AttributeError"),
        (lambda fare: fare.str.len_chars(), "failed while the feature was computed"),
    ],
)
def test_a_function_that_gives_no_column_is_told_with_its_name(function, message):
    with pytest.raises(UserCodeError, match=message):
        compute(TRIPS, made(bad=function), file="features.py")


LONG = pl.DataFrame({"fare": [float(value % 17) for value in range(300)]})


@pytest.mark.parametrize(
    "function",
    [
        lambda fare: fare - fare.mean(),
        lambda fare: fare.shift(1),
        lambda fare: fare.rank(),
        lambda fare: fare.cum_sum(),
        lambda fare: fare / fare.max(),
        lambda fare: fare.sum().over(fare > 3),
    ],
)
def test_a_feature_that_looks_at_other_rows_is_refused(function):
    functions = made(LONG, sly=function)
    computed, _ = compute(LONG, functions, file="features.py")
    with pytest.raises(UserCodeError, match="feature `sly` is not row-wise"):
        assert_row_wise(LONG, computed, functions, file="features.py")


@pytest.mark.parametrize(
    "function",
    [
        lambda fare: fare.log1p(),
        lambda fare: fare / 0,
        lambda fare: fare.cast(pl.String),
        lambda fare: pl.when(fare > 3).then(1.5),
    ],
)
def test_a_row_wise_feature_passes_infinities_missing_values_and_text_included(function):
    functions = made(LONG, plain=function)
    computed, _ = compute(LONG, functions, file="features.py")
    assert_row_wise(LONG, computed, functions, file="features.py")
