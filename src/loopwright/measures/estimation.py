"""How good predictions will turn out to be, estimated from the scores alone before outcomes are known.

A probability of 0.8 that deserves its name promises that four of five such rows are positive, so what a metric will
be can be said before anybody knows. The promise is learnt on labelled rows of the past. If what became of equal rows
changes (concept drift), scores stay as they are and the estimate with them: **it cannot see that**, and no method
without labels can. What it sees is that rows came for which the model is less sure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import DataError, Undefined
from loopwright.measures.intervals import effective_freedom
from loopwright.measures.metrics import METRICS, metric, score, sums_of
from loopwright.measures.quantiles import normal_quantile
from loopwright.measures.ranks import score_bins
from loopwright.measures.resampling import grouped, influence
from loopwright.measures.samples import Floats, Ints, Task, checked
from loopwright.measures.sums import Sums

__all__ = [
    "CalibrationCurve", "Calibrator", "Estimate", "estimate", "expected_sums", "fit_calibrator", "recalibrate",
    "row_error",
]

_FOLDS = 5
_GROUPS = 1000                    # neighbouring scores are pooled to so many groups before levels are made monotone
_BINS = 20                        # of predicted values, and of the trust in probabilities that are taken as they are
_ROWS_OF_BIN = 30
_HELD = 2_000_000                 # numbers held at once while labels are drawn
_NO_CHANCE: Final = {
    "calibration_error": "it measures the very calibration that an estimate takes for granted",
    "prediction_bias": "it measures the very calibration that an estimate takes for granted",
    "median_absolute_error": "it is no mean over rows",
    "r2": "it needs the spread of the truth",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationCurve:
    """What happened on the labelled rows, by what was predicted.

    Attributes
    ----------
    of : str
        The code of a class, or the metric of a regression whose loss per row it is.
    upto : tuple of float
        Largest score of each bin, rising; higher scores belong to the last bin.
    level : tuple of float
        Share of the class, or mean loss, in each bin.
    deviation : tuple of float
        Standard deviation of single rows of the bin about that.
    rows : tuple of int
        Labelled rows in each bin.
    """

    of: str
    upto: tuple[float, ...]
    level: tuple[float, ...]
    deviation: tuple[float, ...]
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrator:
    """Says what scores promise, as learnt on labelled rows.

    Attributes
    ----------
    task : {"binary", "multiclass", "regression"}
    method : {"identity", "isotonic", "binned"}
        Probabilities are taken as they are, or made what happened by isotonic regression, whichever is better
        calibrated on rows that it was not fitted on; losses of a regression are means over bins of its predictions.
    curves : tuple of CalibrationCurve
        Of class 1 for two classes, of every class for several, of every metric that can be estimated for regression.
    """

    task: Task
    method: Literal["identity", "isotonic", "binned"]
    curves: tuple[CalibrationCurve, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a metric is expected to be on rows whose outcome is not known.

    Attributes
    ----------
    metric : str
    value : float or None
        The expected metric; None where there is none.
    low, high : float or None
        Range in which the metric will be found when the outcomes of these very rows are known, if the calibration
        still holds: chance of the outcomes, and of the rows that the calibrator was fitted on.
    error : float or None
        Standard error of ``value`` that comes of which rows happened to arrive: what two windows of the same
        traffic differ by.
    rows : int
    why_none : str
        Why there is no value; "" where there is one.
    """

    metric: str
    value: float | None = None
    low: float | None = None
    high: float | None = None
    error: float | None = None
    rows: int = 0
    why_none: str = ""


