"""Car loans whose outcomes come late (NannyML's set): the decay of the last quarter is noticed, and not before.

The set is 20 chunks of 5,000 rows: ten with outcomes from the start (the reference), ten whose outcomes come later. In
its last quarter, chunks 15 to 19, other loans come: the model's ROC area falls from 0.971 to 0.960.
"""

from __future__ import annotations

import json
import os
from datetime import timedelta

import numpy as np
import polars as pl
import pytest

from loopwright import datasets
from loopwright.errors import LoopwrightError
from loopwright.measures.estimation import estimate, fit_calibrator
from loopwright.measures.metrics import score
from loopwright.records.charter import Charter
from loopwright.settings import MonitorSettings
from loopwright.stages.monitoring.budget import budget
from loopwright.stages.monitoring.quality import quality_reference, read_qualities, scored_estimates

ROWS = 5000
THRESHOLD = 0.645                 # y_pred is 1 from a probability of 0.65 on
FIRST_BAD = 5                     # of the ten windows of the analysis part
LATE = 20.0


@pytest.fixture(scope="module")
def home():
    """Return the folder of the set."""
    if "LOOPWRIGHT_DATA" not in os.environ:
        pytest.skip("needs LOOPWRIGHT_DATA, a folder with the public datasets")
    try:
        return datasets.path("car-loan")
    except LoopwrightError as error:
        pytest.skip(str(error))


def part(home, name):
    return pl.read_parquet(home / f"synthetic_car_loan_{name}.parquet")


@pytest.fixture(scope="module")
def golden(home):
    """Return what NannyML 0.13.1 says of all 20 chunks."""
    file = home / "reference_nannyml.json"
    if not file.is_file():
        pytest.skip("NannyML's own numbers lie beside the data in the data folder only")
    return json.loads(file.read_text())


@pytest.fixture(scope="module")
def reference(home):
    """Return outcomes and scores of the reference part."""
    rows = part(home, "reference")
    return rows["repaid"].to_numpy().astype(int), rows["y_pred_proba"].to_numpy()


@pytest.fixture(scope="module")
def windows(home):
    """Return the live frames of the analysis part, outcomes twenty days late."""
    rows = part(home, "analysis").select(
        pl.col("timestamp").str.to_datetime().alias("__at"), pl.col("y_pred_proba").alias("__score"),
    )
    known = rows.with_columns(
        part(home, "analysis_target")["repaid"].cast(pl.Float64).alias("__label"),
        (pl.col("__at") + timedelta(days=LATE)).alias("__label_at"),
    )
    return [known[start : start + ROWS] for start in range(0, known.height, ROWS)]


@pytest.fixture(scope="module")
def watched(reference, windows):
    """Return the readings of each window when it ends, and when its outcomes have come."""
    charter = Charter(
        project="car-loan", task="binary", decision="", users="", business_metric="", risks=(), without_ml=None,
        impact=1, feasibility=1, optimize={"roc_auc": 1.0}, satisfice=(), slices=(), min_slice_rows=20,
        confidence=0.95, not_worse_by=0.005, threshold=0.5, positive=None,
    )
    of = quality_reference(*reference, charter=charter, rows_per_window=ROWS, late_days=LATE)
    allowed = budget(MonitorSettings(window_hours=24 * 30.4), columns=7, qualities=1, doors=8, others=5).quality
    at_once, later = [], []
    for frame in windows:
        end = frame["__at"].max() + timedelta(minutes=1)
        for found, days in ((at_once, 0.0), (later, LATE)):
            now = end + timedelta(days=days)
            found.append(read_qualities(
                frame, reference=of, end=end, now=now, alpha=allowed.window_alpha,
                evidence_limit=allowed.detector_limit, previous=later[-1:],
            )[0])
    return at_once, later


def test_the_decay_of_the_last_quarter_is_noticed_by_outcomes_and_not_before(watched):
    _, later = watched
    assert [reading.mature for reading in later] == [True] * 10
    assert not any(reading.alarmed for reading in later[:FIRST_BAD])
    assert any(reading.alarmed for reading in later[FIRST_BAD : FIRST_BAD + 3])


def test_the_estimate_notices_it_in_its_first_window_before_any_of_its_outcomes_has_come(watched):
    at_once, _ = watched
    assert [reading.estimate_alarmed for reading in at_once] == [False] * FIRST_BAD + [True] * 5
    assert not any(reading.mature or reading.alarmed for reading in at_once)


def test_the_estimate_turns_out_as_good_as_it_can_be(watched):
    found, = scored_estimates(watched[1])
    assert found.windows == 10
    assert found.mean_absolute_error < 0.0025
    assert found.in_errors < 1.0
    assert found.coverage >= 0.9


@pytest.mark.parametrize("name", ["roc_auc", "f1", "accuracy"])
def test_estimates_are_those_of_nannyml(golden, reference, windows, name):
    calibrator = fit_calibrator(*reference, task="binary")
    for frame, theirs, realized in zip(windows, golden["cbpe"][10:], golden["realized"][10:], strict=True):
        scores = frame["__score"].to_numpy()
        mine = estimate(name, scores, calibrator=calibrator, threshold=THRESHOLD, draws=2)
        assert mine.value == pytest.approx(theirs[f"{name}|value"], abs=1e-4)
        true = score(name, frame["__label"].to_numpy(), scores, task="binary", threshold=THRESHOLD)
        assert true == pytest.approx(realized[f"{name}|value"], abs=1e-6)


def test_windows_differ_as_their_intervals_say_and_not_as_nannyml_does(golden, watched, reference):
    truth, scores = reference
    values = [
        score("roc_auc", truth[start : start + ROWS], scores[start : start + ROWS], task="binary")
        for start in range(0, len(truth), ROWS)
    ]
    calm = watched[1][:FIRST_BAD]
    values += [reading.value for reading in calm]
    errors = [(reading.high - reading.low) / 3.92 for reading in calm]
    assert np.std(values, ddof=1) == pytest.approx(np.mean(errors), rel=0.25)
    assert np.std(values, ddof=1) > 1.3 * golden["cbpe"][10]["roc_auc|sampling_error"]
