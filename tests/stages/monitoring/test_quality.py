"""Quality of windows whose outcomes come late: shown at once, judged when they are there, and seldom wrongly."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import DataError
from loopwright.measures.metrics import score
from loopwright.measures.quantiles import normal_cdf
from loopwright.records.charter import Charter, Target
from loopwright.stages.monitoring.quality import (
    QualityReference,
    _e_value,
    quality_reference,
    read_qualities,
    scored_estimates,
)

START = datetime(2015, 1, 5)
WEEK = timedelta(days=7)
LATE = 10.0
ALPHA, RUN = 0.005, 200.0


def charter(task="binary", *, optimize=None, satisfice=(), not_worse_by=0.0):
    return Charter(
        project="p", task=task, decision="", users="", business_metric="", risks=(), without_ml=None, impact=1,
        feasibility=1, optimize={"roc_auc": 1.0} if optimize is None else optimize, satisfice=satisfice, slices=(),
        min_slice_rows=20, confidence=0.95, not_worse_by=not_worse_by, threshold=0.5, positive=None,
    )


def outcomes(generator, rows, *, spoilt=0.0):
    """Return outcomes and calibrated probabilities; of a share of the rows the outcome owes nothing to them."""
    scores = 1 / (1 + np.exp(1 - 1.5 * generator.normal(size=rows)))
    chance = np.where(generator.random(rows) < spoilt, 0.35, scores)
    return (generator.random(rows) < chance).astype(float), scores


def live(generator, rows, start, *, spoilt=0.0):
    """Return the live frame of a week whose outcomes come five to ten days late."""
    truth, scores = outcomes(generator, rows, spoilt=spoilt)
    at = pl.Series([start + WEEK * share for share in np.sort(generator.random(rows))], dtype=pl.Datetime("us"))
    late = pl.Series((generator.uniform(5, 10, rows) * 86400e6).astype(int)).cast(pl.Duration("us"))
    return pl.DataFrame({"__at": at, "__score": scores, "__label": truth, "__label_at": at + late})


def as_of(frame, now):
    """Return the frame as it is at a moment: outcomes that come later are pending."""
    pending = pl.col("__label_at") > now
    return frame.with_columns(
        pl.when(pending).then(None).otherwise(pl.col(name)).alias(name) for name in ("__label", "__label_at")
    )


def reference(generator, rows=2000, *, by=None):
    return quality_reference(
        *outcomes(generator, rows), charter=by or charter(), rows_per_window=200, late_days=LATE
    )


def read(frame, of, *, week=0, days=20.0, previous=(), alpha=ALPHA, limit=RUN):
    end = START + (week + 1) * WEEK
    now = end + timedelta(days=days)
    return read_qualities(
        as_of(frame, now), reference=of, end=end, now=now, alpha=alpha, evidence_limit=limit, previous=previous
    )


def watched(generator, of, *, weeks, rows, spoilt_from=None, spoilt=0.0):
    """Watch week by week as the loop does: windows that are not mature are read again, in order."""
    frames, settled, alarmed_at = [], (), {}
    readings: dict[int, tuple] = {}
    for week in range(weeks):
        bad = spoilt if spoilt_from is not None and week >= spoilt_from else 0.0
        frames.append(live(generator, rows, START + week * WEEK, spoilt=bad))
        now = START + (week + 1) * WEEK
        for each in range(len(settled), week + 1):
            previous = readings[each - 1] if each else ()
            readings[each] = read_qualities(
                as_of(frames[each], now), reference=of, end=START + (each + 1) * WEEK, now=now, alpha=ALPHA,
                evidence_limit=RUN, previous=previous,
            )
            for found in readings[each]:
                if found.alarmed:
                    alarmed_at.setdefault((each, found.metric), week)
        settled = [each for each in readings if all(found.mature for found in readings[each])]
    return readings, alarmed_at


def test_a_window_is_shown_while_outcomes_are_pending_and_judged_when_they_have_come():
    generator = np.random.default_rng(0)
    of = reference(generator)
    frame = live(generator, 400, START, spoilt=1.0)
    early, = read(frame, of, days=1)
    assert 0 < early.rows < 360
    assert early.pending == 400 - early.rows
    assert early.value is not None
    assert early.low <= early.value <= early.high
    assert (early.mature, early.alarmed, early.p_value, early.evidence) == (False, False, None, 0.0)
    late, = read(frame, of, days=10)
    assert (late.rows, late.pending, late.mature, late.alarmed) == (400, 0, True, True)
    assert late.p_value < ALPHA


def test_outcomes_that_come_early_and_are_not_like_the_others_raise_no_alarm():
    generator = np.random.default_rng(1)
    of = reference(generator)
    frame = live(generator, 600, START)
    # What is known after a day is what the model got wrong; in the end it is as good as ever.
    wrong = (frame["__score"] >= 0.5) != (frame["__label"] == 1)
    quick = frame.with_columns(
        pl.when(wrong).then(pl.col("__at") + timedelta(hours=1)).otherwise(pl.col("__label_at")).alias("__label_at")
    )
    early, = read(quick, of, days=-0.0)
    assert early.value < 0.6
    assert not early.alarmed
    late, = read(quick, of, days=20)
    assert late.value > 0.75
    assert not late.alarmed


def test_a_window_that_is_old_enough_is_judged_though_some_outcomes_never_come():
    generator = np.random.default_rng(2)
    of = reference(generator)
    lost = live(generator, 400, START, spoilt=1.0).with_columns(
        pl.when(pl.int_range(pl.len()) % 2 == 0).then("__label").alias("__label")
    )
    found, = read(lost, of, days=9.9)
    assert (found.mature, found.p_value) == (False, None)
    found, = read(lost, of, days=10)
    assert (found.rows, found.pending, found.mature, found.alarmed) == (200, 200, True, True)


def test_outcomes_that_became_known_later_than_now_are_not_looked_at():
    generator = np.random.default_rng(3)
    of, frame = reference(generator), live(generator, 200, START)
    now = START + WEEK + timedelta(days=2)
    arguments = {"reference": of, "end": START + WEEK, "now": now, "alpha": ALPHA, "evidence_limit": RUN}
    assert read_qualities(frame, **arguments) == read_qualities(as_of(frame, now), **arguments)


def test_the_same_window_read_twice_is_the_same_reading():
    generator = np.random.default_rng(4)
    of, frame = reference(generator), live(generator, 300, START)
    first = read(frame, of)
    assert read(frame, of, previous=first) == read(frame, of, previous=first)
    assert read(frame, of)[0].evidence != read(frame, of, previous=first)[0].evidence


def test_evidence_passes_by_windows_that_are_not_judged():
    generator = np.random.default_rng(5)
    of = reference(generator)
    before = read(live(generator, 300, START, spoilt=0.2), of)
    after = read(live(generator, 300, START + WEEK), of, week=1, days=0, previous=before)
    assert after[0].evidence == before[0].evidence > 0


def test_limits_are_the_charters_or_the_reference_less_what_may_be_lost_whichever_is_reached_first():
    truth, scores = outcomes(np.random.default_rng(6), 3000)
    satisfice = (
        Target(metric="log_loss", comparison="<=", limit=0.7), Target(metric="roc_auc", comparison=">=", limit=0.2),
        Target(metric="recall", comparison=">=", limit=0.3, column="city"),
    )
    found = quality_reference(
        truth, scores, charter=charter(satisfice=satisfice, optimize={"roc_auc": 1.0, "brier_loss": 2.0},
                                       not_worse_by=0.02), rows_per_window=300,
    )
    auc, brier, loss, recall = found.metrics
    assert auc.limit == pytest.approx(score("roc_auc", truth, scores, task="binary") - 0.02)
    assert brier.limit == pytest.approx(score("brier_loss", truth, scores, task="binary") + 0.01)
    assert auc.limit_error > 0
    assert (loss.limit, loss.limit_error, loss.worse) == (0.7, 0.0, "above")
    assert recall.limit is None
    strict = charter(satisfice=(Target(metric="roc_auc", comparison=">=", limit=0.9),))
    assert quality_reference(truth, scores, charter=strict, rows_per_window=300).metrics[0].limit == 0.9


def test_metrics_that_are_better_when_lower_alarm_when_they_rise():
    generator = np.random.default_rng(7)
    by = charter(optimize={"log_loss": 1.0})
    of = reference(generator, by=by)
    good, bad = (read(live(generator, 400, START, spoilt=spoilt), of)[0] for spoilt in (0.0, 0.6))
    assert bad.value > bad.limit
    assert (good.alarmed, bad.alarmed) == (False, True)


def test_a_metric_without_a_value_is_none_and_no_error():
    generator = np.random.default_rng(8)
    of = reference(generator, by=charter(satisfice=(Target(metric="log_loss", comparison="<=", limit=0.6),)))
    frame = live(generator, 100, START)
    auc, loss = read(frame.with_columns(__label=pl.lit(0.0)), of)
    assert (auc.value, auc.p_value, auc.alarmed) == (None, None, False)
    assert loss.value is not None
    assert auc.estimate is not None
    for few in (frame.head(0), frame.head(5), frame.with_columns(__label=pl.lit(None, pl.Float64))):
        found, _ = read(few, of)
        assert (found.value, found.alarmed) == (None, False)


def test_odd_scores_and_unknown_classes_are_left_out():
    generator = np.random.default_rng(9)
    of, frame = reference(generator), live(generator, 300, START)
    odd = frame.with_columns(
        __score=pl.when(pl.int_range(pl.len()) < 10).then(float("nan")).otherwise("__score"),
        __label=pl.when(pl.int_range(pl.len()) >= 290).then(7.0).otherwise("__label"),
    )
    found, = read(odd, of)
    assert (found.rows, found.pending) == (280, 10)


@pytest.mark.parametrize("task", ["multiclass", "regression"])
def test_other_tasks_are_read_the_same_way(task):
    generator = np.random.default_rng(10)

    def sample(rows, *, spoilt):
        if task == "regression":
            said = generator.uniform(5, 30, rows)
            return said + generator.normal(size=rows) * (3 if spoilt else 1), said
        said = generator.dirichlet(np.ones(3) / 2, size=rows)
        truth = (np.cumsum(said, axis=1)[:, :2] < generator.random((rows, 1))).sum(axis=1)
        return (generator.permutation(truth) if spoilt else truth), said

    by = charter(task, optimize={"rmse" if task == "regression" else "macro_roc_auc": 1.0})
    truth, said = sample(1500, spoilt=False)
    of = quality_reference(truth, said, charter=by, rows_per_window=150)
    for spoilt in (False, True):
        truth, said = sample(300, spoilt=spoilt)
        column = {"__score": said} if task == "regression" else {"__scores": said.tolist()}
        frame = pl.DataFrame({**column, "__label": truth.astype(float)}).with_columns(__label_at=pl.lit(START))
        found, = read(frame, of)
        assert found.rows == 300
        assert found.alarmed is spoilt
        assert found.estimate is not None


def test_what_windows_differ_by_while_nothing_is_wrong_is_learnt_from_the_reference():
    generator = np.random.default_rng(11)
    calm = reference(generator, 4000).metrics[0]
    parts = [outcomes(generator, 200, spoilt=0.4 * (piece % 2)) for piece in range(20)]
    truth, scores = (np.concatenate(each) for each in zip(*parts, strict=True))
    restless = quality_reference(truth, scores, charter=charter(), rows_per_window=200).metrics[0]
    assert calm.spread < 0.02
    assert restless.spread > 0.05
    assert restless.limit_error > calm.limit_error


def test_a_reference_survives_encoding():
    of = reference(np.random.default_rng(12))
    assert msgspec.json.decode(msgspec.json.encode(of), type=QualityReference) == of


def test_a_window_of_no_rows_cannot_be_expected():
    with pytest.raises(DataError, match="rows_per_window=0"):
        quality_reference([0, 1], [0.2, 0.8], charter=charter(), rows_per_window=0)


def test_an_estimate_warns_before_any_outcome_is_known_if_rows_come_that_the_model_is_less_sure_of():
    generator = np.random.default_rng(13)
    of, frame = reference(generator), live(generator, 3000, START)
    unsure = frame.filter((pl.col("__score") - 0.4).abs() < 0.25)
    found, = read(unsure, of, days=0)
    assert found.estimate < found.limit
    assert found.estimate_alarmed
    same, = read(frame, of, days=0)
    assert not same.estimate_alarmed


def test_estimates_are_scored_when_outcomes_have_come():
    generator = np.random.default_rng(14)
    of = reference(generator)
    readings = [read(live(generator, 200, START), of)[0] for _ in range(15)]
    found, = scored_estimates([*readings, read(live(generator, 200, START), of, days=0)[0]])
    assert (found.metric, found.windows) == ("roc_auc", 15)
    assert 0.4 < found.in_errors < 1.4
    assert found.coverage > 0.7
    off = [replace(each, estimate=each.value + 0.1, estimate_low=1.0, estimate_high=1.0) for each in readings]
    worse, = scored_estimates(off)
    assert worse.mean_absolute_error == pytest.approx(0.1)
    assert worse.bias == pytest.approx(0.1)
    assert worse.coverage == 0.0
    assert scored_estimates([]) == ()


def test_the_evidence_of_a_p_value_is_one_on_average():
    # Uniform p-values are the upper tails of normal statistics; most of the mean comes of rare ones.
    z = np.linspace(-7, 7, 2801)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    values = [_e_value(normal_cdf(-each)) for each in z]
    assert np.sum(values * density) * (z[1] - z[0]) == pytest.approx(1.0, abs=1e-3)


@given(a=st.floats(0, 1), b=st.floats(0, 1))
def test_smaller_p_values_are_never_less_evidence(a, b):
    assert _e_value(min(a, b)) >= _e_value(max(a, b)) >= 0
    assert np.isfinite(_e_value(0.0))


def test_a_real_drop_is_noticed_though_outcomes_are_late_and_not_before_it():
    generator = np.random.default_rng(15)
    _, alarmed = watched(generator, reference(generator), weeks=16, rows=300, spoilt_from=8, spoilt=0.35)
    windows = [window for window, _ in alarmed]
    assert min(windows) in (8, 9, 10)
    assert min(alarmed.values()) <= 13


@pytest.mark.slow
def test_years_of_unchanged_quality_raise_no_more_alarms_than_stated():
    # At the limit itself, where false alarms are most likely: every charter limit is the true value.
    truth, scores = outcomes(np.random.default_rng(99), 400_000)
    limits = tuple(
        Target(metric=name, comparison=sign, limit=score(name, truth, scores, task="binary"))
        for name, sign in (("log_loss", "<="), ("recall", ">="))
    )
    alarms, tests = 0, 0
    for seed in range(8):
        generator = np.random.default_rng(seed)
        of = reference(generator, by=charter(satisfice=limits))
        readings, alarmed = watched(generator, of, weeks=52, rows=150)
        alarms += len(alarmed)
        tests += sum(found.p_value is not None for week in readings.values() for found in week)
    stated = tests * (ALPHA + 1 / RUN)
    assert tests > 1000
    assert alarms <= stated
