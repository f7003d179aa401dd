"""Sentences about a release: counts with their nouns, e-values without a parade of digits."""

from __future__ import annotations

import pytest

from loopwright.stages.serving.wording import counted, shown


@pytest.mark.parametrize(("count", "text"), [(0, "0 rows"), (1, "1 row"), (12_345, "12,345 rows")])
def test_a_count_agrees_with_its_noun(count, text):
    assert counted(count, "row") == text


@pytest.mark.parametrize(("value", "text"), [(0.4567, "0.457"), (20.0, "20"), (1e300, "over a million")])
def test_an_e_value_has_three_digits(value, text):
    assert shown(value) == text
