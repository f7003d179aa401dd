"""Labels that the model's own decisions have shaped are noticed, and others are not accused."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from loopwright.records import Ref
from loopwright.stages.retraining.guard import feedback, feedback_evidence

SUBJECT = Ref(kind="dataset_version", digest="a" * 64)


def live_of(seed=0, *, rows=4000, held=0.3, entities=None, prophecy=0.0, lift=0.0, censored=0.0, trend=0.0):
    """Return live rows of two deployments.

    ``prophecy`` moves what becomes of influenced rows towards what was predicted, ``lift`` up; ``censored`` is the
    share of influenced rows whose outcome nobody learns; ``trend`` is by how much more happens in the second
    deployment, which also holds more entities back.
    """
    draw = np.random.default_rng(seed)
    score, entity = draw.beta(2, 4, rows), np.arange(rows) if entities is None else draw.integers(0, entities, rows)
    second = np.arange(rows) >= rows // 2
    place = draw.random(int(entity.max()) + 1)[entity]
    held_back = place < np.where(second & (trend > 0), min(2 * held, 1.0), held)
    fate = draw.normal(0, 0.0 if entities is None else 1.5, int(entity.max()) + 1)[entity]
    chance = 1 / (1 + np.exp(-(np.log(score / (1 - score)) + fate))) + trend * second
    chance += np.where(held_back, 0.0, lift + prophecy * np.sign(score - np.median(score)))
    known = draw.random(rows) >= np.where(held_back, 0.0, censored)
    label = np.where(known, (draw.random(rows) < chance).astype(float), np.nan)
    return pl.DataFrame({
        "__deployment": np.where(second, "d2", "d1"), "__entity": entity.astype(str), "__held_back": held_back,
        "__score": score, "__label": label,
    })


# -- the verdict -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loop", "name"),
    [
        ({"prophecy": 0.12}, "label of low scores"),
        ({"lift": 0.12}, "label"),
        ({"censored": 0.2}, "known"),
    ],
)
def test_each_kind_of_loop_is_found_and_named(loop, name):
    found = feedback(live_of(**loop), acts_on_outcome=True)
    assert found.passed is False
    assert name in [each.name for each in found.contrasts if each.differs]
    assert found.explanation.endswith("the answers shape the labels.")
    assert found.advice.startswith("Train on the ")
    assert "go on holding a share back ([release] held_back)" in found.advice


def test_a_prophecy_that_fulfils_itself_is_found_although_all_in_all_nothing_changes():
    found = {each.name: each for each in feedback(live_of(prophecy=0.15), acts_on_outcome=True).contrasts}
    assert not found["label"].differs
    assert found["label of low scores"].low > 0
    assert found["label of high scores"].high < 0


def test_the_size_of_the_loop_is_measured():
    found = next(each for each in feedback(live_of(lift=0.1, rows=20_000), acts_on_outcome=True).contrasts)
    assert found.low < -0.1 < found.high
    assert found.high - found.low < 0.05


def test_many_rows_without_a_loop_show_that_there_is_none():
    found = feedback(live_of(rows=30_000), acts_on_outcome=True)
    assert found.passed is True
    assert found.held_back_needed is None
    assert found.advice == ""
    assert "no difference is larger than what is accepted (0.05)" in found.explanation


def test_few_rows_tell_nothing_yet_and_how_many_would():
    found = feedback(live_of(rows=600, seed=1), acts_on_outcome=True)
    assert found.passed is None
    assert found.held_back_needed > found.held_back_rows
    assert found.advice == f"About {found.held_back_needed:,} rows held back would settle it."
    enough = feedback(live_of(rows=2 * found.held_back_needed, held=0.5, seed=1), acts_on_outcome=True)
    assert enough.passed is True


def test_a_loop_contradicts_a_charter_that_denies_it():
    found = feedback(live_of(lift=0.12), acts_on_outcome=False)
    assert found.passed is False
    assert found.explanation.endswith("although by the charter the decision does not act on the outcome.")


def test_another_rate_in_another_deployment_is_no_loop():
    """More is held back when more happens anyway: only rows of the same deployment may be compared."""
    passed = [feedback(live_of(seed, trend=0.3, rows=2000), acts_on_outcome=True).passed for seed in range(20)]
    assert passed.count(False) <= 2


# -- nothing to compare ------------------------------------------------------------------------------------


def test_without_rows_held_back_the_word_of_the_charter_decides():
    rows = live_of(held=0.0)
    acts, does_not = feedback(rows, acts_on_outcome=True), feedback(rows, acts_on_outcome=False)
    assert (acts.passed, does_not.passed) == (False, None)
    assert acts.share_shaped == 1.0
    assert "by the charter the decision acts on the outcome, and none was held back" in acts.explanation
    assert acts.advice == (
        "Hold a share of the entities back ([release] held_back = 0.05) to measure it by, and until then prefer rows "
        "from before a model answered."
    )
    assert does_not.advice == "Hold a share of the entities back ([release] held_back = 0.05) to measure it by."
    assert acts.contrasts == does_not.contrasts == ()


def test_a_handful_of_rows_held_back_is_not_compared():
    found = feedback(live_of(rows=100, held=0.1), acts_on_outcome=True)
    assert (found.passed, found.contrasts, found.held_back_needed) == (None, (), None)
    assert f"only {found.held_back_rows} were held back" in found.explanation
    assert found.advice.startswith("At least 30 rows must be held back")


def test_rows_of_the_source_dilute_what_is_shaped():
    found = feedback(live_of(rows=1000, held=0.2), acts_on_outcome=True, source_rows=3000)
    assert found.rows == 4000
    assert found.share_shaped == pytest.approx(found.shaped_rows / 4000)
    assert found.shaped_rows + found.held_back_rows == 1000


@pytest.mark.parametrize("held", [1.0, 0.3])
def test_labels_of_no_model_are_not_shaped_by_one(held):
    rows = live_of(held=held) if held == 1.0 else live_of(rows=10).head(0)
    found = feedback(rows, acts_on_outcome=True, source_rows=500)
    assert found.passed is True
    assert found.share_shaped == 0.0


def test_no_rows_at_all_are_no_proof():
    found = feedback(live_of(rows=10).head(0), acts_on_outcome=True)
    assert (found.passed, found.rows) == (None, 0)
    assert found.explanation == "There is no row to train on whose outcome is known."


# -- other labels ------------------------------------------------------------------------------------------


def test_numbers_are_judged_by_their_spread():
    rows = live_of(rows=20_000).with_columns(
        __label=pl.col("__score") * 100 + pl.when("__held_back").then(0.0).otherwise(9.0)
    )
    found = feedback(rows, acts_on_outcome=True)
    assert found.passed is False
    assert found.contrasts[0].difference == pytest.approx(-9.0, abs=0.5)
    spread = rows["__label"].std()
    assert found.contrasts[0].accepted == pytest.approx(0.05 * spread)
    assert found.contrasts[3].accepted == 0.05


def test_of_several_classes_the_right_ones_are_compared():
    draw = np.random.default_rng(0)
    held, code = draw.random(6000) < 0.3, draw.integers(0, 3, 6000)
    said = np.full((6000, 3), 0.2)
    said[np.arange(6000), code] = 0.6
    right = draw.random(6000) < np.where(held, 0.6, 0.8)
    rows = pl.DataFrame({
        "__deployment": "d", "__entity": np.arange(6000).astype(str), "__held_back": held, "__score": said.max(axis=1),
        "__scores": said.tolist(), "__label": np.where(right, code, (code + 1) % 3).astype(float),
    })
    found = feedback(rows, acts_on_outcome=True)
    assert found.passed is False
    assert found.contrasts[0].low < -0.2 < found.contrasts[0].high


# -- how often it errs -------------------------------------------------------------------------------------


@pytest.mark.parametrize("world", [{"rows": 600}, {"rows": 1000, "held": 0.1}, {"rows": 1000, "entities": 150}])
def test_where_there_is_no_loop_hardly_ever_is_one_found(world):
    passed = [feedback(live_of(seed, **world), acts_on_outcome=True).passed for seed in range(100)]
    assert passed.count(False) <= 10  # 5 % are stated; more than 10 of 100 then happens once in ninety times


@pytest.mark.slow
@pytest.mark.parametrize("world", [{"rows": 2000, "held": 0.1}, {"rows": 2000, "entities": 200}, {"rows": 1500}])
def test_false_alarms_are_as_rare_as_stated(world):
    passed = [feedback(live_of(seed, **world), acts_on_outcome=True).passed for seed in range(1000)]
    assert passed.count(False) <= 65  # 50 are stated; 2.2 standard deviations more


# -- evidence ----------------------------------------------------------------------------------------------


def test_what_was_found_is_evidence_about_the_rows():
    log = Ref(kind="prediction_log", digest="b" * 64)
    found = feedback(live_of(lift=0.12), acts_on_outcome=True)
    evidence = feedback_evidence(found, subject=SUBJECT, made_from=(log,), at="2015-10-01T00:00:00")
    assert (evidence.check, evidence.subject, evidence.made_from) == ("feedback.loop", SUBJECT, (SUBJECT, log))
    assert evidence.passed is False
    assert evidence.claim == f"{found.explanation} {found.advice}"
    assert evidence.low < evidence.value < evidence.high < 0
    assert (evidence.limit, evidence.level, evidence.rows) == ("within 0.05 of 0", 0.95, 4000)


def test_evidence_without_a_comparison_has_no_number():
    evidence = feedback_evidence(feedback(live_of(held=0.0), acts_on_outcome=True), subject=SUBJECT)
    assert (evidence.value, evidence.low, evidence.limit, evidence.passed) == (None, None, None, False)
