"""A quality that fell because the world changed is told from one that fell because others came."""

from __future__ import annotations

import pytest

from loopwright.stages.monitoring.declines import is_worse, suspect_prediction, suspect_quality


def test_a_fall_that_the_scores_did_not_see_is_a_real_change(makes):
    found = suspect_quality(makes.quality(0.65, estimate=0.79), columns=[])
    assert found.cause == "real change"
    assert "No input moved" in found.explanation
    assert "one would expect 0.79" in found.explanation


def test_a_fall_that_the_scores_did_see_is_a_change_of_the_population(makes):
    found = suspect_quality(makes.quality(0.65, estimate=0.67), columns=[makes.drift("fare", 0.3)])
    assert found.cause == "population change"
    assert "fare (0.3)" in found.explanation


def test_a_mild_drift_does_not_hide_a_real_change(makes):
    assert suspect_quality(makes.quality(0.65), columns=[makes.drift("fare", 0.15)]).cause == "real change"
    unforeseen = makes.quality(0.65, estimate=0.78)
    assert suspect_quality(unforeseen, columns=[makes.drift("fare", 2.0)]).cause == "real change"


def test_without_an_estimate_a_large_drift_is_the_cause(makes):
    assert suspect_quality(makes.quality(0.65), columns=[makes.drift("fare", 2.0)]).cause == "population change"


def test_a_quality_that_nobody_knows_is_never_a_real_change(makes):
    found = suspect_quality(makes.quality(None, estimate=0.6, alarmed=True), columns=[])
    assert found.cause == "population change"
    assert "not known yet" in found.explanation


@pytest.mark.parametrize(("metric", "value", "estimate"), [("log_loss", 0.9, 0.52), ("rmse", 9.0, 4.1)])
def test_losses_are_worse_when_they_rise(makes, metric, value, estimate):
    reading = makes.quality(value, metric=metric, estimate=estimate, reference=0.5 if value < 1 else 4.0, alarmed=True)
    found = suspect_quality(reading, columns=[])
    assert found.cause == "real change"
    assert found.title.startswith(f"{metric} rose, ")
    assert is_worse(metric, value, estimate)
    assert not is_worse(metric, estimate, value)


def test_predictions_that_moved_with_their_inputs_follow_from_the_population(makes):
    found = suspect_prediction(makes.drift("prediction", 0.4), columns=[makes.drift("fare", 0.09)])
    assert found.cause == "population change"
    assert "fare (0.09)" in found.explanation


def test_predictions_that_moved_alone_have_no_known_cause(makes):
    assert suspect_prediction(makes.drift("prediction", 0.4), columns=[makes.drift("fare", 0.01)]).cause == "unknown"
