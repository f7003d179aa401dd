"""What the door found odd: counted by field and problem, and an alarm where it is more than it should be."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.settings import MonitorSettings
from loopwright.stages.monitoring.budget import budget
from loopwright.stages.monitoring.doors import PROBLEMS, problem_of, read_doors

LIMITS = budget(MonitorSettings(window_hours=168.0), columns=10, qualities=2, doors=10, others=5)
NONE = pl.DataFrame()


def live(flags, **columns):
    return pl.DataFrame({"__flags": flags, **columns}, schema_overrides={"__flags": pl.List(pl.String)})


def refused(problems, *, status=422, row=None):
    return pl.DataFrame({
        "status": [status] * len(problems), "problems": problems, "row": [json.dumps(row or {})] * len(problems),
    }, schema_overrides={"problems": pl.List(pl.String), "row": pl.String})


def read(frame, refusals=NONE, **options):
    return read_doors(frame, refusals, budget=LIMITS, reference_rows=12_000, **options)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("fare: above 250", ("fare", "above its range")),
        ("temperature: below -40.5", ("temperature", "below its range")),
        ("payment_type: new value 'Kredit: gold'", ("payment_type", "new value")),
        ("name: new value", ("name", "new value")),
        ("fare: missing: found nothing; allowed is a number", ("fare", "missing")),
        ("fair: unknown column: found a column that the schema does not have", ("fair", "unknown column")),
        ("tips: known only after the outcome: found a value", ("tips", "known only after the outcome")),
        ("a: b: wrong type: found the text 'x'", ("a: b", "wrong type")),
        (": wrong type: found a list", ("", "wrong type")),
        ("fare: too odd for 3 words", ("fare", "too odd for")),
        ("something else", ("", "something else")),
        ("", ("", "odd")),
    ],
)
def test_field_and_problem_are_told_from_the_value(text, wanted):
    assert problem_of(text) == wanted


@given(field=st.from_regex(r"[a-z_][a-z0-9_ ]{0,10}", fullmatch=True), value=st.text(max_size=20))
def test_any_new_value_is_told_whatever_it_says(field, value):
    assert problem_of(f"{field}: new value {value!r}") == (field, "new value")


@given(text=st.text(max_size=50))
def test_no_text_is_too_odd(text):
    field, problem = problem_of(text)
    assert problem
    assert isinstance(field, str)


def test_many_values_out_of_range_are_an_alarm_with_examples():
    flags = [["fare: above 250"] if each % 3 == 0 else [] for each in range(300)]
    reading, = read(live(flags, fare=np.arange(300.0) + 300))
    assert (reading.field, reading.problem, reading.rows, reading.refused) == ("fare", "above its range", 100, 0)
    assert reading.alarmed
    assert reading.examples == ("300.0", "303.0", "306.0", "309.0", "312.0")


def test_a_single_odd_row_is_counted_but_no_alarm():
    reading, = read(live([["fare: above 250"]] + [[]] * 299, fare=[900.0] * 300))
    assert (reading.rows, reading.alarmed) == (1, False)


def test_refused_rows_count_beside_flagged_ones():
    frame = live([["fare: above 250"]] * 10 + [[]] * 90, fare=[900.0] * 100)
    refusals = refused([["fare: above 250: found the number 900"]] * 100, row={"fare": 901})
    reading, = read(frame, refusals)
    assert (reading.rows, reading.refused, reading.share) == (110, 100, 0.55)
    assert "901" in reading.examples
    assert reading.alarmed


def test_all_rows_refused_is_an_alarm_too():
    refusals = refused([["payment_type: missing: found nothing; allowed is text"]] * 60)
    reading, = read(NONE, refusals)
    assert (reading.field, reading.problem, reading.alarmed, reading.share) == ("payment_type", "missing", True, 1.0)


def test_failures_of_the_model_are_not_the_rows_fault():
    assert read(NONE, refused([["fare: wrong type"]] * 60, status=500)) == ()


def test_one_row_with_several_flags_counts_once_for_each_field():
    frame = live([["a: above 1", "b: new value 'x'", "a: above 1"]] * 50, a=[2] * 50, b=["x"] * 50)
    assert [(each.field, each.rows) for each in read(frame)] == [("a", 50), ("b", 50)]


def test_what_the_reference_has_as_well_is_no_alarm():
    frame = live([["fare: above 250"] if each % 10 == 0 else [] for each in range(500)], fare=[300.0] * 500)
    shares = {("fare", "above its range"): 0.1}
    reading, = read(frame, shares=shares)
    assert (reading.reference, reading.alarmed) == (0.1, False)
    assert read(frame)[0].alarmed


def test_a_share_counted_on_few_rows_is_not_believed_too_much():
    frame = live([["fare: above 250"] if each % 20 == 0 else [] for each in range(500)], fare=[300.0] * 500)
    few, many = (read_doors(frame, NONE, budget=LIMITS, reference_rows=rows)[0] for rows in (50, 12_000))
    assert few.p_value > many.p_value


@pytest.mark.parametrize("rows", [1, 19])
def test_too_few_rows_raise_no_alarm(rows):
    assert not any(each.alarmed for each in read(live([["fare: above 250"]] * rows, fare=[900.0] * rows)))


def test_nothing_came_or_nothing_was_odd():
    assert read(NONE) == ()
    assert read(live([[]] * 5)) == ()
    assert read(NONE, refused([])) == ()


def test_personal_data_are_no_examples():
    frame = live([["name: new value"]] * 50, name=["Ada"] * 50)
    assert read(frame, private=["name"])[0].examples == ()


def test_rows_that_cannot_be_read_are_counted_without_example():
    refusals = refused([["fare: wrong type"]] * 30).with_columns(row=pl.lit("{broken"))
    reading, = read(NONE, refusals)
    assert (reading.rows, reading.examples) == (30, ())


def test_unchanged_doors_raise_no_more_alarms_than_allowed():
    generator = np.random.default_rng(0)
    alarms = 0
    for _ in range(400):
        odd = generator.random(350) < 0.004
        alarms += any(each.alarmed for each in read(live([["x: above 9"] if each else [] for each in odd])))
    assert alarms == 0


def test_known_problems_are_those_that_are_counted():
    assert {problem_of(f"x: {each}")[1] for each in PROBLEMS if "range" not in each} <= set(PROBLEMS)
