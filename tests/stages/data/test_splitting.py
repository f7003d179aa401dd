"""Parts are apart, reproducible, and as the rule says."""

from __future__ import annotations

import datetime

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from loopwright.errors import DataError, UnknownColumn
from loopwright.settings import SplitSettings
from loopwright.stages.data.reading import read
from loopwright.stages.data.splitting import PARTS, SplitRule, parts_of, split

ORDER = {part: at for at, part in enumerate(PARTS)}
LARGE = 4000


def keyed(rows=LARGE):
    return pl.DataFrame({"id": [f"r{at}" for at in range(rows)], "x": np.arange(rows)})


def shares(divided):
    return {part: (divided["part"] == part).mean() for part in PARTS}


@pytest.mark.parametrize("key", [None, "id"])
def test_random_parts_have_about_their_shares(key):
    found = shares(split(keyed(), SplitRule(validation=0.2, test=0.1), key=key))
    assert found == pytest.approx({"train": 0.7, "validation": 0.2, "test": 0.1}, abs=0.03)


@settings(max_examples=25)
@given(st.integers(0, 3), st.randoms())
def test_a_row_keeps_its_part_when_others_come_go_or_move(seed, random):
    frame = keyed(400)
    kept = random.sample(range(400), 200)
    rule = SplitRule(seed=seed, validation=0.3, test=0.3)
    before = dict(zip(frame["id"], split(frame, rule, key="id")["part"], strict=True))
    some = frame[kept]
    after = dict(zip(some["id"], split(some, rule, key="id")["part"], strict=True))
    assert after == {name: before[name] for name in after}


def test_a_key_keeps_its_part_when_its_column_becomes_text():
    numbers = pl.DataFrame({"id": range(500)})
    texts = pl.DataFrame({"id": [*map(str, range(500)), "A7"]})
    assert (
        split(texts, SplitRule(), key="id")["part"][:500].to_list()
        == split(numbers, SplitRule(), key="id")["part"].to_list()
    )


def test_growing_data_keep_the_parts_of_rows_without_a_key():
    before, after = (split(keyed(rows), SplitRule())["part"] for rows in (500, 900))
    assert before.to_list() == after[:500].to_list()


def test_seeds_divide_differently():
    first, second = (split(keyed(), SplitRule(seed=seed), key="id")["part"] for seed in (0, 1))
    assert 0.4 < (first == second).mean() < 0.7


def test_parts_never_change_between_releases():
    assert split(keyed(12), SplitRule(validation=0.3, test=0.3), key="id")["part"].to_list() == [
        "test",
        "test",
        "test",
        "train",
        "train",
        "validation",
        "test",
        "test",
        "test",
        "train",
        "validation",
        "train",
    ]


@given(st.lists(st.integers(0, 40), min_size=30, max_size=80), st.integers(0, 5))
def test_a_group_is_in_one_part(groups, seed):
    frame = pl.DataFrame({"taxi": groups})
    try:
        divided = split(frame, SplitRule(by="group", validation=0.3, test=0.3, seed=seed), group="taxi")
    except DataError:
        assume(False)
    assert (
        frame.with_columns(divided["part"]).group_by("taxi").agg(pl.col("part").n_unique())["part"].max() == 1
    )


def test_rows_without_a_group_are_groups_of_their_own():
    frame = pl.DataFrame({"taxi": [None] * 1000}, schema={"taxi": pl.Int64})
    assert split(frame, SplitRule(by="group"), group="taxi")["part"].n_unique() == 3


@given(st.lists(st.integers(0, 30), min_size=12, max_size=80), st.floats(0.1, 0.4), st.floats(0.1, 0.4))
def test_no_part_holds_a_row_later_than_one_of_the_next(times, validation, test):
    frame = pl.DataFrame({"at": times})
    try:
        divided = split(frame, SplitRule(by="time", validation=validation, test=test), time="at")
    except DataError:
        assume(False)
    order = divided["part"].replace_strict(ORDER)
    latest_first = frame.with_columns(order.alias("part")).sort("at")
    assert latest_first["part"].is_sorted()
    assert (
        frame.with_columns(order.alias("part")).group_by("at").agg(pl.col("part").n_unique())["part"].max()
        == 1
    )


def test_time_parts_have_their_shares_where_moments_allow():
    frame = pl.DataFrame({"at": np.random.default_rng(0).permutation(1000)})
    divided = split(frame, SplitRule(by="time", validation=0.2, test=0.1), time="at")
    assert shares(divided) == pytest.approx({"train": 0.7, "validation": 0.2, "test": 0.1}, abs=0.002)


DAYS = [datetime.date(2015, 1, 1) + datetime.timedelta(days=at) for at in range(100)]


@pytest.mark.parametrize(
    "times",
    [
        pl.Series("at", DAYS),
        pl.Series("at", DAYS).cast(pl.Datetime("us")),
        pl.Series("at", DAYS).cast(pl.Datetime("ms")).dt.replace_time_zone("UTC"),
        pl.Series("at", DAYS).dt.epoch("s"),
        pl.Series("at", DAYS).dt.epoch("ms"),
    ],
)
def test_parts_may_begin_at_moments_given(times):
    rule = SplitRule(by="time", validation_from="2015-03-01", test_from="2015-04-01")
    frame = times.to_frame()
    parts = parts_of(frame, split(frame, rule, time="at"), time="at")
    assert [part.rows for part in parts] == [59, 31, 10]
    assert [part.first[:10] for part in parts] == ["2015-01-01", "2015-03-01", "2015-04-01"]


