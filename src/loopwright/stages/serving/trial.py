"""The trial of a challenger: what it is judged by, and what both models said while it lasted, as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import LoopwrightError
from loopwright.measures.samples import Floats, Ints
from loopwright.records import Charter, Deployment
from loopwright.settings import ReleaseSettings

__all__ = ["Answers", "Bools", "Failures", "Trial", "microseconds", "seen"]

Bools = NDArray[np.bool_]

_EPOCH = datetime(1970, 1, 1)
_FIRST = 20                       # rows that say when the trial began
_NOT_FINITE = "score is not finite"  # how the server words it: loopwright.stages.serving.asking

@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """What a challenger is judged by.

    Attributes
    ----------
    history : tuple of Deployment
        States of the release, oldest first. The last is the present one and has a challenger; the trial is made of it
        and of those before it with the same two models.
    charter : Charter
    release : ReleaseSettings
    now : datetime
        The present, on the clock of the rows' ``__at``; UTC without a zone.
    grouped : bool
        Rows of one entity belong together (the project has a group column). Otherwise each row is an entity.
    window_hours : float, default=24
        Rows of one entity in one window of this length count as one; they count when it is over.
    late_days : float, default=7
        Days after which an outcome that is not known is waited for no longer.
    loss_scale : float, optional
        For regression: absolute errors from here on count alike; see `loopwright.stages.serving.comparison.loss_scale`.
    thresholds : tuple of float, default=(0.5, 0.5)
        For binary models: from which probability the champion, and the challenger, decide positive.

    Raises
    ------
    LoopwrightError
        If there is no challenger, or a regression has no scale.
    """

    history: tuple[Deployment, ...]
    charter: Charter
    release: ReleaseSettings
    now: datetime
    grouped: bool
    window_hours: float = 24.0
    late_days: float = 7.0
    loss_scale: float | None = None
    thresholds: tuple[float, float] = (0.5, 0.5)

    def __post_init__(self) -> None:
        if not self.history or self.deployment.challenger is None:
            raise LoopwrightError("no challenger is on trial, so there is nothing to judge. Offer a model first.")
        if self.charter.task == "regression" and not (self.loss_scale or 0) > 0:
            raise LoopwrightError(
                f"to compare regressions an error above 0 is needed from which on errors count alike; found "
                f"{self.loss_scale}. Take loss_scale of the champion's errors on the reference."
            )

    @property
    def deployment(self) -> Deployment:
        """The present state."""
        return self.history[-1]

    @property
    def deployments(self) -> list[str]:
        """Digests of the states that the trial is made of."""
        models = [(state.champion.digest, state.challenger and state.challenger.digest) for state in self.history]
        before = next((count for count, both in enumerate(reversed(models)) if both != models[-1]), len(models))
        return [state.digest for state in self.history[len(models) - before :]]

    @property
    def challenger(self) -> str:
        """The challenger's digest."""
        return self.deployment.challenger.digest if self.deployment.challenger else ""

    @property
    def by_arms(self) -> bool:
        """Whether the arms are compared, and not both answers to each row: outcomes depend on who answered."""
        return self.charter.acts_on_outcome and self.deployment.stage == "canary"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What both models said, one element or line for each row, in the order of ``at``.

    Attributes
    ----------
    since : int
        When the trial began, as its first rows say it; microseconds since 1970.
    at, received : int64 array of shape (n_rows,)
        Microseconds since 1970.
    present : bool array of shape (n_rows,)
        Answered under the present deployment.
    entity : int64 array of shape (n_rows,)
        Code of the entity.
    heard : bool array of shape (n_rows,)
        The challenger's answer was given.
    propensity : float64 array of shape (n_rows,)
        Probability with which the challenger was given the row.
    held_back : bool array of shape (n_rows,)
    label : float64 array of shape (n_rows,)
        NaN while the outcome is pending.
    champion, challenger : float64 array of shape (n_rows, n_scores)
        NaN where the model said nothing.
    spoke : bool array of shape (n_rows,)
        The challenger answered.
    failed : bool array of shape (n_rows,)
        The model that was not heard was asked and did not answer.
    odd : int
        Answers of the challenger in which a number is missing or infinite, or there are too few or too many.
    latency_ms : float64 array of shape (n_rows,)
    """

    since: int
    at: Ints
    received: Ints
    present: Bools
    entity: Ints
    heard: Bools
    propensity: Floats
    held_back: Bools
    label: Floats
    champion: Floats
    challenger: Floats
    spoke: Bools
    failed: Bools
    odd: int
    latency_ms: Floats

    def __len__(self) -> int:
        return len(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failures:
    """Requests that got no answer because the model failed whose turn it was; attributes as for `Answers`."""

    received: Ints
    entity: Ints
    heard: Bools
    propensity: Floats
    odd: Bools                     # the challenger gave a number that is missing or infinite

    def __len__(self) -> int:
        return len(self.received)


def microseconds(moment: datetime) -> int:
    """Return a moment, in UTC without a zone, as the log keeps it: microseconds since 1970.

    Examples
    --------
    >>> microseconds(datetime(1970, 1, 2))
    86400000000
    """
    return (moment - _EPOCH) // timedelta(microseconds=1)


def seen(rows: pl.DataFrame, refusals: pl.DataFrame, *, trial: Trial) -> tuple[Answers, Failures]:
    """Return what the two models of a trial said, and where they failed.

    Parameters
    ----------
    rows : DataFrame
        Live frame; rows of other deployments, and from after the present, are left out.
    refusals : DataFrame
        Columns of ``events.refused_schema()``; those of other deployments, and rows that were refused because they did
        not fit, are left out.
    trial : Trial

    Returns
    -------
    answers : Answers
    failures : Failures
        With the same codes for the same entities.
    """
    deployments = trial.deployments
    given = rows.filter(pl.col("__deployment").is_in(deployments) & (pl.col("__at") <= trial.now)).sort("__at", "__id")
    failed = refusals.filter((pl.col("status") >= 500) & pl.col("deployment").is_in(deployments)).sort("received", "id")
    entities = pl.concat([given["__entity"], failed["entity"]]).rank("dense").cast(pl.Int64).to_numpy()
    return (
        _answers(given, entities[: given.height], trial=trial),
        _failures(failed, entities[given.height :]),
    )


def _answers(rows: pl.DataFrame, entity: Ints, *, trial: Trial) -> Answers:
    heard, width = _heard(rows["__arm"]), _width(rows, trial)
    first, asked = _matrix(rows["__scores"], width), _was_asked(rows, trial)
    second = np.where(asked[:, None], _matrix(rows["__other_scores"], width), np.nan)
    silent = (rows["__other_scores"].list.len().fill_null(0) == 0).to_numpy()
    challenger = np.where(heard[:, None], first, second)
    spoke = heard | (asked & ~silent)
    return Answers(
        since=_since(rows, trial=trial),
        at=_moments(rows["__at"]),
        received=_moments(rows["__received"]),
        present=(rows["__deployment"] == trial.deployment.digest).to_numpy(),
        entity=entity,
        heard=heard,
        propensity=_propensity(rows["__propensity"], heard),
        held_back=rows["__held_back"].fill_null(value=False).to_numpy(),
        label=_numbers(rows["__label"]),
        champion=np.where(heard[:, None], second, first),
        challenger=challenger,
        spoke=spoke,
        failed=asked & silent,
        odd=int((spoke & ~np.isfinite(challenger).all(axis=1)).sum()),
        latency_ms=_numbers(rows["__latency_ms"]),
    )


def _failures(rows: pl.DataFrame, entity: Ints) -> Failures:
    heard = _heard(rows["arm"])
    return Failures(
        received=_moments(rows["received"]),
        entity=entity,
        heard=heard,
        propensity=_propensity(rows["propensity"], heard),
        odd=heard & (rows["problems"].list.join("; ").str.contains(_NOT_FINITE).fill_null(value=False)).to_numpy(),
    )


def _since(rows: pl.DataFrame, *, trial: Trial) -> int:
    """Return when a trial began: what most of its first rows say, so that one row with a wrong time changes nothing."""
    first = rows.sort("__received", "__id").head(_FIRST)
    return int(np.median(_moments(first["__at"]))) if first.height else microseconds(trial.now)


def _heard(arms: pl.Series) -> Bools:
    return (arms == "challenger").to_numpy()


def _propensity(taken: pl.Series, heard: Bools) -> Floats:
    """Return the challenger's probability; the log holds that of the arm that was taken."""
    share = _numbers(taken)
    return np.where(heard, share, 1 - share)


