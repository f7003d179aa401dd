"""How often rules of release are wrong: promotions of models that are no better, and of worse ones, and what is missed.

Every number is a simulation with a fixed seed; the truth is known::

    python benchmarks/rollout_errors.py

*Promotion*: a model that converts 5 % of the requests serves; 20,000 requests come, and a rule looks after every 200.
*Ramp*: the challenger's share grows from 5 over 25 to 50 % while what everybody converts grows from 3 to 8 %.
*Rollback*: of 1,200 requests a minute a tenth goes to the challenger, and a rule looks once a minute, ten times.
Loopwright's judge compares pairs where both models answer every row, and arms, weighed by inverse propensity, where the
decision acts on the outcome. The other rules have only arms, so that is what is compared here.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from loopwright.measures import arm_differences, attribution_evalues, betting_evalues
from loopwright.measures.quantiles import normal_quantile

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

ALPHA = 0.05
LOOKS = 100
PER_ARM = 100                     # requests of each arm between two looks
SHARES = (0.05, 0.25, 0.5)
_FIRST_LOOK = 3                   # before, normal approximations are nobody's fault but the user's


@dataclass(frozen=True)
class Promoted:
    """How often a rule promotes."""

    rule: str
    equal: float
    worse: float
    better: float
    median_rows: float | None      # of each arm, where it promotes the better model


@dataclass(frozen=True)
class Ramped:
    """How often a rule calls a challenger better over a ramp with drift."""

    rule: str
    equal: float
    better: float


@dataclass(frozen=True)
class RolledBack:
    """How often a rule rolls back, by error rates of champion and challenger in percent."""

    rule: str
    healthy: float
    frail: float
    twice: float
    thrice: float
    seven: float


Rows = Sequence[Promoted] | Sequence[Ramped] | Sequence[RolledBack]


def main() -> None:
    """Simulate and print."""
    arguments = _arguments()
    begun = time.perf_counter()
    tables: dict[str, Rows] = {
        "Promotion, nominal 5 %": promotions(arguments.runs),
        "A ramp over a drifting rate, nominal 5 %": ramps(arguments.runs),
        "Rollback, nominal 1 %": rollbacks(arguments.runs),
    }
    if arguments.json:
        print(json.dumps({title: [asdict(row) for row in rows] for title, rows in tables.items()}))
        return
    for title, rows in tables.items():
        _print(title, rows)
    print(f"{arguments.runs:,} runs of each, {time.perf_counter() - begun:.0f} s")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2000, help="simulated releases for each number (default: 2000)")
    parser.add_argument("--json", action="store_true", help="print JSON for programs")
    return parser.parse_args()


# -- promotion -------------------------------------------------------------------------------------------------


def promotions(runs: int) -> list[Promoted]:
    """Return how often rules promote an equal, a worse and a better model."""
    rates = {"equal": (0.05, 0.05), "worse": (0.05, 0.045), "better": (0.05, 0.06)}
    looked = {name: _looks(np.random.default_rng(0), rates[name], runs) for name in rates}
    rules: dict[str, Callable[[Floats, Floats], Bools]] = {
        "z-test, one look at the end": lambda a, b: _only_last(_z(a, b) > normal_quantile(1 - ALPHA)),
        "z-test, at every look": lambda a, b: _z(a, b) > normal_quantile(1 - ALPHA),
        "Bayes, P(better) > .95": lambda a, b: _z(a + 1, b + 1) > normal_quantile(0.95),
        "Bayes, P(better) > .99": lambda a, b: _z(a + 1, b + 1) > normal_quantile(0.99),
        "O'Brien-Fleming, 100 looks": _obrien_fleming(np.random.default_rng(1)),
    }
    found = [_promoted(rule, {name: judge(*looked[name]) for name in rates}) for rule, judge in rules.items()]
    exact = {name: _exact(np.random.default_rng(2), rates[name], max(100, runs // 4)) for name in rates}
    return [
        *found,
        *(_promoted(rule, {name: exact[name][rule] for name in rates}) for rule in next(iter(exact.values()))),
    ]


def _looks(generator: np.random.Generator, rates: tuple[float, float], runs: int) -> tuple[Floats, Floats]:
    """Return conversions of both arms up to every look, of shape (n_runs, n_looks)."""
    champion, challenger = (
        np.cumsum(generator.binomial(PER_ARM, rate, (runs, LOOKS)), axis=1).astype(np.float64) for rate in rates
    )
    return champion, challenger


def _z(champion: Floats, challenger: Floats) -> Floats:
    """Return the z-score of the difference; with flat priors also that of the posterior probability."""
    rows = PER_ARM * np.arange(1, LOOKS + 1)
    a, b = champion / rows, challenger / rows
    spread = np.sqrt((a * (1 - a) + b * (1 - b)) / rows)
    z = np.divide(b - a, spread, out=np.zeros_like(a), where=spread > 0)
    z[:, :_FIRST_LOOK] = 0
    return z


def _only_last(crossed: Bools) -> Bools:
    last = np.zeros_like(crossed)
    last[:, -1] = crossed[:, -1]
    return last


def _obrien_fleming(generator: np.random.Generator) -> Callable[[Floats, Floats], Bools]:
    """Return the group sequential rule whose limit shrinks like one over the square root of the share of rows seen."""
    walks = np.cumsum(generator.normal(size=(20_000, LOOKS)), axis=1) / np.sqrt(LOOKS)
    limit = np.quantile(walks.max(axis=1), 1 - ALPHA)
    return lambda a, b: _z(a, b) > limit / np.sqrt(np.arange(1, LOOKS + 1) / LOOKS)


def _exact(generator: np.random.Generator, rates: tuple[float, float], runs: int) -> dict[str, Bools]:
    """Return where the processes of the judge have crossed, look by look."""
    names = ("attribution e-process", "betting on arms (the judge)")
    crossed = {name: np.zeros((runs, LOOKS), dtype=np.bool_) for name in names}
    rows = 2 * PER_ARM * LOOKS
    for run in range(runs):
        challenger = generator.random(rows) < 0.5
        converted = generator.random(rows) < np.where(challenger, rates[1], rates[0])
        events = attribution_evalues(challenger[converted], np.full(int(converted.sum()), 0.5))
        upto = np.cumsum(converted)[2 * PER_ARM - 1 :: 2 * PER_ARM]
        crossed[names[0]][run] = np.concatenate([[1.0], events])[upto] >= 1 / ALPHA
        values, _ = arm_differences(1.0 - converted, challenger=challenger, propensity=np.full(rows, 0.5))
        crossed[names[1]][run] = betting_evalues(values)[2 * PER_ARM - 1 :: 2 * PER_ARM] >= 1 / ALPHA
    return crossed


def _promoted(rule: str, crossed: dict[str, Bools]) -> Promoted:
    shares = {name: float(each.any(axis=1).mean()) for name, each in crossed.items()}
    better = crossed["better"]
    when = PER_ARM * (1 + better[better.any(axis=1)].argmax(axis=1))
    return Promoted(rule, **shares, median_rows=float(np.median(when)) if len(when) else None)


# -- ramp ------------------------------------------------------------------------------------------------------


def ramps(runs: int) -> list[Ramped]:
    """Return how often rules call a challenger better that is not, over a ramp with drift, and one that is by 30 %."""
    names = ("z-test on pooled counts, once", "Bayes on pooled counts, once", "attribution e-process",
             "betting on arms (the judge)")
    found = {effect: _ramped(np.random.default_rng(3), effect, max(100, runs // 4)) for effect in (1.0, 1.3)}
    return [Ramped(name, *(float(found[effect][:, row].mean()) for effect in found)) for row, name in enumerate(names)]


def _ramped(generator: np.random.Generator, effect: float, runs: int) -> Bools:
    rows = 12_000
    share = np.repeat(SHARES, rows // len(SHARES))
    base = np.linspace(0.03, 0.08, rows)
    called = np.zeros((runs, 4), dtype=np.bool_)
    for run in range(runs):
        challenger = generator.random(rows) < share
        converted = generator.random(rows) < base * np.where(challenger, effect, 1.0)
        called[run, 0] = _pooled(converted, challenger, prior=0) > normal_quantile(1 - ALPHA)
        called[run, 1] = _pooled(converted, challenger, prior=1) > normal_quantile(0.95)
        called[run, 2] = attribution_evalues(challenger[converted], share[converted]).max(initial=0) >= 1 / ALPHA
        values, _ = arm_differences(1.0 - converted, challenger=challenger, propensity=share)
        called[run, 3] = betting_evalues(values).max() >= 1 / ALPHA
    return called


def _pooled(converted: Bools, challenger: Bools, *, prior: int) -> float:
    """Return the z-score of the difference of rates over everything that was seen."""
    counts = [(converted[arm].sum() + prior, arm.sum() + 2 * prior) for arm in (~challenger, challenger)]
    (a, rows_a), (b, rows_b) = ((hits / rows, rows) for hits, rows in counts)
    return float((b - a) / np.sqrt(a * (1 - a) / rows_a + b * (1 - b) / rows_b))


# -- rollback --------------------------------------------------------------------------------------------------


def rollbacks(runs: int) -> list[RolledBack]:
    """Return how often rules roll a challenger back, by error rates of the champion and of the challenger."""
    cases = ((0.007, 0.007), (0.012, 0.012), (0.007, 0.014), (0.002, 0.006), (0.007, 0.049))
    shares: dict[str, list[float]] = {}
    for number, case in enumerate(cases):
        generator = np.random.default_rng(4 + number)
        champion, challenger = (generator.binomial(n, p, (runs, 10)) for n, p in zip((1080, 120), case, strict=True))
        for rule, called in _called(champion, challenger, generator).items():
            shares.setdefault(rule, []).append(float(called.mean()))
    return [RolledBack(rule, *found) for rule, found in shares.items()]


def _called(champion: NDArray[np.int64], challenger: NDArray[np.int64], generator: np.random.Generator) -> dict[
    str, Bools
]:
    success, rates = 1 - challenger / 120, (champion / 1080, challenger / 120)
    return {
        "success under 99 % in 5 of 10 windows": (success < 0.99).sum(axis=1) >= 5,
        "success under 99 % in more than 3 of 10": (success < 0.99).sum(axis=1) > 3,
        "twice the champion's errors in a window": (rates[1] > 2 * rates[0]).any(axis=1),
        "attribution e-process (the judge)": np.array([
            _attributed(*errors, generator) for errors in zip(champion, challenger, strict=True)
        ]),
    }


def _attributed(champion: NDArray[np.int64], challenger: NDArray[np.int64], generator: np.random.Generator) -> bool:
    """Say whether the judge's guard against errors alarms; it shares its chance with one other guard."""
    blamed = np.concatenate([
        generator.permutation(np.repeat([False, True], pair)) for pair in zip(champion, challenger, strict=True)
    ])
    ends = np.cumsum(champion + challenger)
    path = np.concatenate([[1.0], attribution_evalues(blamed, np.full(len(blamed), 0.1))])
    return bool(path[ends].max() >= 2 / 0.01)


# -- print -----------------------------------------------------------------------------------------------------


def _print(title: str, rows: Rows) -> None:
    names = list(asdict(rows[0]))
    print(f"\n{title}\n{names[0]:<42}" + "".join(f"{name.replace('_', ' '):>13}" for name in names[1:]))
    for row in rows:
        rule, *values = asdict(row).values()
        print(f"{rule:<42}" + "".join(f"{_cell(value):>13}" for value in values))


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.1%}" if value <= 1 else f"{value:,.0f}"


if __name__ == "__main__":
    main()
