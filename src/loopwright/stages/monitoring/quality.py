"""How good the answers of a window were: measured where outcomes are known, estimated where they are not yet.

An alarm says that the model is worse than it may be, and three things may not pass for that. Chance: every value is
tested with its own error, that of the reference and that by which windows differ anyhow. Impatience: outcomes that
come early are not those of an average row (a loan that fails in its first month, a short trip), so a window is shown
but not judged before nearly all of its outcomes have come. And looking often: what one window may contribute to false
alarms is stated, and evidence over windows is summed by a detector whose number of false alarms is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike

from loopwright.errors import DataError, Undefined
from loopwright.measures.catalogue import METRIC_TASKS
from loopwright.measures.detectors import Detection, detect
from loopwright.measures.estimation import (
    Calibrator,
    Estimate,
    estimate,
    fit_calibrator,
    row_error,
)
from loopwright.measures.intervals import Interval, bootstrap
from loopwright.measures.metrics import score, sums_of
from loopwright.measures.quantiles import normal_quantile, student_p_value
from loopwright.measures.samples import Floats, Task, checked
from loopwright.records.charter import Charter, Target
from loopwright.stages.evaluation.metrics import charter_metrics
from loopwright.stages.monitoring.windows import QualityReading

__all__ = [
    "EstimateScore", "MetricReference", "QualityReference", "quality_reference", "read_qualities", "scored_estimates",
]

_FEWEST_ROWS = 30                 # with fewer outcomes, a metric of a window says nothing
_ENOUGH = 0.9                     # share of outcomes from which a window is judged before it is old enough
_RESAMPLES = 200
_WINDOWS = 8                      # windows that show how much windows differ
_MOST_WINDOWS = 50
_FEWEST_ROWS_OF_WINDOW = 100
_ROUGH = frozenset({"calibration_error", "median_absolute_error"})  # no smooth functions of sums: no jackknife
_PROPORTIONS = frozenset({"accuracy", "precision", "recall", "specificity"})
_SHIFTS = (1.0, 2.0, 3.0)         # how far the true value may be beyond the limit, in standard errors of a window


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricReference:
    """What one metric was when the model was judged, and what it may be.

    Attributes
    ----------
    metric : str
    value, low, high : float or None
        On the reference rows, with its interval; None where it has no value there.
    error : float
        Standard error of ``value``, that of unlike windows included.
    spread : float
        Standard deviation by which windows of the reference differ beyond what their rows explain.
    limit : float or None
        The charter's limit, or the reference less what may be lost of it; None where the charter has neither.
    worse : {"below", "above"}
        On which side of the limit an alarm lies.
    limit_error : float
        Standard error of the limit: 0 for the charter's, that of the reference for one that hangs on it.
    expected : float or None
        What is estimated from the scores of the reference rows; how far that is from ``value`` is taken off later
        estimates before they are tested.
    expected_error, expected_spread : float
        Like ``error`` and ``spread``, of the estimate.
    """

    metric: str
    value: float | None
    low: float | None
    high: float | None
    error: float
    spread: float
    limit: float | None
    worse: Literal["below", "above"]
    limit_error: float
    expected: float | None
    expected_error: float
    expected_spread: float


@dataclass(frozen=True, slots=True, kw_only=True)
class QualityReference:
    """What the quality of live windows is compared with; it survives msgspec.

    Attributes
    ----------
    task : {"binary", "multiclass", "regression"}
    threshold : float
        Probability from which a binary row is called positive.
    late_days : float
        Days after which outcomes should be known.
    level : float
        Of all intervals.
    rows : int
        Reference rows.
    calibrator : Calibrator
    metrics : tuple of MetricReference
        The charter's: the optimized first.
    """

    task: Task
    threshold: float
    late_days: float
    level: float
    rows: int
    calibrator: Calibrator
    metrics: tuple[MetricReference, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EstimateScore:
    """How well estimates without outcomes did, now that the outcomes are there.

    Attributes
    ----------
    metric : str
    windows : int
        Mature windows with an estimate and a value.
    mean_absolute_error : float
        Of the estimates, in the unit of the metric.
    bias : float
        Mean of estimate less value.
    in_errors : float or None
        The mean absolute error in units of the standard error of the values: about 0.8 is as good as can be, since
        the values are known no better. None where the values have no error.
    coverage : float
        Share of the windows in which the value was in the range of its estimate.
    """

    metric: str
    windows: int
    mean_absolute_error: float
    bias: float
    in_errors: float | None
    coverage: float


def quality_reference(
    truth: ArrayLike,
    scores: ArrayLike,
    *,
    charter: Charter,
    rows_per_window: int,
    threshold: float | None = None,
    late_days: float = 7.0,
    seed: int = 0,
) -> QualityReference:
    """Measure on the test part what live windows will be compared with.

    A metric that the charter limits on all rows has that limit. An optimized one may lose ``not_worse_by`` of its
    reference (divided by its weight, where several are optimized). Where both apply, the limit that is reached first
    counts.

    Parameters
    ----------
    truth : array of shape (n_rows,)
        Class codes, or true values, in the order of time.
    scores : array of shape (n_rows,), or (n_rows, n_classes) for several classes
        What the model said of these rows; it was not trained on them.
    charter : Charter
    rows_per_window : int
        Rows that a live window is expected to have: the reference is cut into windows of that size (or smaller ones,
        to have eight) to learn how much windows differ while nothing is wrong.
    threshold : float, optional
        Probability from which a binary row is called positive; 0.5 if not given.
    late_days : float, default=7
    seed : int, default=0

    Returns
    -------
    QualityReference

    Raises
    ------
    EmptySample, DataError
        If there are no rows, or the arrays are not as described.
    """
    known, said = checked(truth, scores, task=charter.task)
    case = _Case(
        charter=charter, how=_How(charter.task, 0.5 if threshold is None else threshold), seed=seed,
        calibrator=fit_calibrator(known, said, task=charter.task, seed=seed),
        pieces=_pieces(len(known), rows_per_window),
    )
    return QualityReference(
        task=charter.task,
        threshold=case.how.threshold,
        late_days=late_days,
        level=charter.confidence,
        rows=len(known),
        calibrator=case.calibrator,
        metrics=tuple(_reference(name, known, said, case) for name in charter_metrics(charter)),
    )


def read_qualities(
    frame: pl.DataFrame,
    *,
    reference: QualityReference,
    end: datetime,
    now: datetime,
    alpha: float,
    evidence_limit: float,
    previous: Sequence[QualityReading] = (),
    enough: float = _ENOUGH,
) -> tuple[QualityReading, ...]:
    """Measure and estimate the quality of the answers of one window, and judge it when its outcomes are there.

    A window is judged once it is ``late_days`` old, or once ``enough`` of its outcomes have come: outcomes that come
    early are not those of average rows, and with a tenth of them missing the value can be off by a tenth of what
    early and late rows differ by at most. Until then it is shown, and neither tested nor passed to the detector. So
    a window may be read again whenever outcomes have come; the windows after it are then read again too, each with
    the readings of the one before.

    While quality is unchanged (or better), the expected number of false alarms of a metric in n windows is at most
    ``n * (alpha + 1 / evidence_limit)`` for values, and ``n * alpha`` for estimates.

    Parameters
    ----------
    frame : DataFrame
        The live frame of the window, of rows that the reference's model answered; needs ``__score`` (``__scores`` for
        several classes), ``__label`` and ``__label_at``. Rows without a finite score are left out, and an outcome
        that is no class of the model counts as not known.
    reference : QualityReference
    end : datetime
        End of the window, UTC without a zone.
    now : datetime
        Moment of the reading; outcomes that became known later are not looked at.
    alpha : float
        Chance that the test of one window raises a false alarm.
    evidence_limit : float
        Windows per false alarm of the detector, above 1.
    previous : sequence of QualityReading
        Those of the window before.
    enough : float, default=0.9

    Returns
    -------
    tuple of QualityReading
        One for each metric of the reference, in its order. What cannot be known is None.
    """
    window = _window(frame, reference=reference, now=now)
    closed = end <= now
    mature = closed and (window.pending == 0 or end + timedelta(days=reference.late_days) <= now)
    share = window.rows / max(window.rows + window.pending, 1)
    judged = window.rows >= _FEWEST_ROWS and closed and (mature or share >= enough)
    before = {reading.metric: reading.evidence for reading in previous}
    rule = _Rule(alpha=alpha, evidence_limit=evidence_limit, judged=judged, mature=mature)
    return tuple(
        _reading(each, window, reference, rule, before.get(each.metric, 0.0)) for each in reference.metrics
    )


def scored_estimates(readings: Iterable[QualityReading], *, level: float = 0.95) -> tuple[EstimateScore, ...]:
    """Score the estimates of past windows by the values that outcomes showed.

    Parameters
    ----------
    readings : iterable of QualityReading
        Of any windows and metrics; those that are not mature are passed over.
    level : float, default=0.95
        Of the intervals of the values.

    Returns
    -------
    tuple of EstimateScore
        One for each metric that has an estimate and a value in some mature window, in the order of appearance.
    """
    found: dict[str, list[_Pair]] = {}
    for reading in readings:
        pair = _pair(reading, level)
        if pair is not None:
            found.setdefault(reading.metric, []).append(pair)
    return tuple(_estimate_score(name, pairs) for name, pairs in found.items())


class _How(NamedTuple):
    """How scores are read: what task they are of, and from where a row is positive."""

    task: Task
    threshold: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    charter: Charter
    how: _How
    seed: int
    calibrator: Calibrator
    pieces: tuple[slice, ...]


def _pieces(rows: int, rows_per_window: int) -> tuple[slice, ...]:
    """Return the windows of the reference; none where they would be too small to tell anything."""
    if rows_per_window < 1:
        raise DataError(f"a window needs at least one row; rows_per_window={rows_per_window} was given.")
    windows = min(max(rows // rows_per_window, _WINDOWS), _MOST_WINDOWS)
    if rows // windows < _FEWEST_ROWS_OF_WINDOW:
        return ()
    ends = np.linspace(0, rows, windows + 1).astype(int).tolist()
    return tuple(slice(start, end) for start, end in pairwise(ends))


def _reference(name: str, truth: ArrayLike, said: Floats, case: _Case) -> MetricReference:
    known = np.asarray(truth)
    found = _interval(name, known, said, how=case.how, level=case.charter.confidence, resamples=1000)
    error, _ = _value_error(name, known, said, case.how) if found else (0.0, 1.0)
    values = [_measured(name, known[piece], said[piece], case) for piece in case.pieces]
    estimates = [_expected(name, said[piece], case) for piece in case.pieces]
    whole, spread, expected_spread = _expected(name, said, case), _spread(values), _spread(estimates)
    pieces = max(len(case.pieces), 1)
    own = float(np.hypot(error, spread / np.sqrt(pieces)))
    limit, worse, is_own = _limit(name, found.value if found else None, case.charter)
    return MetricReference(
        metric=name,
        value=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        error=own,
        spread=spread,
        limit=limit,
        worse=worse,
        limit_error=own if is_own else 0.0,
        expected=whole[0] if whole else None,
        expected_error=float(np.hypot(whole[1], expected_spread / np.sqrt(pieces))) if whole else 0.0,
        expected_spread=expected_spread,
    )


def _limit(
    name: str, value: float | None, charter: Charter
) -> tuple[float | None, Literal["below", "above"], bool]:
    """Return the limit that is reached first, where worse is, and whether it hangs on the reference."""
    up = METRIC_TASKS[name].direction == "up"
    targets = [each for each in charter.satisfice if each.metric == name and each.column is None]
    given = [each.limit for each in targets if _is_floor(each) == up]
    against = [each for each in targets if _is_floor(each) != up]
    weight = abs(charter.optimize.get(name, 0.0))
    own = None
    if value is not None and weight > 0:
        own = value + (-1 if up else 1) * charter.not_worse_by / weight
    limits = [*given, *([own] if own is not None else [])]
    if not limits and against:  # a limit on the better side of a metric: kept as it was written
        return against[0].limit, "above" if up else "below", False
    reached = (max(limits) if up else min(limits)) if limits else None
    return reached, "below" if up else "above", reached is not None and reached not in given


def _is_floor(target: Target) -> bool:
    return target.comparison in (">=", ">")


def _measured(name: str, truth: Floats, said: Floats, case: _Case) -> tuple[float, float] | None:
    """Return a metric of one window of the reference and its error; None where it has none."""
    try:
        value = score(name, truth, said, task=case.how.task, threshold=case.how.threshold)
        return value, _value_error(name, truth, said, case.how)[0]
    except Undefined:
        return None


def _expected(name: str, said: Floats, case: _Case) -> tuple[float, float] | None:
    threshold = case.how.threshold
    found = estimate(name, said, calibrator=case.calibrator, threshold=threshold, draws=100, seed=case.seed)
    return None if found.value is None or found.error is None else (found.value, found.error)


def _spread(measured: Sequence[tuple[float, float] | None]) -> float:
    """Return by how much windows differ beyond their errors, as a standard deviation."""
    known = np.array([each for each in measured if each is not None])
    if len(known) < _WINDOWS // 2:
        return 0.0
    beyond = known[:, 0].var(ddof=1) - np.mean(known[:, 1] ** 2)
    return float(np.sqrt(max(beyond, 0.0)))


class _Window(NamedTuple):
    """The rows of a window as arrays: those with an outcome, and what the model said of all."""

    truth: Floats
    said: Floats
    all_said: Floats
    pending: int

    @property
    def rows(self) -> int:
        return len(self.truth)


class _Test(NamedTuple):
    """How likely a value is if the true one is at the limit, and with the limit at the far end of its interval."""

    p_value: float
    beyond_doubt: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    alpha: float
    evidence_limit: float
    judged: bool
    mature: bool


def _window(frame: pl.DataFrame, *, reference: QualityReference, now: datetime) -> _Window:
    said, finite = _said(frame, reference)
    label = pl.col("__label").cast(pl.Float64)
    told = label.is_finite() & (pl.col("__label_at").is_null() | (pl.col("__label_at") <= now))
    known = frame.select(pl.when(told).then(label).alias("known"))["known"].to_numpy()[finite].astype(np.float64)
    if reference.task != "regression":
        classes = len(reference.calibrator.curves) if reference.task == "multiclass" else 2
        known = np.where((known >= 0) & (known < classes) & (known == np.floor(known)), known, np.nan)
    has = ~np.isnan(known)
    return _Window(truth=known[has], said=said[has], all_said=said, pending=int((~has).sum()))


def _said(frame: pl.DataFrame, reference: QualityReference) -> tuple[Floats, Floats]:
    """Return what the model said in the rows that have finite scores, and a mask of these rows."""
    if reference.task != "multiclass":
        said = frame["__score"].to_numpy().astype(np.float64)
        finite = np.isfinite(said)
        return said[finite], finite
    width = len(reference.calibrator.curves)
    whole = frame.select(
        (pl.col("__scores").list.len() == width).fill_null(False)
        & pl.col("__scores").list.eval(pl.element().is_finite()).list.all().fill_null(False)
    ).to_series()
    said = frame.filter(whole)["__scores"].explode().to_numpy().astype(np.float64).reshape(-1, width)
    return said, whole.to_numpy()


def _reading(
    each: MetricReference, window: _Window, reference: QualityReference, rule: _Rule, evidence: float
) -> QualityReading:
    found = _measured_window(each.metric, window, reference)
    tested = _tested(each, found, window, reference) if found and rule.judged else None
    moved = _moved(tested, evidence, rule.evidence_limit)
    guess = estimate(
        each.metric, window.all_said, calibrator=reference.calibrator, threshold=reference.threshold,
        level=reference.level,
    )
    doubt = _doubted(each, guess)
    return QualityReading(
        metric=each.metric,
        value=found.value if found else None,
        low=found.low if found else None,
        high=found.high if found else None,
        rows=window.rows,
        pending=window.pending,
        mature=rule.mature,
        estimate=guess.value,
        estimate_low=guess.low,
        estimate_high=guess.high,
        reference=each.value,
        limit=each.limit,
        p_value=tested.p_value if tested else None,
        evidence=moved.evidence,
        evidence_limit=rule.evidence_limit,
        alarmed=tested is not None and (tested.p_value <= rule.alpha or moved.alarmed),
        estimate_p_value=doubt,
        estimate_alarmed=doubt is not None and doubt <= rule.alpha,
    )


def _moved(tested: _Test | None, evidence: float, limit: float) -> Detection:
    """Return the detector after this window; a window that is not judged leaves it as it was."""
    alarmed = evidence >= limit
    if tested is None:
        return Detection(evidence=evidence, alarmed=alarmed)
    return detect(evidence, _e_value(tested.beyond_doubt), limit=limit, was_alarmed=alarmed)


def _measured_window(name: str, window: _Window, reference: QualityReference) -> Interval | None:
    if window.rows < _FEWEST_ROWS:
        return None
    how = _How(reference.task, reference.threshold)
    return _interval(name, window.truth, window.said, how=how, level=reference.level, resamples=_RESAMPLES)


def _interval(
    name: str, truth: ArrayLike, said: Floats, *, how: _How, level: float, resamples: int
) -> Interval | None:
    """Return a metric with its interval; None where these rows leave either undefined."""
    try:
        return bootstrap(
            name, truth, said, task=how.task, threshold=how.threshold, level=level, resamples=resamples
        )
    except Undefined:
        return None


def _value_error(name: str, truth: ArrayLike, said: Floats, how: _How) -> tuple[float, float]:
    """Return the standard error of a metric and its degrees of freedom."""
    if name in _ROUGH:
        found = bootstrap(name, truth, said, task=how.task, threshold=how.threshold, resamples=_RESAMPLES)
        return (found.high - found.low) / (2 * normal_quantile(0.975)), float(max(found.rows - 1, 1))
    return row_error(sums_of(name, truth, said, task=how.task, threshold=how.threshold, resampling=True))


def _tested(
    each: MetricReference, found: Interval, window: _Window, reference: QualityReference
) -> _Test | None:
    if each.limit is None:
        return None
    try:
        error, freedom = _value_error(
            each.metric, window.truth, window.said, _How(reference.task, reference.threshold)
        )
    except Undefined:
        return None
    error = _at_limit(each, found, error)
    if error == 0:  # all rows agree; the interval knows how few they are
        error = (found.high - found.low) / normal_quantile((1 + reference.level) / 2)
    beyond, doubt = _beyond(each, found.value), normal_quantile((1 + reference.level) / 2) * each.limit_error
    own = float(np.hypot(error, each.spread))
    return _Test(
        p_value=_tail(beyond, float(np.hypot(own, each.limit_error)), freedom),
        beyond_doubt=_tail(beyond - doubt, own, freedom),
    )


def _at_limit(each: MetricReference, found: Interval, error: float) -> float:
    """Return the error that a proportion would have at the limit, as a score test has it, if that is larger."""
    if each.metric not in _PROPORTIONS or each.limit is None or not 0 < each.limit < 1:
        return error
    variance = found.value * (1 - found.value)
    return error * float(np.sqrt(max(each.limit * (1 - each.limit) / variance, 1.0))) if variance > 0 else error


def _doubted(each: MetricReference, guess: Estimate) -> float | None:
    """Return how likely so bad an estimate is if the expected metric is at the limit.

    What the estimate of the reference is off from its value is taken off this one, so for a limit that hangs on the
    reference only the errors of the two estimates count.
    """
    if guess.value is None or guess.error is None or guess.rows < _FEWEST_ROWS:
        return None
    if each.limit is None or each.value is None or each.expected is None:
        return None
    likely = guess.value - (each.expected - each.value)
    errors = [guess.error, each.expected_spread, each.expected_error, *([] if each.limit_error else [each.error])]
    return _tail(_beyond(each, likely), float(np.linalg.norm(errors)), guess.rows - 1)


def _beyond(each: MetricReference, value: float) -> float:
    """Return how far a value is on the wrong side of the limit; below 0 on the right one."""
    limit = 0.0 if each.limit is None else each.limit
    return limit - value if each.worse == "below" else value - limit


def _tail(beyond: float, error: float, freedom: float) -> float:
    """Return the chance of a value so far beyond the limit, by Student's t."""
    if error == 0:
        return 0.0 if beyond > 0 else 1.0
    half = student_p_value(beyond / error, freedom=freedom) / 2
    return half if beyond > 0 else 1 - half


