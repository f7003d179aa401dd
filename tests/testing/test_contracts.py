"""The contracts are found by plug-in authors, and fail for implementations that break a promise."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import pytest

import loopwright.testing
from loopwright.testing import EngineContract, LedgerContract


def test_the_room_names_what_it_offers():
    assert sorted(loopwright.testing.__all__) == loopwright.testing.__all__
    assert all(isinstance(getattr(loopwright.testing, name), type) for name in loopwright.testing.__all__)


class ListLedger:
    """A ledger in memory, as an author might write it first."""

    def __init__(self):
        self._entries = []

    def append(self, entries):
        for entry in entries:
            same = [old for old in self._entries if (old.table, old.key) == (entry.table, entry.key)]
            if not any(old.unique or entry.unique for old in same):
                self._entries.append(replace(entry, number=len(self._entries) + 1))

    def select(self, table, *, key=None, tags=None, **_):
        return [
            old
            for old in self._entries
            if old.table == table and key in (None, old.key) and old.tags.items() >= (tags or {}).items()
        ]

    @contextmanager
    def hold(self, _):
        yield

    def close(self):
        pass


@pytest.mark.parametrize(
    ("promise", "handles"),
    [
        ("test_a_prefix_finds_the_keys_that_begin_with_it", 1),
        ("test_newest_takes_the_last_but_keeps_the_order", 1),
        ("test_another_handle_sees_what_was_appended", 2),
        ("test_one_holder_at_a_time", 2),
        ("test_others_wait_until_the_holder_is_done", 2),
    ],
)
def test_a_ledger_that_breaks_a_promise_is_caught(promise, handles):
    with pytest.raises(AssertionError):
        getattr(LedgerContract(), promise)(*(ListLedger() for _ in range(handles)))


class Unordered:
    """An engine that answers in the wrong order."""

    def map(self, function, items):
        return [function(item) for item in items][::-1]


def test_an_engine_that_breaks_a_promise_is_caught():
    with pytest.raises(AssertionError):
        EngineContract().test_answers_come_in_the_order_of_the_questions(Unordered())
