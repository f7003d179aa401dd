"""Statistics survive encoding, with whole numbers of any size."""

from __future__ import annotations

from dataclasses import replace

from loopwright.records.record import Artifact, decode, encode
from loopwright.records.statistics import Bucket, ColumnStatistics, PartStatistics, Statistics, ValueCount

COLUMN = ColumnStatistics(
    name="fare",
    type="int",
    rows=7,
    missing=1,
    min=1,
    median=2.5,
    max=2**60 + 1,
    standard_histogram=(Bucket(0.0, 1.0, 7.0),),
    top_values=(ValueCount("5", 3),),
)
STATISTICS = Statistics(
    parts=(PartStatistics(part="train", rows=7, columns=(COLUMN,)),),
    partials=Artifact(sha256="ef", size=3, name="partials.arrow"),
)


def test_they_survive_encoding():
    assert decode(Statistics, encode(STATISTICS)) == STATISTICS


def test_shares_and_exactness_follow_from_the_counts():
    assert (COLUMN.present, COLUMN.missing_share, COLUMN.is_exact) == (6, 1 / 7, True)
    assert not replace(COLUMN, unique_error=0.1).is_exact
    assert ColumnStatistics(name="x", type="int", rows=0).missing_share == 0
