"""Rank metrics from counts per score."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.measures.ranks import average_precision, class_rank_sums, rank_sums, roc_auc, score_bins

samples = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 9)), min_size=4, max_size=60).filter(
    lambda rows: 0 < sum(label for label, _ in rows) < len(rows)
)


@given(rows=samples)
def test_the_roc_area_is_the_share_of_pairs_in_order(rows):
    truth, score = np.array(rows).T
    positive, negative = score[truth == 1][:, None], score[truth == 0][None, :]
    in_order = np.mean((positive > negative) + 0.5 * (positive == negative))
    assert rank_sums(truth, score.astype(float), value=roc_auc, bins=None).whole == pytest.approx(in_order)


@given(rows=samples)
def test_turning_the_scores_round_turns_the_roc_area_round(rows):
    truth, score = np.array(rows).T
    up, down = (
        rank_sums(truth, sign * score.astype(float), value=roc_auc, bins=None).whole for sign in (1, -1)
    )
    assert up + down == pytest.approx(1)


@settings(max_examples=30)
@given(seed=st.integers(0, 1000), bins=st.integers(16, 200))
def test_bins_keep_the_order_and_hold_few_rows_of_either_class(seed, bins):
    generator = np.random.default_rng(seed)
    truth, score = (generator.random(3000) < 0.05).astype(np.int64), generator.random(3000)
    code, width = score_bins(truth, score, bins=bins)
    assert code.max() < width <= bins
    assert np.all(np.diff(code[np.argsort(score)]) >= 0)
    for side in (0, 1):
        assert np.bincount(code[truth == side]).max() <= 2 / bins * np.sum(truth == side) + 1


def test_binning_hardly_moves_the_metrics():
    generator = np.random.default_rng(0)
    truth = (generator.random(20_000) < 0.1).astype(np.int64)
    score = generator.normal(size=20_000) + truth
    for value in (roc_auc, average_precision):
        exact, binned = (rank_sums(truth, score, value=value, bins=bins).whole for bins in (None, 1024))
        assert binned == pytest.approx(exact, abs=2e-3)


def test_a_class_that_never_occurs_leaves_the_mean_area_unknown():
    part = class_rank_sums(np.array([0, 1]), np.array([[0.7, 0.2, 0.1], [0.3, 0.6, 0.1]]), bins=None)
    assert np.isnan(part.whole)
