"""What takes a challenger out at any time: failures, slowness, odd answers, missed limits, and being worse.

Those that chance could raise are e-processes, and they share the chance that the project file allows: each of *n*
guards has to reach *n* times the limit. So a model as good as the champion is given up with no more than that chance
in all, though everything is looked at all the time. What no working model does (answers without a number, failures in
a row) needs no statistics.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from loopwright.measures.evalues import attribution_evalues, betting_evalues, confidence_sequence
from loopwright.measures.samples import Floats, Ints
from loopwright.records.charter import Target
from loopwright.stages.serving.comparison import (
    LOSSES,
    Comparison,
    bound_of,
    difference_told,
    differences,
    last_of,
    losses,
)
from loopwright.stages.serving.trial import Answers, Bools, Failures, Trial
from loopwright.stages.serving.units import Units, units
from loopwright.stages.serving.wording import shown

__all__ = ["FAILURES_IN_A_ROW", "Guard", "guards"]

FAILURES_IN_A_ROW = 5
"""A model that fails one request in a hundred does so by chance once in ten thousand million."""

_LATENCIES = ("latency_p99_ms", "latency_p50_ms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What one guard reads.

    Attributes
    ----------
    name : str
        ``"odd"``, ``"failures"`` (in a row), ``"errors"``, ``"latency"``, ``"worse"``, or a metric with a limit.
    alarmed : bool
        The challenger has to go.
    says : str
        A sentence with numbers.
    evidence, limit : float or None
        E-value against "as good as the champion here", and where it raises the alarm; None for guards without chance.
    champion, challenger : float or None
        Share of requests that failed or were slow, or the metric.
    low, high : float or None
        Interval of the challenger's metric that holds at all times.
    """

    name: str
    alarmed: bool
    says: str
    evidence: float | None = None
    limit: float | None = None
    champion: float | None = None
    challenger: float | None = None
    low: float | None = None
    high: float | None = None


def guards(answers: Answers, failures: Failures, comparison: Comparison, *, trial: Trial) -> tuple[Guard, ...]:
    """Return what every guard of a trial reads by now, those without chance first.

    Parameters
    ----------
    answers, failures
        See `loopwright.stages.serving.trial.seen`.
    comparison : Comparison
    trial : Trial
    """
    chancy = tuple(_by_chance(answers, failures, comparison, trial=trial))
    limit = len(chancy) / trial.release.false_rollback_rate
    return (_odd(answers, failures), _in_a_row(answers, failures), *(_judged(guard, limit) for guard in chancy))


def _by_chance(answers: Answers, failures: Failures, comparison: Comparison, *, trial: Trial) -> Iterator[Guard]:
    yield _errors(answers, failures)
    slow = _latency_limit(trial)
    if slow is not None and trial.deployment.stage == "canary":
        yield _latency(answers, slow)
    yield _worse(comparison)
    basis = units(answers, trial=trial)
    for target in trial.charter.satisfice:
        if _is_watched(target, trial):
            yield _limit(target, answers, basis, trial=trial)


def _judged(guard: Guard, limit: float) -> Guard:
    """Return a guard with its limit; one that says no harm was done has ``alarmed`` False whatever the evidence."""
    evidence = guard.evidence or 0.0
    return replace(
        guard, limit=limit, alarmed=guard.alarmed and evidence >= limit,
        says=f"{guard.says} (e = {shown(evidence)}, alarm at {shown(limit)})",
    )


def _odd(answers: Answers, failures: Failures) -> Guard:
    count = answers.odd + int(failures.odd.sum())
    says = f"{count:,} answers of the challenger lack a number, or hold an infinite one" if count else (
        "every answer of the challenger is a finite number"
    )
    return Guard(name="odd", alarmed=count > 0, says=says)


def _in_a_row(answers: Answers, failures: Failures) -> Guard:
    """Read how often in a row the challenger failed when it was its turn.

    Rows of one request fail together and count once. A failure of the champion breaks the row: when both fail, it is
    not the challenger's fault. A model that nobody hears may be given up for lateness alone, so it counts not here but
    among the errors.
    """
    moments = np.concatenate([answers.received[answers.heard], failures.received])
    fine = np.concatenate([np.ones(int(answers.heard.sum()), dtype=np.bool_), ~failures.heard])
    _, moment = np.unique(moments, return_inverse=True)
    longest = _longest_run(np.bincount(moment, weights=fine) == 0)
    return Guard(
        name="failures",
        alarmed=longest >= FAILURES_IN_A_ROW,
        says=f"the challenger failed at most {longest} times in a row; {FAILURES_IN_A_ROW} are too many",
    )


def _longest_run(flags: Bools) -> int:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(np.int8), [0]])))
    return int((edges[1::2] - edges[::2]).max(initial=0))


