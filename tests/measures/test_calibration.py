"""Reliability diagrams and the calibration error made from them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import DataError, EmptySample
from loopwright.measures.calibration import reliability
from loopwright.measures.metrics import score


@settings(max_examples=50)
@given(rows=st.lists(st.tuples(st.integers(0, 1), st.integers(0, 20)), min_size=1, max_size=200))
def test_bins_hold_every_row_once_in_rising_order(rows):
    truth, percent = np.array(rows).T
    found = reliability(truth, percent / 20)
    assert sum(found.rows) == len(rows)
    assert 1 <= len(found.rows) <= 10
    assert min(found.rows) > 0
    assert list(found.predicted) == sorted(found.predicted)
    assert np.dot(found.observed, found.rows) == pytest.approx(truth.sum())
    for low, share, high in zip(found.low, found.observed, found.high, strict=True):
        assert low <= share <= high


def test_distinct_scores_fill_bins_of_equal_size():
    found = reliability(np.tile([0, 1], 500), np.linspace(0, 1, 1000))
    assert found.rows == (100,) * 10


def test_equal_probabilities_stay_together():
    assert reliability([0, 1, 1, 0], [0.5] * 4).rows == (4,)


def test_calibrated_probabilities_have_on_average_hardly_any_error():
    generator = np.random.default_rng(0)
    squares = []
    for _ in range(200):
        probability = generator.random(300)
        truth = (generator.random(300) < probability).astype(int)
        squares.append(score("calibration_error", truth, probability, task="binary") ** 2)
    # The plug-in estimate would be about 10 bins * 1/6 / 300 = 0.0055 here; errors cut at 0 leave a little.
    assert np.mean(squares) < 0.003


def test_a_known_gap_is_found():
    generator = np.random.default_rng(1)
    probability = generator.uniform(0.3, 0.7, 50_000)
    truth = (generator.random(50_000) < probability - 0.2).astype(int)
    assert score("calibration_error", truth, probability, task="binary") == pytest.approx(0.2, abs=0.01)


def test_confident_and_always_wrong_is_the_largest_error():
    assert score("calibration_error", [0] * 5 + [1] * 5, [1.0] * 5 + [0.0] * 5, task="binary") == 1.0


def test_no_rows_and_no_bins_are_errors():
    with pytest.raises(EmptySample):
        reliability([], [])
    with pytest.raises(DataError, match="bins=0"):
        reliability([0, 1], [0.1, 0.2], bins=0)
