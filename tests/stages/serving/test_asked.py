from __future__ import annotations

import pytest

from loopwright.settings import ServingSettings
from loopwright.stages.serving.asked import digests, read
from loopwright.stages.serving.requests import Refusal

SETTINGS = ServingSettings(max_rows=500)


@pytest.fixture
def asked(office):
    return lambda body: read(body, office.routes, settings=SETTINGS, now=0)


def test_only_ids_of_the_caller_may_come_again(asked):
    found = asked(b'{"rows": [{"fare": 1}, {"fare": 1, "id": "k"}, {"fare": 1}], "ids": [null, null, "mine"]}')
    assert [row.is_named for row in found.rows] == [False, True, True]
    assert set(digests(found.rows)) == {"k", "mine"}


def test_entities_are_the_group_or_the_id(asked):
    found = asked(b'{"rows": [{"fare": 1, "taxi": 5}, {"fare": 1, "id": "k"}]}')
    assert [row.entity for row in found.rows] == ["5", "k"]


def test_good_rows_know_their_place_in_the_frame(asked):
    found = asked(b'{"rows": [{}, {"fare": 1}, {}, {"fare": 2}]}')
    assert found.good == {1: 0, 3: 1}
    assert [row.position for row in found.bad()] == [0, 2]


def test_a_key_that_is_no_id_is_a_problem(asked):
    found = asked(b'{"row": {"fare": 1, "id": "%s"}}' % (b"x" * 300))
    ((problem,),) = [row.problems for row in found.rows]
    assert (problem.field, problem.kind) == ("id", "wrong id")


def test_a_long_list_of_problems_is_cut_and_says_so(asked):
    refusal = asked(b"[" + b", ".join([b"{}"] * 300) + b"]").refusal(422, "300 of 300 rows do not fit.")
    assert isinstance(refusal, Refusal)
    assert len(refusal.problems) == 200
    assert "first 200 of 300" in str(refusal)
