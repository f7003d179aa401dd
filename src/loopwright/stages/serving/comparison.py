"""How a challenger compares with the champion on the outcomes that are known, so that one may look all the time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import ArrayLike

from loopwright.errors import DataError, EmptySample
from loopwright.measures.evalues import arm_differences, betting_evalues, confidence_sequence, rows_to_reach
from loopwright.measures.losses import brier
from loopwright.measures.samples import Floats
from loopwright.stages.serving.trial import Answers, Trial
from loopwright.stages.serving.units import Units, units
from loopwright.stages.serving.wording import counted

__all__ = [
    "LOSSES", "Comparison", "bound_of", "compare", "difference_told", "differences", "last_of", "loss_scale", "losses",
]

_SMALLEST_PROBABILITY = 1e-3      # bounds a log loss; a bet must know what it can lose

LOSSES: Final = {
    "binary": ("brier_loss", "accuracy", "log_loss"),
    "multiclass": ("brier_loss", "accuracy", "log_loss"),
    "regression": ("mae", "rmse"),
}
"""Metrics of a task that are functions of a mean over rows, so that something can be said of them all the time; by the
first, models are compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What is known by now of a challenger beside the champion.

    Attributes
    ----------
    metric : str
        What they are compared by: ``"brier_loss"`` or ``"mae"``.
    evidence : float
        E-value against "the challenger does not meet the demand".
    counter : float
        E-value against "the challenger is not worse than the demand lets it be".
    difference, low, high : float or None
        Champion's mean loss less the challenger's, in the metric's unit, and its interval that holds at all times;
        above 0 if the challenger is better. None while no outcome counts.
    level : float
        Of the interval.
    units, rows : int
        Units of evidence, and rows in them.
    pending : int
        Rows to be compared whose outcome is not known.
    last : int or None
        When the last unit ended, microseconds since 1970.
    units_needed : int or None
        Forecast of further units until the evidence suffices; None if what is known does not lead there.
    """

    metric: str
    evidence: float
    counter: float
    difference: float | None
    low: float | None
    high: float | None
    level: float
    units: int
    rows: int
    pending: int
    last: int | None
    units_needed: int | None


def loss_scale(truth: ArrayLike, prediction: ArrayLike) -> float:
    """Return the absolute error from which on errors of a regression count alike: all but a hundredth are smaller.

    Parameters
    ----------
    truth, prediction : array of shape (n_rows,)
        Of the champion, on the reference.

    Raises
    ------
    EmptySample
        If there are no rows.
    DataError
        If all errors are 0 or one is not finite: nothing can be scaled by them.

    Examples
    --------
    >>> loss_scale([0.0] * 101, list(range(101)))
    99.0
    """
    errors = np.abs(np.asarray(prediction, dtype=np.float64) - np.asarray(truth, dtype=np.float64))
    if errors.size == 0:
        raise EmptySample("the scale of errors needs at least one row with its outcome.")
    scale = float(np.quantile(errors, 0.99)) or float(errors.max())
    if not (np.isfinite(scale) and scale > 0):
        raise DataError(f"errors of {scale:g} cannot scale anything. Take rows on which the champion errs at all.")
    return scale


def bound_of(metric: str, *, trial: Trial) -> float:
    """Return the largest loss that a row is counted with, in the metric's unit (squared for ``rmse``)."""
    scale = trial.loss_scale or 1.0
    bounds = {
        "accuracy": 1.0,
        "brier_loss": 2.0 if trial.charter.task == "multiclass" else 1.0,
        "log_loss": -float(np.log(_SMALLEST_PROBABILITY)),
        "mae": scale,
        "rmse": scale**2,
    }
    return bounds[metric]


def losses(metric: str, answers: Answers, basis: Units, *, trial: Trial) -> tuple[Floats, Floats]:
    """Return the champion's and the challenger's loss in each unit, as shares of the largest; NaN without an answer."""
    label = answers.label[basis.rows]
    both = (answers.champion[basis.rows], answers.challenger[basis.rows])
    champion, challenger = (
        basis.mean(_row_losses(metric, label, scores, threshold=threshold, trial=trial))
        for scores, threshold in zip(both, trial.thresholds, strict=True)
    )
    return champion, challenger


def differences(metric: str, answers: Answers, basis: Units, *, trial: Trial) -> tuple[Floats, Floats]:
    """Return values between -1 and 1 that are above 0 in the mean if the challenger is better, and their weights."""
    champion, challenger = losses(metric, answers, basis, trial=trial)
    if not trial.by_arms:
        return champion - challenger, np.ones(len(basis))
    heard = np.where(basis.heard, challenger, champion)
    return arm_differences(heard, challenger=basis.heard, propensity=basis.propensity)


