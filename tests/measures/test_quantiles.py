"""Normal, Student and Wilson, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.measures.quantiles import (
    normal_cdf,
    normal_quantile,
    student_p_value,
    student_quantile,
    wilson,
)

stats = pytest.importorskip("scipy.stats")


@given(z=st.floats(-30, 30))
def test_the_normal_distribution_is_exact_into_the_tails(z):
    assert normal_cdf(z) == pytest.approx(float(stats.norm.cdf(z)), rel=1e-9)


@given(share=st.floats(1e-6, 1 - 1e-6))
def test_the_normal_quantile_turns_the_distribution_round(share):
    assert normal_cdf(normal_quantile(share)) == pytest.approx(share, rel=1e-6)


@pytest.mark.parametrize("freedom", [8, 20, 100, 10_000])
@pytest.mark.parametrize("share", [0.9, 0.95, 0.975])
def test_students_quantile_is_close_to_the_true_one(freedom, share):
    assert student_quantile(share, freedom=freedom) == pytest.approx(stats.t.ppf(share, freedom), rel=2e-3)


@pytest.mark.parametrize("freedom", [1, 2, 3, 5])
def test_with_few_degrees_of_freedom_students_quantile_is_never_too_small(freedom):
    assert student_quantile(0.975, freedom=freedom) > stats.t.ppf(0.975, freedom) * 0.999


@given(t=st.floats(-40, 40), freedom=st.floats(5, 1e6))
def test_the_p_value_turns_the_quantile_round(t, freedom):
    p_value = student_p_value(t, freedom=freedom)
    assert 0 <= p_value <= 1
    if 1e-6 < p_value < 0.999:
        assert student_quantile(1 - p_value / 2, freedom=freedom) == pytest.approx(abs(t), rel=1e-6)


def test_far_out_students_quantile_stays_finite():
    assert np.isfinite(student_quantile(1 - 1e-12, freedom=0.01))


@given(rows=st.integers(1, 10_000), data=st.data())
def test_wilsons_interval_holds_the_share_and_is_never_of_no_width(rows, data):
    hits = data.draw(st.integers(0, rows))
    low, high = wilson(hits, rows)
    assert 0 <= low <= hits / rows <= high <= 1
    assert low < high


def test_wilsons_interval_equals_scipys():
    expected = stats.binomtest(7, 10).proportion_ci(method="wilson")
    low, high = wilson(7, 10)
    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high))


def test_wilsons_interval_reaches_the_end_exactly_when_all_or_none_hit():
    assert float(wilson(0, 7)[0]) == 0.0
    assert float(wilson(7, 7)[1]) == 1.0
