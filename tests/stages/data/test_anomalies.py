"""Whatever the schema does not allow is found, counted and shown by rows."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import polars as pl
import pytest

from loopwright.errors import DataError
from loopwright.records.record import decode, encode
from loopwright.records.schema import ColumnSchema, Schema
from loopwright.stages.data.anomalies import find
from loopwright.stages.data.inference import infer
from loopwright.stages.data.partials import summarize
from loopwright.stages.data.reading import read

NAN, INF = math.nan, math.inf


def schema(**fields):
    return Schema(columns=(ColumnSchema(name="x", **fields),))


def found(values, /, **fields):
    frame = values if isinstance(values, pl.DataFrame) else pl.DataFrame({"x": values})
    return find(frame, schema(**fields))


@pytest.mark.parametrize(
    ("values", "fields", "kind", "rows"),
    [
        (pl.DataFrame({"y": [1]}), {"type": "int", "min_fraction": 1.0}, "SCHEMA_MISSING_COLUMN", []),
        (
            [1, None, 3, None],
            {"type": "int", "min_fraction": 0.75},
            "FEATURE_TYPE_LOW_FRACTION_PRESENT",
            [1, 3],
        ),
        ([None, None], {"type": "int", "min_count": 1}, "FEATURE_TYPE_LOW_NUMBER_PRESENT", [0, 1]),
        (["1", "x", None], {"type": "int"}, "UNEXPECTED_DATA_TYPE", [1]),
        ([1.0, 2.5, None], {"type": "int"}, "UNEXPECTED_DATA_TYPE", [1]),
        ([1, 2], {"type": "string"}, "UNEXPECTED_DATA_TYPE", [0, 1]),
        (["a", "b", None], {"type": "string", "values": ("a",)}, "ENUM_TYPE_UNEXPECTED_STRING_VALUES", [1]),
        ([5, -1, None], {"type": "int", "minimum": 0}, "INT_TYPE_SMALL_INT", [1]),
        ([5, 11], {"type": "int", "maximum": 10}, "INT_TYPE_BIG_INT", [1]),
        ([0.5, -0.5, NAN], {"type": "float", "minimum": 0}, "FLOAT_TYPE_SMALL_FLOAT", [1]),
        ([0.5, NAN, 1.5, INF], {"type": "float", "maximum": 1}, "FLOAT_TYPE_BIG_FLOAT", [2, 3]),
        ([1.0, NAN], {"type": "float", "allow_nan": False}, "FLOAT_TYPE_HAS_NAN", [1]),
        ([1.0, INF, -INF], {"type": "float", "allow_infinite": False}, "FLOAT_TYPE_HAS_INF", [1, 2]),
        ([7, 8, 7, None, None], {"type": "int", "unique": True}, "FEATURE_TYPE_LOW_UNIQUE", [0, 2]),
    ],
)
def test_each_kind_is_found_with_its_rows(values, fields, kind, rows):
    anomalies = [item for item in found(values, **fields) if item.type != "SCHEMA_NEW_COLUMN"]
    assert [item.type for item in anomalies] == [kind]
    assert [example.row for example in anomalies[0].examples] == rows
    assert anomalies[0].rows == len(rows)
    assert decode(type(anomalies[0]), encode(anomalies[0])) == anomalies[0]


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ([1, 2], {"type": "float"}),
        ([None, None], {"type": "int"}),
        (["a", None], {"type": "string", "values": ("a", "b")}),
        ([0, 10], {"type": "int", "minimum": 0, "maximum": 10}),
        ([NAN, INF], {"type": "float"}),
        ([1, 2, None, None], {"type": "int", "unique": True}),
        (["a"] * 9 + ["b"], {"type": "string", "values": ("a",), "min_domain_mass": 0.9}),
        (pl.DataFrame({}), {"type": "int"}),
    ],
)
def test_what_the_schema_allows_is_no_anomaly(values, fields):
    assert found(values, **fields) == ()


def test_a_column_the_schema_does_not_know_is_a_warning():
    anomaly = found(pl.DataFrame({"x": [1], "new": ["a"]}), type="int")[0]
    assert (anomaly.column, anomaly.type, anomaly.severity) == ("new", "SCHEMA_NEW_COLUMN", "warning")


def test_rare_unlisted_values_warn_and_common_ones_are_errors():
    rare = found(["a"] * 199 + ["b"], type="string", values=("a",))[0]
    common = found(["a"] * 9 + ["b"], type="string", values=("a",))[0]
    assert (rare.severity, common.severity) == ("warning", "error")
    assert "in 1 of 200 rows (<1%)" in rare.description


def test_the_schema_may_set_the_severity():
    assert found([-1], type="int", minimum=0, severity="warning")[0].severity == "warning"


def test_examples_carry_the_key_and_are_at_most_five():
    frame = pl.DataFrame({"x": [-1] * 9, "id": [f"r{at}" for at in range(9)]})
    anomaly = find(frame, schema(type="int", minimum=0), key="id")[0]
    assert [example.key for example in anomaly.examples] == ["r0", "r1", "r2", "r3", "r4"]
    assert anomaly.rows == 9
    assert anomaly.share == 1.0


def test_a_column_is_not_missed_where_it_is_not_expected():
    label = schema(type="int", min_fraction=1.0, not_in_environment=("serving",))
    assert find(pl.DataFrame({}), label, environment="serving") == ()
    assert [item.type for item in find(pl.DataFrame({}), label)] == ["SCHEMA_MISSING_COLUMN"]


def test_an_environment_that_does_not_exist_is_an_error():
    with pytest.raises(DataError, match=r"no environment 'servin' \(did you mean 'serving'\?\)"):
        find(pl.DataFrame({}), schema(type="int"), environment="servin")


class TestTaxi:
    """The anomalies of TFDV's tutorial, step by step."""

    @pytest.fixture
    def rows(self, shared):
        folder = shared("chicago_taxi_tfdv/train.csv").parent
        return lambda part: read(f"{part}.csv", folder=folder).frame

    @pytest.fixture
    def golden(self, shared):
        steps = json.loads(shared("chicago_taxi_tfdv/golden.json").read_text())["steps"]
        return {step["step"]: step.get("expect_anomalies") for step in steps}

    @pytest.fixture
    def inferred(self, rows):
        return infer(summarize(rows("train")))

    def test_the_training_rows_fit_the_schema_they_gave(self, rows, inferred):
        assert find(rows("train"), inferred) == ()

    def test_new_values_are_found_in_two_columns(self, rows, inferred, golden):
        wanted = golden["validate_statistics(eval_stats, schema)"]
        anomalies = {item.column: item for item in find(rows("eval"), inferred)}
        assert anomalies.keys() == wanted.keys()
        assert {item.type for item in anomalies.values()} == {"ENUM_TYPE_UNEXPECTED_STRING_VALUES"}
        assert (
            "1 value that the schema does not list, in 1 of 5,000 rows (<1%) with a value: 'Prcard' (1)"
            in (anomalies["payment_type"].description)
        )
        assert anomalies["company"].description.startswith(f"{wanted['company']['n_missing_values']} values")

    def test_the_reviewed_schema_has_none(self, rows, inferred):
        mended = {
            "company": lambda column: replace(column, min_domain_mass=0.9),
            "payment_type": lambda column: replace(column, values=(*column.values, "Prcard")),
        }
        columns = tuple(mended.get(column.name, lambda same: same)(column) for column in inferred.columns)
        assert find(rows("eval"), replace(inferred, columns=columns)) == ()

    def test_the_missing_label_is_an_anomaly_unless_serving_is_said(self, rows, inferred, golden):
        wanted = golden["validate_statistics(serving_stats, schema)"]
        anomalies = find(rows("serving"), inferred, environment="serving")
        assert [(item.column, item.type) for item in anomalies] == [("tips", "SCHEMA_MISSING_COLUMN")]
        assert {item.column for item in anomalies} == wanted.keys()
        with_label = infer(summarize(rows("train")), label="tips")
        assert find(rows("serving"), with_label, environment="serving") == ()


