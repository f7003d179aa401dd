"""Any frame fits into Delta's names and types and comes back as it was."""

from __future__ import annotations

import io

import polars as pl
import pytest
from deltalake import Schema
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from polars.testing.parametric import dataframes

from loopwright.store.delta_columns import packed, schema_from_text, schema_text, stored_names, unpacked

DELTA_TYPES = {
    "boolean",
    "byte",
    "short",
    "integer",
    "long",
    "float",
    "double",
    "string",
    "binary",
    "date",
    "timestamp",
    "timestamp_ntz",
}


UNKEPT = [pl.Object, pl.Extension]


def came_back(frame):
    """Return what is left of a frame after a trip through a Parquet file."""
    buffer = io.BytesIO()
    packed(frame).write_parquet(buffer)
    buffer.seek(0)
    schema = schema_from_text(schema_text(frame.schema))
    return unpacked(pl.read_parquet(buffer).lazy(), schema=schema, columns=list(schema)).collect()


@settings(max_examples=150, deadline=None)
@given(frame=dataframes(min_cols=1, max_cols=4, max_size=6, excluded_dtypes=UNKEPT))
def test_every_frame_comes_back_as_it_was(frame):
    assert_frame_equal(came_back(frame), frame, check_exact=True, categorical_as_str=True)


@settings(max_examples=100, deadline=None)
@given(names=st.lists(st.text(), min_size=1, max_size=5, unique=True))
def test_every_name_comes_back_as_it_was(names):
    frame = pl.DataFrame({name: [position] for position, name in enumerate(names)})
    assert came_back(frame).equals(frame)
    assert len({name.lower() for name in stored_names(names)}) == len(names)


@pytest.mark.parametrize(
    "dtype",
    [
        pl.UInt64,
        pl.Int128,
        pl.Null,
        pl.Time,
        pl.Duration,
        pl.Float16,
        pl.Categorical,
        pl.Datetime("ns"),
        pl.Decimal(9, 2),
        pl.Array(pl.UInt8, 3),
        pl.Struct({"a": pl.Time}),
    ],
    ids=str,
)
def test_what_is_stored_has_types_that_delta_knows(dtype):
    stored = packed(pl.DataFrame(schema={"x": dtype}))
    field = Schema.from_arrow(stored.schema).fields[0]
    kind = getattr(field.type, "type", None)
    assert kind in DELTA_TYPES | {"array", "struct"} or kind.startswith("decimal"), kind


def test_a_missing_struct_is_not_a_struct_of_missing_fields():
    frame = pl.DataFrame({"x": [{"a": 1}, None, {"a": None}]}, schema={"x": pl.Struct({"a": pl.UInt8})})
    assert came_back(frame)["x"].is_null().to_list() == [False, True, False]
