"""Resamples on sums are resamples of rows."""

from __future__ import annotations

import numpy as np
import pytest

from loopwright.measures.metrics import sums_of
from loopwright.measures.resampling import BLOCKS, grouped, influence, resampled


def part_of(name, rows, *, seed=0):
    generator = np.random.default_rng(seed)
    truth = generator.integers(0, 2, rows)
    truth[:2] = 0, 1
    return sums_of(name, truth, np.round(generator.random(rows), 3), task="binary", resampling=True)


@pytest.mark.parametrize("name", ["roc_auc", "log_loss", "f1", "calibration_error"])
@pytest.mark.parametrize("rows", [50, 5000])
def test_groups_add_up_to_the_whole(name, rows):
    part = part_of(name, rows)
    groups = grouped([part], generator=np.random.default_rng(0))
    assert groups.totals[0] == pytest.approx(part.total)
    assert groups.expected.sum() == pytest.approx(groups.counts.sum())
    assert len(groups.counts) <= BLOCKS


def test_resampled_means_spread_as_theory_says():
    part = part_of("brier_loss", 400)
    generator = np.random.default_rng(1)
    drawn = resampled(
        grouped([part], generator=generator), part.value, resamples=4000, generator=generator
    )
    losses = part.values[:, 1]
    assert drawn.mean() == pytest.approx(losses.mean(), abs=3 * losses.std() / np.sqrt(400 * 4000))
    assert drawn.std() == pytest.approx(losses.std() / np.sqrt(400), rel=0.05)


def test_blocks_of_rows_spread_like_single_rows():
    part = part_of("brier_loss", 30_000)
    generator = np.random.default_rng(2)
    drawn = resampled(
        grouped([part], generator=generator), part.value, resamples=4000, generator=generator
    )
    assert drawn.std() == pytest.approx(part.values[:, 1].std() / np.sqrt(30_000), rel=0.1)


def test_metrics_of_the_same_rows_share_their_resamples():
    part = part_of("roc_auc", 200)
    generator = np.random.default_rng(3)
    groups = grouped([part, part], generator=generator)
    gaps = resampled(
        groups, lambda a, b: part.value(a) - part.value(b), resamples=300, generator=generator
    )
    assert not gaps.any()


def test_decisions_in_pairs_are_resampled_by_kind_of_row():
    first, second = part_of("f1", 3000), part_of("f1", 3000, seed=0)
    groups = grouped([first, second], generator=np.random.default_rng(4))
    assert len(groups.counts) == 4
    assert groups.counts.sum() == 3000


def test_leaving_out_a_row_moves_a_mean_by_its_share():
    part = part_of("brier_loss", 100)
    influences, counts = influence(grouped([part], generator=np.random.default_rng(5)), part.value)
    losses = part.values[:, 1]
    assert counts.tolist() == [1] * 100
    assert influences == pytest.approx((losses - losses.mean()) / 99)


def test_a_kind_of_row_that_was_not_seen_may_come_up_in_a_resample():
    part = sums_of("f1", [0, 0, 1, 1], [0.1, 0.2, 0.8, 0.9], task="binary", resampling=True)
    groups = grouped([part], generator=np.random.default_rng(6))
    assert groups.counts.tolist() == [2, 0, 0, 2]
    assert np.all(groups.expected > 0)
    drawn = resampled(groups, lambda sums: sums[..., 2], resamples=200, generator=np.random.default_rng(7))
    assert drawn.max() > 0
