"""What the door and the service complain of has a cause of its own."""

from __future__ import annotations

import json
from datetime import datetime

import polars as pl
import pytest

from loopwright.stages.monitoring.breaks import suspect_door, suspect_service
from loopwright.stages.serving.events import refused_schema


def _refusals(rows, problem):
    moment = datetime(2015, 9, 7)
    return pl.DataFrame([
        {"id": f"r{number}", "at": moment, "received": moment, "consumer": "app", "status": 422,
         "problems": [problem], "row": json.dumps(row)}
        for number, row in enumerate(rows)
    ], schema=refused_schema())


@pytest.mark.parametrize("problem", ["wrong type", "unknown column", "missing", "known only after the outcome"])
def test_rows_that_do_not_fit_are_a_schema_break(makes, problem):
    found = suspect_door([makes.door("fare", problem, rows=200, refused=200, examples=["ten"])])
    assert found.cause == "schema break"
    assert found.title == f"40 % of the rows are refused: fare, {problem}"
    assert "ten" in found.explanation


def test_a_field_that_is_null_is_an_upstream_null_and_one_that_is_not_sent_a_schema_break(makes):
    door = makes.door("fare", "missing", rows=200, refused=200)
    nulls = _refusals([{"fare": None, "miles": 2.0}] * 30, "fare: missing: found null; allowed is a number")
    absent = _refusals([{"miles": 2.0}] * 30, "fare: missing: found nothing; allowed is a number")
    assert suspect_door([door], refusals=nulls).cause == "upstream null"
    assert suspect_door([door], refusals=absent).cause == "schema break"


def test_what_was_not_even_a_row_is_a_schema_break(makes):
    door = makes.door("fare", "missing", rows=200, refused=200)
    odd = _refusals([["no row"], 5, None], "fare: missing").with_columns(pl.lit("{broken").alias("row"))
    assert suspect_door([door], refusals=odd).cause == "schema break"


def test_numbers_that_are_refused_for_their_unit_are_a_unit_change(watched, makes):
    door = makes.door(
        "fare", "above its range", rows=480, refused=480, examples=["825.0", "665.0", "1145.0", "445.0", "3105.0"]
    )
    found = suspect_door([door], reference=watched.reference)
    assert found.cause == "unit change"
    assert "refused" in found.title


def test_flags_of_a_column_in_another_unit_have_its_cause(watched, makes):
    frame = watched.week().with_columns(pl.col("fare") * 100)
    found = suspect_door(
        [makes.door("fare", "above its range", rows=500)], reading=watched.reading("fare", frame), frame=frame,
        reference=watched.reference,
    )
    assert found.cause == "unit change"


def test_a_few_outliers_have_no_known_cause_and_are_shown(watched, makes):
    frame = watched.week().with_row_index()
    odd = pl.when(pl.col("index") < 4).then(pl.lit(["fare: above 250"])).otherwise(pl.col("__flags"))
    frame = frame.with_columns(odd.alias("__flags")).drop("index")
    found = suspect_door(
        [makes.door("fare", "above its range", rows=4, examples=["251.0"])],
        reading=watched.reading("fare", frame, alarmed=False), frame=frame, reference=watched.reference,
    )
    assert found.cause == "unknown"
    assert found.rows == (0, 1, 2, 3)


def test_new_values_at_the_door_are_a_new_category(makes):
    assert suspect_door([makes.door("city", "new value", rows=20, examples=["Oslo"])]).cause == "new category"


@pytest.mark.parametrize(("what", "changes", "cause"), [
    ("traffic", {"rows": 0}, "missing traffic"),
    ("traffic", {"rows": 20}, "missing traffic"),
    ("traffic", {"rows": 20, "refused": 480}, "schema break"),
    ("traffic", {"rows": 20, "failed": 480}, "failing requests"),
    ("traffic", {"rows": 20_000}, "population change"),
    ("errors", {"failed": 40}, "failing requests"),
    ("errors", {"refused": 40}, "schema break"),
    ("latency", {"over_limit": 40, "latency_p99_ms": 80.0}, "slow answers"),
    ("nan", {"odd": 3}, "failing requests"),
    ("labels", {"labels_due": 400, "labels_come": 12}, "lost labels"),
])
def test_the_service_has_its_own_causes(watched, makes, what, changes, cause):
    rows = changes.pop("rows", 500)
    report = watched.report(watched.week().head(300), traffic=makes.served(rows, **changes, alarmed=(what,)))
    found = suspect_service(what, report)
    assert found.cause == cause
    assert found.title
    assert found.advice


def test_refusals_name_the_fields_that_caused_them(watched, makes):
    report = watched.report(
        watched.week().head(300), traffic=makes.served(300, refused=90, alarmed=("errors",)),
        doors=[makes.door("fare", "wrong type", rows=90, refused=90)],
    )
    assert "fare: wrong type (90)" in suspect_service("errors", report).explanation
