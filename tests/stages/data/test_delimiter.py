"""The delimiter is found, and a wrong one is named together with the right one."""

from __future__ import annotations

import pytest

from loopwright.errors import UnreadableSource
from loopwright.stages.data.delimiter import delimiter_of


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_usual_ones_are_found(delimiter):
    text = "\n".join(delimiter.join(row) for row in [("a", "b", "c"), ("1", "2", "3"), ("4", "5", "6")])
    assert delimiter_of(text, source="t.csv") == delimiter


def test_decimal_commas_do_not_mislead():
    assert delimiter_of("a;b\n1,5;2,5\n", source="t.csv") == ";"


def test_one_column_of_sentences_stays_one_column():
    assert delimiter_of("text\nhello, you\nbye\n", source="t.csv") == ","


@pytest.mark.parametrize(
    ("text", "given", "right"),
    [("a;b\n1;2\n", ",", ";"), ("a^b\n1^2\n", None, "^"), ("a,b\n1,2\n", ";", ",")],
)
def test_a_wrong_one_is_an_error_that_names_the_right_one(text, given, right):
    with pytest.raises(UnreadableSource, match="wrong delimiter") as caught:
        delimiter_of(text, source="t.csv", given=given)
    assert f'delimiter = "{right}"' in str(caught.value)


@pytest.mark.parametrize("given", ["", ",,", '"', "\n", "é"])
def test_what_cannot_divide_is_refused(given):
    with pytest.raises(UnreadableSource, match="a delimiter is one ASCII character"):
        delimiter_of("a,b\n1,2\n", source="t.csv", given=given)
