"""Who may log in to the pages of a project, by role."""

from __future__ import annotations

import pytest

from loopwright.errors import LoopwrightError, UnknownRecord
from loopwright.faces.accounting import accounts, add_account, remove_account
from loopwright.faces.web.accounts import MARK

PASSWORD = "correct horse battery"


@pytest.fixture
def project(opened):
    with opened().closing() as found:
        yield found


def test_people_come_and_go(project):
    assert accounts(project) == {}
    add_account(project, "eve", role="viewer", password=PASSWORD)
    add_account(project, "ann", role="admin", password=PASSWORD)
    assert list(accounts(project).items()) == [("ann", "admin"), ("eve", "viewer")]
    remove_account(project, "eve")
    assert accounts(project) == {"ann": "admin"}
    add_account(project, "eve", role="operator", password=PASSWORD)
    assert accounts(project)["eve"] == "operator"


def test_no_password_is_kept(project):
    add_account(project, "ann", role="admin", password=PASSWORD)
    assert PASSWORD not in str(project.metadata.marks(MARK))


def test_who_is_not_there_cannot_go(project):
    with pytest.raises(UnknownRecord, match="no users"):
        remove_account(project, "ann")
    add_account(project, "ann", role="admin", password=PASSWORD)
    with pytest.raises(UnknownRecord, match="there are ann"):
        remove_account(project, "bob")


@pytest.mark.parametrize(
    ("name", "role", "password"), [("", "admin", PASSWORD), ("ann", "king", PASSWORD), ("ann", "admin", "short")]
)
def test_what_cannot_be_used_is_refused(project, name, role, password):
    with pytest.raises(LoopwrightError):
        add_account(project, name, role=role, password=password)
    assert accounts(project) == {}
