"""JSON rows come back with the values and types that the door read."""

from __future__ import annotations

import datetime

import msgspec
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.serving.json_columns import typed_json

TYPES = {"i": pl.Int64(), "f": pl.Float64(), "s": pl.String(), "b": pl.Boolean(), "d": pl.Date()}
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def maybe(values):
    return st.none() | values


@given(rows=st.lists(st.fixed_dictionaries({}, optional={
    "i": maybe(st.integers(-(2**63), 2**63 - 1)), "f": maybe(st.floats(allow_nan=False, allow_infinity=False)),
    "s": maybe(texts), "b": maybe(st.booleans()), "d": maybe(st.dates()), "other": texts,
}), max_size=5))
def test_every_value_comes_back(rows):
    found = typed_json(pl.Series([msgspec.json.encode(row).decode() for row in rows], dtype=pl.String), columns=TYPES)
    assert found.schema == pl.Schema(TYPES)
    assert found.to_dicts() == [{name: row.get(name) for name in TYPES} for row in rows]


offsets = st.integers(-23 * 60, 23 * 60).map(lambda minutes: datetime.timedelta(minutes=minutes))
zones = st.none() | offsets.map(datetime.timezone)


@given(moments=st.lists(st.datetimes(datetime.datetime(2, 1, 1), datetime.datetime(9998, 1, 1), timezones=zones)))
def test_every_moment_comes_back_in_utc(moments):
    texts = [msgspec.json.encode({"at": moment.isoformat()}).decode() for moment in moments]
    found = typed_json(pl.Series(texts, dtype=pl.String), columns={"at": pl.Datetime("us")})["at"].to_list()
    assert found == [
        moment if moment.tzinfo is None else moment.astimezone(datetime.UTC).replace(tzinfo=None) for moment in moments
    ]


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2015-01-31", datetime.datetime(2015, 1, 31)),
        ("2015-01-31 18:05", datetime.datetime(2015, 1, 31, 18, 5)),
        ("2015-01-31T18:05:06Z", datetime.datetime(2015, 1, 31, 18, 5, 6)),
        ("2015-01-31T18:05:06,5-0530", datetime.datetime(2015, 1, 31, 23, 35, 6, 500_000)),
        ("2015-01-31T18", datetime.datetime(2015, 1, 31, 18)),
        ("2015-01-31T18:05:06.123456789", datetime.datetime(2015, 1, 31, 18, 5, 6, 123_456)),
        ("2015-02-31", None),
        ("2015-01-31T25:00:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_forms_of_a_moment(text, moment):
    rows = pl.Series([msgspec.json.encode({"at": text}).decode()])
    assert typed_json(rows, columns={"at": pl.Datetime("us")}).item() == moment


def test_a_moment_with_a_zone_keeps_one():
    found = typed_json(pl.Series(['{"at": "2015-01-31T18:00:00+01:00"}']), columns={"at": pl.Datetime("us", "UTC")})
    assert found.item() == datetime.datetime(2015, 1, 31, 17, tzinfo=datetime.UTC)


def test_a_value_of_another_type_is_missing():
    rows = pl.Series(['{"i": "x", "f": true, "s": 7, "b": "yes", "d": 5}'])
    assert typed_json(rows, columns=TYPES).row(0) == (None, None, "7", None, None)


def test_no_columns_and_no_rows_are_frames_too():
    assert typed_json(pl.Series(["{}", "{}"]), columns={}).height == 2
    assert typed_json(pl.Series([], dtype=pl.String), columns=TYPES).schema == pl.Schema(TYPES)