def test_the_skewed_penguins_have_exactly_one_value_out_of_range(shared):
    labelled, skewed = (
        read(path.name, folder=path.parent).frame
        for path in (shared(f"penguins_tfx/{part}/penguins_processed.csv") for part in ("labelled", "skewed"))
    )
    proposal = infer(summarize(labelled))
    ranged = tuple(
        replace(column, minimum=0, maximum=1) if column.type == "float" else column
        for column in proposal.columns
    )
    anomalies = find(skewed, replace(proposal, columns=ranged))
    assert [(item.column, item.type, item.rows) for item in anomalies] == [
        ("culmen_length_mm", "FLOAT_TYPE_SMALL_FLOAT", 1)
    ]
    assert (anomalies[0].examples[0].row, anomalies[0].examples[0].value) == (1, "-1.0")


def test_tfdvs_own_cases_are_met(shared):
    cases = {
        case["name"]: case for case in json.loads(shared("tfdv_validation_cases/cases.json").read_text())
    }
    for name in ("test_validate_stats", "test_update_schema"):
        expected = cases[name]["expected"]["expected_anomalies"]["annotated_enum"]["json"]
        enum = ColumnSchema(name="annotated_enum", type="string", min_count=1, values=("A", "B", "C"))
        frame = pl.DataFrame({"annotated_enum": ["D"] + ["A"] * 6 + [None] * 3})
        anomalies = find(frame, Schema(columns=(enum,)))
        assert [item.type for item in anomalies] == [reason["type"] for reason in expected["reason"]]
        assert [item.severity.upper() for item in anomalies] == [expected["severity"]]
        assert find(frame, Schema(columns=(replace(enum, values=("A", "B", "C", "D")),))) == ()
    expected = cases["test_validate_stats_with_environment"]["expected"]["expected_anomalies_training"]
    label = ColumnSchema(name="label", type="string", min_count=1, not_in_environment=("serving",))
    feature = ColumnSchema(name="feature", type="string", min_count=1)
    frame = pl.DataFrame({"feature": ["a", "b", "c"]})
    anomalies = find(frame, Schema(columns=(label, feature)))
    assert {item.column: item.type for item in anomalies} == {
        column: info["json"]["reason"][0]["type"] for column, info in expected.items()
    }
    assert find(frame, Schema(columns=(label, feature)), environment="serving") == ()