def _was_asked(rows: pl.DataFrame, trial: Trial) -> Bools:
    """Say where the model that was not heard was the other one of this trial."""
    champion, challenger = pl.lit(trial.deployment.champion.digest), pl.lit(trial.challenger)
    other = pl.when(pl.col("__arm") == "challenger").then(champion).otherwise(challenger)
    return rows.select((pl.col("__other_model") == other).fill_null(value=False)).to_series().to_numpy()


def _width(rows: pl.DataFrame, trial: Trial) -> int:
    """Return how many numbers an answer holds: one, or one for each class."""
    if trial.charter.task != "multiclass" or rows.is_empty():
        return 1
    champion = rows.filter(pl.col("__model") == trial.deployment.champion.digest)
    lengths = (champion if champion.height else rows)["__scores"].list.len().fill_null(0)
    return max(1, int(lengths.to_numpy().max()))


def _matrix(scores: pl.Series, width: int) -> Floats:
    """Return lists of numbers as lines; NaN where a list has another length."""
    table = np.full((len(scores), width), np.nan)
    fits = (scores.list.len() == width).fill_null(value=False)
    if fits.any():
        table[fits.to_numpy()] = _numbers(scores.filter(fits).explode()).reshape(-1, width)
    return table


def _numbers(values: pl.Series) -> Floats:
    return values.cast(pl.Float64).fill_null(np.nan).to_numpy()


def _moments(times: pl.Series) -> Ints:
    return times.cast(pl.Datetime("us")).cast(pl.Int64).to_numpy()
