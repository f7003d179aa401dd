"""The judge of a release, asked day after day: who is better comes through, who is not does not, whoever looks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import comb

import msgspec
import numpy as np
import polars as pl
import pytest

from loopwright.records import Charter, Deployment, Ref
from loopwright.records.charter import Target
from loopwright.settings import ReleaseSettings
from loopwright.stages.serving import transitions
from loopwright.stages.serving.events import refused_schema
from loopwright.stages.serving.rollout import Verdict, judge
from loopwright.stages.serving.routing import assign, entity_hash
from loopwright.stages.serving.trial import Trial

A, B = Ref(kind="model", digest="a" * 64), Ref(kind="model", digest="b" * 64)
START = datetime(2026, 1, 5)
SAID = {"by": "rule", "why": "told by the judge"}
RELEASE = ReleaseSettings(step_rows=50, patience_days=30)
NO_REFUSALS = pl.DataFrame(schema=refused_schema())

CHARTER = Charter(
    project="taxi", task="binary", decision="", users="", business_metric="", risks=(), without_ml=None, impact=3,
    feasibility=3, optimize={"roc_auc": 1.0}, satisfice=(Target(metric="log_loss", comparison="<=", limit=2.0),),
    slices=(), min_slice_rows=50, confidence=0.95, not_worse_by=0.02, threshold=0.5, positive=None,
)
SCHEMA = {"__at": pl.Datetime("us"), "__received": pl.Datetime("us"), "__label": pl.Float64}


def begun(release: ReleaseSettings = RELEASE, *, stage: str = "canary", salt: str = "t") -> tuple[Deployment, ...]:
    first = transitions.deploy(A, name="taxi", salt="s", settings=release, previous=None, **SAID)
    begin = transitions.canary if stage == "canary" else transitions.shadow
    return first, begin(first, B, salt=salt, settings=release, **SAID)


def trial(history: tuple[Deployment, ...], release: ReleaseSettings = RELEASE, **changes: object) -> Trial:
    acts = bool(changes.pop("acts", False))
    given = {"now": START + timedelta(days=9), "grouped": False, "late_days": 3.0, **changes}
    return Trial(history=history, charter=replace(CHARTER, acts_on_outcome=acts), release=release, **given)


@dataclass
class City:
    """Traffic with a known truth, routed by the release as the server does it."""

    seed: int
    errors: tuple[float, float] = (0.15, 0.15)      # of the champion's and of the challenger's probabilities
    failing: tuple[float, float] = (0.0, 0.0)       # share of requests on which they fail
    per_day: int = 200

    def __post_init__(self) -> None:
        self.generator = np.random.default_rng(self.seed)

    def day(self, number: int, state: Deployment) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return the answers (outcomes included, two days late) and the refusals of a day."""
        rows, draw = self.per_day, self.generator
        at = [START + timedelta(days=number + share) for share in np.sort(draw.random(rows))]
        truth = draw.beta(2, 6, rows)
        said = [np.clip(truth + draw.normal(0, error, rows), 0, 1) for error in self.errors]
        ids = [f"{self.seed}-{number}-{row}" for row in range(rows)]
        entities = [entity_hash(name, salt="project") for name in ids]
        arms = [assign(entity, state) for entity in entities]
        heard = np.array([arm.arm == "challenger" for arm in arms])
        mine, other = np.where(heard, said[1], said[0]), np.where(heard, said[0], said[1])
        broken = draw.random(rows) < np.where(heard, self.failing[1], self.failing[0])
        frame = pl.DataFrame({
            "__id": ids, "__at": at, "__received": at, "__deployment": [state.digest] * rows,
            "__model": np.where(heard, B.digest, A.digest), "__arm": [arm.arm for arm in arms],
            "__propensity": [arm.propensity for arm in arms], "__entity": entities, "__held_back": [False] * rows,
            "__scores": mine[:, None].tolist(), "__other_model": np.where(heard, A.digest, B.digest),
            "__other_scores": other[:, None].tolist(), "__label": (draw.random(rows) < truth).astype(float),
            "__latency_ms": draw.gamma(4, 2, rows),
        }, schema_overrides=SCHEMA)
        refused = frame.filter(broken).select(
            id="__id", at="__at", received="__received", consumer=pl.lit("shop"), status=pl.lit(500, pl.Int64),
            problems=pl.lit([": model failed"], dtype=pl.List(pl.String)), row=pl.lit("{}"), deployment="__deployment",
            arm="__arm", propensity="__propensity", entity="__entity",
        )
        return frame.filter(~broken), refused


