"""The schema that is proposed is TFDV's, with what TFDV does not know about keys and outcomes."""

from __future__ import annotations

import json

import pytest

from loopwright.records.schema import ColumnSchema
from loopwright.records.statistics import ColumnStatistics, PartStatistics
from loopwright.stages.data.inference import infer
from loopwright.stages.data.partials import summarize
from loopwright.stages.data.reading import read


def proposed(column, **options):
    return infer(PartStatistics(part="train", rows=column.rows, columns=(column,)), **options).columns[0]


def text(**fields):
    return ColumnStatistics(name="x", type="string", **fields)


def test_a_column_that_is_never_missing_is_required():
    assert proposed(text(rows=7, unique=3)).min_fraction == 1.0
    assert proposed(text(rows=7, missing=1, unique=3)).min_fraction == 0.0


def test_an_optional_column_must_not_fall_silent():
    assert proposed(text(rows=7, missing=3)).min_count == 1
    assert proposed(text(rows=7, missing=7)).min_count == 0


def test_few_texts_are_a_domain_and_many_are_not():
    few = text(rows=6, missing=3, unique=2, values=("a", "b"))
    assert proposed(few).values == ("a", "b")
    assert proposed(few, max_domain=1).values is None


def test_texts_that_name_rows_are_no_domain():
    names = tuple(f"n{at:02}" for at in range(30))
    assert proposed(text(rows=30, unique=30, values=names)).values is None
    assert proposed(text(rows=300, unique=30, values=names)).values == names


def test_the_label_and_what_is_known_after_are_not_expected_when_serving():
    assert proposed(text(rows=1), label="x").not_in_environment == ("serving",)
    assert proposed(text(rows=1), known_after=("x",)).not_in_environment == ("serving",)


def test_the_key_is_unique_and_has_no_domain():
    found = proposed(text(rows=2, unique=2, values=("a", "b")), key="x")
    assert found.unique
    assert found.values is None


@pytest.mark.parametrize(("nan", "infinite"), [(0, 0), (1, 0), (0, 2)])
def test_nan_and_infinity_are_allowed_only_where_they_were(nan, infinite):
    found = proposed(ColumnStatistics(name="x", type="float", rows=9, nan=nan, infinite=infinite))
    assert (found.allow_nan, found.allow_infinite) == (nan > 0, infinite > 0)


def test_personal_data_are_marked():
    assert proposed(text(rows=1), pii={"x": "email"}).pii == "email"


def test_tfdvs_own_cases_are_met(shared):
    cases = {
        case["name"]: case for case in json.loads(shared("tfdv_validation_cases/cases.json").read_text())
    }
    for name, most in [
        ("test_infer_schema", 100), ("test_infer_schema_with_string_domain", 100),
        ("test_infer_schema_without_string_domain", 1),
    ]:  # fmt: skip
        protos = cases[name]["protos"]
        feature = protos["statistics"]["json"]["datasets"][0]["features"][0]["string_stats"]
        common = feature["common_stats"]
        missing = int(common.get("num_missing", 0))
        buckets = feature.get("rank_histogram", {"buckets": []})["buckets"]
        column = text(
            rows=int(common["num_non_missing"]) + missing, missing=missing, unique=int(feature["unique"]),
            values=tuple(bucket["label"] for bucket in buckets),
        )  # fmt: skip
        wanted = protos["expected_schema"]["json"]
        found = proposed(column, max_domain=most)
        assert found.min_fraction == wanted["feature"][0]["presence"].get("min_fraction", 0.0)
        domains = wanted.get("string_domain")
        assert found.values == (tuple(domains[0]["value"]) if domains else None)


def test_the_taxi_schema_is_the_one_that_tfdv_infers(shared):
    path = shared("chicago_taxi_tfdv/train.csv")
    golden = json.loads(shared("chicago_taxi_tfdv/golden.json").read_text())
    schema = infer(summarize(read(path.name, folder=path.parent).frame))
    found = {column.name: column for column in schema.columns}
    types = {"FLOAT": {"float", "int"}, "INT": {"int"}, "STRING": {"string"}, "BYTES": {"string"}}
    for row in golden["tables"][0]["rows"][2:]:
        name, kind, presence, _, domain = (cell.strip("'") for cell in row)
        column: ColumnSchema = found.pop(name)
        # TFDV's reader made floats of whole numbers where some are missing.
        assert column.type in types[kind]
        assert (column.min_fraction == 1.0) == (presence == "required")
        assert (column.values is not None) == (domain != "-")
    assert not found
    for name, values in golden["tables"][1]["rows"][2:]:
        column = next(column for column in schema.columns if column.name == name.strip("'"))
        assert ", ".join(f"'{value}'" for value in column.values) == values
