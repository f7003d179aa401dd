"""What a feature set promises is checked: as it was stored, so it serves; what is forbidden is not in it."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from loopwright.records import DatasetVersion, FeatureSet, Table
from loopwright.records.feature_set import Feature
from loopwright.settings import DataSettings, PrivacySettings
from loopwright.stages.features import examining
from loopwright.stages.features.examining import cost, policy, privacy

ROWS = pl.DataFrame({"fare": [float(number) for number in range(200)], "miles": [1.0, None] * 100})
TABLE = Table(name="features", version=0, rows=200, columns=("__row",), sha256="ab")
FEATURES = FeatureSet(
    table=TABLE, code=None, functions=("per_mile",),
    features=(
        Feature(name="fare", kind="numeric", origin="column", inputs=("fare",)),
        Feature(name="per_mile", kind="numeric", origin="function", inputs=("fare", "miles"), seconds=0.0004),
    ),
)
DATASET = DatasetVersion(name="trips", table=TABLE, source="trips.csv")
AT = "2026-05-03T12:00:00Z"


def per_mile(fare, miles):
    return fare / miles


STORED = ROWS.select("fare", per_mile=pl.col("fare") / pl.col("miles"))


def test_a_function_that_says_the_same_of_single_rows_has_passed():
    (evidence,) = examining.tested(ROWS, STORED, {"per_mile": per_mile}, FEATURES, file="features.py", at=AT)
    assert (evidence.check, evidence.slice, evidence.passed, evidence.rows) == ("features.tested", "per_mile", True, 25)


def test_one_stored_value_that_is_not_served_fails_it_and_is_counted():
    wrong = STORED.with_columns(per_mile=pl.when(pl.col("fare") == 8).then(7.5).otherwise("per_mile"))
    (evidence,) = examining.tested(ROWS, wrong, {"per_mile": per_mile}, FEATURES, file="features.py", at=AT)
    assert (evidence.passed, evidence.value) == (False, 1.0)
    assert "in 1 of 25 rows" in evidence.claim


def test_a_missing_value_that_is_served_as_a_number_fails_it():
    wrong = STORED.with_columns(pl.lit(None, pl.Float64).alias("per_mile"))
    (evidence,) = examining.tested(ROWS, wrong, {"per_mile": per_mile}, FEATURES, file="features.py", at=AT)
    assert evidence.passed is False


def test_columns_need_no_test():
    columns = replace(FEATURES, features=FEATURES.features[:1])
    assert examining.tested(ROWS, STORED, {"per_mile": per_mile}, columns, file="features.py", at=AT) == ()


@pytest.mark.parametrize(
    ("data", "passed"),
    [
        (DataSettings(source="-", label="-"), True),
        (DataSettings(source="-", label="-", known_after=("tips",)), True),
        (DataSettings(source="-", label="-", known_after=("miles",)), False),
        (DataSettings(source="-", label="-", privacy=PrivacySettings(redact=("miles",))), False),
    ],
)
def test_a_feature_made_from_what_is_forbidden_breaks_the_policy(data, passed):
    evidence = policy(FEATURES, data=data, at=AT)
    assert evidence.passed is passed
    assert ("miles" in evidence.claim) is not passed
    assert evidence.subject == FEATURES.ref


@pytest.mark.parametrize(
    ("name", "values", "personal"),
    [
        ("contact", ["a.b@example.org", "c@example.com", None], True),
        ("contact", ["+49 351 123456", "0351/1234567", "none"], True),
        ("driver_name", ["x", "y", "z"], True),
        ("eMail", ["x", "y", "z"], True),
        ("company", ["Blue Cabs", "Red Cabs", "x@y.z"], False),
        ("filename", ["a.csv", "b.csv", "c.csv"], False),
        ("nothing", [None, None, None], False),
        ("amount", [1.0, 2.0, 3.0], False),
    ],
)
def test_columns_that_seem_to_hold_personal_data_are_named(name, values, personal):
    kind = pl.Float64 if name == "amount" else pl.String
    frame = pl.DataFrame({name: pl.Series(values, dtype=kind)})
    evidence = privacy(frame, DATASET, data=DataSettings(source="-", label="-"), at=AT)
    assert evidence.passed is not personal
    assert (f"seems to hold personal data: {name}" in evidence.claim) is personal


def test_a_redacted_column_that_is_still_there_is_told():
    data = DataSettings(source="-", label="-", privacy=PrivacySettings(redact=("fare",)))
    evidence = privacy(ROWS, DATASET, data=data, at=AT)
    assert evidence.passed is False
    assert "still stored although redacted: fare" in evidence.claim
    assert privacy(ROWS.drop("fare"), DATASET, data=data, at=AT).passed is True


def test_what_a_feature_costs_is_told_per_row():
    fare, per = cost(STORED, FEATURES, at=AT)
    assert fare.claim == "fare is missing in 0.0% of rows; it needs 1 source column"
    assert per.claim == "per_mile is missing in 50.0% of rows and takes 2.00 µs a row; it needs 2 source columns"
    assert (per.slice, per.passed, per.rows) == ("per_mile", None, 200)
