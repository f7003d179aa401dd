"""Coarse-to-fine random search: each round is drawn from a smaller box around the best trials so far."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from math import ceil, isfinite

import numpy as np
import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial, TrialState, create_trial

from loopwright.records.run import Run
from loopwright.settings import CandidateSettings
from loopwright.stages.training.estimators import Value, defaults, load_class
from loopwright.stages.training.spaces import Space, around, contains, draw, inside, space_of

__all__ = ["CoarseToFineSampler", "propose", "study"]

_MARGIN = 0.1
_MISSES = 50


class CoarseToFineSampler(BaseSampler):  # type: ignore[misc]  # Optuna is not read by the type checker.
    """Draws trials at random from a box around the best completed trials of a study.

    Trial ``n`` depends on the seed, on ``n`` and on the trials that were complete when the sampler first
    drew, and on no other: all trials of a round may run at once and finish in any order.

    Parameters
    ----------
    space : mapping of str to BaseDistribution
        The whole space.
    round : int
        Counted from 1. The first is drawn from the whole space; in round r the box around the best reaches
        ``0.1 * 2 ** (2 - r)`` of each range further than they do.
    keep : float
        Share of the completed trials that count as best; at least one, the first of equals.
    seed : int

    References
    ----------
    Bergstra & Bengio (2012), Random Search for Hyper-Parameter Optimization, JMLR 13.

    Examples
    --------
    >>> space = {"x": optuna.distributions.FloatDistribution(0.0, 1.0)}
    >>> made = optuna.create_study(sampler=CoarseToFineSampler(space, round=1, keep=0.25, seed=0))
    >>> 0.0 <= made.ask(space).params["x"] <= 1.0
    True
    """

    def __init__(
        self,
        space: Mapping[str, BaseDistribution],
        *,
        round: int,  # noqa: A002
        keep: float,
        seed: int,
    ) -> None:
        self._space = dict(space)
        self._round = round
        self._keep = keep
        self._seed = seed
        self._box: Space | None = None

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> Space:  # noqa: ARG002
        """Return the whole space: every parameter is drawn together with the others."""
        return dict(self._space)

    def sample_relative(self, study: Study, trial: FrozenTrial, search_space: Space) -> dict[str, Value]:
        """Draw all parameters of a trial."""
        if self._box is None:
            self._box = self._box_of(study)
        generator = np.random.default_rng([self._seed, self._round, trial.number])
        return {name: draw(self._box[name], generator) for name in sorted(search_space)}

    def sample_independent(
        self,
        study: Study,  # noqa: ARG002
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Value:
        """Draw a parameter that is not in the space, from all of its range."""
        name = int.from_bytes(param_name.encode()[:8], "big")
        return draw(param_distribution, np.random.default_rng([self._seed, self._round, trial.number, name]))

    def _box_of(self, study: Study) -> Space:
        done = study.get_trials(deepcopy=False, states=[TrialState.COMPLETE])
        if self._round == 1 or not done:
            return self._space
        sign = -1 if study.direction == optuna.study.StudyDirection.MAXIMIZE else 1
        ranked = sorted(done, key=lambda each: (sign * each.values[0], _text(each.params)))
        best = [each.params for each in ranked[: max(1, ceil(self._keep * len(ranked)))]]
        return around(self._space, best, margin=_MARGIN * 2.0 ** (2 - self._round))


def propose(
    candidate: CandidateSettings,
    *,
    round: int,  # noqa: A002
    trials: int,
    earlier: Sequence[tuple[Mapping[str, Value], float | None]],
    keep: float,
    seed: int,
) -> list[dict[str, Value]]:
    """Return the searched parameters of all trials of a round.

    No trial leaves the space, none is proposed twice, and the order in which earlier trials finished makes no
    difference. The first trial of the first round has the estimator's own defaults, as far as the space has a
    place for them: a search that does not beat them is worth knowing about.

    Parameters
    ----------
    candidate : CandidateSettings
    round : int
        Counted from 1.
    trials : int
        How many are wanted. Fewer are returned when the space holds no more (a short list of choices).
    earlier : sequence of (params, objective)
        Trials of earlier rounds; objectives are better when higher, None if the trial failed.
    keep : float
        Share of the earlier trials that the next box is drawn around, above 0 and at most 1.
    seed : int

    Returns
    -------
    list of dict
        Searched parameter -> value. Without a search space: one empty dict in the first round, then none.

    Raises
    ------
    TrainingError
        If the estimator does not exist, or a range or list of choices is empty.

    Examples
    --------
    >>> from loopwright.settings import Range
    >>> ridge = CandidateSettings(
    ...     estimator="sklearn.linear_model.Ridge", search={"alpha": Range(low=0.01, high=100, log=True)}
    ... )
    >>> propose(ridge, round=1, trials=3, earlier=[], keep=0.25, seed=0)[0]
    {'alpha': 1.0}
    """
    if not candidate.search:
        return [{}] if round == 1 else []
    known = defaults(load_class(candidate.estimator))
    space = space_of(candidate, known)
    with _silent():
        sampler = CoarseToFineSampler(space, round=round, keep=keep, seed=seed)
        held = optuna.create_study(direction="maximize", sampler=sampler)
        held.add_trials([_completed(space, params, value) for params, value in earlier if _is_number(value)])
        if round == 1:
            held.enqueue_trial(inside(space, known))
        seen = {_text(inside(space, params)) for params, _ in earlier}
        return _distinct(held, space, trials, seen=seen)


def study(candidate: CandidateSettings, runs: Sequence[Run]) -> Study:
    """Return the trials of a candidate as an Optuna study in memory, for its plots and importances.

    Parameters
    ----------
    candidate : CandidateSettings
    runs : sequence of Run
        Trials of this candidate; other runs are left out. Failed ones are marked as such.

    Returns
    -------
    optuna.Study
        Maximises the objective. Values outside of the space are kept as user attributes.

    Examples
    --------
    >>> study(CandidateSettings(estimator="sklearn.linear_model.Ridge"), []).trials
    []
    """
    space = space_of(candidate, defaults(load_class(candidate.estimator)))
    trials = [run for run in runs if run.role == "trial" and run.estimator == candidate.estimator]
    with _silent():
        made = optuna.create_study(direction="maximize", study_name=candidate.name or candidate.estimator)
        made.add_trials([_completed(space, run.search, run.objective, name=run.name) for run in trials])
    return made


def _distinct(held: Study, space: Space, trials: int, *, seen: set[str]) -> list[dict[str, Value]]:
    """Draw until there are enough, or nothing new came for long: then the space is used up."""
    proposed: list[dict[str, Value]] = []
    misses = 0
    while len(proposed) < trials and misses < _MISSES:
        params = dict(sorted(held.ask(space).params.items()))
        misses = misses + 1 if _text(params) in seen else 0
        if not misses:
            seen.add(_text(params))
            proposed.append(params)
    return proposed


def _completed(
    space: Space, params: Mapping[str, Value], value: float | None, *, name: str = ""
) -> FrozenTrial:
    fitting = {key: given for key, given in params.items() if key in space and contains(space[key], given)}
    return create_trial(
        state=TrialState.COMPLETE if _is_number(value) else TrialState.FAIL,
        value=value if _is_number(value) else None,
        params=fitting,
        distributions={key: space[key] for key in fitting},
        user_attrs={"name": name} | {key: given for key, given in params.items() if key not in fitting},
    )


def _is_number(value: float | None) -> bool:
    return value is not None and isfinite(value)


def _text(params: Mapping[str, Value]) -> str:
    return json.dumps(params, sort_keys=True)


@contextmanager
def _silent() -> Iterator[None]:
    """Keep Optuna from announcing studies, without changing what it does for others."""
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(before)
