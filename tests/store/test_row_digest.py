"""Equal rows have equal digests, whatever they are kept in; different rows have different ones."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.store.row_digest import BLOCK_ROWS, rows_digest

VALUES = {
    pl.Int64: st.integers(-(2**63), 2**63 - 1),
    pl.Float64: st.floats(allow_nan=True),
    pl.String: st.text(max_size=5),
    pl.Boolean: st.booleans(),
    pl.Date: st.dates(),
    pl.Binary: st.binary(max_size=5),
    pl.List(pl.Int64): st.lists(st.integers(-9, 9) | st.none(), max_size=3),
    pl.List(pl.String): st.lists(st.text(max_size=2), max_size=3),
    pl.Struct({"a": pl.Int64, "b": pl.String}): st.fixed_dictionaries(
        {"a": st.integers(0, 3) | st.none(), "b": st.text(max_size=1)}
    ),
}


@st.composite
def frames(draw):
    dtype = draw(st.sampled_from(list(VALUES)))
    values = draw(st.lists(VALUES[dtype] | st.none(), max_size=8))
    return pl.DataFrame({"x": pl.Series(values, dtype=dtype)})


@given(frames(), st.integers(0, 8))
def test_chunks_do_not_matter(frame, cut):
    assert rows_digest(pl.concat([frame[:cut], frame[cut:]], rechunk=False)) == rows_digest(frame)


@given(frames(), frames())
def test_digests_are_equal_exactly_when_the_rows_are(left, right):
    equal = left.schema == right.schema and left.equals(right, null_equal=True)
    assert (rows_digest(left) == rows_digest(right)) == equal


@given(frames())
def test_a_round_trip_through_parquet_keeps_the_digest(frame):
    import io

    file = io.BytesIO()
    frame.write_parquet(file)
    assert rows_digest(pl.read_parquet(file.getvalue())) == rows_digest(frame)


def test_names_types_and_order_count():
    rows = pl.DataFrame({"a": [1, 2], "b": [3, 4]})
    others = [
        rows.rename({"a": "c"}),
        rows.select("b", "a"),
        rows.reverse(),
        rows.cast(pl.Int32),
        rows.cast(pl.Float64),
        rows.cast(pl.String),
        rows[:1],
        rows.drop("b"),
    ]
    assert len({rows_digest(frame) for frame in [rows, *others]}) == len(others) + 1


def test_bytes_cannot_slip_from_one_value_or_column_into_the_next():
    pairs = [
        (["ab", "c"], ["a", "bc"]),
        (["", "a"], ["a", ""]),
        ([None, "a"], ["", "a"]),
        (["a", None], [None, "a"]),
    ]
    for left, right in pairs:
        assert rows_digest(pl.DataFrame({"x": left})) != rows_digest(pl.DataFrame({"x": right}))
    assert rows_digest(pl.DataFrame({"x": ["a"], "y": ["b"]})) != rows_digest(
        pl.DataFrame({"x": ["ab"], "y": [""]})
    )


def test_nan_is_one_value_and_zero_has_no_sign():
    odd_nan = np.array([0x7FF8000000000001, 0xFFF8000000000000], dtype=np.uint64).view(np.float64)
    assert rows_digest(pl.DataFrame({"x": odd_nan})) == rows_digest(pl.DataFrame({"x": [np.nan, np.nan]}))
    assert rows_digest(pl.DataFrame({"x": [-0.0]})) == rows_digest(pl.DataFrame({"x": [0.0]}))


def test_more_than_one_block_is_read_to_the_end():
    rows = pl.DataFrame({"x": np.arange(2 * BLOCK_ROWS + 5)})
    last = rows.with_columns(pl.when(pl.col("x") == 2 * BLOCK_ROWS + 4).then(0).otherwise("x").alias("x"))
    assert rows_digest(rows) != rows_digest(last)


def test_the_digest_is_the_same_for_ever():
    rows = pl.DataFrame(
        {
            "i": [1, None],
            "f": [0.5, float("nan")],
            "s": ["é", None],
            "b": [True, False],
            "t": [datetime.datetime(2020, 1, 2, 3, 4, 5), None],
            "d": [datetime.date(2020, 1, 2), None],
            "l": [[1], []],
        }
    )
    assert rows_digest(rows) == "aafb99d0a06e3a5ed5add1e665c85003e2b557aba35d4159ea9396493d30f290"


def test_python_objects_have_no_digest():
    with pytest.raises(TypeError, match="has no digest"):
        rows_digest(pl.DataFrame({"x": pl.Series([object()], dtype=pl.Object)}))


@pytest.mark.slow
def test_it_is_fast():
    import time

    rows = pl.DataFrame({f"x{at}": np.random.default_rng(at).normal(size=500_000) for at in range(20)})
    began = time.perf_counter()
    rows_digest(rows)
    assert rows.estimated_size("mb") / (time.perf_counter() - began) > 100  # about 800 on an idle machine
