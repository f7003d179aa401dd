"""Served answers are given again to the last bit, or the rows that differ are named."""

from __future__ import annotations

import math

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError
from loopwright.stages.monitoring.skew import SkewReading, replayed


class Doubled:
    """Answers twice the fare, and has no use for what the log adds."""

    def predict(self, frame):
        assert frame.columns == ["fare"]
        return frame["fare"].to_numpy() * 2


class Classes:
    def predict(self, frame):
        share = frame["fare"].to_numpy()
        return np.stack([share, 1 - share], axis=1)


def logged(fares, scores):
    return pl.DataFrame(
        {"fare": fares, "__id": [f"t{at}" for at in range(len(fares))], "__scores": scores, "__arm": "champion"},
        schema_overrides={"fare": pl.Float64, "__id": pl.String, "__scores": pl.List(pl.Float64)},
    )


@given(fares=st.lists(st.floats(-1e300, 1e300), max_size=30))
def test_what_was_served_by_the_same_model_differs_in_no_row(fares):
    found = replayed(logged(fares, [[fare * 2] for fare in fares]), predictor=Doubled())
    assert found == SkewReading(rows=len(fares), differing=0, largest_difference=0.0, examples=())


def test_one_bit_is_a_difference():
    frame = logged([1.0, 0.0, 3.0], [[math.nextafter(2.0, 3.0)], [-0.0], [6.0]])
    found = replayed(frame, predictor=Doubled())
    assert (found.rows, found.differing) == (3, 2)
    assert found.largest_difference == pytest.approx(2.0**-51)
    assert [row.id for row in found.examples] == ["t0", "t1"]


def test_the_rows_that_differ_most_come_first():
    found = replayed(logged([1.0, 1.0, 1.0], [[2.5], [9.0], [2.0]]), predictor=Doubled())
    assert [(row.id, row.served, row.recomputed) for row in found.examples] == [
        ("t1", (9.0,), (2.0,)), ("t0", (2.5,), (2.0,)),
    ]
    assert found.largest_difference == 7.0


def test_probabilities_of_several_classes_are_compared_one_by_one():
    frame = logged([0.25, 0.5], [[0.25, 0.75], [0.5, 0.4]])
    found = replayed(frame, predictor=Classes())
    assert found.differing == 1
    assert found.largest_difference == pytest.approx(0.1)


def test_a_number_against_none_has_no_size_but_is_a_difference():
    frame = logged([1.0, float("nan"), 2.0], [[None], [None], [4.0, 4.0]])
    found = replayed(frame, predictor=Doubled())
    assert (found.differing, found.largest_difference) == (2, None)
    assert found.examples[0].served == (None,)
    assert msgspec.json.decode(msgspec.json.encode(found), type=SkewReading) == found


def test_other_scores_can_be_given_but_one_for_each_row():
    frame = logged([1.0, 2.0], [[0.0], [0.0]])
    assert replayed(frame, predictor=Doubled(), scores=[[2.0], [4.0]]).differing == 0
    with pytest.raises(DataError, match="2 rows were given with 1 served"):
        replayed(frame, predictor=Doubled(), scores=[[2.0]])
