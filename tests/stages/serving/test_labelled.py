"""Labels of live rows are made by the rule that made those of training."""

from __future__ import annotations

import datetime

import polars as pl
import pytest

from loopwright.errors import UnknownColumn, UserCodeError
from loopwright.stages.labels.labelling import class_name
from loopwright.stages.serving.labelled import Rule, labelled

TRUTH = tuple(map(class_name, (False, True)))
KNOWN = datetime.datetime(2026, 3, 1)


def rows(*, known=(True, True, False), **columns):
    at = pl.Series("__label_at", [KNOWN if each else None for each in known], dtype=pl.Datetime("us"))
    return pl.DataFrame(columns).with_columns(at)


def test_a_class_becomes_its_code(make_model):
    frame = rows(tipped=["yes", "no", None])
    assert labelled(frame, Rule("tipped"), model=make_model())["__label"].to_list() == [1.0, 0.0, None]


def test_numbers_and_truth_values_are_the_classes_that_training_called_so(make_model):
    one_or_zero = labelled(rows(tipped=[1, 0, 1]), Rule("tipped"), model=make_model(classes=("0", "1")))
    truth = labelled(rows(tipped=[True, False, True]), Rule("tipped"), model=make_model(classes=TRUTH))
    assert one_or_zero["__label"].to_list() == truth["__label"].to_list() == [1.0, 0.0, None]


def test_a_class_that_the_model_does_not_know_is_no_label(make_model):
    frame = rows(tipped=["maybe", "no", None])
    assert labelled(frame, Rule("tipped"), model=make_model())["__label"].to_list() == [None, 0.0, None]


def test_a_regression_has_numbers_and_no_nan(make_model):
    model = make_model(task="regression", classes=())
    frame = rows(minutes=[12.0, float("nan"), 3.0])
    assert labelled(frame, Rule("minutes"), model=model)["__label"].to_list() == [12.0, None, None]


def test_a_rule_over_columns_makes_a_label_only_where_the_outcome_is_known(make_model):
    def big_tip(tips: pl.Expr, fare: pl.Expr) -> pl.Expr:
        return tips > 0.2 * fare

    frame = rows(fare=[10.0, 10.0, 10.0], tips=[3.0, 1.0, 3.0])
    rule = Rule("big_tip", function=big_tip, file="features.py")
    assert labelled(frame, rule, model=make_model(classes=TRUTH))["__label"].to_list() == [1.0, 0.0, None]


def test_no_rows_have_no_labels(make_model):
    found = labelled(rows(known=(), tipped=[]), Rule("tipped"), model=make_model())
    assert found.schema["__label"] == pl.Float64
    assert found.is_empty()


def test_a_label_that_is_no_column_is_told(make_model):
    with pytest.raises(UnknownColumn, match="tip"):
        labelled(rows(tipped=["yes", "no", None]), Rule("tip"), model=make_model())


def test_a_rule_that_fails_is_blamed_by_its_file(make_model):
    def broken(fare: pl.Expr) -> pl.Expr:
        raise ZeroDivisionError

    with pytest.raises(UserCodeError, match="labeling.py"):
        labelled(rows(fare=[1.0, 2.0, 3.0]), Rule("broken", function=broken, file="labeling.py"), model=make_model())
