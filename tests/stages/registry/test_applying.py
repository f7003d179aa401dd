"""A registered model is applied to source rows with its own code, and takes only rows of the types it knows."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from loopwright.errors import ModelError, UnknownColumn
from loopwright.records.model import Input
from loopwright.stages.registry.applying import Applied, checked, classes_of, features_of

INPUTS = (
    Input(name="miles", type="float", nullable=False),
    Input(name="riders", type="int", nullable=True),
    Input(name="paid", type="string", nullable=True),
    Input(name="late", type="bool", nullable=True),
    Input(name="when", type="time", nullable=True),
)
ROWS = pl.DataFrame({
    "other": [1, 2], "when": ["x", "y"], "late": [True, None], "paid": ["card", "cash"], "riders": [1, 2],
    "miles": [1.0, 2.5],
})


# -- checked -----------------------------------------------------------------------------------------------


def test_the_inputs_come_in_the_order_of_the_model_and_nothing_else():
    found = checked(ROWS, INPUTS)
    assert found.columns == ["miles", "riders", "paid", "late", "when"]
    assert found.equals(ROWS.select(found.columns))


def test_values_that_can_be_read_as_the_type_are():
    rows = ROWS.with_columns(miles=pl.Series(["1.0", "2.5"]), riders=pl.Series(["1", None]))
    found = checked(rows, INPUTS)
    assert found["miles"].to_list() == [1.0, 2.5]
    assert found["riders"].to_list() == [1, None]


def test_fractions_of_what_was_whole_in_training_stay_fractions():
    rows = ROWS.with_columns(riders=pl.Series([1.5, 2.0], dtype=pl.Float32))
    assert checked(rows, INPUTS)["riders"].to_list() == [1.5, 2.0]


def test_whole_numbers_may_stand_for_fractions():
    assert checked(ROWS.with_columns(miles=pl.Series([1, 2])), INPUTS)["miles"].dtype == pl.Float64


def test_a_value_of_another_type_is_shown_with_how_many_there_are():
    rows = ROWS.with_columns(miles=pl.Series(["far", "2.5"]))
    with pytest.raises(ModelError, match=r"column 'miles' must hold float values, but 1 of 2 do not, such as 'far'"):
        checked(rows, INPUTS)


def test_a_missing_input_is_told_with_the_nearest():
    with pytest.raises(UnknownColumn, match="the model names the column 'miles'"):
        checked(ROWS.drop("miles"), INPUTS)


# -- classes -----------------------------------------------------------------------------------------------


def test_a_probability_becomes_a_class_at_the_threshold():
    said = np.array([0.3, 0.5, 0.7])
    assert classes_of(said, ("no", "yes"), threshold=None) == ["no", "yes", "yes"]
    assert classes_of(said, ("no", "yes"), threshold=0.6) == ["no", "no", "yes"]
    assert classes_of(said, ("no", "yes"), threshold=0.0) == ["yes", "yes", "yes"]


def test_of_several_classes_the_likeliest_is_taken():
    assert classes_of(np.array([[0.2, 0.5, 0.3], [0.9, 0.1, 0.0]]), ("a", "b", "c"), threshold=None) == ["b", "a"]


# -- the model ---------------------------------------------------------------------------------------------


@pytest.fixture
def applied(worked) -> Applied:
    model, get = worked.line.model, worked.project.artifacts.get
    return Applied(model, content=get(model.file), code=get(model.feature_code))


def test_a_model_says_of_raw_rows_what_the_fit_said_of_features(applied, worked):
    import io

    kept = pl.read_parquet(io.BytesIO(worked.project.artifacts.get(worked.line.final.predictions)))
    test = kept.filter(part="test")
    said = applied.predict(worked.rows[test["__row"].to_list()])
    assert said == pytest.approx(test["prediction"].to_numpy(), abs=1e-5)


def test_rows_are_predicted_one_by_one_as_together(applied, worked):
    rows = worked.rows.head(7)
    together = applied.predict(rows)
    assert together == pytest.approx([applied.predict(rows[place : place + 1])[0] for place in range(7)], abs=1e-6)


def test_no_rows_have_no_predictions(applied, worked):
    assert applied.predict(worked.rows.clear()).shape == (0,)


def test_the_code_is_the_models_own_copy(applied, worked):
    path = worked.project.folder / "features.py"
    text = path.read_text()
    before = applied.predict(worked.rows)
    path.write_text("raise RuntimeError('not this one')\n")
    try:
        model, get = worked.line.model, worked.project.artifacts.get
        again = Applied(model, content=get(model.file), code=get(model.feature_code))
        assert again.predict(worked.rows) == pytest.approx(before)
    finally:
        path.write_text(text)


def test_a_regression_gives_a_number_and_no_probability(applied, worked):
    applied.model = replace(applied.model, task="regression")
    said = applied.table(worked.rows.head(2))
    assert "probability" not in said.columns
    assert said["prediction"].dtype == pl.Float64


def test_its_features_are_as_its_pipeline_takes_them(worked):
    found = {item.name: (item.kind, item.origin) for item in features_of(worked.line.model)}
    assert found == {
        "miles": ("numeric", "column"), "fare": ("numeric", "column"), "payment": ("categorical", "column"),
        "fare_per_mile": ("numeric", "function"), "is_far": ("numeric", "function"),
    }


def test_bytes_that_are_no_model_are_refused(worked):
    with pytest.raises(ModelError):
        Applied(worked.line.model, content=b"no model at all", code=None)
