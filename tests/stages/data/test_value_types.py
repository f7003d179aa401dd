"""Python values become columns of one type each."""

from __future__ import annotations

import datetime
import decimal
import uuid

import polars as pl
import pytest

from loopwright.stages.data.value_types import flattened, typed_values

NOON = datetime.datetime(2020, 1, 1, 12)


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        ([1, None], pl.Int64),
        ([1, 2.5], pl.Float64),
        ([decimal.Decimal("1.5"), 2], pl.Float64),
        ([2**70, 1], pl.String),
        ([True, False], pl.Boolean),
        ([b"a", None], pl.Binary),
        ([NOON, None], pl.Datetime("us")),
        ([NOON.replace(tzinfo=datetime.timezone(datetime.timedelta(hours=2)))], pl.Datetime("us", "UTC")),
        ([NOON, NOON.replace(tzinfo=datetime.UTC)], pl.String),
        ([NOON.date()], pl.Date),
        (["2020-01-01T12:00", None], pl.Datetime("us")),
        (["1", "2"], pl.String),
        (["a", 1, True], pl.String),
        ([uuid.UUID(int=1)], pl.String),
        ([None, None], pl.String),
        ([[1], {"a": 2}], pl.String),
    ],
)
def test_types_are_found(values, dtype):
    assert typed_values({"x": values}).frame["x"].dtype == dtype


def test_a_word_among_numbers_is_a_misfit():
    found = typed_values({"x": [*range(40), "many"]})
    assert found.frame["x"].dtype == pl.Int64
    assert list(found.misfits) == [40]


def test_a_field_may_be_an_object_here_and_a_number_there():
    assert flattened([{"a": {"b": 1}}, {"a": 5}]) == {"a.b": [1, None], "a": [None, 5]}
