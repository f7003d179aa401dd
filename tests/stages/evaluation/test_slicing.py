from __future__ import annotations

import re
from datetime import date, datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError
from loopwright.stages.evaluation.slicing import (
    LARGEST,
    examples_by_slice,
    is_slice_of,
    row_losses,
    slices_of,
    worst_rows,
)

VALUES = {
    pl.Float64: st.floats(),
    pl.Int64: st.integers(-(2**62), 2**62),
    pl.UInt8: st.integers(0, 255),
    pl.String: st.text(max_size=3),
    pl.Boolean: st.booleans(),
    pl.Date: st.dates(date(1900, 1, 1), date(2100, 1, 1)),
    pl.Datetime("us"): st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1)),
    pl.Categorical: st.sampled_from(["Cash", "Card"]),
    pl.Null: st.none(),
}


@st.composite
def columns(draw):
    kind = draw(st.sampled_from(list(VALUES)))
    values = draw(st.lists(st.none() | VALUES[kind], min_size=1, max_size=60))
    return pl.Series("fare", values, dtype=kind, strict=False)


def names(column):
    return [piece.name for piece in slices_of(column)]


@given(column=columns())
def test_every_row_is_in_exactly_one_slice(column):
    rows = np.concatenate([piece.rows for piece in slices_of(column)])
    assert sorted(rows.tolist()) == list(range(len(column)))


@given(column=columns())
def test_slices_are_named_apart_and_know_their_column(column):
    found = names(column)
    assert len(set(found)) == len(found)
    assert all(is_slice_of(name, "fare") for name in found)
    assert not any(is_slice_of(name, "far") or is_slice_of(name, "fare_zone") for name in found)


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=200, unique=True))
def test_the_name_of_a_range_says_exactly_which_rows_it_holds(values):
    for piece in slices_of(pl.Series("fare", values)):
        inside = [values[row] for row in piece.rows]
        low, high = limits(piece.name)
        assert all(low < value <= high for value in inside)


def limits(name):
    if found := re.fullmatch(r"fare in \((.*), (.*)\]", name):
        return float(found[1]), float(found[2])
    side, edge = name.removeprefix("fare ").split(" ")
    return (-np.inf, float(edge)) if side == "<=" else (float(edge), np.inf)


def test_numbers_are_cut_into_quarters():
    sizes = [len(piece.rows) for piece in slices_of(pl.Series("fare", np.arange(1000) / 7))]
    assert len(sizes) == 4
    assert min(sizes) > 240


def test_few_different_numbers_are_categories_in_their_order():
    assert names(pl.Series("seats", [4, 1, 4, 2])) == ["seats = 1", "seats = 2", "seats = 4"]
    assert names(pl.Series("seats", [1.5, 1.0])) == ["seats = 1", "seats = 1.5"]


def test_short_floats_are_said_shortly():
    assert names(pl.Series("share", [0.1, 1e20], dtype=pl.Float32)) == ["share = 0.1", "share = 1e+20"]


def test_values_beyond_the_largest_are_put_together():
    column = pl.Series("company", [f"c{i:03}" for i in range(30) for _ in range(30 - i)])
    found = slices_of(column)
    assert len(found) == LARGEST + 1
    assert found[0].name == "company = c000"
    assert found[-1].name == "company is any other value"
    assert len(found[-1].rows) == sum(range(1, 11))


def test_missing_and_nan_are_a_slice_of_their_own():
    tips = pl.Series("tip", [1.0, None, float("nan")])
    found = {piece.name: piece.rows.tolist() for piece in slices_of(tips)}
    assert found == {"tip = 1": [0], "tip is missing": [1, 2]}


def test_a_text_that_says_missing_is_not_missing():
    found = names(pl.Series("paid", ["missing", None, ""]))
    assert found == ['paid = ""', "paid = missing", "paid is missing"]


def test_moments_over_a_long_time_are_cut_by_days():
    moments = pl.Series("start", [datetime(2015, month, 3, 4, 5) for month in range(1, 13)])
    assert names(moments)[0] == "start <= 2015-03-03"


def test_infinity_has_a_place_on_the_scale():
    column = pl.Series("fare", [*range(20), float("inf"), float("-inf")], dtype=pl.Float64)
    found = {row: piece.name for piece in slices_of(column) for row in piece.rows.tolist()}
    assert found[20].startswith("fare > ")
    assert found[21].startswith("fare <= ")


def test_a_column_of_lists_is_refused_with_what_to_do():
    with pytest.raises(DataError, match="cannot be cut by the column 'stops'"):
        slices_of(pl.Series("stops", [[1, 2]]))


def test_the_loss_is_that_of_the_true_class_or_the_absolute_error():
    assert row_losses(np.array([0, 1]), np.array([[0.5, 0.5], [1.0, 0.0]]), task="multiclass").tolist() == [
        pytest.approx(np.log(2)), np.inf,
    ]
    assert row_losses(np.array([1.0]), np.array([-2.0]), task="regression").tolist() == [3.0]
    assert row_losses(np.array([1.0]), np.array([np.nan]), task="regression").tolist() == [np.inf]


def test_the_worst_rows_come_first_and_are_named_by_their_key():
    said = worst_rows(
        np.array([1, 0, 1]), np.array([0.9, 0.8, 0.3]), task="binary", classes=("no", "yes"), n=2,
        keys=pl.Series("trip_id", ["a", "b", "c"]),
    )
    assert said == ("trip_id=b: said 0.8 for yes, was no", "trip_id=c: said 0.3 for yes, was yes")


def test_worst_rows_of_several_classes_and_of_numbers_read_well():
    several = worst_rows(
        np.array([1]), np.array([[0.7, 0.2, 0.1]]), task="multiclass", classes=("a", "b", "c"),
        keys=pl.Series("row", [3]),
    )
    numbers = worst_rows(np.array([45.0]), np.array([12.3]), task="regression", keys=pl.Series("row", [3]))
    assert several == ("row=3: said a (0.7), was b",)
    assert numbers == ("row=3: said 12.3, was 45",)


def test_examples_are_taken_from_the_slice_that_is_asked_for():
    examples = examples_by_slice(
        np.array([1, 1, 0]), np.array([0.1, 0.2, 0.9]), task="binary", keys=pl.Series("row", [0, 1, 2]),
        slices={"paid": pl.Series(["Card", "Cash", "Cash"])},
    )
    assert [said.split(":")[0] for said in examples("paid = Cash")] == ["row=2", "row=1"]
    assert len(examples(None)) == 3
    assert examples("paid = Gold") == ()
    assert examples("zone = 3") == ()
