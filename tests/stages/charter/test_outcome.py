"""What the values of a label say about the task."""

import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import UnusableLabel
from loopwright.stages.charter.outcome import class_names, outcome
from loopwright.stages.labels.labelling import class_name, encode_labels

NAN = float("nan")


@pytest.mark.parametrize(
    ("values", "task", "why"),
    [
        (["No", "Yes"] * 5, "binary", "two values"),
        ([0, 1] * 5, "binary", "two values"),
        ([True, False] * 5, "binary", "two values"),
        ([0.5, 2.5] * 5, "binary", "two values"),
        (["a", "b", "c"] * 5, "multiclass", "text with 3"),
        ([0, 1, 2] * 5, "multiclass", "only 3 different"),
        ([0.0, 1.0, 2.0, NAN] * 5, "multiclass", "only 3 different"),
        ([0, 1, 2], "regression", "3 different"),
        (list(range(100)), "regression", "100 different"),
        ([0.1, 0.2, 0.3] * 50, "regression", "not all of them whole"),
    ],
)
def test_the_task_is_read_off_the_values(values: list[object], task: str, why: str) -> None:
    seen = outcome(pl.Series("label", values))
    assert seen.task == task
    assert why in seen.why


def test_rows_without_a_label_are_counted_and_left_aside() -> None:
    seen = outcome(pl.Series("label", [1.0, 0.0, NAN, None, 1.0]))
    assert (seen.labelled, seen.unlabelled, seen.classes) == (3, 2, ("1", "0"))


@pytest.mark.parametrize(
    ("values", "positive"),
    [
        (["No", "Yes", "Yes"], "Yes"),
        ([True, True, False], "true"),
        ([1, 1, 0], "1"),
        ([1.0, 1.0, 0.0], "1"),
        (["good", "good", "bad"], "bad"),
        (["yes", "true", "true"], "yes"),
    ],
)
def test_the_positive_class_is_yes_true_or_one_and_else_the_rarer(values: list[object], positive: str) -> None:
    assert outcome(pl.Series("label", values)).positive == positive


@given(values=st.lists(st.sampled_from(["yes", "no", "true", "false", "a", "b"]), min_size=2, max_size=30))
def test_the_positive_class_is_the_one_that_the_label_room_would_take(values: list[str]) -> None:
    if len(set(values)) == 2 and len(set(map(values.count, set(values)))) == 2:
        labels = encode_labels(pl.Series("label", values), task="binary")
        assert outcome(pl.Series("label", values)).positive == labels.classes[1]


@given(value=st.one_of(st.booleans(), st.integers(-(2**40), 2**40), st.floats(-1e6, 1e6), st.text(max_size=5)))
def test_classes_are_called_what_the_label_room_calls_them(value: object) -> None:
    assert class_names(pl.Series([value])).to_list() == [class_name(value)]


def test_a_class_can_be_said_to_be_positive() -> None:
    assert outcome(pl.Series("label", ["a", "b", "b"]), positive="b").positive == "b"
    with pytest.raises(UnusableLabel, match="never 'c'"):
        outcome(pl.Series("label", ["a", "b", "b"]), positive="c")


def test_the_entropy_is_the_log_loss_of_knowing_the_shares() -> None:
    assert outcome(pl.Series("label", [0, 1] * 50)).entropy == pytest.approx(math.log(2))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([None, None], "missing in all 2 rows"),
        ([NAN, NAN], "missing in all 2 rows"),
        ([1, 1, None], "in every row that has one"),
        (["x"] * 3, "in every row that has one"),
        ([[1], [2]], "cannot be predicted"),
        ([f"text {number}" for number in range(50)], "no classes"),
        ([1.5, math.inf, 2.5, 3.5], "infinite in 1 rows"),
    ],
)
def test_a_label_of_no_use_is_refused_with_the_reason(values: list[object], said: str) -> None:
    with pytest.raises(UnusableLabel, match=said):
        outcome(pl.Series("label", values))


@pytest.mark.parametrize(
    ("values", "task", "said"),
    [
        ([1, 2, 3], "binary", "needs two"),
        (["a", "b", "c"], "regression", "needs numbers"),
        ([1, 2, 3], "regresion", "did you mean 'regression'"),
        (list(range(1001)), "multiclass", "hardly meant"),
    ],
)
def test_a_task_that_does_not_fit_is_refused(values: list[object], task: str, said: str) -> None:
    with pytest.raises(UnusableLabel, match=said):
        outcome(pl.Series("label", values), task=task)


def test_a_task_that_fits_is_taken_over() -> None:
    assert outcome(pl.Series("label", [1, 2, 3] * 20), task="regression").task == "regression"


@pytest.mark.parametrize("values", [[1.5, 2.5, 3.5], ["a", "b", "c"]])
def test_only_of_two_classes_one_can_be_positive(values: list[object]) -> None:
    series = pl.Series("label", values * 10)
    with pytest.raises(UnusableLabel, match="Leave --positive out"):
        outcome(series, positive="a")
