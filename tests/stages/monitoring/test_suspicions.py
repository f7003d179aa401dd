"""What a suspicion says stays readable, and keeps what is private."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.monitoring.suspicions import (
    discreet,
    largest_bin,
    largest_change,
    null_of,
    percent,
    positions,
    quality_words,
)


@pytest.mark.parametrize(("share", "text"), [
    (0.0, "0 %"), (1.0, "100 %"), (0.104, "10 %"), (0.099, "9.9 %"), (0.0004, "0.04 %"),
])
def test_small_shares_have_more_digits(share, text):
    assert percent(share) == text


def test_nothing_of_a_private_column_is_left():
    told = null_of("name", 0.5, 0.0, rows=(1, 2), as_text="the text 'Ada'")
    hidden = discreet(told, "name")
    assert "Ada" in told.explanation
    assert "Ada" not in f"{hidden.title}{hidden.explanation}{hidden.advice}{hidden.seen}"
    assert (hidden.cause, hidden.rows) == (told.cause, told.rows)


@given(flags=st.lists(st.sampled_from([True, False, None]), max_size=200))
def test_positions_are_true_rows_in_order_and_at_most_fifty(flags):
    frame = pl.DataFrame({"odd": pl.Series(flags, dtype=pl.Boolean)})
    found = positions(frame, pl.col("odd"))
    assert all(flags[place] for place in found)
    assert list(found) == sorted(set(found))
    assert len(found) == min(50, sum(flag is True for flag in flags))
    assert positions(None, pl.col("odd")) == ()


def test_the_bin_that_changed_most_is_named(makes):
    assert largest_change(makes.drift("fare", 1.0)) == ", most of all 'low', from 50 % to 40 %"
    assert largest_bin(makes.drift("fare", 1.0)) == 0


@pytest.mark.parametrize(("changes", "says"), [
    ({"value": 0.6}, "The quality fell: roc_auc is 0.6 from 0.8."),
    ({"value": 0.8}, "The quality holds: roc_auc is 0.8 on 400 outcomes."),
    ({"value": None, "estimate": 0.79}, "The estimated quality holds: roc_auc is about 0.79."),
    ({"value": None, "estimate": 0.7, "estimate_alarmed": True}, "expected to fall: roc_auc is about 0.7 from 0.8."),
    ({"value": None}, "The quality is not known yet."),
])
def test_what_is_known_of_the_quality_is_one_sentence(makes, changes, says):
    value = changes.pop("value")
    assert quality_words([makes.quality(value, **changes)]).endswith(says)
