from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.serving.events import Answered, Outcome
from loopwright.stages.serving.known import Known, digest_of
from loopwright.stages.serving.requests import Prediction

rows = st.dictionaries(st.text(max_size=5), st.none() | st.integers(-5, 5) | st.text(max_size=3), max_size=4)


def said(name: str) -> Prediction:
    return Prediction(id=name, prediction="yes", model="v1", flags=(), probability=0.5)


def claim(known: Known, **digests: bytes):
    return asyncio.run(known.claim(digests))


@given(rows, rows)
def test_digests_differ_exactly_if_rows_do(one, other):
    assert (digest_of(one) == digest_of(other)) is (one == other)


def test_an_id_is_fresh_then_repeated_then_in_conflict():
    known = Known()
    assert claim(known, a=b"1").fresh == {"a"}
    known.keep([said("a")])
    again = claim(known, a=b"1", b=b"1")
    assert (again.fresh, again.repeated["a"].repeated, again.conflicts) == ({"b"}, True, set())
    assert claim(known, a=b"2").conflicts == {"a"}
    assert "a" in known


def test_what_is_released_is_fresh_again():
    known = Known()
    claim(known, a=b"1")
    known.release(["a", "never claimed"])
    assert claim(known, a=b"2").fresh == {"a"}


def test_an_answer_is_not_released():
    known = Known()
    claim(known, a=b"1")
    known.keep([said("a"), said("never claimed")])
    known.release(["a"])
    assert "a" in claim(known, a=b"1").repeated


def test_a_second_request_waits_for_the_first():
    async def both():
        known = Known()
        await known.claim({"a": b"1", "b": b"1"})
        second = asyncio.create_task(known.claim({"b": b"1", "c": b"1"}))
        await asyncio.sleep(0)
        assert not second.done()
        assert "c" not in known
        known.keep([said("a"), said("b")])
        return await second

    found = asyncio.run(both())
    assert (found.fresh, list(found.repeated)) == ({"c"}, ["b"])


def test_the_oldest_ids_are_forgotten_but_none_that_runs():
    known = Known(most=2)
    claim(known, running=b"1")
    for name in "abc":
        claim(known, **{name: b"1"})
        known.keep([said(name)])
    assert "running" in known
    known.keep([said("running")])
    assert [name in known for name in ("running", "a", "b", "c")] == [False, False, True, True]


def test_asking_again_keeps_an_id_young():
    known = Known(most=2)
    for name in ("a", "b", "a", "c"):
        claim(known, **{name: b"1"})
        known.keep([said(name)])
    assert [name in known for name in "abc"] == [True, False, True]


@pytest.mark.parametrize(("at", "is_said", "is_news"), [(5, True, False), (9, False, False), (9, True, True)])
def test_an_outcome_told_again_is_no_news_unless_its_time_is_another(at, is_said, is_news):
    known = Known()
    assert known.told("a", {"y": 1}, at=5, is_said=True)
    assert known.told("a", {"y": 1}, at=at, is_said=is_said) is is_news
    assert known.told("a", {"y": 2}, at=5, is_said=True)


def test_outcomes_are_forgotten_too():
    known = Known(most=1)
    known.told("a", {"y": 1}, at=5, is_said=False)
    known.untold(["a", "unknown"])
    assert known.told("a", {"y": 1}, at=5, is_said=False)
    known.told("b", {"y": 1}, at=5, is_said=False)
    assert known.told("a", {"y": 1}, at=5, is_said=False)


def test_a_log_primes_the_index(make_model):
    model = make_model(task="multiclass", classes=("x", "y"))
    answered = Answered(
        id="a", at=0, received=0, consumer="c", deployment="d", model=model.digest, arm="champion", propensity=1.0,
        entity="e", held_back=False, scores=(0.2, 0.8), prediction="y", latency_ms=1.0, row={"fare": 5.0},
    )
    known = Known()
    outcome = Outcome(id="a", at=3, received=3, source="c", values={"y": 1})
    known.prime([answered, outcome], models={model.digest: model})
    found = claim(known, a=digest_of({"fare": 5.0})).repeated["a"]
    assert (found.model, found.probabilities, found.repeated) == ("v3", {"x": 0.2, "y": 0.8}, True)
    assert not known.told("a", {"y": 1}, at=9, is_said=False)