def fit_calibrator(truth: ArrayLike, scores: ArrayLike, *, task: Task, seed: int = 0) -> Calibrator:
    """Learn on labelled rows what scores promise.

    Isotonic regression replaces the probabilities only where that lowers the calibration error on rows that it was
    not fitted on (five folds): on calibrated probabilities it would add nothing but noise. Several classes are
    calibrated one against the rest. For regression the loss of each metric is averaged in bins of predicted values.

    Parameters
    ----------
    truth : array of shape (n_rows,)
        Class codes, or true values; of rows that the model was not trained on.
    scores : array of shape (n_rows,), or (n_rows, n_classes) for several classes
        What the model said.
    task : {"binary", "multiclass", "regression"}
    seed : int, default=0
        Deals rows into folds.

    Returns
    -------
    Calibrator

    Raises
    ------
    EmptySample, DataError
        If there are no rows, or the arrays are not as described.

    References
    ----------
    Ayer, Brunk, Ewing, Reid & Silverman (1955), An empirical distribution function for sampling with incomplete
    information, Ann. Math. Statist. 26(4) (isotonic regression). Zadrozny & Elkan (2002), Transforming classifier
    scores into accurate multiclass probability estimates, KDD (one against the rest).

    Examples
    --------
    >>> fit_calibrator([0, 1] * 50, [0.2, 0.6] * 50, task="binary").method
    'isotonic'
    """
    known, said = checked(truth, scores, task=task)
    if task == "regression":
        return Calibrator(task=task, method="binned", curves=_loss_curves(known.astype(np.float64), said))
    hits, columns = _by_class(known.astype(np.int64), said)
    improved = sum(_gap(hit, _cross_fitted(hit, column, seed)) for hit, column in zip(hits, columns, strict=True))
    is_better = improved < sum(_gap(hit, column) for hit, column in zip(hits, columns, strict=True))
    codes = range(len(hits)) if task == "multiclass" else (1,)
    return Calibrator(
        task=task,
        method="isotonic" if is_better else "identity",
        curves=tuple(
            (_isotonic if is_better else _binned)(hit, column, of=str(code))
            for code, hit, column in zip(codes, hits, columns, strict=True)
        ),
    )


def recalibrate(scores: ArrayLike, *, calibrator: Calibrator) -> Floats:
    """Return the probabilities that scores stand for, of every class.

    Parameters
    ----------
    scores : array of shape (n_rows,), or (n_rows, n_classes) for several classes
    calibrator : Calibrator
        Of a classification.

    Returns
    -------
    float64 array of shape (n_rows, n_classes)
        Rows add up to 1.

    Raises
    ------
    DataError
        If the calibrator is that of a regression, or the scores do not fit it.

    Examples
    --------
    >>> calibrator = fit_calibrator([0, 0, 1, 1] * 25, [0.3, 0.4, 0.5, 0.6] * 25, task="binary")
    >>> recalibrate([0.35, 0.9], calibrator=calibrator)
    array([[1., 0.],
           [0., 1.]])
    """
    if calibrator.task == "regression":
        raise DataError("values of a regression are no probabilities, so they cannot be calibrated. Use `estimate`.")
    columns = _columns(scores, calibrator)
    return _chances([_level(column, curve, calibrator) for column, curve in _paired(columns, calibrator)])


