"""A day means its end, and a moment is kept in the one form of records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import LoopwrightError
from loopwright.faces.moments import moment
from loopwright.store.metadata import now


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("2026-05-03", "2026-05-03T23:59:59.999999Z"),
        ("2026-05-03T14:00", "2026-05-03T14:00:00.000000Z"),
        ("2026-05-03 14:00", "2026-05-03T14:00:00.000000Z"),
        ("2026-05-03T14:00:30.5Z", "2026-05-03T14:00:30.500000Z"),
        ("2026-05-03T14:00+02:00", "2026-05-03T12:00:00.000000Z"),
    ],
)
def test_days_and_moments_are_understood(text, kept):
    assert moment(text) == kept


ZONES = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1900, 1, 1), datetime(2100, 1, 1), timezones=ZONES))
def test_moments_in_any_zone_are_kept_in_order(when):
    assert datetime.fromisoformat(moment(when.isoformat())) == when
    later = when + timedelta(microseconds=1)
    assert moment(when.isoformat()) < moment(later.isoformat())


def test_the_form_is_that_of_the_store_so_that_texts_compare():
    assert moment(datetime.now(UTC).replace(tzinfo=None).isoformat()) <= now()
    assert len(moment("2026-05-03")) == len(now())


@pytest.mark.parametrize(
    "text",
    ["", "tomorrow", "3.5.2026", "2026-13-01", "2026-02-30T10:00", "0001-01-01T00:00+10:00", "9999-12-31T23:00-10:00"],
)
def test_what_is_no_time_is_refused_with_how_to_write_one(text):
    with pytest.raises(LoopwrightError, match=r"is no day or time; write 2026-05-03, or 2026-05-03T14:00"):
        moment(text)


def test_the_ends_of_the_calendar_are_days_like_any_other():
    assert moment("9999-12-31") == "9999-12-31T23:59:59.999999Z"
    assert moment("0001-01-01") == "0001-01-01T23:59:59.999999Z"