def compare(answers: Answers, *, trial: Trial) -> Comparison:
    """Return how the models of a trial compare on the outcomes that count by now.

    Binary and multiclass models are compared by the Brier loss, regressions by the absolute error clipped at the
    trial's scale: bounded losses, which a bet needs, and proper ones. The charter's ``not_worse_by`` is read in this
    loss. Both models are compared on every row that both answered; where the decision acts on the outcome,
    the arms are, by inverse propensity, and in the shadow only rows that were held back from every model.

    Parameters
    ----------
    answers : Answers
    trial : Trial
    """
    basis = units(answers, trial=trial)
    metric = LOSSES[trial.charter.task][0]
    bound = bound_of(metric, trial=trial)
    value, weight = differences(metric, answers, basis, trial=trial)
    margin = 0.0 if trial.release.demand == "better" else min(trial.charter.not_worse_by / bound, 1.0)
    shifted = value + margin * weight
    low, high = _interval(value, weight, trial=trial)
    return Comparison(
        metric=metric,
        evidence=last_of(betting_evalues(shifted, low=-1.0, high=1.0 + margin)),
        counter=last_of(betting_evalues(-shifted, low=-1.0 - margin, high=1.0)),
        difference=bound * float(value.sum() / weight.sum()) if len(value) else None,
        low=None if low is None else bound * low,
        high=None if high is None else bound * high,
        level=trial.charter.confidence,
        units=len(basis),
        rows=len(basis.rows),
        pending=basis.pending,
        last=int(basis.end[-1]) if len(basis) else None,
        units_needed=rows_to_reach(shifted, limit=1 / trial.release.false_promotion_rate, high=1.0 + margin),
    )


def last_of(path: Floats) -> float:
    """Return where an e-process stands: at 1 before the first row."""
    return float(path[-1]) if len(path) else 1.0


def difference_told(comparison: Comparison) -> str:
    """Say how the models compare, as far as is known, without a full stop.

    Examples
    --------
    >>> difference_told(Comparison(
    ...     metric="mae", evidence=25.0, counter=0.1, difference=0.4, low=0.1, high=0.7, level=0.95, units=80,
    ...     rows=1200, pending=1, last=None, units_needed=0,
    ... ))
    "the challenger's mae is 0.4 [0.1, 0.7] lower over 1,200 rows with outcomes, 1 outcome pending"
    """
    pending = f", {counted(comparison.pending, 'outcome')} pending" if comparison.pending else ""
    value, low, high = comparison.difference, comparison.low, comparison.high
    if value is None or low is None or high is None:
        return f"no outcome counts yet{pending}"
    way, ends = ("lower", (low, high)) if value >= 0 else ("higher", (-high, -low))
    return (
        f"the challenger's {comparison.metric} is {abs(value):.3g} [{ends[0]:.3g}, {ends[1]:.3g}] {way} over "
        f"{counted(comparison.rows, 'row')} with outcomes{pending}"
    )


def _interval(value: Floats, weight: Floats, *, trial: Trial) -> tuple[float | None, float | None]:
    if len(value) == 0:
        return None, None
    return confidence_sequence(
        value, low=-1.0, high=1.0, level=trial.charter.confidence, weights=weight if trial.by_arms else None
    )


def _row_losses(metric: str, label: Floats, scores: Floats, *, threshold: float, trial: Trial) -> Floats:
    """Return the loss of each row as a share of the largest."""
    bound = bound_of(metric, trial=trial)
    if trial.charter.task == "regression":
        error = np.abs(scores[:, 0] - label)
        return np.minimum((error if metric == "mae" else error**2) / bound, 1.0)
    probability = np.clip(scores, 0.0, 1.0)
    if metric == "accuracy":
        decided = probability.argmax(axis=1) if scores.shape[1] > 1 else probability[:, 0] >= threshold
        return np.asarray(decided != label, dtype=np.float64)
    return np.minimum(_PROPER[metric](label, probability) / bound, 1.0)


def _brier(label: Floats, probability: Floats) -> Floats:
    return brier(label.astype(np.int64), probability if probability.shape[1] > 1 else probability[:, 0])


def _log_loss(label: Floats, probability: Floats) -> Floats:
    """Return the surprise at what happened; a class that the model does not know has the probability 0."""
    if probability.shape[1] == 1:
        probability = np.column_stack([1 - probability, probability])
    own = ((label[:, None] == np.arange(probability.shape[1])) * probability).sum(axis=1)
    return np.asarray(-np.log(np.maximum(own, _SMALLEST_PROBABILITY)))


_PROPER: Final = {"brier_loss": _brier, "log_loss": _log_loss}
