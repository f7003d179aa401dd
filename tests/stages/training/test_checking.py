"""Checks of training say what was found in numbers, and fail when they should."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from loopwright.records import Run
from loopwright.settings import TrainingSettings
from loopwright.stages.training.checking import numeric, reproducible, training_cost, tuned

AT = "2026-05-03T12:00:00Z"
SETTINGS = TrainingSettings(trials=8, rounds=2)


def a_run(objective: float | None, *, round_: int = 1, seconds: float = 0.5, **search) -> Run:
    return Run(
        name="tree #1", role="trial", estimator="x.Tree", params=search, seed=0, metrics=(), objective=objective,
        search=search, round=round_, seconds=seconds, failed=None if objective is not None else "no",
    )


def test_a_refit_that_comes_to_the_same_is_reproducible():
    evidence = reproducible(a_run(0.75), a_run(0.75), at=AT)
    assert (evidence.passed, evidence.value, evidence.limit) == (True, 0.75, "= 0.75")
    assert evidence.claim.endswith("came to 0.75 on the validation part, as the first fit did")


@pytest.mark.parametrize("after", [0.7500001, 0.74])
def test_a_refit_that_differs_is_not(after):
    evidence = reproducible(a_run(0.75), a_run(after), at=AT)
    assert evidence.passed is False
    assert "but the first fit came to 0.75" in evidence.claim


def test_a_search_of_several_configurations_is_told_with_its_spread():
    trials = [a_run(0.1 * number, depth=number) for number in range(1, 6)]
    evidence = tuned(trials, trials[3], SETTINGS, subject=trials[3], at=AT)
    assert (evidence.passed, evidence.value) == (True, 5.0)
    assert evidence.claim == (
        "5 configurations were searched in 2 rounds; on the validation part they lie between 0.1000 and 0.5000"
    )


def test_a_best_value_at_the_edge_of_the_first_round_is_told():
    trials = [a_run(0.1 * number, depth=number) for number in range(1, 6)]
    evidence = tuned(trials, trials[4], SETTINGS, subject=trials[4], at=AT)
    assert "the best has depth = 5 at the edge of what was tried: widen that range" in evidence.claim
    few = [*trials[:3], a_run(0.9, round_=2, depth=7)]
    assert "edge" not in tuned(few, few[3], SETTINGS, subject=few[3], at=AT).claim


def test_one_configuration_is_no_search_and_failures_are_counted():
    trials = [a_run(0.5, depth=1), a_run(None, depth=2), a_run(None, depth=3)]
    evidence = tuned(trials, trials[0], SETTINGS, subject=trials[0], at=AT)
    assert evidence.passed is False
    assert evidence.claim.endswith("2 could not be fitted")


def test_infinite_inputs_are_counted_by_feature_and_nan_is_no_failure(worked):
    rows, final = worked.examples, worked.line.final
    assert numeric(rows, worked.material, subject=final, at=AT).passed is True
    infinite = pl.when(pl.col("__row") < 3).then(float("inf")).otherwise("fare")
    evidence = numeric(rows.with_columns(infinite.alias("fare")), worked.material, subject=final, at=AT)
    assert evidence.passed is False
    assert "0 NaN and 3 infinite values among 600 rows" in evidence.claim
    assert "fare: 3 infinite" in evidence.claim
    nan = pl.when(pl.col("__row") < 2).then(float("nan")).otherwise("fare")
    evidence = numeric(rows.with_columns(nan.alias("fare")), worked.material, subject=final, at=AT)
    assert evidence.passed is True
    assert "2 NaN and 0 infinite" in evidence.claim


def test_the_time_that_fitting_took_is_told():
    final = a_run(0.5, seconds=1.25)
    evidence = training_cost([a_run(0.5), a_run(0.5)], final, rows=12_000, at=AT)
    assert evidence.claim == "the final fit took 1.25 s for 12,000 rows; the 2 trials took 1.0 s"
    assert evidence.passed is None
    assert training_cost([], replace(final, seconds=None), rows=1, at=AT).claim.startswith("the final fit took 0.00 s")
