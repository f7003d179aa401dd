"""Who is answered by which model: the same after any restart, spread evenly, and nobody changes back and forth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.records import Deployment, Ref
from loopwright.stages.serving.routing import assign, entity_hash, position

CANARY = Deployment(
    name="taxi", stage="canary", champion=Ref(kind="model", digest="a"), challenger=Ref(kind="model", digest="b"),
    share=0.25, held_back=0.1, salt="pepper", step=0, awaiting=False, event="canary", by="ann", why="trained anew",
)
ENTITIES = [entity_hash(f"taxi-{number}", salt="project") for number in range(20_000)]

steady = settings(max_examples=40, deadline=None)
names = st.text()
shares = st.floats(0.001, 0.999)


def challenged(deployment: Deployment) -> np.ndarray:
    return np.array([assign(entity, deployment).arm == "challenger" for entity in ENTITIES])


@steady
@given(name=names, salt=names)
def test_a_hash_is_a_position_and_tells_no_name(name, salt):
    found = entity_hash(name, salt=salt)
    assert len(found) == 32
    assert 0 <= position(found) < 1
    assert found == entity_hash(name, salt=salt)


def test_a_lone_surrogate_has_a_hash_too():
    assert entity_hash("\ud800", salt="\udfff") != entity_hash("", salt="\udfff")


@steady
@given(name=names, share=shares)
def test_an_entity_keeps_its_arm_and_knows_its_propensity(name, share):
    state = replace(CANARY, share=share)
    given_ = assign(name, state)
    assert given_ == assign(name, state)
    assert given_.propensity == pytest.approx(share if given_.arm == "challenger" else 1 - share)


@steady
@given(name=names, small=shares, large=shares)
def test_a_growing_share_only_takes_entities_from_the_champion(name, small, large):
    small, large = sorted((small, large))
    if assign(name, replace(CANARY, share=small)).arm == "challenger":
        assert assign(name, replace(CANARY, share=large)).arm == "challenger"


@steady
@given(name=names, stage=st.sampled_from(["single", "shadow"]))
def test_without_a_canary_the_champion_answers(name, stage):
    given_ = assign(name, replace(CANARY, stage=stage, share=0.0))
    assert (given_.arm, given_.propensity) == ("champion", 1.0)


@pytest.mark.parametrize("share", [0.01, 0.05, 0.5, 0.9])
def test_the_share_is_kept(share):
    error = np.sqrt(share * (1 - share) / len(ENTITIES))
    assert abs(challenged(replace(CANARY, share=share)).mean() - share) < 4 * error


def test_positions_are_spread_evenly():
    counts, _ = np.histogram([position(entity) for entity in ENTITIES], bins=100, range=(0, 1))
    expected = len(ENTITIES) / 100
    assert ((counts - expected) ** 2 / expected).sum() < 148    # chi-squared, 99 degrees of freedom, 1 in 1000


def test_another_salt_draws_anew():
    first, second = (challenged(replace(CANARY, salt=salt)) for salt in ("pepper", "thyme"))
    assert abs(second[first].mean() - 0.25) < 0.03


def test_who_is_held_back_has_nothing_to_do_with_the_arm():
    given_ = [assign(entity, CANARY) for entity in ENTITIES]
    held = np.array([each.held_back for each in given_])
    arm = np.array([each.arm == "challenger" for each in given_])
    assert abs(held.mean() - 0.1) < 0.01
    assert abs(held[arm].mean() - held[~arm].mean()) < 0.02


def test_a_larger_share_held_back_holds_the_same_ones_back_and_more():
    few, many = ([assign(entity, replace(CANARY, held_back=share)).held_back for entity in ENTITIES[:2000]]
                 for share in (0.05, 0.2))
    assert all(more for less, more in zip(few, many, strict=True) if less)
    assert not any(assign(entity, replace(CANARY, held_back=0.0)).held_back for entity in ENTITIES[:2000])
