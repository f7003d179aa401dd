"""The rows that a model is most wrong about are named as a person would find them."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from loopwright.stages.data import ROW
from loopwright.stages.evaluation.worst import keys_of, worst_examples
from loopwright.stages.registry import applied


@pytest.fixture
def model(worked):
    return applied(worked.project, worked.line.model)


def test_the_worst_rows_of_the_test_part_are_named_by_their_key(worked, model):
    examples = worst_examples(worked.rows, worked.examples, model, of=worked.material, row=ROW)
    test = worked.rows.filter(pl.col("__part") == "test")
    said = pl.Series(model.predict(test))
    wrong = (said - test["tipped"]).abs()
    worst = test["id"][int(wrong.arg_max())]
    assert examples(None)[0].startswith(f"id={worst}: said ")
    assert len(examples(None)) == 5


def test_a_slice_shows_its_own_rows_only(worked, model):
    examples = worst_examples(worked.rows, worked.examples, model, of=worked.material, row=ROW)
    paid = dict(worked.rows.select("id", "payment").iter_rows())
    shown = [text.partition("=")[2].partition(":")[0] for text in examples("payment = cash")]
    assert shown
    assert {paid[name] for name in shown} == {"cash"}


def test_without_a_key_rows_are_named_by_their_position(worked, model):
    of = replace(worked.material, dataset=replace(worked.line.dataset, key=None))
    examples = worst_examples(worked.rows, worked.examples, model, of=of, row=ROW)
    assert examples(None)[0].startswith("row=")
    assert keys_of(worked.rows, key=None, row=ROW).name == "row"
    assert keys_of(worked.rows, key="id", row=ROW).to_list() == worked.rows["id"].to_list()
