from dataclasses import replace

from loopwright.faces.web.rooms import advice, rooms
from loopwright.records import Anomaly, DatasetVersion, Deployment, Evidence, Gate, Run


def without(library, wanted):
    return replace(
        library, records={digest: one for digest, one in library.records.items() if not wanted(one)}
    )


def states(library):
    return {room.name: room.state for room in rooms(library)}


def test_an_untouched_project_has_been_in_no_room(empty_library):
    assert set(states(empty_library).values()) == {"not yet"}
    assert advice(empty_library).command == "loopwright run"


def test_each_room_says_how_it_stands(library):
    assert states(library) == {
        "charter": "done",
        "data": "attention",
        "labels": "done",
        "features": "attention",
        "training": "done",
        "evaluation": "failed",
        "registry": "done",
        "serving": "not yet",
        "monitoring": "not yet",
        "retraining": "not yet",
    }


def test_the_live_rooms_say_how_they_stand(live_library):
    found = {room.name: (room.state, room.says) for room in rooms(live_library)}
    assert found["serving"] == ("attention", "v1, canary v2 at 25 %")
    assert found["monitoring"] == ("failed", "1 open alert")
    assert found["retraining"] == ("done", "no need to train")


def test_what_waits_for_a_person_comes_first_and_then_open_alerts(live_library):
    assert advice(live_library).text.startswith("v2 has shown what was demanded")
    calm = without(live_library, lambda one: isinstance(one, Deployment) and one.awaiting)
    assert advice(calm).text.startswith("fare is about 100 times as large. Look at the window.")


def test_an_error_in_the_data_comes_before_everything_else(library):
    broken = replace(library, records=dict(library.records))
    anomaly = library.newest("anomaly")
    broken.times = dict(library.times)
    broken.add(replace(anomaly, severity="error", description="The column fare is gone."))
    assert states(broken)["data"] == "failed"
    assert "The column fare is gone." in advice(broken).text


def test_a_no_of_the_gate_is_explained(library):
    said = advice(library)
    assert said.text.startswith("The gate said no: recall is 0.41")
    assert said.address == f"/gates/{library.newest('gate').digest}"


def test_a_suspicion_is_raised_once_the_gate_says_yes(library):
    content = without(library, lambda one: isinstance(one, Gate) and not one.passed)
    assert advice(content).text.startswith(
        "A feature may give the label away: payment_type alone"
    )


def test_with_nothing_broken_the_cheapest_next_point_is_named(library):
    content = without(
        library,
        lambda one: (
            (isinstance(one, Gate) and not one.passed)
            or (isinstance(one, Evidence) and one.check.startswith("leakage."))
        ),
    )
    assert "cheapest next point" in advice(content).text


def test_a_search_in_which_everything_failed_is_a_failure(empty_library):
    empty_library.add(
        Run(name="a", role="trial", estimator="x", params={}, seed=0, metrics=(), objective=None, failed="no")
    )
    assert states(empty_library)["training"] == "failed"


def test_anomalies_of_an_older_dataset_version_are_not_open(library):
    newer = replace(library, records=dict(library.records), times=dict(library.times))
    first = next(
        one for one in library.all("dataset_version") if isinstance(one, DatasetVersion) and not one.parts
    )
    newer.add(replace(first, source="data/trips-2.csv"))
    assert any(isinstance(one, Anomaly) for one in newer.records.values())
    assert states(newer)["data"] == "attention"  # its quarantined rows remain
    newer.add(replace(first, source="data/trips-3.csv", quarantined=0))
    assert states(newer)["data"] == "done"
