from __future__ import annotations

from loopwright.drills.results import DrillResult, evidence_of
from loopwright.records import Evidence, Ref
from loopwright.records.record import decode, encode

MODEL = Ref(kind="model", digest="c" * 64)


def result(**said):
    plain = {
        "name": "unit-change", "passed": True, "noticed_by": "alert drift:fare: unit change", "after_rows": 300,
        "after_seconds": 0.8, "after_windows": 1, "expected_cause": "unit change", "explanation": "It was noticed.",
        "steps": ("fare was sent 100 times as large",),
    }
    return DrillResult(**(plain | said))


def test_evidence_says_of_the_champion_what_came_of_the_drill():
    found = evidence_of(result(), model=MODEL, at="2026-05-03T12:00:00Z")
    assert (found.check, found.subject, found.made_from) == ("drill.unit-change", MODEL, (MODEL,))
    assert (found.passed, found.claim, found.value, found.rows) == (True, "It was noticed.", 0.8, 300)


def test_what_was_missed_is_evidence_too():
    missed = result(passed=False, noticed_by="nothing", after_rows=None, after_seconds=None, after_windows=None)
    found = evidence_of(missed, model=MODEL, at="2026-05-03T12:00:00Z")
    assert (found.passed, found.value) == (False, None)
    assert decode(Evidence, encode(found)) == found
