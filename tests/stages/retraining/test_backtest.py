"""The choice of training data is measured on what came later, and not on taste."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from loopwright.errors import TrainingError
from loopwright.settings import RetrainingSettings
from loopwright.stages.retraining.backtest import Rolling, backtest, learner, table
from loopwright.stages.retraining.choices import DataChoice, choices
from loopwright.stages.training.material import Configuration

LOGISTIC = "sklearn.linear_model.LogisticRegression"
START = datetime(2015, 1, 1)
ALL = DataChoice(name="all")


def options_of(world, *, first_bad=None, settings=None):
    changed = None if first_bad is None else START + timedelta(days=first_bad)
    return choices(settings or RetrainingSettings(), first_bad=changed, newest=world.times.max())


def measured(world, charter, *, first_bad=None, estimator=LOGISTIC, how=None, options=None, classes=0):
    by = Configuration(role="trial", estimator=estimator, params={}, seed=0)
    learn = learner(
        world.inputs, world.truth, features=world.features, by=by, task=charter.task, classes=classes
    )
    options = options_of(world, first_bad=first_bad) if options is None else options
    return backtest(world.times, world.truth, options, learn=learn, charter=charter, how=how)


# -- what is chosen ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(5))
def test_all_rows_are_taken_where_nothing_changed(make_world, make_charter, seed):
    assert measured(make_world(seed), make_charter()).chosen.name == "all"


@pytest.mark.parametrize("seed", range(5))
def test_rows_since_the_change_are_taken_where_it_is_known(make_world, make_charter, seed):
    found = measured(make_world(seed, change=220), make_charter(), first_bad=220)
    assert found.chosen == DataChoice(name="since_change", start=START + timedelta(days=220))
    assert found.why.endswith("best, beyond chance better than all and weighted and recent")


@pytest.mark.parametrize("seed", range(5))
def test_new_rows_are_preferred_where_the_change_is_not_known(make_world, make_charter, seed):
    found = measured(make_world(seed, change=200), make_charter())
    assert found.chosen.name in ("recent", "weighted")
    assert not found.tried[0].holds


def test_a_false_alarm_does_not_throw_rows_away(make_world, make_charter):
    found = measured(make_world(3), make_charter(), first_bad=200)
    assert found.chosen.name == "all"
    assert found.tried[0].holds


@pytest.mark.slow
def test_nearly_always_the_right_rows_are_chosen(make_world, make_charter):
    seeds = range(20)
    unchanged = [measured(make_world(seed), make_charter()).chosen.name for seed in seeds]
    changed = [measured(make_world(seed, change=230), make_charter(), first_bad=230).chosen.name for seed in seeds]
    assert unchanged.count("all") >= 18
    assert changed.count("since_change") >= 19


@pytest.mark.parametrize(("task", "metric"), [("regression", "mae"), ("multiclass", "log_loss")])
def test_other_tasks_are_measured_in_the_same_way(make_world, make_charter, task, metric):
    world = make_world(0, change=220, task=task)
    estimator = LOGISTIC if task == "multiclass" else "sklearn.linear_model.Ridge"
    found = measured(world, make_charter(task=task, optimize={metric: 1.0}), first_bad=220, estimator=estimator)
    assert found.chosen.name == "since_change"
    assert all(each.score.value < 0 for each in found.tried)


# -- what is learned from what -----------------------------------------------------------------------------


class Watching:
    """Predicts by chance and keeps what it was asked."""

    def __init__(self, days):
        self.days, self.seen = days, []

    def __call__(self, train, weights, asked):
        self.seen.append((self.days[train], weights, self.days[asked]))
        return np.random.default_rng(len(self.seen)).random(len(asked))


def watched(world, charter, options, **how):
    days = (world.times - START).dt.total_microseconds().to_numpy() / 86_400e6
    learn = Watching(days)
    found = backtest(world.times, world.truth, options, learn=learn, charter=charter, how=Rolling(**how))
    return found, learn.seen


def test_nobody_sees_the_future_or_outcomes_that_were_late(make_world, make_charter):
    world = make_world()
    _, seen = watched(world, make_charter(), options_of(world, first_bad=200), gap_days=3.0)
    assert len(seen) == 4 * 3
    assert all(train.max() < asked.min() - 3.0 for train, _, asked in seen)


def test_every_choice_is_asked_about_the_same_newest_rows_once(make_world, make_charter):
    world = make_world()
    found, seen = watched(world, make_charter(), options_of(world), folds=4, share=0.25)
    by_choice = [np.concatenate([asked for _, _, asked in seen[at : at + 4]]) for at in (0, 4, 8)]
    for asked in by_choice:
        assert asked.tolist() == (np.arange(1800, 2400) / 8).tolist()
    assert {each.rows for each in found.tried} == {600}
    assert (found.first, found.last) == ("2015-08-14T00:00:00", "2015-10-27T21:00:00")


def test_a_choice_trains_on_what_it_says(make_world, make_charter):
    world = make_world()
    _, seen = watched(world, make_charter(), options_of(world, first_bad=180), folds=3)
    (everything, none, asked), (weighted, weights, _), (recent, _, _), (since, _, _) = (seen[at] for at in (0, 3, 6, 9))
    assert none is None
    assert everything.min() == weighted.min() == 0
    assert weights.mean() == pytest.approx(1.0)
    assert weights[-1] / weights[weighted.searchsorted(weighted.max() - 60)] == pytest.approx(2.0, rel=0.01)
    assert asked.min() - recent.min() == pytest.approx(90.0, abs=0.2)
    assert since.min() == 180


def test_only_rows_after_the_change_are_asked_about_and_some_are_left_to_train_on(make_world, make_charter):
    world = make_world()
    found, seen = watched(world, make_charter(), options_of(world, first_bad=250))
    assert found.first == (START + timedelta(days=270)).isoformat()
    assert seen[0][2].min() == 270
    assert found.tried[3].trained == (160, 240, 320)


def test_a_change_since_which_too_little_is_known_is_told(make_world, make_charter):
    world = make_world()
    found, _ = watched(world, make_charter(), options_of(world, first_bad=285))
    since = found.tried[3]
    assert (since.score, since.trained, since.rows) == (None, (), 0)
    assert since.said == "not tried: it leaves 0 rows to train on before 2015-07-30T00:00:00, and needs 50."
    assert found.tried[0].rows == 720


def test_rows_without_a_time_are_left_out(make_world, make_charter):
    world = make_world()
    times = world.times.to_frame().with_row_index().select(
        pl.when(pl.col("index") % 10 == 0).then(None).otherwise("start").alias("start")
    )["start"]
    found = backtest(
        times, world.truth, options_of(world), learn=Watching(np.arange(2400.0)), charter=make_charter()
    )
    assert found.tried[0].rows == int(2160 * 0.3)
    assert found.tried[0].trained[0] == 2160 - int(2160 * 0.3)


def test_rows_of_one_moment_stay_in_one_fold(make_world, make_charter):
    world = make_world()
    months = world.times.dt.truncate("1mo")
    learn = Watching(months.to_physical().to_numpy())
    backtest(months, world.truth, options_of(world), learn=learn, charter=make_charter())
    for train, _, asked in learn.seen:
        assert train.max() < asked.min()
    assert [len(asked) for _, _, asked in learn.seen[:3]] == [248, 248, 456]


# -- what cannot be tried ----------------------------------------------------------------------------------


def test_one_choice_needs_no_measuring(make_world, make_charter):
    found = measured(make_world(), make_charter(), options=(ALL,))
    assert (found.chosen, found.tried) == (ALL, ())
    assert found.why == '"all" is the only data there is a choice of'


def test_an_estimator_without_weights_cannot_try_weighted(make_world, make_charter):
    found = measured(make_world(), make_charter(), estimator="sklearn.neighbors.KNeighborsClassifier")
    assert found.tried[1].said.startswith("not tried: KNeighborsClassifier cannot let some rows count more")
    assert found.chosen.name == "all"


def test_a_choice_without_a_class_is_not_tried(make_world, make_charter):
    world = make_world(rows=1200)
    quiet = np.arange(1200) >= 500
    world = type(world)(
        inputs=world.inputs, truth=np.where(quiet & (np.arange(1200) < 1000), 0, world.truth), times=world.times,
        features=world.features,
    )
    options = (ALL, DataChoice(name="recent", window_days=30.0))
    found = measured(world, make_charter(), options=options, how=Rolling(share=0.3))
    assert found.tried[1].said.startswith("not tried: of 2 classes, number 1 (counted from 0) has no row")


def test_if_nothing_can_be_tried_that_is_an_error_with_the_reasons(make_world, make_charter):
    how = Rolling(gap_days=400.0)
    with pytest.raises(TrainingError, match=r"all was not tried: it leaves 0 rows to train on.*weighted was.*Wait for"):
        measured(make_world(), make_charter(), how=how)


@pytest.mark.parametrize("rows", [0, 1, 100])
def test_too_few_rows_to_compare_anything_are_an_error(make_world, make_charter, rows):
    options = (ALL, DataChoice(name="weighted", half_life_days=60.0))
    with pytest.raises(TrainingError, match=rf"cannot be compared on {int(rows * 0.3)} rows, and need 50\. Wait for"):
        measured(make_world(rows=rows), make_charter(), options=options)


def test_rows_that_cannot_be_scored_are_an_error(make_world, make_charter):
    world = make_world()
    same = type(world)(
        inputs=world.inputs, truth=np.where(np.arange(2400) >= 1600, 0, world.truth), times=world.times,
        features=world.features,
    )
    options = (ALL, DataChoice(name="weighted", half_life_days=60.0))
    with pytest.raises(TrainingError, match="cannot be compared on the newest 720 rows.*Wait for more outcomes"):
        measured(same, make_charter(), options=options)


# -- for people --------------------------------------------------------------------------------------------


def test_the_table_has_a_row_per_choice_and_one_is_chosen(make_world, make_charter):
    found = measured(make_world(change=230), make_charter(), first_bad=230)
    shown = table(found)
    assert shown["data"].to_list() == ["all", "weighted", "recent", "since_change"]
    assert shown["chosen"].to_list() == [False, False, False, True]
    assert shown["behind"].null_count() == 1
    assert (shown["low"] <= shown["score"]).all()
    assert (shown["score"] <= shown["high"]).all()
    assert shown["said"].to_list()[3].startswith("the best: 0.")
    assert "worse than since_change, which is better by 0." in shown["said"].to_list()[0]
    assert table(measured(make_world(), make_charter(), options=(ALL,))).height == 0
