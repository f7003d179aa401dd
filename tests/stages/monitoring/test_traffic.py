"""Traffic that is as usual raises no alarm, whatever the season; missing traffic, failures and lost labels do."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import DataError
from loopwright.stages.monitoring.traffic import read_traffic
from loopwright.stages.monitoring.windows import TrafficReading
from loopwright.stages.serving.events import refused_schema

MONDAY = datetime(2015, 1, 5)
ALPHA = 0.001
SCHEMA = {
    "__at": pl.Datetime("us"), "__consumer": pl.String, "__score": pl.Float64, "__scores": pl.List(pl.Float64),
    "__latency_ms": pl.Float64, "__label": pl.Float64, "__label_at": pl.Datetime("us"),
}


def span(number, *, hours=168.0):
    start = MONDAY + number * timedelta(hours=hours)
    return start, start + timedelta(hours=hours)


def came(rows, *, failed=0, refused=0, due=0, come=0, alarmed=()):
    return TrafficReading(
        rows=rows, refused=refused, failed=failed, expected_low=None, expected_high=None, odd=0, latency_p50_ms=None,
        latency_p99_ms=None, over_limit=0, latency_limit_ms=None, labels_due=due, labels_come=come, alarmed=alarmed,
        p_values={},
    )


def weeks(counts, *, hours=168.0, **facts):
    return [(span(at, hours=hours), came(int(count), **facts)) for at, count in enumerate(counts)]


def answers(rows, at=MONDAY, **columns):
    base = {
        "__at": [at] * rows, "__consumer": ["app"] * rows, "__score": [0.5] * rows, "__scores": [[0.5]] * rows,
        "__latency_ms": [5.0 + row / 1000 for row in range(rows)], "__label": [None] * rows,
        "__label_at": [None] * rows,
    }
    return pl.DataFrame({**base, **columns}, schema=SCHEMA)


def refusals(*statuses):
    rows = [{"status": status} for status in statuses]
    return pl.DataFrame(rows, schema={"status": pl.Int64}) if rows else pl.DataFrame(schema=refused_schema())


def read(frame, refused=None, *, at=0, hours=168.0, later=0.0, **options):
    when = span(at, hours=hours)
    refused = refusals() if refused is None else refused
    return read_traffic(frame, refused, span=when, now=when[1] + timedelta(days=later), alpha=ALPHA, **options)


def alarms(counts, *, hours):
    """Return in how many windows the traffic alarms, and in how many it is tested, as counts come one by one."""
    history, tested, alarmed = [], 0, 0
    for at, count in enumerate(counts):
        found = read(answers(0), refusals(*[422] * int(count)), at=at, hours=hours, history=history)
        tested += "traffic" in found.p_values
        alarmed += "traffic" in found.alarmed
        history.append((span(at, hours=hours), came(int(count))))
    return alarmed, tested


def test_a_window_without_traffic_where_there_always_was_some_is_an_alarm():
    found = read(answers(0), at=6, history=weeks([480, 510, 495, 520, 470, 505]))
    assert found.rows == 0
    assert found.alarmed == ("traffic",)
    assert found.expected_low > 50
    assert found.p_values["traffic"] < 1e-6


def test_no_traffic_is_no_alarm_where_there_never_was_much():
    found = read(answers(0), at=6, history=weeks([3, 0, 2, 1, 0, 4]))
    assert found.alarmed == ()
    assert found.expected_low == 0


def test_a_few_windows_are_too_few_to_expect_anything():
    found = read(answers(0), at=3, history=weeks([500] * 3))
    assert (found.expected_low, found.expected_high, found.alarmed) == (None, None, ())


def test_far_too_much_traffic_is_an_alarm_too():
    found = read(answers(3000), at=8, history=weeks([480, 510, 495, 520, 470, 505, 500, 490]))
    assert "traffic" in found.alarmed
    assert found.expected_high < 3000


def test_refused_and_failed_requests_have_come():
    found = read(answers(100), refusals(*[422] * 300, *[500] * 100), at=6, history=weeks([500] * 6))
    assert (found.rows, found.refused, found.failed) == (100, 300, 100)
    assert "traffic" not in found.alarmed


def test_one_outage_does_not_make_the_next_one_usual():
    counts = [500] * 10 + [0] + [500] * 3
    assert "traffic" in read(answers(0), at=14, history=weeks(counts)).alarmed
    assert "traffic" not in read(answers(480), at=11, history=weeks(counts[:11])).alarmed


def test_quiet_sundays_are_usual_and_a_quiet_tuesday_is_not():
    week = [400, 400, 410, 430, 520, 600, 60]
    history = weeks(week * 6, hours=24.0)
    sunday, tuesday = 6 * 7 + 6, 6 * 7 + 1
    assert "traffic" not in read(answers(62), at=sunday, hours=24.0, history=history).alarmed
    assert "traffic" in read(answers(62), at=tuesday, hours=24.0, history=history).alarmed


def test_the_first_weekend_is_not_compared_with_working_days():
    history = weeks([400] * 5, hours=24.0)
    assert read(answers(10), at=5, hours=24.0, history=history).expected_low is None
    assert read(answers(400), at=4, hours=24.0, history=history[:4]).expected_low is not None


def test_windows_joined_for_want_of_rows_are_compared_by_their_rates():
    history = [(span(at, hours=48.0), came(100)) for at in range(8)]
    start = span(8, hours=48.0)[0]
    when = (start, start + timedelta(hours=72))
    options = {"now": when[1], "alpha": ALPHA, "history": history}
    assert read_traffic(answers(150), refusals(), span=when, **options).alarmed == ()
    assert read_traffic(answers(5), refusals(), span=when, **options).alarmed == ("traffic",)


def test_history_that_lies_ahead_is_not_looked_at():
    history = weeks([500] * 10)
    assert read(answers(0), at=2, history=history) == read(answers(0), at=2, history=history[:2])


@pytest.mark.parametrize(("hours", "windows", "stray"), [(168.0, 104, 0.0), (168.0, 104, 0.15), (24.0, 150, 0.1)])
def test_the_seasons_and_restless_counts_raise_no_more_alarms_than_stated(hours, windows, stray):
    week = np.array([1, 1, 1.05, 1.1, 1.4, 1.6, 0.7])
    alarmed, tested = 0, 0
    for seed in range(3):
        generator = np.random.default_rng(seed)
        days = np.arange(windows) * hours / 24
        rate = 60 * hours / 24 * (1 + 0.3 * np.sin(2 * np.pi * days / 365))
        rate = rate * (week[days.astype(int) % 7] if hours == 24 else 1)
        found = alarms(generator.poisson(rate * np.exp(stray * generator.normal(size=windows))), hours=hours)
        alarmed, tested = alarmed + found[0], tested + found[1]
    assert tested > 250
    assert alarmed <= max(1, 2 * ALPHA * tested)


@settings(max_examples=40, deadline=None)
@given(counts=st.lists(st.integers(0, 5000), min_size=4, max_size=12), now=st.integers(0, 9000))
def test_counts_outside_the_range_alarm_and_those_inside_do_not(counts, now):
    found = read(answers(0), refusals(*[422] * now), at=len(counts), history=weeks(counts))
    inside = found.expected_low <= now <= found.expected_high
    p_value = found.p_values["traffic"]
    assert 0 <= p_value <= 1
    # At the very ends the range and the test may round differently.
    if abs(p_value / ALPHA - 1) > 0.05:
        assert inside is ("traffic" not in found.alarmed)


def test_failures_are_compared_with_those_of_earlier_windows():
    history = weeks([1000] * 6, failed=20)
    usual = read(answers(1000), refusals(*[500] * 25), at=6, history=history)
    many = read(answers(1000), refusals(*[503] * 80), at=6, history=history)
    assert "errors" not in usual.alarmed
    assert "errors" in many.alarmed
    assert "errors" in read(answers(1000), refusals(*[500] * 25), at=6, history=weeks([1000] * 6)).alarmed
    assert "errors" not in read(answers(5000), refusals(500, 500)).alarmed


def test_a_bad_window_does_not_excuse_the_next_one():
    history = [*weeks([1000] * 5), (span(5), came(1000, failed=900, alarmed=("errors",)))]
    assert "errors" in read(answers(1000), refusals(*[500] * 100), at=6, history=history).alarmed


def test_slow_answers_are_counted_against_the_one_in_a_hundred_that_may_be():
    fast, slow = [5.0 + row / 1000 for row in range(990)], [30.0 + row / 1000 for row in range(10)]
    found = read(answers(1000, __latency_ms=fast + slow), latency_limit_ms=20.0)
    assert (found.over_limit, found.alarmed) == (10, ())
    assert found.latency_p50_ms == pytest.approx(5.5, abs=0.1)
    assert found.latency_p99_ms == pytest.approx(5.99, abs=0.3)
    slower = fast[:950] + [30.0 + row / 1000 for row in range(50)]
    more = read(answers(1000, __latency_ms=slower), latency_limit_ms=20.0)
    assert more.alarmed == ("latency",)
    assert read(answers(1000, __latency_ms=[90.0 + row for row in range(1000)])).alarmed == ()


def test_the_rows_of_one_slow_request_are_one_slow_request():
    latency = [5.0 + row / 1000 for row in range(900)] + [30.0] * 100
    assert read(answers(1000, __latency_ms=latency), latency_limit_ms=20.0).alarmed == ()


@pytest.mark.parametrize("scores", [[[float("nan")]], [[float("inf")]], [[None]], [[]], [None]])
def test_any_answer_that_is_no_number_is_an_alarm(scores):
    found = read(answers(3, __scores=[[0.5], [0.4], *scores]))
    assert (found.odd, found.alarmed) == (1, ("nan",))


def test_a_missing_score_is_odd_too():
    assert read(answers(2, __score=[0.5, None])).odd == 1


def labelled(rows, share, *, at=4):
    known, day = int(rows * share), span(at)[1] - timedelta(days=4)
    return answers(
        rows, day, __label=[1.0] * known + [None] * (rows - known),
        __label_at=[day + timedelta(days=2)] * known + [None] * (rows - known),
    )


def test_outcomes_that_stop_coming_are_an_alarm_once_they_are_due():
    history = weeks([400] * 4, due=400, come=380)
    assert read(labelled(400, 0.2), at=4, history=history).alarmed == ()
    due = read(labelled(400, 0.2), at=4, later=8.0, history=history)
    assert (due.labels_due, due.labels_come, due.alarmed) == (400, 80, ("labels",))
    assert read(labelled(400, 0.93), at=4, later=8.0, history=history).alarmed == ()


def test_outcomes_that_never_came_are_not_missed():
    assert read(labelled(400, 0.0), at=4, later=8.0, history=weeks([400] * 4, due=400, come=0)).alarmed == ()
    assert read(labelled(400, 0.0), at=4, later=8.0, history=weeks([400] * 4)).alarmed == ()


def test_a_usual_share_of_outcomes_is_learnt_from_windows_that_are_settled_and_were_not_bad():
    early = weeks([400] * 4, due=100, come=100)  # read when only the quick outcomes had come
    assert "labels" not in read(labelled(400, 0.3), at=4, later=8.0, history=early).p_values
    bad = [(span(at), came(400, due=400, come=0, alarmed=("labels",))) for at in range(4, 12)]
    lost = [*weeks([400] * 4, due=400, come=380), *bad]
    assert read(labelled(400, 0.0, at=12), at=12, later=8.0, history=lost).alarmed[-1] == "labels"


def test_outcomes_that_come_before_they_are_due_settle_a_window():
    history = weeks([400] * 4, due=400, come=400)
    found = read(labelled(400, 1.0), at=4, later=0.0, history=history)
    assert (found.labels_due, found.labels_come) == (400, 400)
    assert found.p_values["labels"] == 1.0


def test_an_empty_window_has_no_latency_and_breaks_nothing():
    found = read(answers(0), latency_limit_ms=20.0, later=30.0)
    assert (found.latency_p50_ms, found.latency_p99_ms, found.alarmed) == (None, None, ())


def test_a_window_that_ends_before_it_starts_is_an_error():
    with pytest.raises(DataError, match="must end after it starts"):
        read_traffic(answers(0), refusals(), span=(MONDAY, MONDAY), now=MONDAY, alpha=ALPHA)
