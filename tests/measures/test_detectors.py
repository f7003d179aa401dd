"""Evidence over windows: e-values that are fair, and detectors whose false alarms are as rare as they say."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError
from loopwright.measures.detectors import calibrated, cusum, detect, noncentral_e_value, shiryaev_roberts

e_values = st.lists(st.floats(0, 50), min_size=1, max_size=30)


def test_a_calibrated_p_value_is_one_on_average():
    # The calibrator integrates to 1 over p; near 0 it is so steep that only a fine grid of log p shows it.
    log_p = np.linspace(-690, 0, 400_001)
    found = np.array([calibrated(float(np.exp(each))) * np.exp(each) for each in log_p[::40]])
    # What lies below p = e^-690 is 1 / 690.
    assert np.trapezoid(found, log_p[::40]) == pytest.approx(1 - 1 / 690, abs=2e-3)


@given(a=st.floats(0, 1), b=st.floats(0, 1))
def test_a_smaller_p_value_is_no_less_evidence(a, b):
    low, high = sorted((a, b))
    assert calibrated(low) >= calibrated(high) - 1e-9
    assert 0.5 <= calibrated(high) < float("inf")


@pytest.mark.parametrize("p_value", [-0.1, 1.1, float("nan")])
def test_what_is_no_p_value_is_refused(p_value):
    with pytest.raises(DataError, match="p-value"):
        calibrated(p_value)


@pytest.mark.parametrize("freedom", [1, 9, 30])
@pytest.mark.parametrize("true", [0.0, 3.0, 8.0])
def test_a_noncentral_e_value_is_at_most_one_on_average_up_to_the_limit(freedom, true):
    generator = np.random.default_rng([freedom, int(true)])
    shifted = (generator.standard_normal(20_000) + true**0.5) ** 2
    statistics = shifted + (generator.chisquare(freedom - 1, 20_000) if freedom > 1 else 0)
    found = np.array([
        noncentral_e_value(each, freedom=freedom, noncentrality=8.0, alternatives=[16.0, 32.0])
        for each in statistics
    ])
    assert found.mean() <= 1 + 4 * found.std() / 20_000**0.5
    if true == 8.0:
        assert found.mean() == pytest.approx(1, abs=0.15)


@given(freedom=st.integers(1, 60), low=st.floats(0, 500), more=st.floats(0, 500), limit=st.floats(0.01, 200))
def test_a_larger_statistic_is_no_less_evidence(freedom, low, more, limit):
    a, b = (
        noncentral_e_value(each, freedom=freedom, noncentrality=limit, alternatives=[limit + 1, 3 * limit])
        for each in (low, low + more)
    )
    assert 0 < a <= b * (1 + 1e-6)
    assert np.isfinite(b)


def test_an_e_value_agrees_with_scipys_densities():
    stats = pytest.importorskip("scipy.stats")
    wanted = np.mean(stats.ncx2.pdf(25.0, 9, [20.0, 40.0])) / stats.ncx2.pdf(25.0, 9, 5.0)
    found = noncentral_e_value(25.0, freedom=9, noncentrality=5.0, alternatives=[20.0, 40.0])
    assert found == pytest.approx(wanted, rel=1e-9)


def test_an_alternative_below_the_limit_is_refused():
    with pytest.raises(DataError, match="above the limit"):
        noncentral_e_value(9.0, freedom=3, noncentrality=5.0, alternatives=[4.0])
    with pytest.raises(DataError, match="freedom"):
        noncentral_e_value(9.0, freedom=0, noncentrality=5.0, alternatives=[6.0])


@given(values=e_values)
def test_cusum_is_never_above_shiryaev_roberts(values):
    a = b = 0.0
    for value in values:
        a, b = shiryaev_roberts(a, value), cusum(b, value)
        assert b <= a * (1 + 1e-12)


@given(values=e_values, limit=st.floats(1.5, 1000))
def test_alarms_cost_the_limit_each(values, limit):
    """Evidence and alarms together never exceed what the e-values brought in: the bound behind the run length."""
    evidence, alarmed, alarms, brought = 0.0, False, 0, 0.0
    for value in values:
        before = 0.0 if alarmed else evidence
        after = detect(evidence, value, limit=limit, was_alarmed=alarmed)
        alarms += after.alarmed and not alarmed
        if not alarmed:
            brought += (before + 1) * value - before
        evidence, alarmed = after.evidence, after.alarmed
    assert alarms * limit <= brought * (1 + 1e-9) + 1e-9


def run_lengths(limit, *, times):
    generator = np.random.default_rng(5)
    lengths = []
    for _ in range(times):
        evidence, windows, alarmed = 0.0, 0, False
        while not alarmed:
            # The likelihood ratio of a normal with mean 1 to one with mean 0: an e-value with mean exactly 1.
            after = detect(evidence, float(np.exp(generator.standard_normal() - 0.5)), limit=limit)
            evidence, alarmed, windows = after.evidence, after.alarmed, windows + 1
        lengths.append(windows)
    return np.array(lengths)


def test_the_average_run_length_is_at_least_the_limit():
    found = run_lengths(100.0, times=200)
    assert found.mean() + 2 * found.std() / 200**0.5 >= 100
    # The detector is no more cautious than it has to be.
    assert found.mean() < 400


def test_a_change_is_found_in_a_few_windows():
    generator = np.random.default_rng(1)
    evidence, windows, alarmed = 0.0, 0, False
    while not alarmed:
        after = detect(evidence, float(np.exp(2 * (2 + generator.standard_normal()) - 2)), limit=1000.0)
        evidence, alarmed, windows = after.evidence, after.alarmed, windows + 1
    assert windows <= 8


def test_an_alarm_goes_on_with_the_evidence_and_then_starts_from_nothing():
    during = detect(1e9, 4.0, limit=100.0, was_alarmed=True)
    assert during.alarmed
    after = detect(during.evidence, 0.2, limit=100.0, was_alarmed=True)
    assert (after.alarmed, after.evidence) == (False, 0.2)
    # Had there been no alarm, the evidence would have been kept.
    assert detect(90.0, 0.9, limit=100.0).evidence == pytest.approx(81.9)


def test_evidence_stays_finite():
    assert detect(1e300, 1e300, limit=1e299).evidence <= 1e300


@pytest.mark.parametrize(("evidence", "e_value", "limit"), [(-1.0, 1.0, 9.0), (0.0, -1.0, 9.0), (0.0, 1.0, 1.0)])
def test_impossible_numbers_are_refused(evidence, e_value, limit):
    with pytest.raises(DataError, match="detector"):
        detect(evidence, e_value, limit=limit)