def estimate(
    name: str,
    scores: ArrayLike,
    *,
    calibrator: Calibrator,
    threshold: float = 0.5,
    level: float = 0.95,
    draws: int = 200,
    seed: int = 0,
) -> Estimate:
    """Estimate a metric from scores alone, before any outcome is known.

    A row with the calibrated probability c counts as a positive row with weight c and as a negative one with weight
    1 - c; every metric of the task follows from these sums, ROC areas too. The mean loss of a regression is that of
    the labelled rows with like predictions. It cannot see concept drift (see the module's first page), and it is
    off where rows come for which the scores were never calibrated; score it by the outcomes when they are there.

    Parameters
    ----------
    name : str
        A key of ``METRICS``.
    scores : array of shape (n_rows,), or (n_rows, n_classes) for several classes
    calibrator : Calibrator
    threshold : float, default=0.5
        Probability from which a binary row is decided positive.
    level : float, default=0.95
        Chance that the range holds the metric once outcomes are known.
    draws : int, default=200
        How often outcomes are drawn for the range.
    seed : int, default=0

    Returns
    -------
    Estimate
        With the reason where there is no value: for metrics of calibration itself, ``r2`` and
        ``median_absolute_error``; and where the metric is undefined.

    Raises
    ------
    DataError
        If the scores are no numbers, or do not fit the calibrator.
    LoopwrightError
        If the task has no such metric.

    References
    ----------
    Guillory et al. (2021), Predicting with confidence on unseen distributions, ICCV. NannyML's documentation
    (confidence-based performance estimation; direct loss estimation for regression). Garg et al. (2022), Leveraging
    unlabeled data to predict out-of-distribution performance, ICLR (why no method can do without assumptions).

    Examples
    --------
    >>> calibrator = fit_calibrator([0, 1, 1, 0, 1] * 40, [0.2, 0.6, 0.8, 0.4, 0.8] * 40, task="binary")
    >>> estimate("accuracy", [0.8, 0.2, 0.2, 0.2], calibrator=calibrator).value
    1.0
    >>> estimate("prediction_bias", [0.8, 0.2], calibrator=calibrator).why_none
    'it measures the very calibration that an estimate takes for granted'
    """
    metric(name, calibrator.task)
    columns = _columns(scores, calibrator)
    rows = len(columns[0])
    if name in _NO_CHANCE:
        return Estimate(metric=name, rows=rows, why_none=_NO_CHANCE[name])
    if rows == 0:
        return Estimate(metric=name, why_none="there are no rows")
    if calibrator.task == "regression":
        return _of_regression(name, columns[0], calibrator, level)
    return _of_classes(name, columns, calibrator, _Drawing(threshold, level, draws, seed))


def expected_sums(name: str, scores: Floats, chances: Floats, *, task: Task, threshold: float = 0.5) -> Sums:
    """Return a metric as sums over rows that belong to every class with its probability.

    Parameters
    ----------
    name : str
        A key of ``METRICS`` for classes.
    scores : float64 array of shape (n_rows,), or (n_rows, n_classes) for several classes
    chances : float64 array of shape (n_rows, n_classes)
        Probability of every class.
    task : {"binary", "multiclass"}
    threshold : float, default=0.5

    Examples
    --------
    >>> scores, chances = np.array([0.2, 0.8]), np.array([[0.8, 0.2], [0.2, 0.8]])
    >>> expected_sums("recall", scores, chances, task="binary").whole
    0.8
    """
    parts = [_as_if(name, scores, code, task, threshold, exact=True) for code in range(chances.shape[1])]
    return _mixed(parts, chances)


def row_error(part: Sums, *, seed: int = 0) -> tuple[float, float]:
    """Return the standard error of a metric that comes of which rows were seen, by the jackknife.

    Parameters
    ----------
    part : Sums
        The metric, as resamples see it; smooth in its sums (no median).
    seed : int, default=0
        Puts rows into blocks where there are more than ``BLOCKS``.

    Returns
    -------
    error : float
        In the unit of the metric; 0 where all rows say the same.
    freedom : float
        Degrees of freedom that it is known with.

    Raises
    ------
    Undefined
        If the metric has no value with any one row left out.

    References
    ----------
    Efron & Tibshirani (1993), An introduction to the bootstrap, chapter 11.

    Examples
    --------
    >>> from loopwright.measures.metrics import sums_of
    >>> part = sums_of("mae", [0.0, 0.0, 0.0, 0.0], [1.0, 2.0, 3.0, 4.0], task="regression")
    >>> error, freedom = row_error(part)
    >>> round(error, 4), round(float(np.std([1, 2, 3, 4], ddof=1) / 2), 4)
    (0.6455, 0.6455)
    """
    moved, counts = influence(grouped([part], generator=np.random.default_rng(seed)), part.value)
    members = int(counts.sum())
    if members < 2:
        raise Undefined("the metric has no value when any one row is left out, so its error cannot be told.")
    error = float(np.sqrt((members - 1) / members * (counts @ moved**2)))
    return error, effective_freedom(moved, counts)


