import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import LoopwrightError
from loopwright.faces.web.accounts import Cost, account, allows, closed, made, verified
from loopwright.store.metadata import Mark

CHEAP = Cost(n=16, r=1, p=1)
passwords = st.text(st.characters(codec="utf-8"), min_size=10, max_size=40)


def marks(**bodies):
    return {name: Mark(kind="user", key=name, body=body, at="") for name, body in bodies.items()}


@settings(max_examples=30)
@given(password=passwords, other=passwords)
def test_only_the_right_password_is_verified(password, other):
    body = made("ada", password, role="viewer", cost=CHEAP)
    assert verified(body, password)
    assert verified(body, other) == (other == password)


def test_the_password_is_nowhere_in_what_is_kept():
    body = made("ada", "correct horse battery", role="admin", cost=CHEAP)
    assert "correct" not in repr(body)
    assert body["hash"] != made("ada", "correct horse battery", role="admin", cost=CHEAP)["hash"]


def test_the_default_is_dear_enough():
    body = made("ada", "correct horse battery", role="admin")
    assert body["n"] * body["r"] * 128 >= 16 * 2**20
    assert verified(body, "correct horse battery")


def test_nobody_has_the_password_of_an_account_that_does_not_exist_or_was_closed():
    assert not verified(None, "")
    assert not verified(closed(), "")
    assert account(marks(ada=closed()), "ada") is None
    assert account({}, "ada") is None


@pytest.mark.parametrize("body", [{}, {"role": "king"}, {"role": "admin"}, {"role": "admin", "hash": 3, "salt": "00"}])
def test_a_mark_that_is_no_account_lets_nobody_in(body):
    assert account(marks(ada=body), "ada") is None
    assert not verified(body, "anything at all")


def test_a_new_password_is_another_stamp_and_a_new_role_is_not():
    body = made("ada", "correct horse battery", role="viewer", cost=CHEAP)
    found = account(marks(ada=body), "ada")
    assert account(marks(ada={**body, "role": "admin"}), "ada").stamp == found.stamp
    again = made("ada", "correct horse battery", role="viewer", cost=CHEAP)
    assert account(marks(ada=again), "ada").stamp != found.stamp


@pytest.mark.parametrize(
    ("name", "password", "role", "says"),
    [
        ("", "long enough password", "viewer", "no user name"),
        ("a b", "long enough password", "viewer", "no user name"),
        ("x" * 65, "long enough password", "viewer", "no user name"),
        ("<b>", "long enough password", "viewer", "no user name"),
        ("ada", "short", "viewer", "10 to 1024 characters"),
        ("adalovelace", "ADALOVELACE", "viewer", "must not be the name"),
        ("ada", "x" * 2000, "viewer", "10 to 1024 characters"),
        ("ada", "long enough password", "king", "viewer, operator, admin"),
    ],
)
def test_what_cannot_be_used_is_said(name, password, role, says):
    with pytest.raises(LoopwrightError, match=re.escape(says)):
        made(name, password, role=role, cost=CHEAP)


def test_each_role_may_what_those_before_it_may():
    roles = ("viewer", "operator", "admin")
    assert [[allows(role, needed) for needed in roles] for role in (None, *roles)] == [
        [False, False, False], [True, False, False], [True, True, False], [True, True, True],
    ]
