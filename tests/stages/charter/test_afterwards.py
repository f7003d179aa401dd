"""What is known only after the outcome is told by measuring."""

import numpy as np
import polars as pl
import pytest

from loopwright.stages.charter.afterwards import Strengths, coded, copies, measure, rule_columns, sums
from loopwright.stages.charter.outcome import outcome

GENERATOR = np.random.default_rng(0)
CASUAL, REGISTERED, HEAT = GENERATOR.poisson(30, (3, 300))


def test_columns_that_decide_the_label_are_told_from_those_that_do_not() -> None:
    label = pl.Series("big", (CASUAL > 30).astype(int))
    frame = pl.DataFrame({"casual": CASUAL, "heat": HEAT, "word": ["a", None] * 150, "big": label})
    found = measure(frame, label, outcome=outcome(label), skip=("big",))
    assert found.gives_away("casual")
    assert not found.gives_away("heat")
    assert found.suspicious(("heat", "casual")) == ("casual",)
    assert "ROC AUC" in found.told("casual")


@pytest.mark.parametrize("label", [pl.Series("y", ["a", "b", "c"] * 100), pl.Series("y", CASUAL * 1.5)])
def test_the_scale_is_that_of_the_task(label: pl.Series) -> None:
    found = measure(pl.DataFrame({"same": label, "heat": HEAT}), label, outcome=outcome(label), skip=())
    assert found.scores["same"] > 0.8
    assert found.scores["heat"] < 0.2


def test_of_too_few_rows_nothing_is_said() -> None:
    label = pl.Series("y", [0, 1])
    assert not measure(pl.DataFrame({"x": [1, 2]}), label, outcome=outcome(label), skip=()).scores


def test_the_columns_of_a_rule_that_nearly_decide_it_are_late_and_at_least_one_is() -> None:
    clear = Strengths(scores={"tips": 0.97, "fare": 0.6}, scale="roc_auc")
    assert list(rule_columns(clear, ("tips", "fare"))) == ["tips"]
    unclear = Strengths(scores={"price": 0.7, "area": 0.75}, scale="roc_auc")
    assert list(rule_columns(unclear, ("price", "area"))) == ["area"]
    assert list(rule_columns(unclear, ("day",))) == ["day"]


def test_a_column_that_says_the_label_in_other_words_is_found() -> None:
    label = pl.Series("species", ["x", "y", "x", None])
    frame = pl.DataFrame({"code": [0, 1, 0, 0], "island": ["a", "a", "b", "b"], "gap": [0, 1, None, 0]})
    assert list(copies(frame, label, classes=2, skip=())) == ["code"]
    assert not copies(frame, label, classes=0, skip=())


def test_parts_of_the_label_and_totals_that_hold_it_are_found() -> None:
    frame = pl.DataFrame({"casual": CASUAL, "registered": REGISTERED, "heat": HEAT})
    total = pl.Series("cnt", CASUAL + REGISTERED)
    assert set(sums(frame, total, skip=())) == {"casual", "registered"}
    paid = pl.DataFrame({"total": CASUAL + REGISTERED + HEAT, "fare": REGISTERED, "tax": HEAT})
    assert set(sums(paid, pl.Series("tip", CASUAL), skip=())) == {"total"}
    assert not sums(frame.select("heat"), total, skip=())
    assert not sums(frame, pl.Series("word", ["a"] * 300), skip=())


def test_another_unit_of_the_label_is_found() -> None:
    frame = pl.DataFrame({"cents": CASUAL * 100, "heat": HEAT})
    assert set(sums(frame, pl.Series("dollars", CASUAL), skip=())) == {"cents"}


def test_the_label_as_numbers_has_gaps_where_it_is_missing() -> None:
    label = pl.Series("y", ["no", "yes", None, "no"])
    assert np.array_equal(coded(label, outcome(label)), [0, 1, np.nan, 0], equal_nan=True)