def _by_class(truth: Ints, said: Floats) -> tuple[list[Ints], list[Floats]]:
    if said.ndim == 1:
        return [truth], [said]
    codes = range(said.shape[1])
    return [(truth == code).astype(np.int64) for code in codes], [said[:, code] for code in codes]


def _gap(hit: Ints, probability: Floats) -> float:
    return score("calibration_error", hit, probability, task="binary")


def _cross_fitted(hit: Ints, column: Floats, seed: int) -> Floats:
    """Return for each row what isotonic regression on the other folds makes of its score."""
    fold = np.random.default_rng(seed).permutation(len(hit)) % min(_FOLDS, len(hit))
    fitted = column.copy()
    for number in range(int(fold.max()) + 1):
        mine = fold == number
        if not mine.all():
            fitted[mine] = _looked_up(column[mine], _isotonic(hit[~mine], column[~mine], of=""))
    return fitted


def _isotonic(hit: Ints, column: Floats, *, of: str) -> CalibrationCurve:
    code, width = score_bins(hit, column, bins=_GROUPS)
    rows = np.bincount(code, minlength=width).astype(np.int64)
    hits = np.bincount(code, weights=hit, minlength=width).astype(np.float64)
    ends = np.full(width, -np.inf)
    np.maximum.at(ends, code, column)
    held = rows > 0
    first = _pooled(hits[held], rows[held])
    last = np.append(first[1:], held.sum()) - 1
    return _curve(of, ends[held][last], np.add.reduceat(hits[held], first), np.add.reduceat(rows[held], first))


def _pooled(hits: Floats, rows: Ints) -> Ints:
    """Return where blocks begin when neighbours are pooled until the shares of hits rise."""
    blocks: list[tuple[int, float, float]] = []
    for at, (hit, row) in enumerate(zip(hits.tolist(), rows.tolist(), strict=True)):
        start, above, below = at, hit, float(row)
        while blocks and blocks[-1][1] * below >= above * blocks[-1][2]:
            start, earlier, before = blocks.pop()
            above, below = above + earlier, below + before
        blocks.append((start, above, below))
    return np.array([start for start, _, _ in blocks], dtype=np.int64)


def _binned(hit: Ints, column: Floats, *, of: str) -> CalibrationCurve:
    code, ends = _quantile_bins(column)
    return _curve(of, ends, np.bincount(code, weights=hit).astype(np.float64), np.bincount(code).astype(np.int64))


def _curve(of: str, ends: Floats, hits: Floats, rows: Ints) -> CalibrationCurve:
    # With Jeffreys' half rows: that none of three rows was positive does not make it certain.
    likely = (hits + 0.5) / (rows + 1)
    return CalibrationCurve(
        of=of,
        upto=tuple(ends.tolist()),
        level=tuple((hits / rows).tolist()),
        deviation=tuple(np.sqrt(likely * (1 - likely)).tolist()),
        rows=tuple(rows.tolist()),
    )


