"""Every record can be told in a few words."""

from __future__ import annotations

import pytest

from loopwright.errors import UnknownRecord
from loopwright.faces.telling import tell, told
from loopwright.project import Project
from loopwright.records import KINDS, Alert, Deployment, PredictionLog, Ref

WORDS = {
    "model": "v2, LogisticRegression, onnx",
    "run": "LogisticRegression (final)",
    "label_set": "label tipped of 600 rows",
    "feature_set": "5 features",
    "gate": "said no",
    "schema": "a schema of 5 columns",
    "statistics": "statistics",
}


@pytest.fixture
def project(ran):
    with Project.open(ran).closing() as project:
        yield project


@pytest.mark.parametrize("kind", WORDS)
def test_a_record_is_told_in_words_of_its_kind(project, kind):
    assert told(project.metadata.newest(KINDS[kind])) == WORDS[kind]


def test_a_version_and_its_split_are_told_apart(project):
    words = [told(item) for item in project.metadata.all(KINDS["dataset_version"])]
    assert words == ["fares v1: 600 rows of trips.csv", "split of fares v1 by random"]


def test_evidence_and_anomalies_speak_for_themselves(project):
    evidence, anomaly = (project.metadata.newest(KINDS[kind]) for kind in ("evidence", "anomaly"))
    assert told(evidence) == evidence.claim
    assert told(anomaly) == anomaly.description


def test_no_record_is_left_without_words(project):
    made = {kind: record for kind, noun in KINDS.items() if (record := project.metadata.newest(noun)) is not None}
    assert [kind for kind, record in made.items() if not told(record)] == []


A_MODEL = Ref(kind="model", digest="ab")
DEPLOYMENT = Deployment(
    name="fares", stage="single", champion=A_MODEL, challenger=None, share=0.0, held_back=0.0, salt="s", step=0,
    awaiting=False, event="promote", by="ada", why="it is better",
)


@pytest.mark.parametrize(
    ("record", "words"),
    [
        (DEPLOYMENT, "promote: it is better"),
        (
            PredictionLog(
                name="fares", predictions=None, outcomes=None, refusals=None, rows=1200, first="2016-01-01T00:00:00",
                last="2016-02-01T12:30:00",
            ),
            "1,200 predictions up to 2016-02-01T12:30",
        ),
        (
            Alert(
                deployment=DEPLOYMENT.ref, quantity="drift:fare", severity="critical", title="fare times 100",
                explanation="", advice="", cause="unit change", group="g", first_bad="2016-01-01",
                last_bad="2016-01-08",
            ),
            "unit change: fare times 100",
        ),
    ],
)
def test_the_live_half_is_told_too(record, words):
    assert told(record) == words


def test_files_and_code_are_told_by_name_and_records_looked_up(project):
    assert tell(project, Ref(kind="file", digest="ab", name="trips.csv")) == "trips.csv"
    assert tell(project, Ref(kind="code", digest="ab", name="features.py: function `f`")) == "features.py: function `f`"
    assert tell(project, project.metadata.newest(KINDS["gate"]).ref) == "said no"
    with pytest.raises(UnknownRecord):
        tell(project, Ref(kind="model", digest="f" * 64))
