"""A source row is found again in the parts of dataset versions."""

import polars as pl

from loopwright.stages.monitoring.touching import parts_with


def test_a_row_is_in_its_part():
    rows = pl.DataFrame({"id": ["a", "b", "c"], "__part": ["train", "test", None]})
    assert [parts_with(rows, "id", key) for key in "abcd"] == [["train"], ["test"], ["none"], []]


def test_a_key_that_stands_twice_is_in_each_of_its_parts_once():
    rows = pl.DataFrame({"id": [7, 7, 7], "__part": ["train", "train", "test"]})
    assert parts_with(rows, "id", "7") == ["train", "test"]
