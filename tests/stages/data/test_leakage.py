"""What gives the label away is found, with its numbers; what does not is left alone."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from loopwright.stages.data.leakage import suspicions
from loopwright.stages.data.reading import read
from loopwright.stages.data.splitting import SplitRule, split

ROWS = 2000


def draw(seed=0):
    return np.random.default_rng(seed)


def examples(label, *, rows=ROWS, **features):
    return pl.DataFrame({**features, "__label": label}).with_columns(__part=split_of(rows))


def split_of(rows):
    return split(pl.DataFrame({"x": range(rows)}), SplitRule())["part"]


def looked(frame, *, task="binary", classes=("no", "yes"), **options):
    features = [name for name in frame.columns if not name.startswith("__")]
    categorical = [name for name in features if frame[name].dtype == pl.String]
    return suspicions(
        frame, features=features, categorical=categorical, task=task, classes=classes, **options
    )


def kinds(found):
    return [(item.kind, item.columns) for item in found]


@pytest.fixture
def label():
    return draw(1).integers(0, 2, ROWS)


def test_honest_features_raise_no_suspicion(label):
    noise = draw()
    frame = examples(
        label,
        weak=label + noise.normal(size=ROWS),
        color=noise.choice(["red", "blue"], ROWS),
        money=noise.lognormal(size=ROWS).round(2),
        when=pl.from_epoch(pl.Series(noise.integers(0, 10**9, ROWS))),
    )
    assert looked(frame) == ()


def test_a_copy_of_the_label_is_suspected(label):
    found = looked(examples(label, copy=label * 2.5 + draw().normal(size=ROWS) / 9))
    assert kinds(found) == [("single_feature", ("copy",))]
    assert found[0].low <= found[0].score <= found[0].high
    assert "copy alone gives the label with ROC AUC" in found[0].sentence


def test_a_common_value_that_decides_is_suspected(label):
    paid = np.where(draw().random(ROWS) < 0.3, "cash", "card")
    outcome = np.where(paid == "cash", 0, label)
    found = looked(examples(outcome, paid=paid))
    assert kinds(found) == [("deciding_category", ("paid",))]
    assert found[0].sentence.startswith("paid = 'cash': ")
    assert "rows are 'no'; of all rows" in found[0].sentence
    assert found[0].score == 1.0


def test_a_missing_value_may_decide_too(label):
    grade = pl.Series(np.where(draw().random(ROWS) < 0.5, "a", "b"))
    grade = grade.set(pl.Series(label == 1) & pl.Series(draw(2).random(ROWS) < 0.3), None)
    assert "grade = missing: " in looked(examples(label, grade=grade))[0].sentence


def test_rare_values_and_lopsided_labels_decide_nothing(label):
    rare = np.where(draw().random(ROWS) < 0.02, "rare", "usual")
    assert looked(examples(np.where(rare == "rare", 0, label), x=rare)) == ()
    few = (draw(3).random(ROWS) < 0.02).astype(int)
    assert "deciding_category" not in dict(kinds(looked(examples(few, x=np.where(few == 1, "a", "b")))))


def test_a_sum_of_features_is_suspected():
    casual, registered = draw().poisson(20, ROWS), draw(1).poisson(150, ROWS)
    frame = examples(
        casual + registered, casual=casual, registered=registered, heat=draw(2).normal(size=ROWS)
    )
    found = [item for item in looked(frame, task="regression", classes=()) if item.kind == "adds_up"]
    assert set(found[0].columns) == {"casual", "registered"}


@pytest.mark.parametrize("names", [[f"id-{at}" for at in range(ROWS)], list(range(ROWS))])
def test_names_of_rows_are_suspected(label, names):
    assert kinds(looked(examples(label, who=names))) == [("names_rows", ("who",))]


def test_amounts_that_never_repeat_name_nothing(label):
    assert looked(examples(label, amount=draw().integers(0, 10**12, ROWS))) == ()


def test_rows_in_order_of_the_label_are_suspected():
    ordered = np.sort(draw().integers(0, 2, ROWS))
    assert kinds(looked(examples(ordered, x=draw(1).normal(size=ROWS)))) == [("row_order", ())]


def test_twins_across_parts_are_suspected(label):
    values = draw().normal(size=ROWS // 2)
    frame = examples(np.tile(label[: ROWS // 2], 2), x=np.tile(values, 2))
    found = looked(frame)
    assert kinds(found) == [("duplicate_rows", ())]
    assert found[0].score > 0.5


def test_twins_by_chance_are_not(label):
    assert (
        looked(examples(label, x=draw().choice(["a", "b"], ROWS), y=draw(4).choice(["c", "d"], ROWS))) == ()
    )


def test_groups_in_two_parts_are_suspected(label):
    frame = examples(label, x=draw().normal(size=ROWS))
    groups = frame.select(pl.Series("taxi", draw(1).integers(0, 50, ROWS)), "__part")
    found = looked(frame, groups=groups)
    assert kinds(found) == [("shared_group", ("taxi",))]
    apart = groups.with_columns(taxi=pl.col("__part"))
    assert looked(frame, groups=apart) == ()


def test_unlabelled_rows_and_rows_of_no_part_are_left_out(label):
    frame = examples(label, x=draw().normal(size=ROWS)).with_columns(
        __label=pl.when(pl.col("x") > 1).then(None).otherwise("__label"),
        __part=pl.when(pl.col("x") < -1).then(None).otherwise("__part"),
    )
    assert looked(frame) == ()


@pytest.mark.parametrize("outcome", [[0] * ROWS, [None] * ROWS])
def test_a_label_that_says_nothing_is_left_to_others(outcome):
    assert looked(examples(pl.Series(outcome, dtype=pl.Int64), x=draw().normal(size=ROWS))) == ()


def test_one_telling_feature_is_found_among_very_many(label):
    noise = {f"x{at}": draw(at).normal(size=ROWS) for at in range(250)}
    odd_one = np.where(label == 1, 0.0, draw().choice([-5.0, 5.0], ROWS)) + draw(5).normal(size=ROWS) / 2
    assert kinds(looked(examples(label, **noise, telling=odd_one))) == [("single_feature", ("telling",))]


def test_three_classes_and_numbers_are_measured_too():
    classes = draw().integers(0, 3, ROWS)
    found = looked(
        examples(classes, copy=classes + draw(1).normal(size=ROWS) / 20), task="multiclass", classes="abc"
    )
    assert kinds(found) == [("single_feature", ("copy",))]
    number = draw().normal(size=ROWS)
    found = looked(
        examples(number, copy=number + draw(1).normal(size=ROWS) / 9), task="regression", classes=()
    )
    assert kinds(found) == [("single_feature", ("copy",))]


def test_cash_is_what_gives_the_tip_away_in_the_taxi_data(shared):
    path = shared("chicago_taxi_tfdv/train.csv")
    trips = read(path.name, folder=path.parent).frame
    frame = trips.drop("tips").with_columns(
        __label=(trips["tips"] > 0.2 * trips["fare"]).cast(pl.Int8),
        __part=split(trips, SplitRule(by="time"), time="trip_start_timestamp")["part"],
    )
    found = looked(frame)
    assert kinds(found) == [("single_feature", ("payment_type",)), ("deciding_category", ("payment_type",))]
    assert found[1].sentence.startswith(
        "payment_type = 'Cash': 4,845 of 4,849 rows are 'no'; of all rows 20.0% are"
    )


def test_the_parts_of_the_bike_count_are_found(shared):
    path = shared("bike_sharing/hour.csv.gz")
    frame = read(path.name, folder=path.parent).frame.rename({"cnt": "__label"})
    found = looked(frame.with_columns(__part=split_of(frame.height)), task="regression", classes=())
    assert ("adds_up", ("registered", "casual")) in kinds(found)
    assert ("names_rows", ("instant",)) in kinds(found)
