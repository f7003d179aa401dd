"""A champion that should never have been one can be withdrawn; it stays so, and is no rival for later models."""

from __future__ import annotations

from loopwright.project import Project
from loopwright.stages import registry


def test_a_withdrawn_champion_stays_withdrawn_and_is_no_rival(finished):
    finished.give("registry", "withdraw", "--why", "it saw the outcome", code=0)
    with Project.open(finished.folder).closing() as project:
        assert registry.champion(project) is None
        assert registry.rival(project, registry.model_number(project, 1)) is None
    # Nothing changed, so nothing is done: what was withdrawn does not come back by itself.
    finished.give("run", "--json", code=0)
    assert finished.give("registry", "at", "2099-01-01", "--json", code=0).json == []
    finished.edit("features.py", "miles + 1", "miles + 2")
    finished.give("run", "--json", code=0)
    now = finished.give("registry", "at", "2099-01-01", "--json", code=0).json
    assert [change["alias"] for change in now] == ["champion"]
    finished.give("registry", "promote", "v1", "--why", "we were wrong", code=0)
    history = finished.give("registry", "history", "--json", code=0).json
    assert [change["withdrawn"] for change in history] == [False, True, False, False]


def test_there_must_be_a_champion_to_withdraw(finished):
    finished.give("registry", "withdraw", "--why", "it saw the outcome", code=0)
    message = finished.refuses("registry", "withdraw", "--why", "twice")
    assert "there is no champion to withdraw" in message
