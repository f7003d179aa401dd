from __future__ import annotations

import datetime
import math

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.records.model import Input
from loopwright.records.schema import ColumnSchema, Schema
from loopwright.settings import DataSettings, PrivacySettings, ServingSettings
from loopwright.stages.serving.door import Door, Facts, facts_of


@pytest.fixture
def door(trips_schema, trips_facts, make_model):
    return Door(make_model().inputs, schema=trips_schema, facts=trips_facts, settings=ServingSettings())


def a_door(*columns, inputs=(), facts=None, **settings):
    return Door(
        inputs, schema=Schema(columns=columns), facts=facts or Facts(label="y"), settings=ServingSettings(**settings)
    )


def test_good_rows_become_a_frame_in_the_types_of_the_schema(door):
    row = {"fare": 5, "taxi": 3.0, "start": "2015-07-06T10:00:00+02:00", "shared": True}
    checked = door.check([row, {"fare": 1.5}])
    assert checked.frame.schema == pl.Schema({
        "id": pl.String(), "start": pl.Datetime("us"), "taxi": pl.Int64(), "fare": pl.Float64(),
        "miles": pl.Float64(), "stops": pl.Int64(), "shared": pl.Boolean(), "payment": pl.String(),
    })
    assert checked.frame.row(0, named=True)["start"] == datetime.datetime(2015, 7, 6, 8)
    assert checked.frame["taxi"].to_list() == [3, None]
    assert checked.rows[0] == {"fare": 5.0, "taxi": 3, "start": "2015-07-06T10:00:00+02:00", "shared": True}
    assert checked.good == (0, 1)


def test_of_bad_rows_only_the_good_ones_are_in_the_frame(door):
    checked = door.check([{"fare": "5"}, {"fare": 6}, {}])
    assert checked.good == (1,)
    assert checked.frame["fare"].to_list() == [6.0]
    assert [len(found) for found in checked.problems] == [1, 0, 1]


@pytest.mark.parametrize(("kind", "value", "found"), [
    ("float", "5", "the text '5'"), ("float", True, "true"), ("float", [1], "a list"), ("float", {}, "an object"),
    ("int", 1.5, "the number 1.5"), ("int", False, "false"), ("int", 2**63, "the number 9223372036854775808"),
    ("int", 10**60, f"the number {str(10**60)[:30]}..."),
    ("string", 5, "the number 5"), ("bool", 1, "the number 1"), ("bool", "true", "the text 'true'"),
    ("time", "yesterday", "the text 'yesterday'"), ("time", 1436169600, "the number 1436169600"),
    ("time", "2015-02-30", "the text '2015-02-30'"), ("time", "0001-01-01T00:00:00+10:00", None),
    ("date", "2015-02-30", "the text '2015-02-30'"), ("date", "2015-02-03T10:00:00", None),
    ("list", [1], "a list"), ("binary", "abc", "the text 'abc'"),
])
def test_a_wrong_type_is_refused_with_what_was_found_and_what_is_allowed(kind, value, found):
    door = a_door(ColumnSchema(name="x", type=kind))
    ((problem,),) = door.check([{"x": value}]).problems
    assert (problem.field, problem.kind) == ("x", "wrong type")
    assert problem.allowed
    assert found is None or problem.found == found


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 10**400])
def test_numbers_that_are_not_finite_are_refused(value):
    ((problem,),) = a_door(ColumnSchema(name="x", type="float")).check([{"x": value}]).problems
    assert problem.kind == "not finite"


def test_what_the_model_needs_is_required_and_nothing_else():
    columns = [ColumnSchema(name=name, type="float", min_fraction=share) for name, share in
               (("always", 1.0), ("nearly", 0.9), ("never", 0.0), ("unused", 1.0))]
    inputs = [Input(name=name, type="float", nullable=name != "nearly") for name in ("always", "nearly", "never")]
    checked = a_door(*columns, inputs=inputs).check([{}, {"always": None, "nearly": 1}])
    assert [[item.field for item in found] for found in checked.problems] == [["always", "nearly"], ["always"]]
    assert [found[0].found for found in checked.problems] == ["nothing", "null"]


def test_of_two_models_the_stricter_counts():
    inputs = [Input(name="x", type="float", nullable=nullable) for nullable in (True, False, True)]
    assert a_door(inputs=inputs).columns[0].required


def test_a_column_that_only_the_model_knows_may_be_sent():
    checked = a_door(inputs=[Input(name="x", type="int", nullable=False)]).check([{"x": 4}])
    assert checked.frame["x"].to_list() == [4]


def test_unknown_columns_are_refused_with_the_nearest_name_or_ignored(door):
    ((problem,),) = door.check([{"fare": 5, "mile": 2}]).problems
    assert (problem.field, problem.kind) == ("mile", "unknown column")
    assert "did you mean 'miles'?" in problem.found
    lenient = a_door(ColumnSchema(name="x", type="int"), unknown_columns="ignore").check([{"x": 1, "z": 2}])
    assert (lenient.problems, lenient.rows) == ([()], [{"x": 1}])


@pytest.mark.parametrize("name", ["tip", "tipped"])
def test_what_is_known_only_after_the_outcome_is_refused(door, name):
    ((problem,),) = door.check([{"fare": 5, name: 1}]).problems
    assert problem.kind == "known only after the outcome"
    assert "send it to /outcomes" in problem.allowed


def test_out_of_range_and_out_of_domain_is_flagged_or_refused(trips_schema, trips_facts, door):
    row = {"fare": -1, "payment": "Kredit"}
    checked = door.check([row])
    assert checked.flags == [("fare: below 0", "payment: new value 'Kredit'")]
    strict = Door([], schema=trips_schema, facts=trips_facts, settings=ServingSettings(out_of_schema="refuse"))
    (found,) = strict.check([row]).problems
    assert [(item.kind, item.found) for item in found] == [
        ("below 0", "the number -1"), ("new value 'Kredit'", "the text 'Kredit'"),
    ]


