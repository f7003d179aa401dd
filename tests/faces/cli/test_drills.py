from __future__ import annotations

import pytest

from loopwright import drills
from loopwright.drills import DRILLS, DrillResult

HELD = DrillResult(
    name="latency", passed=True, noticed_by="alert latency: slow answers", after_rows=300, after_seconds=1.5,
    after_windows=1, expected_cause="slow answers", explanation="noticed: answers [red]came late[/].",
    steps=("4 weeks were answered", "answers came late"),
)


@pytest.fixture
def hold(monkeypatch):
    """Return a function that has every drill come to something, and the list of those that were held."""
    held: list[tuple[str, bool]] = []

    def come_to(**said: object) -> list[tuple[str, bool]]:
        def drill(_: object, name: str, *, keep: bool) -> DrillResult:
            held.append((name, keep))
            return DrillResult(**({each: getattr(HELD, each) for each in HELD.__slots__} | {"name": name} | said))

        monkeypatch.setattr(drills, "drill", drill)
        return held

    return come_to


def test_one_drill_is_told_step_by_step(give, copied, hold):
    held = hold()
    out = give("drill", "latency", "--keep", "--project", copied).out
    assert held == [("latency", True)]
    assert "✓ yes" in out
    assert "300 rows, 1.5 s" in out
    assert "noticed: answers [red]came late[/]." in out
    assert "2. answers came late" in out


def test_all_are_held_in_order_and_each_is_one_line(give, copied, hold):
    held = hold()
    out = give("drill", "--all", "--project", copied).out
    assert [name for name, _ in held] == list(DRILLS)
    assert "1. " not in out
    assert all(name in out for name in DRILLS)


def test_a_drill_that_failed_ends_with_20(give, copied, hold):
    hold(passed=False, noticed_by="nothing", after_rows=None, after_seconds=None, after_windows=None)
    assert "✗ no" in give("drill", "latency", "--project", copied, code=20).out


def test_a_drill_that_is_not_held_is_no_failure(give, copied, hold):
    hold(passed=None, after_seconds=None)
    out = give("drill", "latency", "--project", copied).out
    assert "? unknown" in out
    assert "kept as evidence" not in out


def test_programs_get_a_list(give, copied, hold):
    hold()
    (told,) = give("drill", "latency", "--project", copied, "--json").json
    assert (told["name"], told["passed"], told["steps"]) == ("latency", True, list(HELD.steps))


@pytest.mark.parametrize("words", [[], ["latency", "--all"], ["latencey"]])
def test_a_drill_must_be_named_rightly(give, copied, words):
    err = give("drill", *words, "--project", copied, code=1).err
    assert "lost-labels" in err
