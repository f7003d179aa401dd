from loopwright.faces.web.incidents import incidents, open_alerts
from loopwright.faces.web.watching import watched


def test_alerts_of_one_group_are_one_incident_and_the_newest_comes_first(live_library):
    found = incidents(live_library, watched(live_library))
    assert [one.head.alert.record.quantity for one in found] == ["drift:fare", "quality:roc_auc", "traffic"]
    assert [len(one.rows) for one in found] == [2, 1, 1]


def test_each_alert_says_how_it_stands(live_library):
    found = incidents(live_library, watched(live_library))
    states = {row.alert.record.quantity: row.standing.state for one in found for row in one.rows}
    assert states == {
        "drift:fare": "open", "drift:prediction": "silenced", "quality:roc_auc": "acknowledged", "traffic": "over",
    }
    assert [one.over for one in found] == [False, False, True]
    assert [one.open for one in found] == [1, 0, 0]
    assert found[1].head.standing.note == "a new model is on its way"


def test_each_alert_leads_to_its_first_bad_window(live_library):
    seen = watched(live_library)
    found = incidents(live_library, seen)
    assert found[0].head.window == seen.windows[30].digest
    late = watched(live_library, most=3)
    assert incidents(live_library, late)[2].head.window is None


def test_the_open_ones_are_told_critical_first(lively):
    assert [row.alert.record.quantity for row in open_alerts(lively, watched(lively))] == ["drift:fare"]
    lively.said["silence"] = {}
    lively.said["alert"] = {}
    quantities = [row.alert.record.quantity for row in open_alerts(lively, watched(lively))]
    assert quantities == ["drift:fare", "quality:roc_auc", "drift:prediction"]