def test_borders_belong_to_the_range(door):
    assert door.check([{"fare": 0}, {"fare": 250}]).flags == [(), ()]


def test_personal_data_are_never_quoted():
    name = ColumnSchema(name="name", type="string", pii="name", values=("Jane Roe",))
    age = ColumnSchema(name="age", type="int", pii="birth_date")
    checked = a_door(name, age).check([{"name": "John Doe", "age": "John Doe"}])
    assert "Doe" not in repr((checked.flags, checked.problems))
    assert "Roe" not in repr(checked.problems)


def test_redacted_columns_vanish(door):
    checked = door.check([{"fare": 5, "driver": "Jane Roe"}])
    assert checked.problems == [()]
    assert "Jane" not in repr(checked)
    assert door.kept({"driver": "Jane Roe", "fare": "x" * 5000, "other": 1}) == {"fare": "x" * 1000 + "..."}


def test_moments_come_from_the_time_column(door):
    checked = door.check([{"fare": 5, "start": "2015-07-06T08:00:00Z"}, {"fare": 5}])
    assert door.moments(checked.frame) == [1436169600_000_000, None]


@pytest.mark.parametrize(("kind", "value", "moment"), [
    ("int", 1436169600, 1436169600_000_000), ("int", 1436169600_000, 1436169600_000_000), ("int", 2015, None),
    ("date", "2015-07-06", 1436140800_000_000), ("string", "2015-07-06", None),
])
def test_moments_in_other_forms(kind, value, moment):
    door = a_door(ColumnSchema(name="t", type=kind), facts=Facts(label="y", time="t"))
    assert door.moments(door.check([{"t": value}]).frame) == [moment]


def test_a_time_that_had_a_zone_in_training_has_one_again():
    door = a_door(ColumnSchema(name="t", type="time"), facts=Facts(label="y", time="t", zoned=("t",)))
    frame = door.check([{"t": "2015-07-06T10:00:00+02:00"}]).frame
    assert frame["t"].dtype == pl.Datetime("us", "UTC")
    assert door.moments(frame) == [1436169600_000_000]


def test_outcomes_may_be_the_label_or_what_it_is_made_from(door, make_model):
    assert door.outcome({"tipped": "yes", "tip": 3, "driver": "Jane"}, model=make_model()) == (
        {"tipped": "yes", "tip": 3.0}, (),
    )


@pytest.mark.parametrize(("values", "field", "kind"), [
    ({"tipped": "maybe"}, "tipped", "no class"), ({"tipped": None}, "tipped", "no class"),
    ({"tipped": True}, "tipped", "wrong type"), ({"tip": "3"}, "tip", "wrong type"),
    ({"typ": 3}, "typ", "unknown column"),
    ({"tip": math.nan}, "tip", "not finite"), ({}, "", "missing"), ({"driver": "Jane"}, "", "missing"),
])
def test_outcomes_that_do_not_fit_are_named(door, make_model, values, field, kind):
    (problem,) = door.outcome(values, model=make_model())[1]
    assert (problem.field, problem.kind) == (field, kind)


def test_a_label_that_a_rule_makes_is_told_by_its_columns(make_model):
    facts = Facts(label="big_tip", is_rule=True, known_after=("tip",))
    door = a_door(ColumnSchema(name="tip", type="float"), facts=facts)
    (problem,) = door.outcome({"big_tip": True}, model=make_model())[1]
    assert (problem.field, problem.kind) == ("big_tip", "made by a rule")
    assert door.outcome({"tip": 3}, model=make_model()) == ({"tip": 3.0}, ())
    assert [column.name for column in door.told_later()] == ["tip"]


def test_a_rule_may_be_called_like_the_column_that_it_reads(make_model):
    facts = Facts(label="kind", is_rule=True, known_after=("kind",))
    door = a_door(ColumnSchema(name="kind", type="string"), facts=facts)
    assert door.outcome({"kind": "far"}, model=make_model(classes=("FAR", "NEAR"))) == ({"kind": "far"}, ())


@pytest.mark.parametrize(("value", "is_right"), [(1, True), (0, True), (2, False), (1.0, True)])
def test_the_label_is_one_of_the_classes_in_its_own_type(make_model, value, is_right):
    door = a_door(ColumnSchema(name="y", type="int"))
    problems = door.outcome({"y": value}, model=make_model(classes=("0", "1")))[1]
    assert (problems == ()) is is_right


@given(st.dictionaries(st.sampled_from(["fare", "miles", "taxi", "payment", "start", "x"]), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3),
)))
def test_whatever_comes_a_row_is_good_or_has_a_problem_and_what_is_kept_is_plain(row):
    columns = [ColumnSchema(name=name, type=kind) for name, kind in
               (("fare", "float"), ("miles", "float"), ("taxi", "int"), ("payment", "string"), ("start", "time"))]
    checked = a_door(*columns, facts=Facts(label="y", time="start")).check([row])
    assert bool(checked.good) is not bool(checked.problems[0])
    assert checked.frame.height == len(checked.good)
    for value in checked.rows[0].values():
        assert value is None or isinstance(value, str | int | float | bool)
        assert not isinstance(value, float) or math.isfinite(value)


def test_the_project_file_says_what_columns_mean():
    data = DataSettings(source="x.csv", label="tipped", time="start", privacy=PrivacySettings(redact=("driver",)))
    assert facts_of(data) == Facts(label="tipped", time="start", redact=("driver",))
