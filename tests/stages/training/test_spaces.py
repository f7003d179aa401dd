"""Search spaces."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from loopwright.errors import TrainingError
from loopwright.settings import CandidateSettings, Range
from loopwright.stages.training.spaces import around, contains, draw, inside, space_of


def space(defaults=None, **search):
    return space_of(CandidateSettings(estimator="a.B", search=search), defaults or {})


@pytest.mark.parametrize(
    ("low", "high", "default", "whole"),
    [
        (8, 64, 31, True),
        (8.0, 64.0, None, True),
        (1, 100, 1.0, False),
        (0.01, 1, 1, False),
        (1, 9, "sqrt", True),
    ],
)
def test_whole_ends_mean_whole_numbers_unless_the_default_is_a_fraction(low, high, default, whole):
    made = space({"x": default}, x=Range(low=low, high=high))["x"]
    assert isinstance(made, IntDistribution if whole else FloatDistribution)


@pytest.mark.parametrize(
    "bad", [Range(low=2, high=1), Range(low=0, high=1, log=True), Range(low=-1, high=1, log=True)]
)
def test_ranges_that_hold_nothing_are_errors(bad):
    with pytest.raises(TrainingError, match="searched for x between"):
        space(x=bad)


def test_an_empty_list_of_choices_is_an_error():
    with pytest.raises(TrainingError, match="list of choices is empty"):
        space(x=[])


numeric = st.builds(
    lambda low, width, log, whole: (
        IntDistribution(low, low + width, log=log)
        if whole
        else FloatDistribution(low, low + width + 0.5, log=log)
    ),
    st.integers(1, 50),
    st.integers(0, 500),
    st.booleans(),
    st.booleans(),
)
distributions = numeric | st.builds(CategoricalDistribution, st.just(["a", "b", None, True, 3]))


@given(distribution=distributions, seed=st.integers(0, 1000))
def test_what_is_drawn_lies_in_the_distribution(distribution, seed):
    assert contains(distribution, draw(distribution, np.random.default_rng(seed)))


@given(distribution=distributions, seed=st.integers(0, 1000), margin=st.floats(0, 0.5))
def test_a_box_holds_the_best_and_never_leaves_the_space(distribution, seed, margin):
    generator = np.random.default_rng(seed)
    best = [{"x": draw(distribution, generator)} for _ in range(3)]
    box = around({"x": distribution}, best, margin=margin)["x"]
    for value in [each["x"] for each in best]:
        assert contains(box, value) or value == pytest.approx(box.low) or value == pytest.approx(box.high)
    assert all(contains(distribution, draw(box, generator)) for _ in range(5))


def test_the_margin_is_counted_on_the_scale_of_the_range():
    box = around({"x": FloatDistribution(1e-4, 1.0, log=True)}, [{"x": 1e-2}], margin=0.25)["x"]
    assert (box.low, box.high) == (pytest.approx(1e-3), pytest.approx(1e-1))


def test_choices_are_narrowed_to_those_among_the_best():
    box = around({"x": CategoricalDistribution(["a", "b", "c"])}, [{"x": "c"}, {"x": "a"}], margin=0.1)
    assert box["x"].choices == ("a", "c")


def test_both_ends_of_whole_numbers_are_drawn_as_often_as_the_others():
    generator = np.random.default_rng(0)
    drawn = np.bincount([draw(IntDistribution(0, 3), generator) for _ in range(8000)])
    assert np.abs(drawn - 2000).max() < 200


def test_defaults_are_moved_into_the_space():
    made = space(x=Range(low=2, high=5), y=["a", None], z=Range(low=0.5, high=1.0))
    assert inside(made, {"x": 100, "y": None, "z": None}) == {"x": 5, "y": None}
