"""What watching has shown is kept as evidence that pages and the ML Test Score can read."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import numpy as np
import polars as pl
import pytest

from loopwright.records import DatasetVersion, Evidence, Ref, decode, encode
from loopwright.records.dataset_version import Part
from loopwright.records.record import Artifact
from loopwright.settings import MonitorSettings
from loopwright.stages.monitoring import evidence

LOG, MODEL = Ref(kind="prediction_log", digest="1" * 64), Ref(kind="model", digest="2" * 64)
AT = "2026-03-09T00:00:00Z"
ARTIFACT = Artifact(sha256="0" * 64, size=1, name="window.json")


@pytest.fixture(scope="session")
def quiet(watched, makes):
    """A window in which nothing is out of its range."""
    return watched.report(watched.week(date(2014, 11, 3)), qualities=[makes.quality()])


def kept(found):
    assert decode(Evidence, encode(found)).digest == found.digest
    return found


def test_a_quiet_window_passes(quiet):
    found = kept(evidence.window_evidence(quiet, log=LOG, artifact=ARTIFACT, at=AT))
    assert found.passed
    assert found.rows == quiet.rows
    assert "nothing out of range" in found.claim
    assert found.subject == Ref(kind="deployment", digest=quiet.deployment)


def test_a_window_with_alarms_names_them_each_once(quiet, makes):
    doors = (makes.door("fare", "above its range", rows=9), makes.door("fare", "below its range", rows=9))
    loud = replace(
        quiet, doors=doors, qualities=(makes.quality(0.6),), predictions=makes.drift("prediction", 0.4),
        columns=(makes.drift("fare", 0.4), makes.drift("miles", 0.0)), traffic=makes.served(9, alarmed=("traffic",)),
    )
    assert evidence.alarms_of(loud) == (
        "drift:fare", "drift:prediction", "quality:roc_auc", "traffic", "schema:fare"
    )
    found = kept(evidence.window_evidence(loud, log=LOG, artifact=ARTIFACT, at=AT))
    assert found.passed is False
    assert "drift:fare, drift:prediction" in found.claim


def test_a_window_that_nobody_answered_in_is_about_the_log(quiet):
    empty = replace(quiet, deployment="", rows=0)
    assert evidence.window_evidence(empty, log=LOG, artifact=ARTIFACT, at=AT).subject == LOG


def test_the_door_passes_unless_a_field_has_too_many_findings(quiet, makes):
    calm = replace(makes.door("fare", "above its range", rows=2), alarmed=False)
    few = kept(evidence.door_evidence([replace(quiet, doors=(calm,))], subject=MODEL, log=LOG, at=AT))
    assert few.passed
    assert few.value == pytest.approx(2 / quiet.rows)
    many = replace(quiet, doors=(makes.door("fare", "above its range", rows=99), makes.door("", "odd", rows=9)))
    found = kept(evidence.door_evidence([many], subject=MODEL, log=LOG, at=AT))
    assert found.passed is False
    assert "too many of fare, the row as a whole" in found.claim


def test_where_nothing_came_the_door_has_no_share_of_nothing(quiet):
    found = kept(evidence.door_evidence([replace(quiet, rows=0)], subject=MODEL, log=LOG, at=AT))
    assert (found.value, found.passed) == (0.0, True)


def test_the_newest_mature_quality_counts(quiet, makes):
    later = replace(quiet, start="2026-03-02T00:00:00", qualities=(makes.quality(0.7),))
    pending = replace(quiet, start="2026-03-09T00:00:00", qualities=(makes.quality(None),))
    (found,) = evidence.quality_evidence([quiet, later, pending], subject=MODEL, log=LOG, at=AT)
    assert (found.check, found.value, found.passed) == ("quality.roc_auc", 0.7, False)
    assert "judged before serving: 0.8000" in kept(found).claim


def test_estimates_are_scored_by_what_came_true(quiet, makes):
    quality = makes.quality(0.8, estimate=0.79, estimate_low=0.75, estimate_high=0.83)
    found = evidence.quality_evidence([replace(quiet, qualities=(quality,))], subject=MODEL, log=LOG, at=AT)
    scored = kept(next(each for each in found if each.check == "estimate.roc_auc"))
    assert scored.value == pytest.approx(0.01)
    assert "100% of the outcomes lay in their range" in scored.claim


def parts(worked, last):
    made = worked.line.parts
    return replace(made, parts=tuple(
        replace(part, last=last if part.name == "train" else part.last) for part in made.parts
    ))


@pytest.mark.parametrize(("limit", "passed"), [(None, None), (30.0, True), (5.0, False)])
def test_how_old_the_training_data_are_is_seen_from_the_newest_traffic(worked, limit, passed):
    monitor = MonitorSettings(max_age_days=limit)
    of = parts(worked, "2026-02-27T00:00:00Z")
    found = kept(evidence.age_evidence(of, model=MODEL, monitor=monitor, at=AT, seen="2026-03-09T00:00:00"))
    assert (found.value, found.passed) == (10.0, passed)


def test_without_a_time_the_age_cannot_be_known(worked):
    of = parts(worked, None)
    found = evidence.age_evidence(of, model=MODEL, monitor=MonitorSettings(max_age_days=5.0), at=AT, seen="2026-03-09")
    assert (found.value, found.passed) == (None, None)
    assert "cannot be known" in kept(found).claim


def test_a_library_that_changed_since_the_training_is_told(worked):
    run = worked.line.final
    assert kept(evidence.dependency_evidence(run, installed=run.libraries, model=MODEL, at=AT)).passed
    name = next(iter(run.libraries))
    installed = {**run.libraries, name: "99.1"}
    other = kept(evidence.dependency_evidence(run, installed=installed, model=MODEL, at=AT))
    assert other.passed is False
    assert f"{name} went from {run.libraries[name]} to 99.1" in other.claim


class Fixed:
    """Says the same of every row."""

    def predict(self, frame):
        return np.full(frame.height, 0.5)


def test_answers_that_differ_from_the_batch_path_are_skew(quiet):
    rows = pl.DataFrame({
        "fare": [1.0, 2.0], "__id": ["a", "b"], "__scores": [[0.5], [0.5]],
    })
    (same,) = evidence.skew_evidence(rows, Fixed(), model=MODEL, at=AT)
    assert (kept(same).passed, same.rows) == (True, 2)
    (other,) = evidence.skew_evidence(
        rows.with_columns(__scores=pl.Series([[0.5], [0.9]])), Fixed(), model=MODEL, at=AT
    )
    assert (kept(other).passed, other.value) == (False, pytest.approx(0.4))
    (none,) = evidence.skew_evidence(rows.with_columns(__scores=pl.Series([[0.5], []])), Fixed(), model=MODEL, at=AT)
    assert (kept(none).passed, none.value) == (False, None)
    assert none.claim.endswith("1 answers differ")
    assert evidence.skew_evidence(rows.clear(), Fixed(), model=MODEL, at=AT) == []


def test_parts_without_train_have_no_age():
    of = DatasetVersion(
        made_from=(), name="x", table=None, source="", files=(), key=None, time=None, group=None, columns=(),
        parts=(Part(name="test", rows=1),),
    )
    assert evidence.age_evidence(of, model=MODEL, monitor=MonitorSettings(), at=AT, seen="2026-03-09").value is None
