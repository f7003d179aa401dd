"""What each feature adds to a model: how much worse it gets when the feature's values change places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import EmptySample, Undefined, UnknownColumn
from loopwright.measures.metrics import sums_of
from loopwright.measures.quantiles import student_quantile
from loopwright.measures.samples import Floats, Ints
from loopwright.measures.sums import Sums
from loopwright.records.charter import Charter
from loopwright.records.evidence import Evidence
from loopwright.records.record import Ref
from loopwright.stages.evaluation.comparing import better_when
from loopwright.stages.evaluation.wording import counted, measured

__all__ = ["MAX_ROWS", "FeatureImportance", "importance", "importance_evidence"]

MAX_ROWS = 5000
"""Of more rows, so many are drawn at random: nearly all time goes into predicting."""

_GROUPS = 25                      # left out in turn; 24 degrees of freedom widen the interval by 5 %

Answer = Callable[[pl.DataFrame], Floats]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureImportance:
    """What a feature adds to the optimized metric, with its interval; above 0 the model needs it.

    Attributes
    ----------
    name : str
    mean : float
        Mean loss of the optimized metric over the repeats when the feature's values change places, in its
        unit.
    low, high : float
        Interval at the charter's level.
    rows : int
        Rows that it was measured on.
    """

    name: str
    mean: float
    low: float
    high: float
    rows: int


def importance(
    predict: Answer,
    frame: pl.DataFrame,
    features: Sequence[str],
    truth: Ints | Floats,
    *,
    charter: Charter,
    threshold: float | None = None,
    repeats: int = 5,
    seed: int = 0,
) -> tuple[FeatureImportance, ...]:
    """Measure by permutation what each feature adds to the optimized metric.

    Values of one column at a time change places between rows, and the loss of the metric is averaged over
    the repeats. Its interval comes from leaving out each of 25 random groups of rows in turn, and the rows
    that were given their values (jackknife), so it holds both what chance the rows and what chance the
    permutations bring in. Features that tell the same share what they add: each may seem to add little while
    both together add much.

    Parameters
    ----------
    predict : callable
        The model: from a frame like ``frame`` to predictions of shape (n_rows,) or (n_rows, n_classes).
    frame : polars.DataFrame of n_rows
        What the model sees.
    features : sequence of str
        Columns of the frame.
    truth : array of shape (n_rows,)
        Class codes (int), or true values (float).
    charter : Charter
        For the task, the optimized metric and the level of intervals.
    threshold : float, optional
        Probability from which a binary row is called positive; 0.5 if not given.
    repeats : int, default=5
        Permutations per feature; ``predict`` is called once per feature on all of them together.
    seed : int, default=0
        Of the permutations, and of the sample where there are more than ``MAX_ROWS`` rows.

    Returns
    -------
    tuple of FeatureImportance
        The largest mean first.

    Raises
    ------
    EmptySample
        If there are fewer than two rows.
    Undefined
        If the metric has no value on these rows.
    UnknownColumn
        If the frame lacks a feature.

    References
    ----------
    Breiman (2001), Random forests, Machine Learning 45(1), section 10.
    Efron (1982), The jackknife, the bootstrap and other resampling plans, chapter 3.
    """
    _check_columns(features, frame)
    generator = np.random.default_rng(seed)
    kept = np.sort(generator.permutation(len(truth))[:MAX_ROWS])
    if len(kept) < 2:
        raise EmptySample(f"importance needs at least two rows; it was given {counted(len(kept), 'row')}.")
    sample, known = frame[kept], truth[kept]
    measure = _Measure(
        truth=known, charter=charter, threshold=0.5 if threshold is None else threshold,
        groups=generator.permutation(len(kept)) % min(_GROUPS, len(kept)),
    )
    whole = measure.parts(predict(sample))
    found = []
    for name in features:
        givers = [generator.permutation(len(kept)) for _ in range(repeats)]
        permuted = [sample.with_columns(sample[name].gather(order)) for order in givers]
        answers = np.split(predict(pl.concat(permuted)), repeats)
        losses = [
            measure.losses(whole, measure.parts(answer), giver)
            for answer, giver in zip(answers, givers, strict=True)
        ]
        found.append(_with_interval(name, np.mean(losses, axis=0), rows=len(kept), level=charter.confidence))
    return tuple(sorted(found, key=lambda each: -each.mean))


def importance_evidence(
    found: Sequence[FeatureImportance],
    *,
    subject: Ref,
    charter: Charter,
    part: str,
    at: str = "",
) -> tuple[Evidence, ...]:
    """Say of each feature whether it helps.

    A feature helps if its interval lies above 0. It adds nothing if the upper end is no more than its share
    of ``not_worse_by``, divided among all features: leaving out all that add nothing then costs no more
    than the charter allows to be lost anyway. Else it is unclear.

    Parameters
    ----------
    found : sequence of FeatureImportance
        Of all features of the model.
    subject : Ref
        The model.
    charter : Charter
    part : str
        The part that it was measured on.
    at : str, default=""
        When, UTC, ISO 8601.

    Returns
    -------
    tuple of Evidence
        ``importance`` with a summary (its value is the share of features that help; no yes-or-no question),
        then ``importance.<feature>`` for each.

    Raises
    ------
    EmptySample
        If there are no features.
    """
    if not found:
        raise EmptySample("there are no features to tell the importance of; the model needs at least one.")
    negligible = charter.not_worse_by / len(found)
    each = tuple(
        Evidence(
            made_from=(subject,), check=f"importance.{one.name}", subject=subject, part=part, at=at,
            claim=_claim(one, helps=helps, charter=charter), passed=helps,
            value=one.mean, low=one.low, high=one.high, level=charter.confidence, rows=one.rows,
        )
        for one in found
        for helps in [_helps(one, negligible)]
    )
    return _summary(each, subject=subject, part=part, at=at), *each


@dataclass(frozen=True, slots=True, kw_only=True)
class _Measure:
    """Scores predictions of the sample by what the charter optimizes."""

    truth: Ints | Floats
    charter: Charter
    threshold: float
    groups: Ints                   # group of each row

    def parts(self, prediction: Floats) -> list[Sums]:
        """Return each optimized metric as sums over the rows."""
        task, threshold = self.charter.task, self.threshold
        return [
            sums_of(name, self.truth, prediction, task=task, threshold=threshold)
            for name in self.charter.optimize
        ]

    def losses(self, whole: Sequence[Sums], permuted: Sequence[Sums], givers: Ints) -> Floats:
        """Return how much worse the permuted predictions are: on all rows, then without each group.

        A row that was given another row's value is left out with that row's group too: what chance the giving
        rows bring in would else be missed.
        """
        total = np.zeros(int(self.groups.max()) + 2)
        for name, good, bad in zip(self.charter.optimize, whole, permuted, strict=True):
            weight = self.charter.optimize[name] * better_when(name)
            total += weight * (self._scores(name, good, givers) - self._scores(name, bad, givers))
        return total

    def _scores(self, name: str, part: Sums, givers: Ints) -> Floats:
        of_giver = self.groups[givers]
        own = self._sums(part, self.groups, np.ones(len(givers), dtype=bool))
        given = self._sums(part, of_giver, of_giver != self.groups)
        total = own.sum(axis=0)
        scores = part.value(np.vstack([total, total - own - given]))
        if not np.isfinite(scores).all():
            raise Undefined(
                f"importance cannot be told: {name} has no value on {counted(len(self.truth), 'row')}, or on "
                f"all but a few of them. Measure on more rows of the rare class."
            )
        return scores

    def _sums(self, part: Sums, groups: Ints, kept: NDArray[np.bool_]) -> Floats:
        """Return what the kept rows of each group add, of shape (n_groups, width)."""
        width, count = part.width, int(self.groups.max()) + 1
        cells = (groups[kept, None] * width + part.columns[kept]).ravel()
        weights = None if part.values is None else part.values[kept].ravel()
        sums = np.bincount(cells, weights=weights, minlength=count * width).reshape(count, width)
        return sums.astype(np.float64)


def _check_columns(features: Sequence[str], frame: pl.DataFrame) -> None:
    for name in features:
        if name not in frame.columns:
            raise UnknownColumn(name, known=frame.columns, where="the list of features")


def _with_interval(name: str, losses: Floats, *, rows: int, level: float) -> FeatureImportance:
    """Return the jackknife interval of losses: of all rows, then without each group."""
    mean, without = float(losses[0]), losses[1:]
    count = len(without)
    error = float(np.sqrt((count - 1) / count * np.sum((without - without.mean()) ** 2)))
    half = student_quantile((1 + level) / 2, freedom=count - 1) * error
    return FeatureImportance(name=name, mean=mean, low=mean - half, high=mean + half, rows=rows)


def _helps(one: FeatureImportance, negligible: float) -> bool | None:
    if one.low > 0:
        return True
    return False if one.high <= negligible else None


def _claim(one: FeatureImportance, *, helps: bool | None, charter: Charter) -> str:
    verdict = {True: "helps", False: "adds nothing", None: "may or may not help"}[helps]
    metric = " + ".join(charter.optimize)
    return (
        f"{one.name} {verdict}: without its order {metric} gets worse by "
        f"{measured(one.mean, one.low, one.high)} on {counted(one.rows, 'row')}."
    )


def _summary(each: Sequence[Evidence], *, subject: Ref, part: str, at: str) -> Evidence:
    helping = [one for one in each if one.passed is True]
    idle = [one.check.removeprefix("importance.") for one in each if one.passed is False]
    claim = f"{len(helping)} of {counted(len(each), 'feature')} are shown to help"
    claim += f"; {', '.join(idle)} {'adds' if len(idle) == 1 else 'add'} nothing." if idle else "."
    sampled = f" Measured on {counted(each[0].rows or 0, 'row')}, at most {MAX_ROWS:,}, drawn at random."
    return Evidence(
        made_from=(subject,), check="importance", subject=subject, claim=claim + sampled, passed=None,
        value=len(helping) / len(each), rows=each[0].rows, part=part, at=at,
    )
