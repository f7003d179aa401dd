"""A value under a new name is told from a value that is new."""

from __future__ import annotations

from datetime import datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.monitoring.renames import rename_of, spelling, value_counts

MIDDLE = datetime(2014, 11, 6, 12)


def _renames(watched, frame, column="payment_type", *, with_rows=True):
    return rename_of(
        column, reference_counts=value_counts(watched.reference[column]), counts=value_counts(frame[column]),
        reference=watched.reference if with_rows else None, frame=frame if with_rows else None,
    )


def _pairs(found):
    return {(rename.old, rename.new) for rename in found}


@pytest.mark.parametrize("with_rows", [True, False])
@pytest.mark.parametrize("name", ["CreditCard", "credit card", "CREDIT_CARD", "Card", "Visa"])
def test_a_value_that_is_written_otherwise_is_renamed(watched, name, with_rows):
    frame = watched.week().with_columns(pl.col("payment_type").replace({"Credit Card": name}))
    assert _pairs(_renames(watched, frame, with_rows=with_rows)) == {("Credit Card", name)}


def test_a_rename_says_what_speaks_for_it(watched):
    frame = watched.week().with_columns(pl.col("payment_type").replace({"Credit Card": "CreditCard"}))
    rename, = _renames(watched, frame)
    assert rename.confirmed == ("spelling", "share", "other columns")
    assert rename.share == pytest.approx(0.35, abs=0.08)


def test_several_renames_are_kept_apart(watched):
    frame = watched.week().with_columns(pl.col("payment_type").replace({"Credit Card": "K1", "Cash": "K2"}))
    assert _pairs(_renames(watched, frame)) == {("Credit Card", "K1"), ("Cash", "K2")}


def test_a_value_that_gets_two_spellings_is_renamed_to_both(watched):
    other = pl.when(pl.col("taxi_id").str.slice(-1) < "5").then(pl.lit("CreditCard")).otherwise(pl.lit("CREDIT CARD"))
    is_card = pl.col("payment_type") == "Credit Card"
    frame = watched.week().with_columns(payment_type=pl.when(is_card).then(other).otherwise(pl.col("payment_type")))
    assert _pairs(_renames(watched, frame)) == {("Credit Card", "CreditCard"), ("Credit Card", "CREDIT CARD")}


@pytest.mark.parametrize("name", ["CreditCard", "Visa"])
def test_a_rename_in_the_middle_of_a_window_is_found(watched, name):
    later = pl.col("payment_type").replace({"Credit Card": name})
    frame = watched.week().with_columns(
        pl.when(pl.col("__at") >= MIDDLE).then(later).otherwise(pl.col("payment_type"))
    )
    assert _pairs(_renames(watched, frame)) == {("Credit Card", name)}


def test_a_rename_at_one_consumer_is_found(watched):
    week = watched.week(per_day=150).with_columns(
        __consumer=pl.when(pl.col("taxi_id").str.slice(-1) < "3").then(pl.lit("old app")).otherwise(pl.lit("app"))
    )
    sent = pl.when(pl.col("__consumer") == "old app").then(pl.col("payment_type").replace({"Credit Card": "Visa"}))
    assert _pairs(_renames(watched, week.with_columns(sent.otherwise(pl.col("payment_type"))))) == {
        ("Credit Card", "Visa")
    }


def test_a_value_that_takes_a_little_from_all_others_is_new(watched):
    frame = watched.week().with_columns(
        payment_type=pl.when(pl.col("taxi_id").str.slice(-1) == "3").then(pl.lit("App")).otherwise("payment_type")
    )
    assert _renames(watched, frame) == ()


def test_rows_that_look_otherwise_are_not_the_old_value(watched):
    is_card = pl.col("payment_type") == "Credit Card"
    frame = watched.week(per_day=150).with_columns(
        payment_type=pl.when(is_card).then(pl.lit("Voucher")).otherwise("payment_type"),
        fare=pl.when(is_card).then(3.25).otherwise(pl.col("fare")),
        trip_miles=pl.when(is_card).then(0.1).otherwise(pl.col("trip_miles")),
        trip_seconds=pl.when(is_card).then(60).otherwise(pl.col("trip_seconds")),
    )
    assert _renames(watched, frame) == ()


def test_a_healthy_week_has_no_renames(watched):
    assert _renames(watched, watched.week()) == ()


@given(
    shares=st.lists(st.integers(50, 400), min_size=2, max_size=6),
    turned=st.lists(st.booleans(), min_size=6, max_size=6),
)
def test_a_change_of_case_is_always_a_rename(shares, turned):
    names = [f"value {letter}" for letter in "abcdef"[: len(shares)]]
    counts = {name.upper() if up else name: rows for name, rows, up in zip(names, shares, turned, strict=False)}
    found = rename_of("x", reference_counts=dict(zip(names, shares, strict=True)), counts=counts)
    assert _pairs(found) == {(name, name.upper()) for name, up in zip(names, turned, strict=False) if up}


@given(st.text(max_size=20))
def test_spelling_knows_no_case_and_no_signs(text):
    assert spelling(f"-{text}_ ") == spelling(text)
    assert spelling(spelling(text)) == spelling(text)
