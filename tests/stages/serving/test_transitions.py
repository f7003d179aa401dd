"""The states of a release: whatever is asked in whatever order, exactly one champion serves and the past is kept."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from loopwright.errors import LoopwrightError
from loopwright.records import Deployment, Ref, decode, encode
from loopwright.settings import ReleaseSettings
from loopwright.stages.serving import transitions
from loopwright.stages.serving.transitions import next_share, possible

SETTINGS = ReleaseSettings()
A, B, C = (Ref(kind="model", digest=letter * 64) for letter in "abc")
GATE = Ref(kind="gate", digest="9" * 64)
SAID = {"by": "ann", "why": "a reason"}


def first(model: Ref = A) -> Deployment:
    return transitions.deploy(model, name="taxi", salt="s0", settings=SETTINGS, previous=None, **SAID)


def canary(model: Ref = B) -> Deployment:
    return transitions.canary(first(), model, salt="s1", settings=SETTINGS, **SAID)


def test_a_canary_begins_with_the_first_share():
    state = canary()
    assert (state.stage, state.champion, state.challenger, state.share) == ("canary", A, B, 0.05)


def test_a_state_is_made_from_the_one_before_the_models_and_the_evidence():
    before = first()
    state = transitions.canary(before, B, salt="s1", settings=SETTINGS, because=(GATE,), **SAID)
    assert state.made_from == (before.ref, A, B, GATE)
    assert first().made_from == (A,)


def test_time_and_number_are_given_by_who_remembers():
    state = transitions.promote(replace(canary(), at="2026-01-01T00:00:00Z", number=7), **SAID)
    assert (state.at, state.number) == ("", 0)


def test_the_ramp_ends_with_the_last_step():
    state = canary()
    for share in (0.25, 0.5):
        state = transitions.advance(state, settings=SETTINGS, **SAID)
        assert state.share == share
    with pytest.raises(LoopwrightError, match="last of the steps"):
        transitions.advance(state, settings=SETTINGS, **SAID)


def test_steps_in_any_order_only_grow():
    assert [next_share(share, (0.5, 0.1, 0.1)) for share in (0.0, 0.1, 0.2, 0.5)] == [0.1, 0.5, 0.5, None]


def test_a_canary_leaves_the_champion_something():
    for steps in ((), (0.5, 1.0), (1.5,)):
        with pytest.raises(LoopwrightError, match="steps"):
            transitions.canary(first(), B, salt="s1", settings=replace(SETTINGS, steps=steps), **SAID)


def test_a_shadow_becomes_a_canary_of_the_same_challenger_only():
    shadow = transitions.shadow(first(), B, salt="s1", settings=SETTINGS, **SAID)
    assert (shadow.stage, shadow.share, shadow.champion) == ("shadow", 0.0, A)
    assert transitions.canary(shadow, B, salt="s2", settings=SETTINGS, **SAID).stage == "canary"
    with pytest.raises(LoopwrightError, match="another model"):
        transitions.canary(shadow, C, salt="s2", settings=SETTINGS, **SAID)


def test_approval_needs_a_question():
    with pytest.raises(LoopwrightError, match="cannot approve.*one can: advance, ask, promote, reject, roll_back"):
        transitions.approve(canary(), **SAID)
    asked = transitions.ask(canary(), **SAID)
    assert (asked.awaiting, asked.share, asked.event) == (True, 0.05, "ask")
    promoted = transitions.approve(asked, **SAID)
    assert (promoted.stage, promoted.champion, promoted.challenger, promoted.awaiting) == ("single", B, None, False)
    assert promoted.event == "promote"


def test_while_a_person_is_asked_the_share_stays():
    with pytest.raises(LoopwrightError, match="waits for approval"):
        transitions.advance(transitions.ask(canary(), **SAID), settings=SETTINGS, **SAID)


@pytest.mark.parametrize("begin", [transitions.canary, transitions.shadow])
def test_the_champion_is_no_challenger(begin):
    with pytest.raises(LoopwrightError, match="answers already"):
        begin(first(), A, salt="s1", settings=SETTINGS, **SAID)


def test_nothing_is_deployed_beside_a_challenger():
    with pytest.raises(LoopwrightError, match="cannot deploy: taxi is served by model:a+, with the challenger"):
        transitions.deploy(C, name="taxi", salt="s2", settings=SETTINGS, previous=canary(), **SAID)


def test_rolling_back_sends_the_challenger_away():
    state = transitions.roll_back(canary(), [first(), canary()], **SAID)
    assert (state.stage, state.champion, state.event) == ("single", A, "reject")


def test_rolling_back_twice_goes_back_two_champions_and_never_forth():
    history = [first(A)]
    for model in (B, C):
        history.append(transitions.canary(history[-1], model, salt="s", settings=SETTINGS, **SAID))
        history.append(transitions.promote(history[-1], **SAID))
    for champion in (B, A):
        history.append(transitions.roll_back(history[-1], history, **SAID))
        assert (history[-1].champion, history[-1].event) == (champion, "roll_back")
    with pytest.raises(LoopwrightError, match="no champion before"):
        transitions.roll_back(history[-1], history, **SAID)


def test_a_model_deployed_again_can_be_rolled_back_from():
    history = [first(A)]
    for model in (B, A):
        history.append(
            transitions.deploy(model, name="taxi", salt="s", settings=SETTINGS, previous=history[-1], **SAID)
        )
    assert transitions.roll_back(history[-1], history, **SAID).champion == B


def test_rolling_back_keeps_who_is_held_back():
    held = replace(SETTINGS, held_back=0.1)
    state = transitions.canary(first(), B, salt="s1", settings=held, **SAID)
    after = transitions.roll_back(state, [first(), state], **SAID)
    assert (after.held_back, after.salt) == (0.1, "s1")


class Release(RuleBasedStateMachine):
    """Every transition at any time: it is either refused, or what the record promises holds."""

    def __init__(self) -> None:
        super().__init__()
        self.history: list[Deployment] = []
        self.salts = 0

    @property
    def current(self) -> Deployment | None:
        return self.history[-1] if self.history else None

    def salt(self) -> str:
        self.salts += 1
        return f"salt{self.salts}"

    def move(self, name: str, model: Ref | None = None) -> None:
        before = self.current
        try:
            after = self.made(name, model)
        except LoopwrightError:
            self.refused(name, model)
            return
        assert name in possible(before)
        self.history.append(replace(after, number=len(self.history) + 1))

    def refused(self, name: str, model: Ref | None) -> None:
        assert name not in possible(self.current) or self.has_reason(name, model)

    def has_reason(self, name: str, model: Ref | None) -> bool:
        """Say whether a transition that the stage allows may be refused all the same."""
        state = self.current
        if state is None:
            return False
        at_the_end = name == "advance" and next_share(state.share, SETTINGS.steps) is None
        other = model is not None and (model == state.champion or (state.challenger or model) != model)
        return at_the_end or other or name == "roll_back"

    def made(self, name: str, model: Ref | None) -> Deployment:
        if name == "deploy":
            return transitions.deploy(
                model, name="taxi", salt=self.salt(), settings=SETTINGS, previous=self.current, **SAID
            )
        assert self.current is not None
        if name == "roll_back":
            return transitions.roll_back(self.current, self.history, **SAID)
        extra = {"settings": SETTINGS} if name in ("canary", "shadow", "advance") else {}
        if model is not None:
            return getattr(transitions, name)(self.current, model, salt=self.salt(), **extra, **SAID)
        return getattr(transitions, name)(self.current, **extra, **SAID)

    @rule(model=st.sampled_from([A, B, C]))
    def deploy(self, model: Ref) -> None:
        self.move("deploy", model)

    @precondition(lambda self: self.history)
    @rule(name=st.sampled_from(["canary", "shadow"]), model=st.sampled_from([A, B, C]))
    def begin(self, name: str, model: Ref) -> None:
        self.move(name, model)

    @precondition(lambda self: self.history)
    @rule(name=st.sampled_from(["advance", "ask", "promote", "approve", "reject", "roll_back"]))
    def go_on(self, name: str) -> None:
        self.move(name)

    @invariant()
    def the_record_holds_what_it_promises(self) -> None:
        for state in self.history[-1:]:
            assert (state.challenger is None) == (state.stage == "single")
            assert state.challenger != state.champion
            assert (state.share > 0) == (state.stage == "canary")
            assert state.share < 1
            assert state.step == 0 or state.stage == "canary"
            assert not (state.awaiting and state.stage == "single")
            assert decode(Deployment, encode(state)) == state

    @invariant()
    def the_chain_is_the_history(self) -> None:
        for before, after in zip(self.history[-2:-1], self.history[-1:], strict=False):
            assert after.made_from[0] == before.ref
            assert after.champion in after.made_from
            assert len({state.digest for state in self.history}) == len(self.history)

    @invariant()
    def the_salt_stays_while_the_share_grows(self) -> None:
        for before, after in zip(self.history[-2:-1], self.history[-1:], strict=False):
            if after.event == "advance":
                assert after.salt == before.salt
                assert after.share > before.share
            if after.event in ("deploy", "shadow", "canary"):
                assert after.salt != before.salt

    @invariant()
    def only_what_was_challenger_or_champion_becomes_champion(self) -> None:
        for before, after in zip(self.history[-2:-1], self.history[-1:], strict=False):
            if after.event == "promote":
                assert after.champion == before.challenger
            elif after.event == "roll_back":
                assert after.champion in [state.champion for state in self.history[:-1]]
                assert after.champion != before.champion
            elif after.event != "deploy":
                assert after.champion == before.champion


Release.TestCase.settings = hypothesis_settings(max_examples=30, stateful_step_count=25, deadline=None)
TestRelease = Release.TestCase
