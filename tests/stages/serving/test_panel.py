from __future__ import annotations

import asyncio
import threading

import numpy as np
import polars as pl
import pytest

from loopwright.stages.serving.asking import Served
from loopwright.stages.serving.panel import Panel
from loopwright.stages.serving.requests import Refusal
from loopwright.stages.serving.routing import Assignment

FRAME = pl.DataFrame({"fare": [10.0, 60.0]})
OLD = Assignment(arm="champion", propensity=0.5, held_back=False)
NEW = Assignment(arm="challenger", propensity=0.5, held_back=False)


@pytest.fixture
def panel():
    made = Panel(timeout_seconds=0.3, patience_seconds=0.05, threads=2)
    yield made
    made.close()


def asked(panel, routes, assigned):
    return asyncio.run(panel.ask(routes, FRAME, assigned))


def test_every_row_hears_its_arm_and_the_other_is_at_hand(office, panel, champion, challenger, make_deployment):
    office.serve(make_deployment("canary"), champion, challenger)
    verdicts = asked(panel, office.routes, [OLD, NEW])
    assert verdicts.heard(0) == (champion, (0.1,), "")
    assert verdicts.unheard(0) == (challenger, (0.9,))
    assert verdicts.heard(1) == (challenger, (0.4,), "")
    assert verdicts.unheard(1) == (champion, (0.6,))


def test_with_one_model_there_is_no_other(office, panel, champion):
    assert asked(panel, office.routes, [OLD, OLD]).unheard(0) == (None, ())


def test_an_unheard_model_that_always_hangs_is_soon_asked_no_more(
    office, panel, champion, make_model, make_rule, make_deployment
):
    going = threading.Event()

    def hang(frame):
        going.wait(20)
        return np.zeros(frame.height)

    stuck = make_rule(hang)
    office.serve(make_deployment("shadow"), champion, Served(model=make_model(number=4), predictor=stuck))

    async def many():
        return await asyncio.gather(*(panel.ask(office.routes, FRAME, [OLD, OLD]) for _ in range(40)))

    async def all_of_it():
        found = await many()
        going.set()
        return found

    verdicts = asyncio.run(all_of_it())
    assert all(each.heard(0)[1] == (0.1,) for each in verdicts)
    assert all(each.unheard(0)[1] == () for each in verdicts)
    assert len(stuck.asked) <= 32


def test_a_heard_model_that_hangs_is_a_refusal(office, panel, make_model, make_rule, make_deployment):
    going = threading.Event()

    def hang(frame):
        going.wait(20)
        return np.zeros(frame.height)

    office.serve(make_deployment(), Served(model=make_model(), predictor=make_rule(hang)))

    async def impatient():
        try:
            await panel.ask(office.routes, FRAME, [OLD, OLD])
        finally:
            going.set()

    with pytest.raises(Refusal, match=r"did not answer within 0\.3 s") as caught:
        asyncio.run(impatient())
    assert caught.value.status == 504
