"""Statistics of parts are a view of partials that are kept, and add up to those of the whole."""

from __future__ import annotations

import polars as pl

from loopwright.stages.data.column_view import view
from loopwright.stages.data.describing import describe_parts
from loopwright.stages.data.partial_file import load
from loopwright.stages.data.partials import merge, partial

ROWS = pl.DataFrame({
    "fare": [1.0, 2.0, None, 4.0, 5.0, 6.0],
    "payment": ["card", "cash", "card", None, "card", "card"],
    "__part": ["test", "train", "train", "train", None, "test"],
})


def test_parts_come_in_the_order_of_their_use_and_rows_of_no_part_are_left_out():
    parts, _ = describe_parts(ROWS)
    assert [(part.part, part.rows) for part in parts] == [("train", 3), ("test", 2)]


def test_a_column_is_described_from_the_rows_of_its_part_only():
    (train, test), _ = describe_parts(ROWS)
    fare, payment = train.columns
    assert [column.name for column in train.columns] == ["fare", "payment"]
    assert (fare.rows, fare.missing, fare.mean, fare.max) == (3, 1, 3.0, 4.0)
    assert payment.values == ("card", "cash")
    assert test.columns[0].mean == 3.5


def test_what_is_kept_adds_up_to_the_statistics_of_all_rows():
    _, content = describe_parts(ROWS)
    kept = load(content)
    assert set(kept) == {"train/fare", "train/payment", "test/fare", "test/payment"}
    whole = partial(ROWS.filter(pl.col("__part").is_not_null()).drop("__part"))
    train, test = ({name: kept[f"{part}/{name}"] for name in whole} for part in ("train", "test"))
    together = merge(train, test)
    assert {name: view(item) for name, item in together.items()} == {name: view(item) for name, item in whole.items()}