def _errors(answers: Answers, failures: Failures) -> Guard:
    """Read whose the failures are.

    Given that a model failed whose turn it was, it was the challenger with its propensity, if both fail equally often;
    given that the other one failed, with that of the champion's turn. Under a shadow there are no turns: there,
    failures of equally good models are the one's or the other's like tosses of a coin (both at once count as the
    champion's, since then nobody knows of the other).
    """
    unheard = answers.failed
    share = np.concatenate([failures.propensity, 1 - answers.propensity[unheard]])
    blamed = np.concatenate([failures.heard, ~answers.heard[unheard]])
    entity = np.concatenate([failures.entity, answers.entity[unheard]])
    moment = np.concatenate([failures.received, answers.received[unheard]])
    share = np.where((share > 0) & (share < 1), share, 0.5)
    champions = int((~blamed).sum()), int((~answers.heard | np.isfinite(answers.champion).all(axis=1)).sum())
    challengers = int(blamed.sum()), int(answers.spoke.sum())
    rates = [failed / (failed + spoke) if failed + spoke else None for failed, spoke in (champions, challengers)]
    return Guard(
        name="errors", alarmed=True, evidence=_attributed(blamed, share, entity, moment), champion=rates[0],
        challenger=rates[1],
        says=f"the challenger failed {challengers[0]:,} of {sum(challengers):,} times, the champion {champions[0]:,} "
        f"of {sum(champions):,}",
    )


def _latency(answers: Answers, limit_ms: float) -> Guard:
    drawn = (answers.propensity > 0) & (answers.propensity < 1)
    slow = drawn & (answers.latency_ms > limit_ms)
    arms = [drawn & ~answers.heard, drawn & answers.heard]
    rates = [float(slow[arm].mean()) if arm.any() else None for arm in arms]
    counts = [f"{int(slow[arm].sum()):,} of {int(arm.sum()):,}" for arm in arms]
    return Guard(
        name="latency", alarmed=True, champion=rates[0], challenger=rates[1],
        evidence=_attributed(answers.heard[slow], answers.propensity[slow], answers.entity[slow], answers.at[slow]),
        says=f"{counts[1]} answers of the challenger took longer than {limit_ms:g} ms, and {counts[0]} of the champion",
    )


def _attributed(blamed: Bools, share: Floats, entity: Ints, moment: Ints) -> float:
    """Return the e-value against "the challenger has its share": one event for each entity, which has one toss."""
    order = np.argsort(moment, kind="stable")
    first = order[np.sort(np.unique(entity[order], return_index=True)[1])]
    return last_of(attribution_evalues(blamed[first], share[first]))


def _worse(comparison: Comparison) -> Guard:
    return Guard(name="worse", alarmed=True, evidence=comparison.counter, says=difference_told(comparison))


def _latency_limit(trial: Trial) -> float | None:
    limits = {target.metric: target.limit for target in trial.charter.satisfice}
    return next((limits[name] for name in _LATENCIES if name in limits), None)


def _is_watched(target: Target, trial: Trial) -> bool:
    """Say whether a limit is on a mean over all rows, from the side on which it is missed."""
    upwards = target.metric == "accuracy"
    known = target.metric in LOSSES[trial.charter.task]
    return target.column is None and known and target.comparison in ((">=", ">") if upwards else ("<=", "<"))


def _limit(target: Target, answers: Answers, basis: Units, *, trial: Trial) -> Guard:
    """Read whether the challenger misses a limit that the champion keeps.

    The limit has to be missed beyond doubt, and the challenger to be worse in this metric beyond doubt: models that are
    equally good can only both miss it.
    """
    metric, bound = target.metric, bound_of(target.metric, trial=trial)
    champion, challenger = losses(metric, answers, basis, trial=trial)
    if trial.by_arms:
        champion, challenger = champion[~basis.heard], challenger[basis.heard]
    if not (len(champion) and len(challenger)):
        return Guard(name=metric, alarmed=False, evidence=1.0, says=f"{metric}: no outcome counts yet")
    allowed = float(np.clip(_as_loss(target.limit, metric, bound), 1e-6, 1 - 1e-6))
    value, _ = differences(metric, answers, basis, trial=trial)
    missed = last_of(betting_evalues(challenger - allowed, low=-allowed, high=1 - allowed))
    low, high = confidence_sequence(challenger, low=0.0, high=1.0, level=trial.charter.confidence)
    ends = sorted(_as_metric(end, metric, bound) for end in (low, high))
    measured = [_as_metric(float(loss.mean()), metric, bound) for loss in (champion, challenger)]
    return Guard(
        name=metric, alarmed=bool(champion.mean() <= allowed), champion=measured[0], challenger=measured[1],
        low=ends[0], high=ends[1], evidence=min(missed, last_of(betting_evalues(-value))),
        says=f"{metric} {target.comparison} {target.limit:g} is demanded; the challenger's is {measured[1]:.3g} "
        f"[{ends[0]:.3g}, {ends[1]:.3g}], the champion's {measured[0]:.3g}",
    )


def _as_loss(value: float, metric: str, bound: float) -> float:
    if metric == "accuracy":
        return 1 - value
    return (value**2 if metric == "rmse" else value) / bound


def _as_metric(loss: float, metric: str, bound: float) -> float:
    if metric == "accuracy":
        return 1 - loss
    return float(np.sqrt(loss * bound)) if metric == "rmse" else loss * bound
