from __future__ import annotations

from loopwright.drills.returning import LIMIT_SECONDS, return_champion
from loopwright.stages import serving


def test_a_model_that_is_taken_back_is_silent_within_a_second(box):
    found = return_champion(box)
    assert found.passed, found.explanation
    assert found.after_seconds < LIMIT_SECONDS
    events = [state.event for state in serving.history(box.project)]
    assert events == ["deploy", "canary", "reject", "canary", "promote", "roll_back"]
    assert serving.current(box.project).champion.digest == box.champion.digest
