"""Windows: where they begin, which are due, which are joined."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError
from loopwright.stages.monitoring.spans import ORIGIN, due, joined, windows

START = datetime(2015, 7, 1, 9, 30)
moments = st.datetimes(min_value=datetime(2013, 1, 1), max_value=datetime(2017, 1, 1))


@given(start=moments, days=st.floats(0, 60), hours=st.floats(5, 400))
def test_windows_lie_side_by_side_and_hold_the_whole_range(start, days, hours):
    end = start + timedelta(days=days)
    spans = windows(start, end, hours=hours)
    assert all(a[1] == b[0] for a, b in pairwise(spans))
    if end > start:
        assert spans[0][0] <= start < spans[0][1]
        assert spans[-1][0] < end <= spans[-1][1]
    assert all((a - ORIGIN) % timedelta(hours=hours) == timedelta(0) for a, _ in spans)


def test_days_begin_at_midnight_and_weeks_on_mondays():
    assert windows(START, START + timedelta(hours=1), hours=24)[0][0] == datetime(2015, 7, 1)
    assert windows(START, START + timedelta(hours=1), hours=168)[0][0] == datetime(2015, 6, 29)


def test_an_empty_range_has_at_most_the_window_it_lies_in():
    assert len(windows(START, START, hours=24)) <= 1
    assert windows(datetime(2015, 7, 1), datetime(2015, 7, 1), hours=24) == ()


@pytest.mark.parametrize("hours", [0.0, -1.0, float("nan"), float("inf"), 1e-12])
def test_a_window_without_length_is_refused(hours):
    with pytest.raises(DataError, match="window_hours"):
        windows(START, START, hours=hours)


def test_a_reversed_range_is_refused():
    with pytest.raises(DataError, match="swap"):
        windows(START, START - timedelta(days=1), hours=24)


def test_only_windows_that_are_over_and_not_yet_done_are_due():
    now = datetime(2015, 7, 4, 12)
    assert [a.day for a, _ in due(START, None, now, hours=24)] == [1, 2, 3]
    assert [a.day for a, _ in due(START, datetime(2015, 7, 3), now, hours=24)] == [3]
    assert due(START, datetime(2015, 7, 4), now, hours=24) == ()


def test_a_clock_that_went_back_makes_nothing_due():
    assert due(START, datetime(2015, 7, 4), datetime(2015, 7, 2), hours=24) == ()


@given(start=moments, steps=st.lists(st.floats(0, 5), min_size=1, max_size=10))
def test_however_often_one_looks_every_window_is_due_once(start, steps):
    seen, done, now = [], None, start
    for days in steps:
        now += timedelta(days=days)
        spans = due(start, done, now, hours=24)
        seen += spans
        done = spans[-1][1] if spans else done
    assert seen == list(due(start, None, now, hours=24))


@given(rows=st.lists(st.integers(0, 150), max_size=40))
def test_joining_loses_no_window_and_keeps_the_order(rows):
    spans = windows(datetime(2015, 7, 1), datetime(2015, 7, 1) + timedelta(days=len(rows)), hours=24)
    found = joined(spans, rows, min_rows=100, last=True)
    assert all(a[1] == b[0] for a, b in pairwise(found))
    assert (found[0][0], found[-1][1]) == (spans[0][0], spans[-1][1]) if rows else found == ()


def of_days(rows, **options):
    spans = windows(datetime(2015, 7, 1), datetime(2015, 7, 1) + timedelta(days=len(rows)), hours=24)
    return [(a.day, b.day) for a, b in joined(spans, rows, min_rows=100, **options)]


def test_windows_with_enough_rows_stay_alone():
    assert of_days([100, 300, 120]) == [(1, 2), (2, 3), (3, 4)]


def test_a_window_without_rows_stays_and_cuts_what_waited():
    assert of_days([40, 0, 0, 200]) == [(1, 2), (2, 3), (3, 4), (4, 5)]


def test_what_is_too_short_at_the_end_waits_unless_nothing_more_comes():
    assert of_days([200, 40]) == [(1, 2)]
    assert of_days([200, 40], last=True) == [(1, 2), (2, 3)]


def test_traffic_that_has_nearly_stopped_is_not_waited_for_for_ever():
    assert of_days([3] * 8) == [(1, 8)]


def test_rows_must_be_known_for_each_window():
    spans = windows(datetime(2015, 7, 1), datetime(2015, 7, 3), hours=24)
    with pytest.raises(DataError, match="one for each"):
        joined(spans, [1], min_rows=100)
