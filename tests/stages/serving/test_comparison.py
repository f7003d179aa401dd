"""A challenger beside the champion: who is no better is seldom called better, in every way that traffic can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from math import comb

import numpy as np
import pytest

from loopwright.errors import DataError, EmptySample
from loopwright.measures import betting_evalues, score
from loopwright.records import Charter, Deployment, Ref
from loopwright.settings import ReleaseSettings
from loopwright.stages.serving.comparison import LOSSES, bound_of, compare, differences, loss_scale, losses
from loopwright.stages.serving.trial import Answers, Trial, microseconds
from loopwright.stages.serving.units import units

START = datetime(2026, 1, 5)
DAY = 86_400 * 1_000_000
ALPHA = 0.05
RUNS = 400

CHARTER = Charter(
    project="taxi", task="binary", decision="", users="", business_metric="", risks=(), without_ml=None, impact=3,
    feasibility=3, optimize={"roc_auc": 1.0}, satisfice=(), slices=(), min_slice_rows=50, confidence=0.95,
    not_worse_by=0.02, threshold=0.5, positive=None,
)
CANARY = Deployment(
    name="taxi", stage="canary", champion=Ref(kind="model", digest="a"), challenger=Ref(kind="model", digest="b"),
    share=0.5, held_back=0.0, salt="pepper", step=2, awaiting=False, event="advance", by="ann", why="200 answers",
)


def trial(*, task: str = "binary", acts: bool = False, demand: str = "better", **changes: object) -> Trial:
    given = {"now": START + timedelta(days=60), "grouped": False, **changes}
    return Trial(
        history=(CANARY,), charter=replace(CHARTER, task=task, acts_on_outcome=acts),
        release=ReleaseSettings(demand=demand), **given,
    )


def answers(label: np.ndarray, champion: np.ndarray, challenger: np.ndarray, **changes: object) -> Answers:
    """Return answers over thirty days, in time order."""
    rows = len(label)
    at = microseconds(START) + (np.linspace(0.01, 30, rows) * DAY).astype(np.int64)
    given = {
        "since": microseconds(START), "at": at, "received": at, "present": np.ones(rows, bool),
        "entity": np.arange(rows), "heard": np.zeros(rows, bool), "propensity": np.full(rows, 0.5),
        "held_back": np.zeros(rows, bool), "label": label.astype(np.float64),
        "champion": champion.reshape(rows, -1), "challenger": challenger.reshape(rows, -1),
        "spoke": np.ones(rows, bool), "failed": np.zeros(rows, bool), "odd": 0, "latency_ms": np.ones(rows),
    }
    return Answers(**{**given, **changes})


def path(seen: Answers, judged: Trial) -> np.ndarray:
    """Return the evidence after every unit: as often as anybody could look."""
    value, _ = differences(LOSSES[judged.charter.task][0], seen, units(seen, trial=judged), trial=judged)
    return betting_evalues(value)


def surely_at_most(hits: int, *, of: int, share: float) -> bool:
    """Say whether so few hits are unlikely (1 in 20) if the probability were the share or more (exact binomial)."""
    return sum(comb(of, count) * share**count * (1 - share) ** (of - count) for count in range(hits + 1)) <= 0.05


def promoted(make: Callable[[np.random.Generator], tuple[Answers, Trial]], *, seed: int, runs: int = RUNS) -> int:
    """Count the runs in which the evidence sufficed at any time."""
    generator = np.random.default_rng(seed)
    return sum(bool(path(*make(generator)).max(initial=0) >= 1 / ALPHA) for _ in range(runs))


def guesses(truth: np.ndarray, generator: np.random.Generator, *, error: float) -> np.ndarray:
    return np.clip(truth + generator.normal(0, error, len(truth)), 0, 1)


# -- who is no better ------------------------------------------------------------------------------------------


def equal_models(generator: np.random.Generator) -> tuple[Answers, Trial]:
    truth = generator.beta(2, 6, 1500)
    label = generator.random(1500) < truth
    return answers(label, *(guesses(truth, generator, error=0.15) for _ in range(2))), trial()


def drifting_arms(generator: np.random.Generator) -> tuple[Answers, Trial]:
    """The base rate triples while the share grows, and each row has one answer only."""
    truth = np.clip(np.linspace(0.1, 0.4, 1500) + generator.normal(0, 0.05, 1500), 0.01, 0.99)
    share = np.repeat([0.05, 0.25, 0.5], 500)
    label, heard = generator.random(1500) < truth, generator.random(1500) < share
    both = [guesses(truth, generator, error=0.1) for _ in range(2)]
    return answers(label, *both, heard=heard, propensity=share), trial(acts=True)


def sticky_entities(generator: np.random.Generator) -> tuple[Answers, Trial]:
    """Customers come in bursts; each is served better by one of the models, and in the mean by neither."""
    owner = np.repeat(generator.integers(0, 400, 120), 12)
    side = np.repeat([-1, 1], 200)[generator.permutation(400)][owner]
    label = generator.random(1440) < 0.3
    error = 0.1 * side
    return answers(label, *(0.3 + sign * error * (0.5 - label) for sign in (-1, 1)), entity=owner), trial(grouped=True)


def sticky_arms(generator: np.random.Generator) -> tuple[Answers, Trial]:
    """A fleet of easy and hard taxis: whoever got more of the easy ones looks better, day after day."""
    fleet = 120
    risk, tossed = generator.beta(0.5, 1, fleet), generator.random(fleet) < 0.3
    taxi = generator.integers(0, fleet, 3000)
    label = generator.random(3000) < risk[taxi]
    score_ = np.full(3000, 0.33)
    return (
        answers(label, score_, score_, entity=taxi, heard=tossed[taxi], propensity=np.full(3000, 0.3)),
        trial(acts=True, grouped=True),
    )


def same_entities_every_day(generator: np.random.Generator) -> tuple[Answers, Trial]:
    """A hundred customers who stay: half are better served by one model, half by the other."""
    day, customer = np.nonzero(generator.random((30, 100)) < 0.9)
    gain = np.where(np.arange(100) % 2 == 0, 0.1, -0.1)[customer] + generator.normal(0, 0.1, len(day))
    error = np.sqrt(np.clip([0.3 + gain / 2, 0.3 - gain / 2], 0, 1))
    at = microseconds(START) + (day * DAY + DAY // 2)
    seen = answers(np.zeros(len(day)), *error, entity=customer)
    return replace(seen, at=at, received=at), trial(grouped=True)


NO_BETTER = [equal_models, drifting_arms, sticky_entities, sticky_arms, same_entities_every_day]


@pytest.mark.parametrize("make", NO_BETTER)
def test_a_model_that_is_no_better_is_seldom_promoted_however_often_one_looks(make):
    assert surely_at_most(promoted(make, seed=1), of=RUNS, share=ALPHA)


@pytest.mark.parametrize("make", [sticky_entities, sticky_arms])
def test_taking_each_row_for_evidence_of_its_own_would_deceive(make):
    def careless(generator: np.random.Generator) -> tuple[Answers, Trial]:
        seen, judged = make(generator)
        return replace(seen, entity=np.arange(len(seen))), replace(judged, grouped=False)

    assert promoted(careless, seed=1, runs=100) > 15


def test_outcomes_that_are_late_for_a_reason_deceive_nobody():
    """The challenger is better where it happened, worse where not, and what happened is known first."""
    generator, hits, deceived = np.random.default_rng(2), 0, 0
    looks = [START + timedelta(days=days) for days in (4, 8, 12, 16, 20, 24, 28, 36)]
    for _ in range(100):
        # At this share the gain of 0.09 where it happened and the loss of 0.11 where it did not even out.
        label = generator.random(800) < 0.55
        seen = answers(label, np.full(800, 0.5), np.full(800, 0.6))
        known_after = np.where(seen.label == 1, 0.1, 6.5) * DAY
        best, naive = 0.0, 0.0
        for now in looks:
            come = seen.at <= microseconds(now)
            known = np.where(seen.at + known_after <= microseconds(now), seen.label, np.nan)
            part = answers_of(seen, come, known)
            best = max(best, compare(part, trial=trial(now=now)).evidence)
            told = part.label[~np.isnan(part.label)]
            naive = max(naive, betting_evalues((0.5 - told) ** 2 - (0.6 - told) ** 2).max(initial=0))
        hits += best >= 1 / ALPHA
        deceived += naive >= 1 / ALPHA
    assert surely_at_most(hits, of=100, share=ALPHA)
    assert deceived > 50


def answers_of(seen: Answers, come: np.ndarray, label: np.ndarray) -> Answers:
    parts = {
        name: getattr(seen, name)[come]
        for name in ("at", "received", "present", "entity", "heard", "propensity", "held_back", "champion",
                     "challenger", "spoke", "failed", "latency_ms")
    }
    return replace(seen, label=label[come], **parts)


# -- who is better ---------------------------------------------------------------------------------------------


def test_a_better_model_is_found_in_pairs_and_in_arms():
    def better(generator: np.random.Generator, *, acts: bool) -> tuple[Answers, Trial]:
        rows = 6000 if acts else 1500
        truth = generator.beta(1, 2, rows)
        label, heard = generator.random(rows) < truth, generator.random(rows) < 0.5
        both = (guesses(truth, generator, error=0.35), guesses(truth, generator, error=0.1))
        return answers(label, *both, heard=heard), trial(acts=acts)

    assert promoted(lambda generator: better(generator, acts=False), seed=3, runs=40) >= 38
    assert promoted(lambda generator: better(generator, acts=True), seed=4, runs=40) >= 36


def test_not_worse_is_easier_to_show_than_better():
    generator = np.random.default_rng(5)
    truth = generator.beta(2, 6, 4000)
    seen = answers(generator.random(4000) < truth, *(guesses(truth, generator, error=0.1) for _ in range(2)))
    better, not_worse = (compare(seen, trial=trial(demand=demand)) for demand in ("better", "not_worse"))
    assert better.evidence < 20 < not_worse.evidence
    assert not_worse.counter < better.counter
    assert better.difference == not_worse.difference


def test_the_interval_holds_the_difference_and_agrees_with_the_evidence():
    generator = np.random.default_rng(6)
    truth = generator.beta(2, 6, 3000)
    seen = answers(generator.random(3000) < truth, guesses(truth, generator, error=0.3), truth)
    found = compare(seen, trial=trial())
    assert found.low is not None
    assert 0 < found.low < found.difference < found.high
    assert found.evidence > 40
    assert (found.units, found.rows, found.units_needed) == (3000, 3000, 0)


def test_the_forecast_shrinks_as_evidence_grows():
    generator = np.random.default_rng(7)
    truth = generator.beta(2, 6, 3000)
    seen = answers(generator.random(3000) < truth, guesses(truth, generator, error=0.15), truth)
    needed = [
        compare(answers_of(seen, np.arange(3000) < rows, seen.label), trial=trial()).units_needed
        for rows in (100, 250, 3000)
    ]
    assert None not in needed
    assert needed[0] > needed[1] > needed[2] == 0


def test_nothing_known_is_no_evidence_either_way():
    seen = answers(np.full(10, np.nan), np.full(10, 0.5), np.full(10, 0.5))
    found = compare(seen, trial=trial(now=START + timedelta(days=1)))
    assert (found.evidence, found.counter, found.difference, found.low, found.pending) == (1.0, 1.0, None, None, 10)


# -- losses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", LOSSES["binary"])
def test_losses_of_pairs_are_the_metrics(metric):
    generator = np.random.default_rng(8)
    label, scores = generator.random(300) < 0.4, generator.uniform(0.05, 0.95, (2, 300))
    check(metric, answers(label, *scores), trial(), label.astype(int), list(scores))


@pytest.mark.parametrize("metric", LOSSES["multiclass"])
def test_losses_of_several_classes_are_the_metrics(metric):
    generator = np.random.default_rng(9)
    label, scores = generator.integers(0, 3, 300), generator.dirichlet([2, 2, 2], (2, 300))
    check(metric, answers(label, *scores), trial(task="multiclass"), label, list(scores))


@pytest.mark.parametrize("metric", LOSSES["regression"])
def test_losses_of_numbers_are_the_metrics(metric):
    generator = np.random.default_rng(10)
    label, values = generator.normal(size=300), generator.normal(size=(2, 300))
    check(metric, answers(label, *values), trial(task="regression", loss_scale=100.0), label, list(values))


def check(metric: str, seen: Answers, judged: Trial, label: np.ndarray, scores: list[np.ndarray]) -> None:
    found = losses(metric, seen, units(seen, trial=judged), trial=judged)
    for loss, given in zip(found, scores, strict=True):
        assert np.all((loss >= 0) & (loss <= 1))
        value = loss.mean() * bound_of(metric, trial=judged)
        value = {"accuracy": 1 - value, "rmse": np.sqrt(value)}.get(metric, value)
        assert value == pytest.approx(score(metric, label, given, task=judged.charter.task))


def test_a_class_that_no_model_knows_costs_the_most():
    seen = answers(np.array([3.0]), np.array([0.2, 0.3, 0.5]), np.array([0.1, 0.1, 0.8]))
    judged = trial(task="multiclass")
    basis = units(seen, trial=judged)
    assert losses("log_loss", seen, basis, trial=judged)[0].tolist() == [1.0]
    assert losses("accuracy", seen, basis, trial=judged)[0].tolist() == [1.0]


def test_each_model_decides_at_its_own_threshold():
    seen = answers(np.array([1.0]), np.array([0.4]), np.array([0.4]))
    judged = trial(thresholds=(0.5, 0.3))
    champion, challenger = losses("accuracy", seen, units(seen, trial=judged), trial=judged)
    assert (champion[0], challenger[0]) == (1.0, 0.0)


def test_the_scale_is_that_of_all_but_the_largest_errors():
    generator = np.random.default_rng(11)
    truth = generator.normal(size=10_000)
    assert loss_scale(truth, np.zeros(10_000)) == pytest.approx(2.58, abs=0.1)
    assert loss_scale([0.0] * 500 + [7.0], [0.0] * 501) == 7.0


def test_errors_that_scale_nothing_are_refused():
    with pytest.raises(EmptySample):
        loss_scale([], [])
    for prediction in ([1.0], [np.nan]):
        with pytest.raises(DataError, match="scale"):
            loss_scale([1.0], prediction)
