"""A file of outcomes is read as a whole, or not at all; what was known is not kept again."""

from __future__ import annotations

import datetime

import polars as pl
import pytest

from loopwright.errors import DataError, UnknownColumn
from loopwright.stages.serving.events import Answered, Outcome
from loopwright.stages.serving.log_frames import frames_of
from loopwright.stages.serving.reporting import Columns, outcomes_of, reported

COLUMNS = Columns(key="trip", known_after=("tip", "paid"), types={"tip": pl.Float64(), "paid": pl.Datetime("us")})
NOW = 1_800_000_000_000_000


def told(frame, **changes):
    return outcomes_of(frame, changes.pop("columns", COLUMNS), source="f.csv", received=NOW)


def answered(name):
    return Answered(
        id=name, at=0, received=0, consumer="app", deployment="d", model="m", arm="champion", propensity=1.0,
        entity="e", held_back=False, scores=(0.5,), prediction=None, latency_ms=1.0, row={},
    )


def test_each_row_is_an_outcome_with_what_it_says():
    frame = pl.DataFrame({"id": ["a", "b"], "tip": [2.5, 0.0], "at": ["2026-03-01T12:00", "2026-03-01T14:00+02:00"]})
    first, second = told(frame)
    assert first == Outcome(id="a", at=second.at, received=NOW, source="f.csv", values={"tip": 2.5})
    assert first.at == int(datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC).timestamp()) * 10**6


def test_the_key_column_names_the_prediction_where_there_is_no_id():
    assert [each.id for each in told(pl.DataFrame({"trip": [7, 8], "tip": [1.0, 2.0]}))] == ["7", "8"]
    assert [each.id for each in told(pl.DataFrame({"id": ["x"], "trip": ["y"], "tip": [1.0]}))] == ["x"]


def test_without_a_time_it_is_known_now():
    assert told(pl.DataFrame({"id": ["a"], "tip": [1.0]}))[0].at == NOW
    assert told(pl.DataFrame({"id": ["a", "b"], "tip": [1.0, 2.0], "at": [None, "2026-03-01"]}))[0].at == NOW


def test_a_row_that_says_nothing_is_no_outcome():
    assert [each.id for each in told(pl.DataFrame({"id": ["a", "b"], "tip": [None, 1.0]}))] == ["b"]


def test_values_take_the_type_of_their_column_and_moments_are_kept_as_text():
    frame = pl.DataFrame({"id": ["a"], "tip": ["2.5"], "paid": [datetime.datetime(2026, 3, 1)]})
    assert told(frame)[0].values == {"tip": 2.5, "paid": "2026-03-01T00:00:00"}


@pytest.mark.parametrize(
    ("frame", "error", "says"),
    [
        ({"tip": [1.0]}, UnknownColumn, "'trip'"),
        ({"id": ["a"], "fare": [1.0]}, UnknownColumn, "'tip'"),
        ({"id": ["a", None], "tip": [1.0, 2.0]}, DataError, "1 of 2 outcomes have no id"),
        ({"id": ["a", "b"], "tip": ["1", "much"]}, DataError, "'much' in row 2"),
        ({"id": ["a"], "tip": [1.0], "at": ["soon"]}, DataError, "'soon'"),
    ],
)
def test_what_cannot_be_read_is_told_and_nothing_is_kept(frame, error, says):
    with pytest.raises(error, match=says):
        told(pl.DataFrame(frame))


def test_what_was_known_is_a_duplicate_and_what_nobody_asked_about_is_unknown():
    log = frames_of([answered("a"), answered("b"), Outcome(id="a", at=5, received=9, source="x", values={"tip": 1.0})])
    events = [
        Outcome(id="a", at=5, received=NOW, source="f", values={"tip": 1.0}),      # the same
        Outcome(id="a", at=6, received=NOW, source="f", values={"tip": 1.0}),      # known again later
        Outcome(id="b", at=5, received=NOW, source="f", values={"tip": 0.0}),      # new
        Outcome(id="c", at=5, received=NOW, source="f", values={"tip": 0.0}),      # of nobody
    ]
    found = reported(events, log)
    assert found.events == events[1:]
    assert (found.kept, found.duplicates, found.unknown) == (3, 1, 1)


def test_what_is_told_again_without_a_time_is_news_only_if_it_says_something_else():
    log = frames_of([
        answered("a"), Outcome(id="a", at=5, received=9, source="x", values={"tip": 2.0}),
        Outcome(id="a", at=4, received=10, source="x", values={"tip": 1.0}),
    ])
    same, other = (Outcome(id="a", at=NOW, received=NOW, source="f", values={"tip": tip}) for tip in (2.0, 1.0))
    assert reported([same, other], log).events == [other]
