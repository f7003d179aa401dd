"""E-values: games that the null hypothesis cannot win, however often one looks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import DataError, EmptySample
from loopwright.measures import (
    arm_differences,
    attribution_evalues,
    betting_evalues,
    confidence_sequence,
    rows_to_reach,
)

steady = settings(max_examples=40, deadline=None)
ALPHA = 0.05
differences = st.lists(st.floats(-1, 1), min_size=1, max_size=30)
shares = st.floats(0.02, 0.98)


def at_most(hits: int, *, of: int, level: float = 0.95) -> float:
    """Return the exact upper bound of a probability (Clopper and Pearson) by bisection."""
    low, high = hits / of, 1.0
    for _ in range(50):
        middle = (low + high) / 2
        counts = np.arange(hits + 1)
        logs = np.cumsum(np.log(np.concatenate([[1.0], (of - counts[:-1]) / counts[1:]])))
        tail = np.exp(logs + counts * np.log(middle) + (of - counts) * np.log1p(-middle)).sum()
        low, high = (middle, high) if tail > 1 - level else (low, middle)
    return high


# -- betting ---------------------------------------------------------------------------------------------------


@steady
@given(values=differences, seed=st.integers(0, 9))
def test_a_bet_does_not_depend_on_the_order_of_the_rows(values, seed):
    shuffled = np.random.default_rng(seed).permutation(values)
    assert betting_evalues(shuffled)[-1] == pytest.approx(betting_evalues(values)[-1])


@steady
@given(values=differences)
def test_wealth_is_never_gone_and_never_infinite(values):
    path = betting_evalues(values)
    assert np.all(path > 0)
    assert np.all(np.isfinite(path))


@steady
@given(values=differences, last=st.floats(0, 1))
def test_at_its_null_the_next_round_is_a_fair_game(values, last):
    before = betting_evalues(values)[-1]
    after = [betting_evalues([*values, each])[-1] for each in (last, -last)]
    assert np.mean(after) == pytest.approx(before)


@steady
@given(values=differences, less=st.floats(0, 0.5))
def test_smaller_differences_are_less_evidence(values, less):
    smaller = np.maximum(np.asarray(values) - less, -1)
    assert np.all(betting_evalues(smaller) <= betting_evalues(values) * (1 + 1e-12))


def test_the_path_is_that_of_its_beginnings():
    values = np.random.default_rng(0).uniform(-1, 1, 70_000)
    path = betting_evalues(values)
    for rows in (1, 100, 40_000):
        assert betting_evalues(values[:rows])[-1] == pytest.approx(path[rows - 1])


def test_a_million_rows_neither_overflow_nor_vanish():
    ones = np.ones(1_000_000)
    assert 1e299 < betting_evalues(ones)[-1] <= 1e300
    assert betting_evalues(-ones)[-1] >= 0


def test_no_rows_are_no_evidence():
    assert len(betting_evalues([])) == 0
    assert len(attribution_evalues([], [])) == 0
    assert rows_to_reach([], limit=20.0) is None


@pytest.mark.parametrize("values", [[0.5, np.nan], [1.5], [-1.5], [[0.1, 0.2]]])
def test_values_outside_of_the_range_are_refused(values):
    with pytest.raises(DataError):
        betting_evalues(values)


def test_a_range_without_zero_is_refused():
    with pytest.raises(DataError, match="hold 0"):
        betting_evalues([0.5], low=0.0, high=1.0)


def test_looking_after_every_row_seldom_rejects_what_is_true():
    generator = np.random.default_rng(1)
    # A rare large loss against frequent small gains: the shape that fools a normal approximation.
    drawn = [generator.choice([-0.9, 0.1], p=[0.1, 0.9], size=1500) for _ in range(400)]
    hits = sum(betting_evalues(values).max() >= 1 / ALPHA for values in drawn)
    assert at_most(hits, of=400) <= ALPHA


def test_a_true_difference_is_found():
    generator = np.random.default_rng(2)
    found = [betting_evalues(generator.normal(0.02, 0.15, 1500).clip(-1, 1)).max() >= 1 / ALPHA for _ in range(100)]
    assert np.mean(found) > 0.9


def test_the_forecast_is_about_what_it_takes():
    generator = np.random.default_rng(3)
    values = generator.normal(0.02, 0.15, 40_000).clip(-1, 1)
    took = int(np.argmax(betting_evalues(values) >= 1e9))
    needed = rows_to_reach(values[: took // 2], limit=1e9)
    assert needed is not None
    assert 0.5 < (took // 2 + needed) / took < 2
    assert rows_to_reach(values[: took + 1], limit=1e9) == 0
    assert rows_to_reach(-values[:100], limit=20.0) is None


# -- attribution -----------------------------------------------------------------------------------------------


@steady
@given(share=shares, events=st.lists(st.booleans(), max_size=20))
def test_whose_event_is_next_is_a_fair_game_if_arms_do_not_differ(share, events):
    path = attribution_evalues(events, [share] * len(events))
    before = path[-1] if events else 1.0
    after = [attribution_evalues([*events, each], [share] * (len(events) + 1))[-1] for each in (True, False)]
    assert share * after[0] + (1 - share) * after[1] == pytest.approx(before)


@steady
@given(events=st.lists(st.tuples(st.booleans(), shares), max_size=20))
def test_the_arms_may_be_exchanged(events):
    hit, share = np.array([each[0] for each in events], bool), np.array([each[1] for each in events], float)
    mirrored = attribution_evalues(~hit, 1 - share)
    assert mirrored == pytest.approx(attribution_evalues(hit, share, worse="champion"))


def test_a_ramp_over_a_drifting_rate_deceives_nobody():
    generator = np.random.default_rng(4)
    share = np.repeat([0.05, 0.25, 0.5], 3000)
    rate = np.linspace(0.03, 0.08, 9000)          # pooled over the ramp, the challenger looks much worse
    hits = 0
    for _ in range(400):
        event = generator.random(9000) < rate
        challenger = generator.random(9000) < share
        hits += attribution_evalues(challenger[event], share[event]).max() >= 1 / ALPHA
    assert at_most(hits, of=400) <= ALPHA


def test_seven_times_as_many_events_are_noticed():
    generator = np.random.default_rng(5)
    challenger = generator.random(12_000) < 0.1
    event = generator.random(12_000) < np.where(challenger, 0.014, 0.002)
    assert attribution_evalues(challenger[event], np.full(event.sum(), 0.1)).max() >= 100


@pytest.mark.parametrize("share", [0.0, 1.0, np.nan])
def test_an_arm_that_was_not_drawn_by_chance_is_refused(share):
    with pytest.raises(DataError, match="propensity"):
        attribution_evalues([True], [share])


def test_as_many_propensities_as_events_are_needed():
    with pytest.raises(DataError, match="3 rows"):
        attribution_evalues([True, False, True], [0.5])


# -- arms ------------------------------------------------------------------------------------------------------


@steady
@given(loss=st.lists(st.floats(0, 1), min_size=1, max_size=12), share=shares, difference=st.floats(-0.3, 0.3))
def test_the_expectation_over_the_draw_is_the_weighted_difference(loss, share, difference):
    before, both = loss[:-1], (loss[-1], float(np.clip(loss[-1] - difference, 0, 1)))
    values = []
    for challenger in (False, True):
        arms = [False] * len(before) + [challenger]
        found, weight = arm_differences(
            [*before, both[challenger]], challenger=arms, propensity=[share] * len(loss)
        )
        values.append(found[-1])
    expected = (1 - share) * values[0] + share * values[1]
    assert expected == pytest.approx(weight[-1] * (both[0] - both[1]), abs=1e-12)


@steady
@given(
    rows=st.lists(st.tuples(st.floats(0, 1), st.booleans(), shares), min_size=1, max_size=20),
)
def test_what_can_be_lost_is_bounded_whatever_the_share(rows):
    loss, arm, share = (list(column) for column in zip(*rows, strict=True))
    values, weights = arm_differences(loss, challenger=arm, propensity=share)
    assert np.all(np.abs(values) <= 1)
    assert np.all((weights > 0) & (weights <= 0.5))


def test_losses_beyond_one_and_missing_arms_are_refused():
    with pytest.raises(DataError):
        arm_differences([2.0], challenger=[True], propensity=[0.5])
    with pytest.raises(DataError, match="arms"):
        arm_differences([0.2, 0.3], challenger=[True], propensity=[0.5, 0.5])


# -- intervals -------------------------------------------------------------------------------------------------


@steady
@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_an_interval_holds_the_mean_that_was_seen(values):
    low, high = confidence_sequence(values, low=0, high=1)
    assert 0 <= low <= np.mean(values) + 1e-9
    assert np.mean(values) - 1e-9 <= high <= 1


@steady
@given(values=st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_the_interval_turns_round_with_the_values(values):
    low, high = confidence_sequence(values, low=0, high=1)
    turned = confidence_sequence(-np.asarray(values), low=-1, high=0)
    assert turned == pytest.approx((-high, -low), abs=1e-3)


@pytest.mark.parametrize("mean", [0.02, 0.5, 0.9])
def test_intervals_miss_seldom_and_shrink(mean):
    generator = np.random.default_rng(6)
    drawn = generator.random((300, 2000)) < mean
    checked = [confidence_sequence(row[:rows], low=0, high=1) for row in drawn for rows in (50, 500)]
    assert all(0 <= low < high <= 1 for low, high in checked)
    assert at_most(sum(not low <= mean <= high for low, high in checked) // 2, of=300) <= ALPHA
    widths = [high - low for low, high in (confidence_sequence(drawn[0][:rows], low=0, high=1) for rows in (50, 2000))]
    assert widths[1] < widths[0] / 2


def test_the_interval_of_arms_holds_their_difference():
    generator = np.random.default_rng(7)
    share, missed = np.repeat([0.05, 0.5], 400), 0
    for _ in range(200):
        challenger = generator.random(800) < share
        loss = np.where(challenger, generator.beta(2, 6, 800), generator.beta(2, 5, 800))
        values, weights = arm_differences(loss, challenger=challenger, propensity=share)
        low, high = confidence_sequence(values, low=-1, high=1, weights=weights)
        missed += not low <= 2 / 7 - 2 / 8 <= high
    assert at_most(missed, of=200) <= ALPHA


def test_the_interval_leaves_zero_out_when_the_bet_is_won():
    values = np.random.default_rng(8).normal(0.03, 0.1, 3000).clip(-1, 1)
    path = betting_evalues(values)
    for rows in (100, 300, 1000, 3000):
        low, _ = confidence_sequence(values[:rows], low=-1, high=1, level=0.9)
        assert (low > 0) == (path[rows - 1] >= 20)


def test_an_interval_of_nothing_is_an_error():
    with pytest.raises(EmptySample):
        confidence_sequence([], low=0, high=1)


@pytest.mark.parametrize(
    "wrong", [{"low": 1.0, "high": 0.0}, {"level": 1.0}, {"weights": [0.0]}, {"weights": [1.0, 1.0]}]
)
def test_impossible_questions_are_refused(wrong):
    with pytest.raises(DataError):
        confidence_sequence([0.5], **{"low": 0.0, "high": 1.0, **wrong})
