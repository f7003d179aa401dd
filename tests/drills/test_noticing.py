from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from loopwright.drills.faults import Fault, times
from loopwright.drills.noticing import notice

UNIT = Fault(
    name="unit-change", says="fare was sent 100 times as large", causes=("unit change",),
    change=lambda rows: times(rows, "fare", factor=100),
)


def test_another_unit_is_noticed_within_a_window(box):
    found = notice(box, UNIT)
    assert found.passed, found.explanation
    assert (found.noticed_by, found.after_windows) == ("alert drift:fare: unit change", 1)
    assert found.after_rows == 300
    assert len(found.steps) == 3


@pytest.mark.slow
def test_traffic_without_a_fault_goes_on_unnoticed(box):
    found = notice(box, Fault(name="nothing", says="nothing was done", causes=("unit change",)))
    assert (found.passed, found.noticed_by, found.after_rows) == (False, "nothing", None)


@pytest.mark.slow
def test_rows_that_are_odd_from_the_start_fail_the_drill(box):
    odd = replace(box, rows=box.rows.with_columns(pl.col("fare") * 100))
    found = notice(odd, UNIT)
    assert found.passed is False
    assert "an alarm came before the fault" in found.explanation


@pytest.mark.slow
def test_a_fault_with_another_name_is_not_passed(box):
    found = notice(box, replace(UNIT, causes=("lost labels",)))
    assert found.passed is False
    assert "taken for another fault" in found.explanation
