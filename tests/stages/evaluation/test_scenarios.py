from __future__ import annotations

import importlib.util

import polars as pl
import pytest

from loopwright.stages.evaluation.scenarios import run_scenarios, scenarios_in

ROWS = pl.DataFrame({"miles": [1.0, 2.0, 3.0]})

FILE = '''
from polars import col
from loopwright.stages.evaluation.expectations import directional

def longer_trips_cost_more(predict, rows):
    """A trip twice as long never
    gets a lower fare.

    More about it.
    """
    found = directional(predict, rows, change=_longer, expect="up")
    assert found.share == 0, found

def never_free(predict):
    assert predict == "no"

def bare(rows):
    assert rows.height > 100

def breaks(predict, rows):
    """It divides."""
    _divide()

def decides_nothing(predict, rows):
    return predict(rows) > 0

async def waits(predict, rows):
    assert False

def leaves():
    raise SystemExit(3)

def helper(text):
    pass

def _longer(rows):
    return rows.with_columns(col("miles") * 2)

def _divide():
    return 1 / 0
'''


@pytest.fixture
def module(tmp_path):
    path = tmp_path / "scenarios.py"
    path.write_text(FILE)
    spec = importlib.util.spec_from_file_location("scenarios", path)
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@pytest.fixture
def found(module, model):
    said = run_scenarios(scenarios_in(module), lambda rows: rows["miles"] * 2, ROWS, subject=model)
    return {each.check.removeprefix("scenario."): each for each in said}


def test_the_modules_own_public_functions_are_scenarios_in_their_order(module):
    assert list(scenarios_in(module)) == [
        "longer_trips_cost_more", "never_free", "bare", "breaks", "decides_nothing", "waits", "leaves",
        "helper",
    ]


def test_a_scenario_without_an_error_holds_and_its_docstring_is_the_claim(found):
    held = found["longer_trips_cost_more"]
    assert held.passed is True
    assert held.claim == "A trip twice as long never gets a lower fare: holds on 3 rows."
    assert (held.rows, held.part) == (3, "test")


def test_a_failed_assert_is_told_with_its_line(found):
    assert found["bare"].passed is False
    assert found["bare"].claim == "bare: fails, because of: assert rows.height > 100 (scenarios.py:18)."


def test_a_message_is_told_instead_of_the_line_of_code(module, model):
    (said,) = run_scenarios(
        {"f": module.longer_trips_cost_more}, lambda rows: -rows["miles"], ROWS, subject=model
    )
    assert said.passed is False
    assert "3 of 3 rows (100 %) violate it: row 0: -1 became -2" in said.claim
    assert "(scenarios.py:12)" in said.claim


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("breaks", "It divides: could not run, ZeroDivisionError: division by zero (scenarios.py:40)."),
        ("leaves", "could not run, SystemExit: 3"),
        ("helper", "asks for text"),
        ("decides_nothing", "returns Series"),
        ("waits", "returns coroutine"),
    ],
)
def test_what_cannot_decide_has_failed_without_a_traceback(name, words, found):
    assert found[name].passed is False
    assert words in found[name].claim
    assert "Traceback" not in found[name].claim
