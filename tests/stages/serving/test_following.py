"""A server follows the release and the consumers; what it cannot take up leaves it as it is."""

from __future__ import annotations

import logging
import threading

import pytest

from loopwright.errors import ModelError, StoreError
from loopwright.records import Model
from loopwright.stages.serving.asking import Served
from loopwright.stages.serving.following import Follower, Repeated


class World:
    """What a follower reads: a newest state, consumers, and models that load or do not."""

    def __init__(self, make_model, make_deployment, make_rule) -> None:
        self.make_deployment = make_deployment
        self.state = make_deployment()
        self.consumers: dict[str, object] = {}
        self.loaded: list[str] = []
        self.broken: set[str] = set()
        self.unreadable = False
        self._model: Model = make_model()
        self._rule = make_rule(lambda frame: frame["fare"].to_numpy())

    def newest(self):
        if self.unreadable:
            raise StoreError("the store cannot be read")
        return self.state

    def load(self, ref):
        if ref.digest in self.broken:
            raise ModelError(f"{ref} cannot be loaded")
        self.loaded.append(ref.digest)
        return Served(model=self._model, predictor=self._rule)

    def follower(self, **options):
        return Follower(
            newest=self.newest, load=self.load, build=lambda state, one, other: (state, one, other),
            consumers=lambda: self.consumers, **options,
        )


class Routes(tuple):
    """Stands in for routes: a state and its models."""

    @property
    def deployment(self):
        return self[0]


@pytest.fixture
def world(make_model, make_deployment, make_rule):
    return World(make_model, make_deployment, make_rule)


@pytest.fixture
def follower(world):
    found = world.follower(pause_seconds=0.005)
    found._build = lambda *parts: Routes(parts)
    yield found
    found.stop()


def wait_for(claim):
    for _ in range(2000):
        if claim():
            return
        threading.Event().wait(0.005)
    pytest.fail("it never came to that")


def test_the_first_look_is_taken_before_anything_is_answered(world, follower):
    assert follower.routes() is None
    follower.start()
    assert follower.routes().deployment == world.state


def test_a_server_that_cannot_begin_says_so(world, follower):
    world.broken.add(world.state.champion.digest)
    with pytest.raises(ModelError):
        follower.start()


def test_before_anything_is_deployed_nothing_serves(world, follower):
    world.state = None
    follower.look()
    assert follower.routes() is None


def test_a_new_state_and_new_consumers_are_taken_up(world, follower):
    follower.start()
    world.consumers = {"k1": "billing"}
    world.state = world.make_deployment("canary", number=8)
    wait_for(lambda: follower.routes().deployment.stage == "canary")
    assert follower.consumers() == {"k1": "billing"}
    assert follower.routes()[2] is not None, "the challenger is loaded"


def test_a_state_that_stays_is_not_built_anew(follower):
    follower.look()
    first = follower.routes()
    follower.look()
    assert follower.routes() is first


def test_a_model_that_may_come_back_is_not_loaded_twice(world, follower):
    single, canary = world.make_deployment(), world.make_deployment("canary", number=8)
    for state in (single, canary, single, canary):
        world.state = state
        follower.look()
    assert len(world.loaded) == len(set(world.loaded)) == 2


def test_what_cannot_be_loaded_leaves_what_serves_and_is_told_once(world, follower, caplog):
    follower.start()
    before = follower.routes()
    world.broken.add(world.make_deployment("canary").challenger.digest)
    with caplog.at_level(logging.ERROR, logger="loopwright.serving"):
        world.state = world.make_deployment("canary", number=8)
        wait_for(lambda: caplog.records)
        threading.Event().wait(0.05)
    assert follower.routes() is before
    assert len(caplog.records) == 1
    assert "goes on with what it has" in caplog.text
    world.broken.clear()
    wait_for(lambda: follower.routes().deployment.stage == "canary")


def test_a_store_that_cannot_be_read_for_a_while_stops_nothing(world, follower):
    follower.start()
    world.unreadable = True
    threading.Event().wait(0.02)
    assert follower.routes() is not None
    world.unreadable = False
    world.state = world.make_deployment("canary", number=8)
    wait_for(lambda: follower.routes().deployment.stage == "canary")


def test_what_is_repeated_goes_on_after_a_failure_and_ends_when_told(caplog):
    done: list[int] = []

    def act():
        done.append(len(done))
        if len(done) == 1:
            raise StoreError("the disk is away")

    with caplog.at_level(logging.ERROR, logger="loopwright.serving"):
        repeated = Repeated(act, pause_seconds=0.001, doing="compacting")
        repeated.start()
        wait_for(lambda: len(done) > 2)
        repeated.stop()
    after = len(done)
    threading.Event().wait(0.02)
    assert len(done) == after
    assert "compacting failed, and is tried again in 0.001 s: the disk is away" in caplog.text


def test_what_never_began_can_be_stopped(world):
    world.follower().stop()
    Repeated(lambda: None, pause_seconds=1.0, doing="nothing").stop()
