import pytest

from loopwright.errors import CorruptStore
from loopwright.faces.web.passports import Passport, passport_of


def test_only_the_id_has_to_be_known():
    assert passport_of({"id": "a"}) == Passport(id="a")


def test_what_is_not_asked_for_is_left_aside():
    assert passport_of({"id": "a", "more": [1, 2]}).id == "a"


@pytest.mark.parametrize(
    "data", [{}, {"id": 3}, {"id": "a", "scores": "high"}, {"id": "a", "model": {}}, {"id": "a", "features": [1]}]
)
def test_a_value_of_another_kind_is_said(data):
    with pytest.raises(CorruptStore, match="loopwright passport ID --json"):
        passport_of(data)


def test_values_keep_their_kind():
    row = {"text": "x", "whole": 3, "broken": 0.5, "yes": True, "missing": None}
    assert passport_of({"id": "a", "row": row}).row == row
