from __future__ import annotations

import pytest

from loopwright.drills.faults import Fault
from loopwright.drills.judging import Seen, is_noticed, judged, too_early
from loopwright.records import Alert, Ref

FAULT = Fault(name="unit-change", says="fare was sent 100 times as large", causes=("unit change",))
BEFORE = "4 weeks were answered"


def alert(cause, quantity="drift:fare", **said):
    plain = {
        "deployment": Ref(kind="deployment", digest="d" * 64), "severity": "critical", "title": "fare is odd",
        "explanation": "It is.", "advice": "Ask.", "group": "g", "first_bad": "2015-08-03T00:00:00",
        "last_bad": "2015-08-10T00:00:00",
    }
    return Alert(cause=cause, quantity=quantity, **(plain | said))


def seen(*alerts, **said):
    return Seen(**({"alerts": alerts, "windows": 1, "rows": 300, "seconds": 0.5} | said))


def test_a_fault_that_is_named_rightly_is_noticed():
    found = judged(FAULT, seen(alert("unit change")), before=BEFORE)
    assert found.passed
    assert (found.noticed_by, found.after_rows, found.after_windows) == ("alert drift:fare: unit change", 300, 1)
    assert found.explanation.startswith("noticed: fare was sent 100 times as large; after 300 rows (1 window)")


def test_the_right_name_counts_whatever_else_is_said():
    found = judged(FAULT, seen(alert("population change", "drift:miles"), alert("unit change")), before=BEFORE)
    assert found.passed
    assert found.noticed_by == "alert drift:fare: unit change"


def test_a_wrong_name_is_no_notice():
    found = judged(FAULT, seen(alert("real change", "quality:roc_auc"), windows=3, rows=900), before=BEFORE)
    assert found.passed is False
    assert 'quality:roc_auc was put down to "real change"' in found.explanation
    assert (found.noticed_by, found.expected_cause) == ("alert quality:roc_auc: real change", "unit change")


@pytest.mark.parametrize(("refused", "noticed_by"), [(0, "nothing"), (7, "refusal")])
def test_silence_is_a_miss_even_if_rows_were_refused(refused, noticed_by):
    found = judged(FAULT, seen(windows=3, rows=900, refused=refused, problem="fare: above 250"), before=BEFORE)
    assert (found.passed, found.noticed_by, found.after_rows) == (False, noticed_by, None)
    assert "900 rows in 3 windows raised no alarm" in found.explanation
    assert ("7 of 900 rows were refused (fare: above 250)" in found.explanation) is bool(refused)


def test_an_alarm_before_the_fault_fails_the_drill_even_with_the_right_name():
    found = too_early(FAULT, alert("unit change"), before=BEFORE)
    assert (found.passed, found.after_rows, found.steps) == (False, None, (BEFORE,))
    assert "an alarm came before the fault" in found.explanation


def test_any_of_the_causes_will_do():
    either = Fault(name="null-storm", says="half was null", causes=("upstream null", "schema break"))
    assert is_noticed(either, [alert("schema break")])
    assert not is_noticed(either, [alert("unit change")])
    assert not is_noticed(either, [])
