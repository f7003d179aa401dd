"""A watcher is marked by what was scheduled: noticed with the right cause, after how long, and no cry of wolf."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from loopwright.faces.cli.marking import false_alarms, marked
from loopwright.records import Alert, Ref


@dataclass(frozen=True)
class Happening:
    """Something that was scheduled."""

    name: str
    start: date
    end: date
    cause: str | None
    what: str = ""


CENTS = Happening("cents", date(2026, 3, 2), date(2026, 3, 9), "unit change")
HOLIDAY = Happening("holiday", date(2026, 4, 6), date(2026, 4, 7), None)
TIMES = [datetime(2026, 3, 1) + timedelta(hours=number) for number in range(24 * 30)]


def alert(first, *, cause="unit change", quantity="drift:fare", days=7):
    begin = datetime.fromisoformat(first)
    return Alert(
        deployment=Ref(kind="deployment", digest="d" * 64), quantity=quantity, severity="warning", title="",
        cause=cause, explanation="", advice="", group="g", first_bad=first,
        last_bad=(begin + timedelta(days=days)).isoformat(),
    )


def mark(happening, *alerts, seen=datetime(2026, 3, 4)):
    (found,) = marked([happening], alerts, noticed={each.digest: seen for each in alerts}, times=TIMES)
    return found


def test_the_right_cause_counts_with_its_days_and_rows():
    right = alert("2026-03-02T00:00:00")
    found = mark(CENTS, alert("2026-03-02T00:00:00", cause="unknown"), right)
    assert (found.passed, found.alert, found.days, found.rows) == (True, right, 2.0, 48)


def test_another_cause_or_another_time_is_no_notice():
    assert not mark(CENTS, alert("2026-03-02T00:00:00", cause="real change")).passed
    assert not mark(CENTS, alert("2026-03-20T00:00:00")).passed
    assert not mark(CENTS).passed


def test_what_is_harmless_passes_if_nothing_was_said():
    assert mark(HOLIDAY).passed
    assert mark(HOLIDAY, alert("2026-03-02T00:00:00")).passed
    assert not mark(HOLIDAY, alert("2026-04-06T00:00:00")).passed


def test_alerts_that_no_happening_explains_are_false():
    right, wrong = alert("2026-03-02T00:00:00"), alert("2026-05-02T00:00:00")
    other = alert("2026-03-02T00:00:00", cause="real change", quantity="quality:roc_auc")
    assert false_alarms([CENTS, HOLIDAY], [right, wrong, other]) == (wrong, other)
