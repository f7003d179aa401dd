"""The false alarms of a year, divided: whatever is watched, the sum is what the project file says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError
from loopwright.settings import MonitorSettings
from loopwright.stages.monitoring.budget import budget

few = st.integers(0, 200)


def expected_alarms(found):
    """Return the false alarms of a year that all tests and detectors together are expected to raise at most."""
    return sum(
        part.streams * found.windows_per_year * (part.window_alpha + 1 / part.detector_limit)
        for part in (found.drift, found.quality, found.doors, found.others)
    )


@given(columns=few, qualities=few, doors=few, others=few, hours=st.floats(1, 200), alarms=st.floats(0.1, 5))
def test_all_expected_alarms_together_are_what_the_project_allows(columns, qualities, doors, others, hours, alarms):
    settings = MonitorSettings(window_hours=hours, false_alarms_per_year=alarms)
    found = budget(settings, columns=columns, qualities=qualities, doors=doors, others=others)
    assert expected_alarms(found) == pytest.approx(alarms, rel=1e-6)


@given(hours=st.floats(1, 24 * 366), alarms=st.floats(0.001, 1000), columns=few)
def test_limits_can_always_be_used_and_never_allow_more(hours, alarms, columns):
    settings = MonitorSettings(window_hours=hours, false_alarms_per_year=alarms)
    found = budget(settings, columns=columns, qualities=0, doors=0, others=0)
    assert expected_alarms(found) <= alarms * (1 + 1e-9)
    for part in (found.drift, found.quality, found.doors, found.others):
        assert 0 < part.window_alpha <= 0.05
        assert part.detector_limit > 1


def test_a_kind_that_is_not_watched_leaves_its_part_to_the_others():
    settings = MonitorSettings()
    alone = budget(settings, columns=3, qualities=0, doors=0, others=0)
    assert alone.drift.alarms_per_year == settings.false_alarms_per_year
    assert alone.quality.alarms_per_year == 0


def test_more_columns_make_each_one_stricter():
    few_columns, many = (budget(MonitorSettings(), columns=n, qualities=1, doors=1, others=1) for n in (4, 400))
    assert many.drift.window_alpha < few_columns.drift.window_alpha
    assert many.drift.detector_limit > few_columns.drift.detector_limit


def test_negative_numbers_are_refused():
    with pytest.raises(DataError, match="negative"):
        budget(MonitorSettings(), columns=-1, qualities=0, doors=0, others=0)
