from __future__ import annotations

import pytest

from loopwright.errors import LoopwrightError
from loopwright.records.model import Input
from loopwright.stages.serving.routes import Routes, inputs_of


def test_a_canary_without_its_challenger_cannot_serve(office, champion, make_deployment):
    with pytest.raises(LoopwrightError, match="challenger is not loaded"):
        Routes(deployment=make_deployment("canary"), champion=champion, challenger=None, door=office.routes.door)


def test_a_shadow_without_its_challenger_serves(office, champion, make_deployment):
    office.serve(make_deployment("shadow"), champion)
    assert office.predict({"row": {"fare": 1}}).status_code == 200


def test_what_only_an_unheard_challenger_needs_is_not_required(make_model):
    theirs = make_model(inputs=(Input(name="stops", type="int", nullable=False),))
    assert [item.nullable for item in inputs_of(make_model(), theirs, is_heard=False)] == [False, True, True, True]
    assert [item.nullable for item in inputs_of(make_model(), theirs, is_heard=True)][-1] is False
    assert inputs_of(make_model(), None, is_heard=True) == make_model().inputs