def known(rows: pl.DataFrame, now: datetime, *, late_days: float = 2.0) -> pl.DataFrame:
    """Return the rows as they are known by then."""
    is_known = pl.col("__at") + timedelta(days=late_days) <= now
    return rows.with_columns(pl.when(is_known).then(pl.col("__label")).alias("__label"))


def released(
    city: City, release: ReleaseSettings = RELEASE, *, stage: str = "canary", days: int = 40, acts: bool = False
) -> tuple[list[Verdict], tuple[Deployment, ...]]:
    """Ask the judge every day, and do what it says, until the trial is over."""
    history, answered, refused, verdicts = begun(release, stage=stage, salt=str(city.seed)), [], [], []
    for number in range(days):
        rows, failures = city.day(number, history[-1])
        answered.append(rows)
        refused.append(failures)
        now = START + timedelta(days=number + 1)
        judged = trial(history, release, now=now, acts=acts)
        verdict = judge(known(pl.concat(answered), now), pl.concat(refused), trial=judged)
        verdicts.append(verdict)
        if verdict.action == "advance":
            history += (transitions.advance(history[-1], settings=release, **SAID),)
        elif verdict.action != "wait":
            break
    return verdicts, history


def test_a_better_model_climbs_the_steps_and_is_promoted():
    verdicts, history = released(City(seed=1, errors=(0.4, 0.05)))
    assert [state.share for state in history[1:]] == [0.05, 0.25, 0.5]
    assert verdicts[-1].action == "promote"
    assert verdicts[-1].evidence >= verdicts[-1].limit == 20
    assert verdicts[-1].comparison.low > 0
    assert "so the challenger is better, with a chance of 0.05 at most to be wrong" in verdicts[-1].why


def test_no_model_is_promoted_before_it_has_passed_every_step():
    verdicts, _ = released(City(seed=1, errors=(0.4, 0.05)))
    early = [verdict for verdict in verdicts[:-1] if verdict.evidence >= verdict.limit]
    assert early
    assert {verdict.action for verdict in early} <= {"wait", "advance"}


def test_where_a_person_approves_the_judge_asks_and_then_waits():
    release = replace(RELEASE, approval="manual")
    city = City(seed=1, errors=(0.4, 0.05))
    verdicts, history = released(city, release)
    assert verdicts[-1].action == "ask"
    asked = (*history, transitions.ask(history[-1], **SAID))
    rows, _ = city.day(50, asked[-1])
    waiting = judge(rows, NO_REFUSALS, trial=trial(asked, release, now=START + timedelta(days=90)))
    assert waiting.action == "wait"
    assert "a person has to approve" in waiting.why.lower()


def test_a_worse_model_is_rejected_while_few_are_answered_by_it():
    verdicts, history = released(City(seed=2, errors=(0.05, 0.45)))
    assert verdicts[-1].action == "reject"
    assert "higher over" in verdicts[-1].why
    assert verdicts[-1].challenger_rows < 0.3 * verdicts[-1].champion_rows
    assert history[-1].share < 0.5


def test_seven_times_the_errors_are_rolled_back_on_the_first_days():
    verdicts, _ = released(City(seed=3, failing=(0.02, 0.14), per_day=1000))
    assert verdicts[-1].action == "reject"
    assert len(verdicts) <= 3
    assert "failed" in verdicts[-1].why


def test_a_model_like_the_champion_ends_undecided_and_says_so():
    verdicts, _ = released(City(seed=4))
    assert verdicts[-1].action == "reject"
    assert "cannot be told whether the challenger is better: 30 days are over" in verdicts[-1].why


def test_a_model_whose_evidence_suffices_is_not_given_up_because_steps_are_missing():
    verdicts, history = released(City(seed=1, errors=(0.4, 0.05)), replace(RELEASE, patience_days=4))
    assert len(verdicts) > 4
    assert verdicts[-1].action == "promote"
    assert history[-1].share == 0.5


def test_a_shadow_is_decided_in_pairs_though_nobody_hears_it():
    verdicts, history = released(City(seed=5, errors=(0.4, 0.05)), stage="shadow")
    assert verdicts[-1].action == "promote"
    assert verdicts[-1].challenger_rows == 0
    assert verdicts[-1].asked_rows >= 3 * RELEASE.step_rows
    assert len(history) == 2