def _e_value(p_value: float) -> float:
    """Return the evidence of a p-value: the mean likelihood ratio of a normal statistic for a few shifts.

    Its mean over uniform p-values is 1, so it is an e-value; for the shifts that matter it grows about twice as fast
    as one that is made for any alternative.
    """
    z = -normal_quantile(min(max(p_value, 1e-15), 1 - 1e-15))
    return float(np.mean([np.exp(shift * z - shift * shift / 2) for shift in _SHIFTS]))


class _Pair(NamedTuple):
    off: float
    error: float
    held: bool


def _pair(reading: QualityReading, level: float) -> _Pair | None:
    if not reading.mature or reading.value is None or reading.estimate is None:
        return None
    width = (reading.high or 0.0) - (reading.low or 0.0)
    held = None not in (reading.estimate_low, reading.estimate_high) and (
        (reading.estimate_low or 0.0) <= reading.value <= (reading.estimate_high or 0.0)
    )
    return _Pair(
        off=reading.estimate - reading.value, error=width / (2 * normal_quantile((1 + level) / 2)), held=held
    )


def _estimate_score(name: str, pairs: Sequence[_Pair]) -> EstimateScore:
    off = np.array([pair.off for pair in pairs])
    errors = np.array([pair.error for pair in pairs])
    return EstimateScore(
        metric=name,
        windows=len(pairs),
        mean_absolute_error=float(np.abs(off).mean()),
        bias=float(off.mean()),
        in_errors=float((np.abs(off) / errors).mean()) if np.all(errors > 0) else None,
        coverage=float(np.mean([pair.held for pair in pairs])),
    )
