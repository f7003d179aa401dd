"""A look at the rows decides what a project begins with, and says why."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from loopwright import datasets
from loopwright.errors import DataError, EmptySource, UnknownColumn, UnreadableSource, UnusableLabel
from loopwright.stages.charter.looking import Look, Said, look
from loopwright.stages.data.column_types import normalized

GENERATOR = np.random.default_rng(2)
ROWS = 600
FARE = GENERATOR.gamma(3, 4, ROWS).round(2)
CARD = GENERATOR.random(ROWS) < 0.4
TRIPS = pl.DataFrame(
    {
        "trip_id": [f"t{row:05}" for row in range(ROWS)],
        "driver_name": [f"driver {row % 90}" for row in range(ROWS)],
        "start": [datetime(2015, 1, 1) + timedelta(hours=3 * row) for row in range(ROWS)],
        "paid": pl.Series(CARD).replace_strict({True: "Card", False: "Cash"}, return_dtype=pl.String),
        "taxi": [f"taxi {row % 7}" for row in range(ROWS)],
        "fare": FARE,
        "tips": np.where(CARD & (GENERATOR.random(ROWS) < 0.8), FARE * 0.3, 0.0),
    }
)


def found(name: str, label: str) -> Look:
    try:
        frame = datasets.load(name)
    except UnreadableSource as error:
        pytest.skip(str(error))
    return look(normalized(frame), Said(label=label))


def test_a_rule_is_looked_at_as_a_careful_person_would() -> None:
    seen = look(TRIPS, Said(label="tips > 0.2 * fare"))
    assert (seen.task, seen.label, seen.key, seen.time, seen.split) == (
        "binary", "labeling:label", "trip_id", "start", "time",
    )
    assert list(seen.known_after) == ["tips"]
    assert list(seen.redact) == ["driver_name"]
    assert seen.slices[0] == "paid"
    assert "fare" in seen.features
    assert [part.name for part in seen.parts] == ["start_hour", "start_weekday"]
    assert seen.simple_rule is not None
    assert seen.simple_rule.code == '(paid == "Card").fill_null(value=False)'


def test_what_the_user_says_is_not_second_guessed() -> None:
    seen = look(
        TRIPS,
        Said(label="tips > 0.2 * fare", key="taxi", group="driver_name", known_after=("fare",), positive="false"),
    )
    assert (seen.key, seen.group, seen.split, seen.outcome.positive) == ("taxi", "driver_name", "group", "false")
    assert list(seen.known_after) == ["fare"]
    assert "driver_name" not in seen.redact


def test_a_time_that_was_said_decides_the_split_even_beside_a_group() -> None:
    assert look(TRIPS, Said(label="paid", time="start", group="taxi")).split == "time"


def test_a_column_whose_name_has_a_colon_is_labelled_by_a_rule() -> None:
    frame = TRIPS.rename({"paid": "paid:by"})
    seen = look(frame, Said(label="paid:by"))
    assert seen.label == "labeling:label"
    assert seen.rule is not None
    assert seen.rule.code == 'pl.col("paid:by")'
    assert "paid:by" in seen.known_after


def test_bicycles_are_predicted_by_time_without_the_parts_of_the_sum() -> None:
    seen = found("bike-sharing", "cnt")
    assert (seen.task, seen.optimize) == ("regression", "rmse")
    assert set(seen.known_after) == {"casual", "registered"}
    assert seen.key == "instant"
    assert seen.satisfice == {"rmse": "<= 181"}


def test_telephone_customers_are_named_and_their_contract_decides_best() -> None:
    seen = found("telco-churn", "Churn")
    assert (seen.key, seen.outcome.positive, seen.threshold, seen.split) == ("customerID", "Yes", "f1", "stratified")
    assert seen.satisfice == {"log_loss": "<= 0.578"}
    assert not seen.redact
    assert not seen.open_ended


def test_of_titanic_passengers_names_are_redacted_and_the_boat_is_asked_about() -> None:
    seen = found("titanic", "Survived")
    assert list(seen.redact) == ["Name"]
    assert list(seen.suspicious) == ["boat"]
    assert "Cabin" in seen.open_ended


def test_real_taxi_trips_are_split_by_their_seconds_since_1970() -> None:
    seen = found("chicago-taxi", "tips > 0.2 * fare")
    assert (seen.time, seen.split, seen.key) == ("trip_start_timestamp", "time", None)
    assert list(seen.known_after) == ["tips"]
    assert seen.parts == ()         # hour and weekday are columns already


@pytest.mark.parametrize(
    ("name", "label", "classes"), [("digits", "target", 10), ("wine", "target", 3), ("penguins", "species", 3)]
)
def test_few_whole_numbers_are_classes(name: str, label: str, classes: int) -> None:
    seen = found(name, label)
    assert (seen.task, len(seen.outcome.classes), seen.slices) == ("multiclass", classes, ())


def test_limits_are_never_easier_than_knowing_the_label_alone() -> None:
    seen = look(pl.DataFrame({"x": [0.1, 0.2, 0.3] * 333, "y": [*"abc"] * 332 + [*"aaa"]}), Said(label="y"))
    assert seen.satisfice == {"log_loss": "<= 1.09", "accuracy": ">= 0.336"}


@pytest.mark.parametrize(
    ("said", "error", "message"),
    [
        (Said(label="tip"), UnknownColumn, "did you mean 'tips'"),
        (Said(label="tips > fares"), UnknownColumn, "did you mean 'fare'"),
        (Said(label="tips >"), UnusableLabel, "no label rule"),
        (Said(label="tips > 10000"), UnusableLabel, "nothing to learn"),
        (Said(label="start"), UnusableLabel, "cannot be predicted"),
        (Said(label="trip_id"), UnusableLabel, "no classes"),
        (Said(label="tips", time="starts"), UnknownColumn, "--time"),
        (Said(label="tips", key="trips"), UnknownColumn, "--key"),
        (Said(label="tips", group="tax"), UnknownColumn, "--group"),
        (Said(label="tips", known_after=("fares",)), UnknownColumn, "--known-after"),
        (Said(label="tips", known_after=("tips",)), UnusableLabel, "which is the label"),
        (Said(label="tips", task="binary"), UnusableLabel, "needs two"),
    ],
)
def test_what_cannot_be_used_is_said(said: Said, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        look(TRIPS, said)


def test_no_rows_and_no_columns_to_learn_from_are_errors() -> None:
    with pytest.raises(EmptySource, match="no rows"):
        look(TRIPS.clear(), Said(label="paid"))
    with pytest.raises(DataError, match="no column is left"):
        look(TRIPS.select("trip_id", "paid"), Said(label="paid"))


@pytest.mark.parametrize("name", ["*", "^a.*$", "^$"])
def test_a_name_that_polars_takes_for_a_pattern_is_refused(name: str) -> None:
    with pytest.raises(DataError, match="Rename it"):
        look(TRIPS.rename({"fare": name}), Said(label="paid"))


def test_one_row_is_answered_with_what_is_missing() -> None:
    with pytest.raises(UnusableLabel, match="nothing to learn"):
        look(TRIPS.head(1), Said(label="paid"))


def test_two_rows_are_looked_at_without_a_fall() -> None:
    assert look(pl.DataFrame({"x": [1, 5], "z": ["a", "a"], "y": [0, 1]}), Said(label="y")).task == "binary"


def test_columns_of_every_type_do_no_harm() -> None:
    frame = TRIPS.select("paid", "fare").with_columns(
        nothing=pl.lit(None), many=pl.concat_list("fare", "fare"), inside=pl.struct("fare"),
        raw=pl.lit(b"x"), exact=pl.col("fare").cast(pl.Decimal(10, 2)), kind=pl.col("paid").cast(pl.Categorical),
        lasting=pl.duration(seconds=1), nan=pl.lit(float("nan")), endless=pl.lit(float("inf")),
    )
    assert look(frame, Said(label="fare > 10")).task == "binary"


def test_ten_thousand_columns_are_looked_at() -> None:
    wide = pl.DataFrame({f"c{column}": GENERATOR.integers(0, 9, 60) for column in range(10_000)})
    assert len(look(wide.with_columns(y=pl.Series([0, 1] * 30)), Said(label="y")).features) == 10_000
