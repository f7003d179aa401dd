"""The monitoring room on a project: windows are read again while outcomes come; alerts are made and told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from loopwright.errors import LoopwrightError, UnknownRecord
from loopwright.records import Alert, Evidence
from loopwright.stages import monitoring, registry, serving
from loopwright.stages.serving.events import Answered, Outcome, Refused
from loopwright.stages.serving.journal import Journal

START = datetime(2026, 3, 2, tzinfo=UTC)


@pytest.fixture
def deployed(copied):
    """A project whose champion serves."""
    serving.deploy(copied, by="ann", why="a test")
    return copied


@pytest.fixture
def live(deployed, worked):
    """Return a function that logs a day of what the model was trained on; fares may be wrong, outcomes may come."""
    predictor = registry.applied(deployed, worked.line.model)
    state = serving.current(deployed)
    rows = worked.rows.filter(worked.rows["__part"] == "train").head(200)

    def log(day, *, fare=1.0, outcomes=False):
        sent = rows.with_columns(rows["fare"] * fare)
        events = []
        for number, (row, score) in enumerate(zip(sent.to_dicts(), predictor.predict(sent), strict=True)):
            at = int((START + timedelta(days=day, minutes=5 * number)).timestamp() * 1e6)
            name = f"{day}-{number}"
            asked = {key: row[key] for key in ("miles", "fare", "payment")}
            events.append(Answered(
                id=name, at=at, received=at, consumer="app", deployment=state.digest, model=state.champion.digest,
                arm="champion", propensity=1.0, entity=name, held_back=False, scores=(float(score),), prediction="1",
                latency_ms=1.0, row={"id": name, **asked},
            ))
            if outcomes:
                events.append(Outcome(id=name, at=at, received=at, source="x", values={"tipped": row["tipped"]}))
        with Journal(deployed.folder / ".loopwright/log", durability="fsync") as journal:
            journal.append(events).result()

    return log


def look(project, day):
    return monitoring.watch(project, at=(START + timedelta(days=day)).isoformat())


def test_where_nothing_is_deployed_there_is_nothing_to_watch(copied):
    with pytest.raises(LoopwrightError, match="nothing is deployed"):
        monitoring.watch(copied)


def test_before_anything_came_there_is_no_window(deployed):
    looked = look(deployed, 1)
    assert (looked.reports, looked.alerts, looked.untold) == ((), (), ())
    assert monitoring.reports(deployed) == []


def test_a_window_is_read_when_it_is_over_and_again_until_its_outcomes_are_due(deployed, live):
    live(0)
    assert look(deployed, 0.5).reports == ()
    first = look(deployed, 1)
    assert [(report.start, report.rows) for report in first.reports] == [("2026-03-02T00:00:00", 200)]
    assert look(deployed, 1).reports == (), "nothing has come since"
    live(0, outcomes=True)
    again = look(deployed, 1)
    assert [report.qualities[0].rows for report in again.reports] == [200]
    assert len(monitoring.reports(deployed)) == 1
    kept = [item for item in deployed.metadata.all(Evidence) if item.check == "watch.window"]
    assert [item.rows for item in kept] == [200, 200]


def test_what_watching_shows_of_the_system_is_kept_as_evidence(deployed, live):
    live(0, outcomes=True)
    look(deployed, 1)
    found = {item.check: item for item in deployed.metadata.all(Evidence)}
    assert {"serving.schema", "quality.roc_auc", "age.data", "dependencies.libraries", "skew.replay"} <= found.keys()
    assert found["skew.replay"].passed
    assert found["age.data"].passed is None, "there is no time column"


def test_a_reference_is_made_once(deployed, worked):
    one = monitoring.references_of(deployed, worked.line.model)
    assert monitoring.references_of(deployed, worked.line.model) is one


@pytest.fixture
def alarmed(deployed, live):
    """A project to which fares came in cents for a day."""
    live(0)
    live(1, fare=100.0)
    (alert,) = [each for each in look(deployed, 2).alerts if each.quantity == "drift:fare"]
    return deployed, alert


def test_an_alert_is_found_by_the_beginning_of_its_digest(alarmed):
    project, alert = alarmed
    assert alert.cause == "unit change"
    assert monitoring.find_alert(project, alert.digest[:12]).digest == alert.digest
    with pytest.raises(UnknownRecord):
        monitoring.find_alert(project, "0" * 12)


def standing_of(project, alert, **options):
    return next(its for found, its in monitoring.standings(project, **options) if found.digest == alert.digest)


def test_an_alert_is_open_until_somebody_says_otherwise(alarmed):
    project, alert = alarmed
    assert standing_of(project, alert).state == "open"
    monitoring.acknowledge(project, alert.digest, by="ann", note="asked")
    assert (standing_of(project, alert).state, standing_of(project, alert).by) == ("acknowledged", "ann")


def test_a_silence_covers_a_pattern_until_it_ends(alarmed):
    project, alert = alarmed
    until = (datetime.now(UTC) + timedelta(days=1)).isoformat()
    monitoring.silence(project, "drift:*", until=until, by="ann", why="known")
    assert standing_of(project, alert).state == "silenced"
    later = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    assert standing_of(project, alert, at=later).state == "open"


def test_what_is_going_on_makes_no_second_alert_and_what_is_mended_is_over(alarmed, live):
    project, alert = alarmed
    live(2, fare=100.0)
    assert [each for each in look(project, 3).alerts if each.quantity == "drift:fare"] == []
    for day in (3, 4):
        live(day)
    look(project, 5)
    assert standing_of(project, alert).state == "over"
    assert len([each for each in project.metadata.all(Alert) if each.quantity == "drift:fare"]) == 1


def test_a_passport_and_a_trail_answer_for_a_row(deployed, live, worked):
    live(0, outcomes=True)
    told = monitoring.passport(deployed, "0-7")
    assert told["row"]["fare"] == worked.rows.filter(worked.rows["__part"] == "train")["fare"][7]
    assert told["outcome"]["value"] in {"0", "1"}
    assert {each["kind"] for each in told["lineage"]} == {"gate", "run", "feature_set", "label_set", "dataset_version"}
    trail = monitoring.touched(deployed, "0-7")
    assert (trail.parts, trail.predictions, trail.answered_by) == ((), ("0-7",), ("v1",))
    known = worked.rows.filter(worked.rows["__part"] == "test")["id"][0]
    assert [part for _, _, part in monitoring.touched(deployed, known).parts] == ["test"]
    for verb in (monitoring.passport, monitoring.touched):
        with pytest.raises(UnknownRecord, match="nobody"):
            verb(deployed, "nobody")


def test_rows_without_names_cannot_be_followed(deployed):
    nameless = replace(deployed.settings, data=replace(deployed.settings.data, key=None))
    deployed.settings = nameless
    with pytest.raises(LoopwrightError, match=r"\[data\] key"):
        monitoring.touched(deployed, "x")


def test_by_the_clock_of_arrival_a_refusal_counts_when_it_came(deployed, live):
    monitor = replace(deployed.settings.monitor, clock="arrival")
    deployed.settings = replace(deployed.settings, monitor=monitor)
    live(0)
    came, long_ago = (int((START + timedelta(days=day, hours=1)).timestamp() * 1e6) for day in (0, -100))
    with Journal(deployed.folder / ".loopwright/log", durability="fsync") as journal:
        problems = (("fare", "wrong type"),)
        row = {"fare": "8"}
        refused = Refused(at=long_ago, received=came, consumer="app", status=422, problems=problems, row=row)
        journal.append([refused]).result()
    assert [(report.rows, report.traffic.refused) for report in look(deployed, 1).reports] == [(200, 1)]
