"""Functions are computed for all rows, and what the model sees is chosen by the training part."""

from __future__ import annotations

import polars as pl
import pytest

from loopwright.errors import DataError, UnknownColumn, UserCodeError
from loopwright.records import LabelSet, Table
from loopwright.settings import DataSettings, FeatureSettings
from loopwright.stages.features.building import build, reserved

ROWS = 60
FRAME = pl.DataFrame({
    "__row": range(ROWS),
    "__part": ["train"] * 40 + ["test"] * 20,
    "id": [f"t{number}" for number in range(ROWS)],
    "when": [float(number) for number in range(ROWS)],
    "taxi": ["a", "b", "c"] * 20,
    "fare": [float(number % 7) for number in range(ROWS)],
    "miles": [float(number % 5) for number in range(ROWS)],
    "tips": [float(number % 3) for number in range(ROWS)],
    "late": [None] * 40 + [1.0] * 20,
    "tipped": [0, 1] * 30,
})
DATA = DataSettings(source="-", label="tipped", key="id", time="when", group="taxi", known_after=("tips",))


def labels(*columns):
    table = Table(name="labels", version=0, rows=ROWS, columns=("__row", "label"), sha256="ab")
    return LabelSet(
        name="tipped", table=table, task="binary", classes=("0", "1"), counts=(30, 30), rows=ROWS, missing=0, mean=None,
        columns=columns or ("tipped",),
    )


def per_mile(fare, miles):
    """Fare per mile."""
    return fare / (miles + 1)


def dear(per_mile):
    return per_mile > 2


def built(*functions, data=DATA, **settings):
    made = {function.__name__: function for function in functions}
    return build(
        FRAME, made, data=data, features=FeatureSettings(**settings), labels=labels(), file="features.py", row="__row"
    )


def test_columns_with_another_meaning_are_no_features_and_the_reason_is_told():
    made = built()
    assert [item.name for item in made.features] == ["fare", "miles"]
    reasons = dict(reason.split(": ", 1) for reason in made.dropped)
    assert reasons["tips"] == "is known only after the outcome"
    assert reasons["tipped"] == "is what the label is made from"
    assert (reasons["id"], reasons["when"], reasons["taxi"]) == ("is the key", "is the time", "is the group")


def test_a_column_that_is_empty_in_training_is_left_out_though_it_is_full_in_the_test():
    assert "late: has no value in the training part" in built().dropped


def test_the_table_has_a_row_for_every_row_whatever_its_part():
    made = built(per_mile)
    assert made.table.columns == ["__row", "fare", "miles", "per_mile"]
    assert made.table["__row"].to_list() == list(range(ROWS))
    assert made.table["per_mile"].to_list() == (FRAME["fare"] / (FRAME["miles"] + 1)).to_list()


def test_functions_that_a_feature_is_made_of_are_kept_though_they_are_no_features():
    made = built(dear, per_mile, exclude=("per_mile",))
    assert [item.name for item in made.features] == ["fare", "miles", "dear"]
    assert made.functions == ("per_mile", "dear")
    assert made.features[-1].inputs == ("fare", "miles")
    assert built(dear, per_mile, include=("fare",)).functions == ()


@pytest.mark.parametrize("hidden", ["tips", "tipped"])
def test_a_function_may_not_see_the_label_or_what_is_known_only_afterwards(hidden):
    function = eval(f"lambda {hidden}: {hidden} * 2")
    function.__name__ = "peeks"
    with pytest.raises((UnknownColumn, UserCodeError), match=hidden):
        built(function)


def test_a_function_that_looks_at_other_rows_is_refused():
    def centred(fare):
        return fare - fare.mean()

    with pytest.raises(UserCodeError, match="centred"):
        built(centred)


def test_where_nothing_is_left_the_reasons_are_told():
    with pytest.raises(DataError, match=r"no column is left .* Left out were .*id: is the key.*features\.py"):
        built(exclude=("fare", "miles"))


def test_what_a_rule_labels_from_several_columns_may_still_be_seen():
    assert "fare" not in reserved(DATA, labels("fare", "miles"))
    assert reserved(DATA, labels("fare"))["fare"] == "is what the label is made from"
    assert reserved(DataSettings(source="-", label="tipped"), labels()) == {"tipped": "is what the label is made from"}
