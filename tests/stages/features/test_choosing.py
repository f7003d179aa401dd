from __future__ import annotations

import polars as pl
import pytest

from loopwright.errors import UnknownColumn
from loopwright.settings import FeatureSettings
from loopwright.stages.features.choosing import choose

ROWS = 200
TRAIN = pl.DataFrame(
    {
        "fare": [float(value % 31) for value in range(ROWS)],
        "paid": ["card", "cash"] * (ROWS // 2),
        "id": [f"t{value}" for value in range(ROWS)],
        "number": list(range(ROWS)),
        "empty": [None] * ROWS,
        "same": [1] * ROWS,
        "when": pl.datetime_range(pl.datetime(2020, 1, 1), pl.datetime(2020, 1, 9, 7), "1h", eager=True)[:ROWS],
    }
)


def chosen(**settings):
    return choose(
        TRAIN,
        made=(),
        seconds={},
        reserved={"same": "is what the label is made from"},
        settings=FeatureSettings(**settings),
    )


def test_numbers_and_categories_are_features_and_the_rest_is_left_out_with_a_reason():
    choice = chosen()
    assert [(item.name, item.kind) for item in choice.features] == [("fare", "numeric"), ("paid", "categorical")]
    reasons = dict(text.split(": ", 1) for text in choice.dropped)
    assert reasons == {
        "id": "names its rows: 200 different texts in 200 rows",
        "number": "numbers the rows",
        "empty": "has no value in the training part",
        "same": "is what the label is made from",
        "when": "is of type Datetime(time_unit='us', time_zone=None); make a feature of it in features.py",
    }


def test_what_is_excluded_is_left_out():
    assert [item.name for item in chosen(exclude=("paid",)).features] == ["fare"]


def test_what_is_included_by_name_is_not_second_guessed():
    assert [item.name for item in chosen(include=("number",)).features] == ["number"]


def test_a_column_that_is_not_there_is_told():
    with pytest.raises(
        UnknownColumn, match=r"\[features\] in loopwright\.toml names the column 'fair'.*did you mean 'fare'"
    ):
        chosen(exclude=("fair",))
