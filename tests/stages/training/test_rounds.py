"""A search is divided into rounds without loss, and each purpose has a seed of its own."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from loopwright.settings import CandidateSettings, Range, TrainingSettings
from loopwright.stages.training.rounds import seed_of, shares

SEARCHED = CandidateSettings(estimator="a.B", search={"x": Range(low=0, high=1)})


@given(trials=st.integers(1, 1000), rounds=st.integers(1, 20))
def test_no_trial_is_lost_and_no_round_is_empty(trials, rounds):
    found = shares(TrainingSettings(trials=trials, rounds=rounds), SEARCHED)
    assert sum(found) == trials
    assert len(found) == min(rounds, trials)
    assert min(found) >= 1
    assert found[0] == max(found)
    assert len(set(found[1:])) <= 1


def test_what_has_nothing_to_search_is_tried_once():
    assert shares(TrainingSettings(trials=100), CandidateSettings(estimator="a.B")) == [1]


@given(st.integers(0, 2**31), st.text(max_size=5))
def test_a_seed_is_what_libraries_take(root, name):
    assert 0 <= seed_of(root, name) < 2**32
    assert seed_of(root, name) == seed_of(root, name)


def test_other_roots_and_other_names_have_other_seeds():
    seeds = {seed_of(root, name) for root in range(20) for name in ("a", "b", "c")}
    assert len(seeds) == 60