def _quantile_bins(column: Floats) -> tuple[Ints, Floats]:
    """Return each row's bin of about as many rows each, and the largest value of each bin; equals stay together."""
    bins = max(1, min(_BINS, len(column) // _ROWS_OF_BIN))
    ordered = np.sort(column)
    ends = np.unique(ordered[np.arange(1, bins + 1) * len(ordered) // bins - 1])
    return np.searchsorted(ends, column).astype(np.int64), ends


def _loss_curves(truth: Floats, said: Floats) -> tuple[CalibrationCurve, ...]:
    """Return for every metric that is made from a mean loss the mean loss by what was predicted."""
    names = [name for name, each in METRICS.items() if "regression" in each.tasks and name not in _NO_CHANCE]
    code, ends = _quantile_bins(said)
    rows, curves = np.bincount(code), []
    for name in names:
        try:
            values = sums_of(name, truth, said, task="regression").values
        except Undefined:  # a truth of 0 has no relative error: on such labels the metric cannot be estimated
            continue
        if values is None:
            raise DataError(f"{name} is no mean of losses, so it cannot be estimated. Report this.")
        loss = values[:, 1]
        mean = np.bincount(code, weights=loss) / rows
        about = np.bincount(code, weights=(loss - mean[code]) ** 2) / np.maximum(rows - 1, 1)
        curves.append(CalibrationCurve(
            of=name, upto=tuple(ends.tolist()), level=tuple(mean.tolist()),
            deviation=tuple(np.sqrt(about).tolist()), rows=tuple(rows.tolist()),
        ))
    return tuple(curves)


def _columns(scores: ArrayLike, calibrator: Calibrator) -> list[Floats]:
    said = np.asarray(scores, dtype=np.float64)
    wanted = (len(calibrator.curves),) if calibrator.task == "multiclass" else ()
    if said.shape[1:] != wanted or not np.all(np.isfinite(said)):
        raise DataError(
            f"scores must be finite numbers of the shape {('n_rows', *wanted)} for this calibrator; found the shape "
            f"{said.shape}. Leave out rows without a score."
        )
    return [said] if said.ndim == 1 else list(said.T)


def _paired(columns: list[Floats], calibrator: Calibrator) -> list[tuple[Floats, CalibrationCurve]]:
    return list(zip(columns, calibrator.curves, strict=True))


def _bin_of(column: Floats, curve: CalibrationCurve) -> Ints:
    return np.minimum(np.searchsorted(np.array(curve.upto), column), len(curve.upto) - 1).astype(np.int64)


def _looked_up(column: Floats, curve: CalibrationCurve) -> Floats:
    return np.asarray(np.array(curve.level)[_bin_of(column, curve)])


def _level(column: Floats, curve: CalibrationCurve, calibrator: Calibrator) -> Floats:
    return column if calibrator.method == "identity" else _looked_up(column, curve)


def _chances(levels: list[Floats]) -> Floats:
    """Return the probabilities of all classes from that of class 1, or from those of each against the rest."""
    if len(levels) == 1:
        return np.stack([1 - levels[0], levels[0]], axis=-1)
    # Where no class is left, each is as likely as the others.
    table = np.stack(levels, axis=-1) + 1e-12
    return np.asarray(table / table.sum(axis=-1, keepdims=True))


@dataclass(frozen=True, slots=True)
class _Drawing:
    threshold: float
    level: float
    draws: int
    seed: int


def _of_classes(name: str, columns: list[Floats], calibrator: Calibrator, how: _Drawing) -> Estimate:
    task, scores = calibrator.task, columns[0] if calibrator.task == "binary" else np.stack(columns, axis=1)
    chances = _chances([_level(column, curve, calibrator) for column, curve in _paired(columns, calibrator)])
    value = expected_sums(name, scores, chances, task=task, threshold=how.threshold).whole
    rows = len(scores)
    if not np.isfinite(value):
        return Estimate(metric=name, rows=rows, why_none=METRICS[name].undefined or "the numbers are too large")
    parts = [
        _as_if(name, scores, code, task, how.threshold, exact=False) for code in range(chances.shape[1])
    ]
    drawn = _drawn(parts, columns, calibrator, how)
    if np.isfinite(drawn).mean() < 0.5 or rows < 2:
        return Estimate(metric=name, value=value, rows=rows)
    low, high = _around(name, value, float(np.nanstd(drawn)), how.level)
    return Estimate(
        metric=name, value=value, low=low, high=high, rows=rows,
        error=row_error(_mixed(parts, chances), seed=how.seed)[0],
    )


def _around(name: str, value: float, error: float, level: float) -> tuple[float, float]:
    half = normal_quantile((1 + level) / 2) * error
    first, last = METRICS[name].bounds or (0.0, np.inf)
    return max(value - half, first), min(value + half, last)


def _as_if(name: str, scores: Floats, code: int, task: Task, threshold: float, *, exact: bool) -> Sums:
    """Return the metric as it would be if all rows were of one class; the columns are the same for each class."""
    truth = np.full(len(scores), code)
    return sums_of(name, truth, scores, task=task, threshold=threshold, resampling=not exact)


def _values(part: Sums) -> Floats:
    return np.ones(part.columns.shape) if part.values is None else part.values


def _mixed(parts: list[Sums], chances: Floats) -> Sums:
    return Sums(
        columns=np.concatenate([part.columns for part in parts], axis=1),
        values=np.concatenate(
            [_values(part) * chances[:, [code]] for code, part in enumerate(parts)], axis=1
        ),
        width=parts[0].width,
        value=parts[0].value,
    )


def _drawn(parts: list[Sums], columns: list[Floats], calibrator: Calibrator, how: _Drawing) -> Floats:
    """Return the metric for outcomes drawn from the chances, each time with a calibration that may be off."""
    generator = np.random.default_rng(how.seed)
    table, values = np.stack([part.columns for part in parts]), np.stack([_values(part) for part in parts])
    step = max(1, _HELD // max(table[0].size, parts[0].width))
    found = []
    for at in range(0, how.draws, step):
        chances = _shaken(columns, calibrator, min(step, how.draws - at), generator)
        found.append(_drawn_once(parts[0], table, values, chances, generator))
    return np.concatenate(found)


def _shaken(
    columns: list[Floats], calibrator: Calibrator, draws: int, generator: np.random.Generator
) -> Floats:
    """Return chances of shape (draws, n_rows, n_classes) as other labelled rows might have taught them."""
    levels = []
    for column, curve in _paired(columns, calibrator):
        error = np.array(curve.deviation) / np.sqrt(np.array(curve.rows))
        moved = generator.standard_normal((draws, len(error))) * error
        shaken = _level(column, curve, calibrator) + moved[:, _bin_of(column, curve)]
        levels.append(np.clip(shaken, 0.0, 1.0))
    return _chances(levels)


def _drawn_once(
    part: Sums, table: Ints, values: Floats, chances: Floats, generator: np.random.Generator
) -> Floats:
    draws, rows = chances.shape[:2]
    within = generator.random((draws, rows, 1))
    label = (np.cumsum(chances[..., :-1], axis=-1) < within).sum(axis=-1)
    row = np.arange(rows)
    cells = table[label, row] + part.width * np.arange(draws)[:, None, None]
    sums = np.bincount(cells.ravel(), weights=values[label, row].ravel(), minlength=draws * part.width)
    return np.asarray(part.value(sums.reshape(draws, part.width).astype(np.float64)))


def _of_regression(name: str, said: Floats, calibrator: Calibrator, level: float) -> Estimate:
    curve = next((each for each in calibrator.curves if each.of == name), None)
    if curve is None:
        return Estimate(metric=name, rows=len(said), why_none=METRICS[name].undefined)
    code, rows = _bin_of(said, curve), len(said)
    share = np.bincount(code, minlength=len(curve.rows)) / rows
    variance = np.array(curve.deviation) ** 2
    mean = float(share @ np.array(curve.level))
    of_metric = sums_of(name, np.ones(1), np.ones(1), task="regression").value
    losses = Sums(
        columns=np.broadcast_to(np.arange(2), (rows, 2)), width=2, value=of_metric,
        values=np.stack([np.ones(rows), np.array(curve.level)[code]], axis=1),
    )

    def read(loss: float) -> float:
        return float(of_metric(np.array([1.0, max(loss, 0.0)])))

    # Chance of these outcomes, and of the labelled rows behind each bin.
    spread = float(np.sqrt(share @ variance / rows + share**2 @ (variance / np.array(curve.rows))))
    half = normal_quantile((1 + level) / 2) * spread
    return Estimate(
        metric=name, value=read(mean), low=read(mean - half), high=read(mean + half), rows=rows,
        error=row_error(losses)[0] if rows > 1 else None,
    )