def test_times_may_count_anything():
    frame = pl.DataFrame({"step": range(100)})
    rule = SplitRule(by="time", validation_from="70", test_from="85")
    parts = parts_of(frame, split(frame, rule, time="step"), time="step")
    assert [(part.first, part.last) for part in parts] == [("0", "69"), ("70", "84"), ("85", "99")]


@pytest.mark.parametrize("label", [["a"] * 700 + ["b"] * 200 + ["c"] * 100, list(np.arange(1000.0) ** 2)])
def test_strata_keep_their_shares(label):
    frame = pl.DataFrame({"y": label, "id": [f"r{at}" for at in range(1000)]})
    divided = split(frame, SplitRule(by="stratified", validation=0.2, test=0.1), key="id", label="y")
    assert shares(divided) == {"train": 0.7, "validation": 0.2, "test": 0.1}
    stratum = pl.Series(label) if isinstance(label[0], str) else pl.Series(np.arange(1000) // 100)
    counts = pl.DataFrame({"stratum": stratum, "part": divided["part"]}).group_by("stratum", "part").len()
    sizes = dict(stratum.value_counts().rows())
    wanted = {"train": 0.7, "validation": 0.2, "test": 0.1}
    assert all(abs(rows - wanted[part] * sizes[name]) <= 1 for name, part, rows in counts.rows())


@settings(max_examples=50)
@given(st.lists(st.sampled_from("abc"), min_size=30, max_size=90), st.integers(0, 5))
def test_every_class_is_divided_to_the_row(label, seed):
    frame = pl.DataFrame({"y": label})
    divided = split(frame, SplitRule(by="stratified", validation=0.3, test=0.3, seed=seed), label="y")
    for name in set(label):
        rows = divided["part"].filter(frame["y"] == name)
        assert abs((rows == "test").sum() - 0.3 * len(rows)) <= 1
        assert abs((rows == "validation").sum() - 0.3 * len(rows)) <= 1


def test_rows_without_a_label_belong_to_no_part():
    frame = pl.DataFrame({"y": [None, *["a", "b"] * 50], "__row": range(10, 111)})
    divided = split(frame, SplitRule(by="stratified"), label="y")
    assert divided["__row"].to_list() == list(range(11, 111))


@pytest.mark.parametrize(
    ("rule", "columns", "message"),
    [
        ({"by": "time"}, {}, r'by = "time" needs the column that holds the time'),
        ({"by": "group"}, {}, r'by = "group" needs the column that holds the group'),
        ({"by": "stratified"}, {}, r'by = "stratified" needs the column that holds the label'),
        ({"validation": 0.6, "test": 0.5}, {}, "leave nothing to train on"),
        ({"by": "time"}, {"time": "late"}, "1 of 20 rows have no 'late' \\(rows 3\\)"),
        ({"by": "time"}, {"time": "word"}, "holds String and no times"),
        ({"by": "time"}, {"time": "once"}, "has 1 different moment, and three parts need three"),
        ({"by": "group"}, {"group": "once"}, "puts none of 20 rows into the"),
        ({"by": "time", "test_from": "soon"}, {"time": "day"}, "'soon' is no moment of the time column"),
        ({"by": "time", "test_from": "2001-01-01"}, {"time": "day"}, "leaves no two moments of 'day'"),
        ({"by": "time", "test_from": "2031-01-01"}, {"time": "day"}, "none of 20 rows into the test part"),
        (
            {"by": "time", "validation_from": "2015-01-09", "test_from": "2015-01-05"}, {"time": "day"},
            "validation part would begin at 2015-01-09, which is not before the test part at 2015-01-05",
        ),
        ({"validation": 0.01, "test": 0.01}, {}, "validation part, and a part needs at least 2"),
    ],
)  # fmt: skip
def test_a_division_that_cannot_be_says_why(rule, columns, message):
    late = [at if at != 3 else None for at in range(20)]
    frame = pl.DataFrame({"late": late, "word": ["a"] * 20, "once": [7] * 20, "day": DAYS[:20]})
    with pytest.raises(DataError, match=message):
        split(frame, SplitRule(**rule), **columns)


@pytest.mark.parametrize("rows", [0, 1, 3])
def test_too_few_rows_are_an_error(rows):
    with pytest.raises(DataError, match=f"of {rows} rows into the"):
        split(keyed(rows), SplitRule())


def test_a_column_that_is_not_there_is_named():
    with pytest.raises(UnknownColumn, match=r"\[data\] key in loopwright\.toml names the column 'di'"):
        split(keyed(), SplitRule(), key="di")


def test_a_rule_is_what_the_project_file_says():
    settings_said = SplitSettings(by="time", validation=0.2, test=0.1, test_from="2015-01-01", seed=7)
    assert SplitRule.of(settings_said) == SplitRule(
        by="time", validation=0.2, test=0.1, test_from="2015-01-01", seed=7
    )


def test_taxi_trips_are_divided_by_years(shared):
    path = shared("chicago_taxi_tfdv/train.csv")
    frame = read(path.name, folder=path.parent).frame
    rule = SplitRule(by="time", validation_from="2015-01-01", test_from="2015-06-01")
    parts = parts_of(frame, split(frame, rule, time="trip_start_timestamp"), time="trip_start_timestamp")
    assert [part.rows for part in parts] == [6388, 1302, 2310]
    assert parts[1].first == "2015-01-01T01:00:00"
