"""One word and one Polars type for each kind of column."""

from __future__ import annotations

import datetime
import decimal

import polars as pl
import pytest

from loopwright.records.schema import COLUMN_TYPES
from loopwright.stages.data.column_types import normalized, type_name


@pytest.mark.parametrize(
    ("series", "dtype", "word"),
    [
        (pl.Series([1], dtype=pl.UInt8), pl.Int64, "int"),
        (pl.Series([2**64 - 1], dtype=pl.UInt64), pl.String, "string"),
        (pl.Series([0.5], dtype=pl.Float32), pl.Float64, "float"),
        (pl.Series([decimal.Decimal("1.5")]), pl.Float64, "float"),
        (pl.Series(["a"], dtype=pl.Categorical), pl.String, "string"),
        (pl.Series([None]), pl.String, "string"),
        (pl.Series([datetime.datetime(2020, 1, 1)], dtype=pl.Datetime("ns")), pl.Datetime("us"), "time"),
        (pl.Series([datetime.time(1, 2)]), pl.String, "string"),
        (pl.Series([[1.0]], dtype=pl.Array(pl.Float64, 1)), pl.List(pl.Float64), "list"),
        (pl.Series([True]), pl.Boolean, "bool"),
        (pl.Series([b"a"]), pl.Binary, "binary"),
    ],
)
def test_every_column_has_one_type_for_its_word(series, dtype, word):
    found = normalized(series.alias("x").to_frame())["x"]
    assert found.dtype == dtype
    assert type_name(found.dtype) == word
    assert word in COLUMN_TYPES


def test_zones_are_brought_to_utc():
    there = pl.Series("x", [datetime.datetime(2020, 1, 1, 12)]).dt.replace_time_zone("Asia/Tokyo")
    found = normalized(there.to_frame())["x"]
    assert found.dtype == pl.Datetime("us", "UTC")
    assert found[0].hour == 3


def test_structs_are_flattened_once():
    frame = normalized(pl.DataFrame({"a": [{"b": 1, "c": {"d": 2}}]}))
    assert frame.row(0, named=True) == {"a.b": 1, "a.c": '{"d":2}'}
