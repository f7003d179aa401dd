from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import UnknownColumn, UnusableLabel, UserCodeError
from loopwright.stages.labels.labelling import by_rule, encode_labels, from_column

FRAME = pl.DataFrame({"tips": [1.0, None, 3.0], "fare": [10.0, 10.0, 10.0]})


def test_the_rarer_of_two_classes_is_positive_unless_one_says_yes():
    assert encode_labels(pl.Series("x", ["a", "b", "b"]), task="binary").classes == ("b", "a")
    assert encode_labels(pl.Series("x", ["yes", "yes", "no"]), task="binary").classes == ("no", "yes")
    assert encode_labels(pl.Series("x", [True, True, False]), task="binary").classes == ("false", "true")


def test_the_positive_class_may_be_said_in_any_spelling_of_the_value():
    assert encode_labels(pl.Series("x", [1.0, 2.0, 2.0]), task="binary", positive=2).classes == ("1", "2")


def test_classes_of_numbers_are_in_the_order_of_numbers():
    assert encode_labels(pl.Series("x", [10, 9, 2]), task="multiclass").classes == ("2", "9", "10")


@given(
    st.lists(st.one_of(st.none(), st.sampled_from(["a", "b", "c"])), min_size=3).filter(
        lambda values: len(set(values) - {None}) > 1
    )
)
def test_codes_and_classes_give_the_values_back(values):
    labels = encode_labels(pl.Series("x", values, dtype=pl.String), task="multiclass")
    assert [None if code is None else labels.classes[code] for code in labels.codes] == values


def test_numbers_stay_numbers_and_nan_is_missing():
    labels = encode_labels(pl.Series("x", [1.0, float("nan"), 3.0]), task="regression")
    assert labels.codes.to_list() == [1.0, None, 3.0]
    assert labels.classes == ()


@pytest.mark.parametrize(
    ("values", "task", "message"),
    [
        ([None, None], "binary", "is missing in all 2 rows"),
        (["a", "a"], "binary", "is 'a' in every row"),
        (["a", "b", "c"], "binary", 'has 3 values .* Set task = "multiclass"'),
        ([1.5, 2.5, 3.5], "binary", 'Set task = "regression"'),
        (["a", "b"], "regression", 'needs numbers. Set task = "multiclass"'),
        ([1.0, 1.0], "regression", "is 1 in every row"),
        ([1.0, float("inf")], "regression", "is infinite in 1 rows"),
        ([str(value) for value in range(1001)], "multiclass", "more than 1000 classes"),
    ],
)
def test_a_label_that_cannot_be_learnt_is_refused_with_what_to_do(values, task, message):
    with pytest.raises(UnusableLabel, match=message):
        encode_labels(pl.Series("x", values), task=task)


def test_an_unknown_positive_value_is_told_with_those_there_are():
    with pytest.raises(UnusableLabel, match="'maybe', but the label 'x' has the values"):
        encode_labels(pl.Series("x", ["a", "b"]), task="binary", positive="maybe")


def test_a_rule_is_applied_to_the_columns_it_names_and_missing_stays_missing():
    values, columns = by_rule(FRAME, lambda tips, fare: tips > 0.2 * fare, file="labeling.py", name="big_tip")
    assert values.to_list() == [False, None, True]
    assert columns == ("tips", "fare")


def test_a_rule_that_names_no_column_of_the_data_is_told():
    with pytest.raises(UnknownColumn, match="labeling.py: function `big_tip` names the column 'tip'"):
        by_rule(FRAME, lambda tip: tip > 1, file="labeling.py", name="big_tip")


def test_a_rule_that_gives_no_expression_is_told():
    with pytest.raises(UserCodeError, match="returned bool, not a Polars expression"):
        by_rule(FRAME, lambda tips: True, file="labeling.py", name="big_tip")


def test_a_label_column_that_is_not_there_is_told():
    with pytest.raises(UnknownColumn, match="names the column 'tip'.*did you mean 'tips'"):
        from_column(FRAME, "tip")
