"""The decision without machine learning: the one column that decides best, as readable code."""

import numpy as np
import polars as pl
import pytest

from loopwright.stages.charter.outcome import Outcome, outcome
from loopwright.stages.charter.simple_rule import SimpleRule, find_simple_rule
from loopwright.stages.training.simple_answers import heuristic

GENERATOR = np.random.default_rng(1)
ROWS = 400
MILES = GENERATOR.uniform(0, 10, ROWS)
NOISE = GENERATOR.uniform(0, 10, ROWS)
PAID = GENERATOR.choice(["Card", "Cash", "Other"], ROWS)


def found(frame: pl.DataFrame, label: pl.Series, **options: str) -> tuple[SimpleRule, Outcome]:
    seen = outcome(label)
    rule = find_simple_rule(frame, label, outcome=seen, columns=frame.columns, **options)  # type: ignore[arg-type]
    assert rule is not None
    return rule, seen


def said(rule: SimpleRule, frame: pl.DataFrame) -> pl.Series:
    made = eval(rule.code, {"pl": pl, **{name: pl.col(name) for name in rule.arguments}})
    return frame.select(made.alias("said")).to_series()


def test_a_split_of_a_number_is_found() -> None:
    frame = pl.DataFrame({"noise": NOISE, "miles": MILES})
    rule, _ = found(frame, pl.Series("far", MILES > 5))
    assert rule.column == "miles"
    assert (said(rule, frame).to_numpy() == (MILES > 5)).mean() > 0.9


def test_a_list_of_values_is_found_and_rare_ones_do_not_count() -> None:
    frame = pl.DataFrame({"noise": NOISE, "paid": [*PAID[:-1], "Odd"]})
    label = pl.Series("tip", [*(PAID[:-1] != "Cash").tolist(), True])
    rule, _ = found(frame, label)
    assert rule.code == 'paid.is_in(["Card", "Other"]).fill_null(value=False)'


@pytest.mark.parametrize("flipped", [False, True])
def test_a_flag_is_taken_as_it_is_or_turned_round(flipped: bool) -> None:
    flag = NOISE > 5
    frame = pl.DataFrame({"flag": flag})
    rule, _ = found(frame, pl.Series("y", (flag != flipped).astype(int)))
    assert rule.code == f"({'~' if flipped else ''}flag).fill_null(value=False)"


def test_where_false_is_positive_the_rule_still_says_true_for_the_class_true() -> None:
    frame = pl.DataFrame({"paid": PAID})
    label = pl.Series("card", PAID == "Card")
    seen = outcome(label, positive="false")
    rule = find_simple_rule(frame, label, outcome=seen, columns=["paid"])
    assert rule is not None
    assert rule.code == '(paid == "Card").fill_null(value=False)'


def test_several_classes_get_a_table_or_a_chain() -> None:
    by_text, seen = found(pl.DataFrame({"paid": PAID}), pl.Series("kind", [f"k{text}" for text in PAID]))
    assert said(by_text, pl.DataFrame({"paid": PAID})).to_list() == [f"k{text}" for text in PAID]
    kinds = np.digitize(MILES, [3, 6])
    by_number, seen = found(pl.DataFrame({"miles": MILES}), pl.Series("kind", kinds))
    answers = said(by_number, pl.DataFrame({"miles": MILES}))
    assert (answers.cast(pl.Int64).to_numpy() == kinds).mean() > 0.8
    assert heuristic(answers, task="multiclass", classes=sorted(seen.classes)).shape == (ROWS, 3)


def test_a_number_gets_means_by_value_or_by_bin() -> None:
    hours = GENERATOR.integers(0, 24, ROWS)
    by_value, _ = found(pl.DataFrame({"hr": hours}), pl.Series("cnt", hours * 10.0 + NOISE))
    assert by_value.score > 0.9
    by_bin, _ = found(pl.DataFrame({"miles": MILES}), pl.Series("fare", MILES * 3 + 1))
    assert by_bin.score > 0.8


@pytest.mark.parametrize("label", [MILES > 5, np.digitize(MILES, [3, 6]), MILES * 3])
@pytest.mark.parametrize("name", ["miles", "mean miles", "pl"])
def test_every_row_is_answered_though_values_are_missing(label: np.ndarray, name: str) -> None:
    gaps = pl.Series(name, [None if row % 5 == 0 else value for row, value in enumerate(MILES.tolist())])
    frame = pl.DataFrame({name: gaps})
    rule, seen = found(frame, pl.Series("y", label))
    answers = heuristic(said(rule, frame), task=seen.task, classes=sorted(seen.classes))
    assert np.isfinite(answers).all()
    assert rule.arguments == (("miles",) if name == "miles" else ())


def test_with_a_time_the_rule_knows_nothing_of_later_rows() -> None:
    frame = pl.DataFrame({"at": range(ROWS), "paid": PAID})
    label = pl.Series("y", np.where(np.arange(ROWS) < 0.7 * ROWS, PAID == "Card", PAID == "Cash").astype(int))
    rule, _ = found(frame, label, time="at")
    assert rule.rows == int(0.7 * ROWS)


def test_where_no_column_says_anything_there_is_no_rule() -> None:
    label = pl.Series("y", [0, 1] * 50)
    for frame in (pl.DataFrame({"same": [1] * 100}), pl.DataFrame({"gap": [None] * 100}, schema={"gap": pl.String})):
        assert find_simple_rule(frame, label, outcome=outcome(label), columns=frame.columns) is None
    assert find_simple_rule(pl.DataFrame({"x": label}), label, outcome=outcome(label), columns=[]) is None
