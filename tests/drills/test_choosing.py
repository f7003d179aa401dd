from __future__ import annotations

import polars as pl

from loopwright.drills.choosing import importances, nullable_first, numbers
from loopwright.records import Evidence, Ref
from loopwright.records.feature_set import Feature
from loopwright.records.model import Input

ROWS = pl.DataFrame({
    "fare": [7.5, 8.0, 9.5, 12.0, 30.0, 4.0], "miles": [1.0, 2.0, 2.5, 3.0, 9.0, 0.5], "zone": [1, 1, 2, 2, 1, 2],
    "tolls": [0.0, 0.0, 0.0, 0.0, 1.0, 2.0], "payment": ["card", None, None, None, None, None],
    "company": ["a", "b", "a", "b", None, "a"],
})


def an_input(name, kind="float", *, nullable=False):
    return Input(name=name, type=kind, nullable=nullable)


def shown(feature, value, *, model="m"):
    subject = Ref(kind="model", digest=model)
    return Evidence(check=f"importance.{feature}", subject=subject, claim="", passed=True, value=value)


def a_feature(name, *inputs):
    return Feature(name=name, kind="numeric", origin="function" if inputs else "column", inputs=inputs or (name,))


def test_a_column_matters_as_much_as_the_best_feature_that_is_made_of_it():
    found = importances(
        [shown("fare", 0.1), shown("rate", 0.3), shown("rate", 0.2)],
        [a_feature("fare"), a_feature("rate", "fare", "miles"), a_feature("zone")], model="m",
    )
    assert found == {"fare": 0.2, "miles": 0.2, "zone": 0.0}


def test_what_was_shown_of_another_model_says_nothing():
    assert importances([shown("fare", 0.9, model="other")], [a_feature("fare")], model="m") == {"fare": 0.0}


def test_the_number_that_matters_most_comes_first():
    inputs = [an_input("fare"), an_input("miles"), an_input("payment", "string")]
    assert numbers(inputs, ROWS, matter={"miles": 0.2, "fare": 0.1, "payment": 0.9}) == ["miles", "fare"]


def test_codes_and_numbers_that_are_mostly_zero_have_no_unit():
    assert numbers([an_input("zone", "int"), an_input("tolls")], ROWS, matter={}) == []


def test_what_is_not_watched_cannot_be_noticed():
    inputs = [an_input("fare"), an_input("miles")]
    assert numbers(inputs, ROWS, matter={}, ignored=["fare"]) == ["miles"]
    assert nullable_first(inputs, ROWS, matter={}, ignored=["fare"]) == ["miles"]


def test_columns_that_may_be_null_come_first_unless_they_mostly_are():
    inputs = [
        an_input("fare"), an_input("company", "string", nullable=True), an_input("payment", "string", nullable=True)
    ]
    assert nullable_first(inputs, ROWS, matter={"fare": 0.9}) == ["company", "fare"]
