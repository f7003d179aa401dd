"""Label rules are read as people write them, and nothing but a rule is ever run."""

from contextlib import suppress
from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.errors import UnknownColumn, UnusableLabel
from loopwright.stages.charter.rules import read_rule, rule_values

TRIPS = pl.DataFrame(
    {
        "tips": [2.0, 0.0, None, 1.0],
        "fare": [5.0, 5.0, 5.0, 0.0],
        "paid": ["Card", "Cash", "Card", None],
        "shared": [True, False, None, True],
        "stops": [0, 1, 2, 3],
        "day": [date(2015, 1, 31), date(2015, 2, 1), None, date(2015, 3, 1)],
        "start": [datetime(2015, 1, 31, 8), datetime(2015, 2, 1), None, datetime(2015, 3, 1)],
        "mean radius": [1.0, 20.0, 3.0, 4.0],
        "class": ["a", "b", "a", "b"],
        "share": [0.5, float("nan"), None, 0.7],
    }
)


def said(text: str) -> list[object]:
    return rule_values(read_rule(text, frame=TRIPS), frame=TRIPS).to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tips > 0.2 * fare", [True, False, None, True]),
        ("tips > 0 and paid == 'Card'", [True, False, None, None]),
        ("(tips > 0) & (paid == 'Card')", [True, False, None, None]),
        ("tips > 0 or stops == 1", [True, True, None, True]),
        ("not shared", [False, True, None, False]),
        ("not (stops >= 2)", [True, True, False, False]),
        ("shared and stops < 3", [True, False, None, False]),
        ("0 < stops <= 2", [False, True, True, False]),
        ("stops in [1, 2]", [False, True, True, False]),
        ("paid not in ('Cash', 'Other')", [True, False, True, None]),
        ("paid is None", [False, False, False, True]),
        ("paid is not None", [True, True, True, False]),
        ("paid == None", [False, False, False, True]),
        ("-stops + 3", [3, 2, 1, 0]),
        ("stops ** 2", [0, 1, 4, 9]),
        ("stops % 2 == 1", [False, True, False, True]),
        ("day >= '2015-02-01'", [False, True, None, True]),
        ("start < '2015-01-31T09:00'", [True, False, None, False]),
        ("'2015-01-31' < day < '2015-03-01'", [False, True, None, False]),
        ("`mean radius` > 15", [False, True, False, False]),
        ("`class` == 'a'", [True, False, True, False]),
        ("paid == '`mean radius`'", [False, False, False, None]),
        ("share > 0.6", [False, None, None, True]),
    ],
)
def test_a_rule_says_of_each_row_what_it_reads(text: str, expected: list[object]) -> None:
    assert said(text) == expected


def test_nothing_divided_by_nothing_is_missing_and_not_the_largest_number() -> None:
    rows = pl.DataFrame({"a": [0.0, 1.0], "b": [0.0, 2.0]})
    assert rule_values(read_rule("a / b > 0.1", frame=rows), frame=rows).to_list() == [None, True]


def test_the_code_reads_like_polars() -> None:
    assert read_rule("tips > 0.2 * fare", frame=TRIPS).code == "tips > 0.2 * fare"
    assert read_rule("tips > 1 and paid == 'x'", frame=TRIPS).code == "(tips > 1) & (paid == 'x')"
    assert read_rule("not stops in [1]", frame=TRIPS).code == "~stops.is_in([1])"


def test_columns_are_kept_in_the_order_of_the_text_and_only_python_names_are_arguments() -> None:
    rule = read_rule("fare > 1 or `mean radius` > 2 or fare > 3 or tips > 1", frame=TRIPS)
    assert rule.columns == ("fare", "mean radius", "tips")
    assert rule.arguments == ("fare", "tips")


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('true')",
        "tips.map_elements(print)",
        "(lambda: tips)()",
        "[x for x in tips]",
        "tips if fare else 0",
        "f'{tips}'",
        "tips[0] > 1",
        "tips := 3",
        "tips = 3",
        "tips > ",
        "1 > 0",
        "3",
        "tips > 1; import os",
        "tips > 9 ** 9 ** 9",
        "tips ** fare > 1",
        "tips > 2j",
        "tips > b'x'",
        "tips and fare",
        "tips > 0 & paid == 'x'",
        "paid + 'a' * 3 == 'b'",
        "tips in fare",
        "tips in []",
        "1 in [1]",
        "stops in [fare]",
        "tips is 3",
        "None == 3",
        "tips > None",
        "day > 'soon'",
        "tips @ fare",
        "*tips",
        "(" * 500 + "tips" + ")" * 500,
        "-" * 1500 + "tips",
        "tips > " + "1" * 5000,
        "tips > 0\x00",
        "",
    ],
)
def test_what_is_no_rule_is_refused_with_what_is_allowed(text: str) -> None:
    with pytest.raises(UnusableLabel):
        read_rule(text, frame=TRIPS)


def test_an_unknown_column_is_named_with_the_nearest_one() -> None:
    with pytest.raises(UnknownColumn, match="did you mean 'fare'"):
        read_rule("tips > 0.2 * fares", frame=TRIPS)


@pytest.mark.parametrize("text", ["paid > 3", "stops == 'x'", "stops in ['x']", "tips - paid > 0", "tips > 1 / 0"])
def test_what_does_not_go_together_is_said_with_the_types(text: str) -> None:
    with pytest.raises(UnusableLabel, match="label rule"):
        said(text)


@given(text=st.text(alphabet="tipsfare 0123.<>=!()[]'\"+-*/%&|~andornotisNone`,\n\\", max_size=40))
def test_no_text_ends_in_anything_but_a_rule_or_a_sentence(text: str) -> None:
    with suppress(UnusableLabel, UnknownColumn):
        assert len(rule_values(read_rule(text, frame=TRIPS), frame=TRIPS)) == TRIPS.height


@given(limit=st.floats(-10, 10), stops=st.integers(-3, 5))
def test_a_rule_agrees_with_python(limit: float, stops: int) -> None:
    text = f"fare > {limit!r} and stops != {stops} or stops <= {stops}"
    rows = zip(TRIPS["fare"], TRIPS["stops"], strict=True)
    assert said(text) == [(fare > limit and count != stops) or count <= stops for fare, count in rows]
