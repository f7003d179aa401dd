"""Which data to train on, measured: what each choice would have learned from earlier rows, asked about later ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl
from numpy.typing import NDArray

from loopwright.errors import TrainingError, Undefined
from loopwright.measures.samples import Task
from loopwright.records import Charter
from loopwright.records.feature_set import Feature
from loopwright.stages.retraining.choices import DataChoice, iso, position, rows_before
from loopwright.stages.retraining.objectives import Judge, Measured, judge_of
from loopwright.stages.training.fitting import fit, predict
from loopwright.stages.training.material import Configuration
from loopwright.stages.training.pipelines import pipeline
from loopwright.stages.training.recency import microseconds, recency_weights

__all__ = ["Backtest", "Backtested", "Learn", "Rolling", "backtest", "learner", "table"]

Floats: TypeAlias = NDArray[np.float64]
Ints: TypeAlias = NDArray[np.int64]
Truth: TypeAlias = Ints | Floats

Learn: TypeAlias = Callable[[Ints, Floats | None, Ints], Floats]
"""``learn(train, weights, asked)``: fit to the rows ``train``, weighted or not, and predict the rows ``asked``."""

_KEPT_SINCE_CHANGE = 0.4
"""Share of the rows since the first bad window that the first fold leaves to train on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rolling:
    """How a back-test goes.

    Attributes
    ----------
    folds : int, default=3
        Pieces that the newest rows are cut into, one after the other in time.
    share : float, default=0.3
        Share of the rows, the newest ones, that are asked about.
    gap_days : float, default=0
        How late outcomes are: rows so shortly before a fold had none when it began, and are not trained on.
    least_rows : int, default=50
        A choice that leaves fewer rows to train on cannot be tried, nor any if fewer can be asked about.
    level : float, default=0.9
        Of the paired intervals by which choices are told apart. A choice of data is no claim to the world, so it is
        settled a little sooner than one.
    """

    folds: int = 3
    share: float = 0.3
    gap_days: float = 0.0
    least_rows: int = 50
    level: float = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtested:
    """What became of one choice.

    Attributes
    ----------
    choice : DataChoice
    score : Measured or None
        What the charter optimizes, up is better, on the rows of all folds together; None if it could not be tried.
    behind : Measured or None
        By how much the best choice is better, in pairs on the same rows; None for the best itself.
    trained : tuple of int
        Rows trained on before each fold.
    rows : int
        Rows asked about.
    said : str
        How it did, or why it was not tried, in words.
    """

    choice: DataChoice
    score: Measured | None
    behind: Measured | None
    trained: tuple[int, ...]
    rows: int
    said: str

    @property
    def holds(self) -> bool:
        """It was tried, and nothing shows that another choice is better."""
        return self.score is not None and (self.behind is None or self.behind.low <= 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """Which choice is taken, and what that rests on.

    Attributes
    ----------
    chosen : DataChoice
    why : str
    tried : tuple of Backtested
        All choices, the simplest first; empty if there was nothing to choose between.
    first, last : str or None
        When the rows asked about happened, ISO 8601, UTC.
    """

    chosen: DataChoice
    why: str
    tried: tuple[Backtested, ...]
    first: str | None = None
    last: str | None = None


def learner(
    inputs: pl.DataFrame,
    truth: Truth,
    *,
    features: Sequence[Feature],
    by: Configuration,
    task: Task,
    classes: int = 0,
) -> Learn:
    """Return what fits a configuration to some rows and predicts others, preprocessing included.

    Parameters
    ----------
    inputs : DataFrame of shape (n_rows, n_features)
        As ``matrix`` returns it.
    truth : array of shape (n_rows,)
        Class codes (int64) or numbers (float64).
    features : sequence of Feature
        The columns of ``inputs``.
    by : Configuration
        Of the champion, or of whatever is to be trained.
    task : {"binary", "multiclass", "regression"}
    classes : int, default=0
        How many classes there are; 0 takes as many as the training rows hold.
    """

    def learn(train: Ints, weights: Floats | None, asked: Ints) -> Floats:
        rows = inputs[train]
        made = pipeline(by.estimator, by.params, features=features, frame=rows, task=task, seed=by.seed)
        fitted = fit(made, rows, truth[train], classes=classes, weights=weights)
        return predict(fitted.pipeline, inputs[asked], task=task)

    return learn


def backtest(
    times: pl.Series,
    truth: Truth,
    options: Sequence[DataChoice],
    *,
    learn: Learn,
    charter: Charter,
    how: Rolling | None = None,
) -> Backtest:
    """Measure which rows to train on: each choice learns from what it would have had, and is asked what came next.

    The newest rows are cut into folds of about equal size; before each, every choice is fitted to the rows that it
    would have had then. If it is known since when things are bad, only rows from after that are asked about, the
    first of which are left to train on: how well a choice would have predicted what no longer holds does not matter.
    The predictions of all folds are scored together by what the charter optimizes. A simpler choice, which takes more
    rows, is given up only if the paired interval shows the best one to be better.

    Parameters
    ----------
    times : Series of shape (n_rows,)
        When each row happened; rows without a time are neither trained on nor asked about.
    truth : array of shape (n_rows,)
    options : sequence of DataChoice
        The simplest first, as ``choices`` returns them.
    learn : callable
        As ``learner`` returns it.
    charter : Charter
        For the task, what is optimized, and the threshold.
    how : Rolling, optional

    Returns
    -------
    Backtest

    Raises
    ------
    TrainingError
        If there is a choice to make and none of them could be tried, or they cannot be compared.

    References
    ----------
    Tashman (2000), Out-of-sample tests of forecasting accuracy, Int. J. Forecasting 16(4) (rolling origin).
    """
    how = how or Rolling()
    if len(options) == 1:
        return Backtest(chosen=options[0], why=f'"{options[0].name}" is the only data there is a choice of', tried=())
    at = microseconds(times)
    folds = _folds(_asked(at, options, how), at, folds=how.folds)
    asked = np.concatenate(folds)
    if len(asked) < how.least_rows:
        raise TrainingError(
            f"choices of training data cannot be compared on {len(asked)} rows, and need {how.least_rows}. {_INSTEAD}"
        )
    rolled: dict[str, _Rolled] = {}
    reasons: dict[str, str] = {}
    for choice in options:
        try:
            rolled[choice.name] = _rolled(choice, times, at, folds, learn=learn, how=how)
        except TrainingError as error:
            reasons[choice.name] = f"not tried: {error}"
    tried = _compared(options, rolled, reasons, truth=truth[asked], charter=charter, level=how.level)
    chosen = next(each for each in tried if each.holds)
    first, last = (iso(moment) for moment in (at[asked].min(), at[asked].max()))
    return Backtest(chosen=chosen.choice, why=_why(chosen, tried), tried=tried, first=first, last=last)


def table(found: Backtest) -> pl.DataFrame:
    """Return a back-test as a table for people, one row per choice.

    Returns
    -------
    DataFrame
        ``data``, ``trained_on`` (rows before the last fold), ``asked``, ``score``, ``low``, ``high``, ``behind`` the
        best, ``chosen``, ``said``.
    """
    schema = {
        "data": pl.String, "trained_on": pl.Int64, "asked": pl.Int64, "score": pl.Float64, "low": pl.Float64,
        "high": pl.Float64, "behind": pl.Float64, "chosen": pl.Boolean, "said": pl.String,
    }
    rows = [
        (
            each.choice.name,
            each.trained[-1] if each.trained else None,
            each.rows,
            *((each.score.value, each.score.low, each.score.high) if each.score else (None, None, None)),
            each.behind.value if each.behind else None,
            each.choice == found.chosen,
            each.said,
        )
        for each in found.tried
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def _asked(at: Floats, options: Sequence[DataChoice], how: Rolling) -> Ints:
    """Return the rows to be asked about, oldest first; rows of one moment stay together."""
    order = np.argsort(at, kind="stable")[: int(np.isfinite(at).sum())]
    newest = order[len(order) - int(len(order) * how.share) :]
    changed = next((choice.start for choice in options if choice.name == "since_change"), None)
    if changed is not None:
        after = order[at[order] >= position(changed)]
        newer = after[int(len(after) * _KEPT_SINCE_CHANGE) :]
        # A change since which too little is known is no ground to stand on.
        newest = newer if how.folds * how.least_rows <= len(newer) < len(newest) else newest
    return order[at[order] >= at[newest[0]]] if len(newest) else newest


def _folds(asked: Ints, at: Floats, *, folds: int) -> list[Ints]:
    """Cut rows that are in order of time into folds; where many share a moment there are fewer."""
    moments = at[asked]
    borders = np.unique(moments[len(moments) * np.arange(1, folds) // folds]) if len(moments) else moments
    cuts = np.searchsorted(moments, borders[borders > moments[:1]])
    return [asked[each] for each in np.split(np.arange(len(asked)), cuts)]


@dataclass(frozen=True, slots=True)
class _Rolled:
    """On how many rows a choice was trained before each fold, and what it said of all of them."""

    trained: tuple[int, ...]
    said: Floats


def _rolled(
    choice: DataChoice, times: pl.Series, at: Floats, folds: Sequence[Ints], *, learn: Learn, how: Rolling
) -> _Rolled:
    trained, said = [], []
    for fold in folds:
        before = float(at[fold].min())
        rows = rows_before(choice, at, before=before, gap_days=how.gap_days)
        if len(rows) < how.least_rows:
            raise TrainingError(
                f"it leaves {len(rows)} rows to train on before {iso(before)}, and needs {how.least_rows}."
            )
        weights = None
        if choice.half_life_days is not None:
            weights = recency_weights(times[rows], half_life_days=choice.half_life_days)
        trained.append(len(rows))
        said.append(learn(rows, weights, fold))
    return _Rolled(tuple(trained), np.concatenate(said))


def _compared(
    options: Sequence[DataChoice],
    rolled: Mapping[str, _Rolled],
    reasons: Mapping[str, str],
    *,
    truth: Truth,
    charter: Charter,
    level: float,
) -> tuple[Backtested, ...]:
    """Return how each choice did beside the best of them."""
    if not rolled:
        told = "; ".join(f"{name} was {reason}" for name, reason in reasons.items())
        raise TrainingError(f"no choice of training data could be back-tested: {told} {_INSTEAD}")
    said = {name: each.said for name, each in rolled.items()}
    try:
        judge = judge_of(truth, said, charter=charter, level=level)
        scores = {name: judge.score(each) for name, each in said.items()}
        best = max(scores, key=lambda name: scores[name].value)
        return tuple(
            _beside(choice, rolled[choice.name], scores=scores, best=(best, said[best]), judge=judge)
            if choice.name in rolled
            else Backtested(choice=choice, score=None, behind=None, trained=(), rows=0, said=reasons[choice.name])
            for choice in options
        )
    except Undefined as error:
        raise TrainingError(
            f"choices of training data cannot be compared on the newest {len(truth):,} rows: {error} {_INSTEAD}"
        ) from error


def _beside(
    choice: DataChoice, mine: _Rolled, *, scores: Mapping[str, Measured], best: tuple[str, Floats], judge: Judge
) -> Backtested:
    """Return how a choice that was tried did."""
    name, predictions = best
    score, behind = scores[choice.name], None
    said = f"the best: {score} on {len(judge.truth):,} rows"
    if choice.name != name:
        behind = judge.behind(mine.said, predictions)
        verdict = "worse than" if behind.low > 0 else "not shown to be worse than"
        said = f"{score}, {verdict} {name}, which is better by {behind} in pairs"
    return Backtested(
        choice=choice, score=score, behind=behind, trained=mine.trained, rows=len(judge.truth), said=said
    )


_INSTEAD = 'Wait for more outcomes, or allow one choice only under [retraining], such as data = ["all"].'


def _why(chosen: Backtested, tried: Sequence[Backtested]) -> str:
    name, rows = chosen.choice.name, f"the newest {chosen.rows:,} rows"
    if chosen.behind is None:
        given_up = [each.choice.name for each in tried if each.score is not None and not each.holds]
        beyond = f", beyond chance better than {' and '.join(given_up)}" if given_up else ""
        return f'"{name}" predicted {rows} best{beyond}'
    best = next(each.choice.name for each in tried if each.score is not None and each.behind is None)
    return f'"{name}" takes more rows than "{best}", which predicted {rows} better, but not beyond chance'
