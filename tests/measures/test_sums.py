"""Metrics as functions of sums."""

from __future__ import annotations

import numpy as np

from loopwright.measures.sums import Sums, means


def test_each_term_of_a_row_goes_to_its_own_sum():
    part = Sums(
        columns=np.array([[0, 2], [0, 1]]),
        values=np.array([[1.0, 5.0], [1.0, 7.0]]),
        width=4,
        value=lambda sums: sums[..., 2] - sums[..., 1],
    )
    assert part.total.tolist() == [2.0, 7.0, 5.0, 0.0]
    assert part.whole == -2.0


def test_without_values_rows_are_counted():
    part = Sums(columns=np.array([[1], [1], [0]]), values=None, width=2, value=lambda sums: sums[..., 1])
    assert part.whole == 2.0


def test_means_see_the_rows_first():
    part = means(np.array([1.0, 2.0]), np.array([3.0, 4.0]), value=lambda sums: sums[..., 2] / sums[..., 0])
    assert part.whole == 3.5