def test_where_decisions_act_on_outcomes_the_arms_are_compared():
    better = City(seed=6, errors=(0.6, 0.02), per_day=500)
    verdicts, _ = released(better, acts=True)
    assert verdicts[-1].action == "promote"
    last = verdicts[-1].comparison
    assert last.rows < verdicts[-1].champion_rows + verdicts[-1].challenger_rows
    paired, _ = released(better)
    assert len(paired) <= len(verdicts)


def test_a_shadow_of_decisions_that_act_says_what_it_lacks():
    history = begun(stage="shadow")
    rows, _ = City(seed=7).day(0, history[-1])
    found = judge(rows, NO_REFUSALS, trial=trial(history, acts=True))
    assert found.action == "wait"
    assert "held back rows only" in found.why


def test_pending_outcomes_are_told_and_never_counted():
    history = begun()
    rows, _ = City(seed=8).day(0, history[-1])
    pending = rows.with_columns(__label=pl.lit(None, pl.Float64))
    found = judge(pending, NO_REFUSALS, trial=trial(history, now=START + timedelta(days=1)))
    assert (found.matured_rows, found.evidence) == (0, 1.0)
    assert "no outcome counts yet, 200 outcomes pending" in found.why.lower()
    assert found.rows_needed is None


def test_the_forecast_is_of_the_right_size():
    verdicts, _ = released(City(seed=9, errors=(0.3, 0.1), per_day=60), replace(RELEASE, step_rows=10))
    took = len(verdicts)
    forecasts = [(day + 1, verdict.days_needed) for day, verdict in enumerate(verdicts) if verdict.days_needed]
    assert verdicts[-1].action == "promote"
    assert forecasts
    day, needed = forecasts[len(forecasts) // 2]
    assert (took - day) / 4 < needed < (took - day) * 4
    assert all(verdict.rows_needed for verdict in verdicts if verdict.days_needed)


def test_a_verdict_is_the_same_whenever_and_in_whatever_order_the_log_is_read():
    history = begun()
    rows, refused = City(seed=10).day(0, history[-1])
    first, again = (judge(frame, refused, trial=trial(history)) for frame in (rows, rows.sample(fraction=1.0, seed=1,
                                                                                               shuffle=True)))
    assert first == again


def test_a_verdict_survives_encoding():
    history = begun()
    rows, _ = City(seed=11).day(0, history[-1])
    verdict = judge(rows, NO_REFUSALS, trial=trial(history))
    assert msgspec.json.decode(msgspec.json.encode(verdict), type=Verdict) == verdict


def test_without_any_traffic_the_judge_waits():
    rows, _ = City(seed=12).day(0, begun()[-1])
    found = judge(rows.clear(), NO_REFUSALS, trial=trial(begun()))
    assert (found.action, found.rows_needed) == ("wait", None)
    assert found.why.startswith("0 of 50 answers at this step; no outcome counts yet")


@pytest.mark.parametrize("acts", [False, True])
def test_a_model_that_is_no_better_is_seldom_promoted(acts):
    runs = 8
    ended = [released(City(seed=100 + seed, per_day=60), replace(RELEASE, step_rows=5), acts=acts, days=16)[0][-1]
             for seed in range(runs)]
    promoted = sum(verdict.action == "promote" for verdict in ended)
    assert sum(comb(runs, count) * 0.05**count * 0.95 ** (runs - count) for count in range(promoted)) < 0.95
    assert sum(verdict.action == "reject" for verdict in ended) == 0


@pytest.mark.slow
@pytest.mark.parametrize("acts", [False, True])
def test_false_promotions_and_false_rollbacks_keep_the_stated_rates(acts):
    runs = 100
    ended = [released(City(seed=1000 + seed, per_day=60), replace(RELEASE, step_rows=5), acts=acts, days=29)[0][-1]
             for seed in range(runs)]
    for action, rate in (("promote", 0.05), ("reject", 0.01)):
        hits = sum(verdict.action == action for verdict in ended)
        # Exact binomial: so many hits or more are no surprise if the rate is what it says.
        assert sum(comb(runs, count) * rate**count * (1 - rate) ** (runs - count) for count in range(hits)) < 0.95
