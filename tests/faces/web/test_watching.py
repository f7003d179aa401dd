from dataclasses import replace

import pytest

from loopwright.faces.web.watching import (
    DriftPoint,
    alarms,
    door_findings,
    drift_series,
    estimate_record,
    quality_series,
    traffic,
    watched,
)


@pytest.fixture
def seen(live_library):
    return watched(live_library)


def test_each_window_stands_once_as_it_was_read_last(live_library, seen):
    starts = [window.report.start for window in seen.windows]
    assert starts == sorted(set(starts))
    assert len(starts) == 40
    fourth = [one for one in live_library.all("evidence") if one.claim.startswith("2015-07-04")]
    assert len(fourth) == 2
    assert seen.windows[3].digest == fourth[1].digest
    assert seen.windows[3].report.qualities[0].value == 0.951


def test_what_was_read_last_counts_however_the_records_are_ordered(live_library):
    order = dict(reversed(live_library.records.items()))
    turned = replace(live_library, records=order)
    assert watched(turned).windows == watched(live_library).windows


def test_only_as_many_windows_as_wanted_are_read(live_library):
    few = watched(live_library, most=5)
    assert [window.report.start[:10] for window in few.windows][-1] == "2015-08-09"
    assert len(few.windows) == 5


def test_windows_whose_bytes_are_lost_are_counted(live_library):
    class Forgetful(type(live_library)):
        def artifact(self, _):
            from loopwright.errors import CorruptStore

            raise CorruptStore("lost")

    from loopwright.faces.web import watching

    forgetful = Forgetful(records=live_library.records, times=live_library.times)
    kept = dict(watching._REPORTS)
    watching._REPORTS.clear()
    try:
        found = watched(forgetful)
    finally:
        watching._REPORTS.update(kept)
    assert (found.windows, found.lost) == ((), 41)
    assert found.newest is None


def test_alarms_are_called_as_alerts_call_them(seen):
    assert alarms(seen.windows[20].report) == ("traffic",)
    assert alarms(seen.windows[30].report) == (
        "schema:fare", "drift:prediction", "drift:fare", "quality:roc_auc", "quality:recall",
    )
    assert alarms(seen.windows[3].report) == ()


def test_columns_with_alarms_come_first(seen):
    series = drift_series(seen.windows)
    assert {one.column for one in series[:2]} == {"fare", "prediction"}
    assert [len(one.points) for one in series] == [39] * 5  # one window had no rows
    assert series[0].weight[0] == 10


def test_a_ratio_is_never_negative_nor_infinite():
    point = DriftPoint(start="", digest="", rows=1, effect=-0.1, accepted=0.02, alarmed=False)
    assert point.ratio == 0
    assert replace(point, effect=0.01).ratio == 0.5
    assert replace(point, effect=0.01, accepted=0.0).ratio == 2.0
    assert replace(point, effect=0.0, accepted=0.0).ratio == 0.0


def test_estimates_are_scored_on_windows_whose_outcomes_have_all_come(seen):
    series = quality_series(seen.windows)[0]
    record = estimate_record(series)
    assert record.windows == record.intervals == 32
    assert record.within == 25
    assert 0 < record.bias < record.mean_error < 0.03
    assert estimate_record(replace(series, points=series.points[-3:])) is None


def test_pending_is_a_share(seen):
    points = quality_series(seen.windows)[0].points
    assert points[0].pending == 0
    assert points[-1].pending > 0.9
    empty = replace(points[0], reading=replace(points[0].reading, rows=0, pending=0))
    assert empty.pending is None


def test_findings_at_the_door_are_told_once_with_how_often(seen):
    (found,) = door_findings(seen.windows)
    assert (found.windows, found.alarms, found.first[:10], found.last[:10]) == (10, 10, "2015-07-31", "2015-08-09")


def test_all_that_came_is_counted(seen):
    points = traffic(seen.windows)
    assert points[30].came == points[30].reading.rows + 13
    assert points[20].came == 0
