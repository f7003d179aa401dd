"""The promises of a ledger, as tests."""
# ruff: noqa: S101, D102 - the tests are sentences

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Event

import pytest

from loopwright.errors import StoreError
from loopwright.protocols import Entry, Ledger

__all__ = ["LedgerContract"]


class LedgerContract:
    """Inherit, provide the fixture ``opened``, and each promise of ``protocols.Ledger`` is tested.

    ``opened`` returns a function without arguments; each call of it opens the same ledger, which is empty at
    the start of every test.
    """

    @pytest.fixture
    def opened(self) -> Callable[[], Ledger]:
        raise NotImplementedError("provide a fixture `opened` that returns a function opening the ledger")

    @pytest.fixture
    def ledger(self, opened: Callable[[], Ledger]) -> Iterator[Ledger]:
        ledger = opened()
        yield ledger
        ledger.close()

    @pytest.fixture
    def other(self, opened: Callable[[], Ledger]) -> Iterator[Ledger]:
        ledger = opened()
        yield ledger
        ledger.close()

    def test_it_keeps_the_promise_of_a_ledger(self, ledger: Ledger) -> None:
        assert isinstance(ledger, Ledger)

    def test_a_new_ledger_is_empty(self, ledger: Ledger) -> None:
        assert ledger.select("record") == []

    def test_what_was_appended_comes_back_as_it_was(self, ledger: Ledger) -> None:
        entry = _entry(key="clé 🚕 '%_\\", body='{"a": "ü\\u0000\\n"}', tags={"kind": "model", "a'b": '%"x'})
        ledger.append([entry])
        (found,) = ledger.select("record")
        assert replace(found, number=0) == entry
        assert found.number > 0

    def test_entries_come_oldest_first_with_rising_numbers(self, ledger: Ledger) -> None:
        ledger.append([_entry(key=f"k{n}") for n in range(3)])
        ledger.append([_entry(key="k3")])
        found = ledger.select("record")
        assert [entry.key for entry in found] == ["k0", "k1", "k2", "k3"]
        assert [entry.number for entry in found] == sorted({entry.number for entry in found})

    def test_a_key_may_have_many_entries(self, ledger: Ledger) -> None:
        ledger.append([_entry(key="a", body="1"), _entry(key="b", body="2"), _entry(key="a", body="3")])
        assert [entry.body for entry in ledger.select("record", key="a")] == ["1", "3"]

    def test_tables_do_not_mix(self, ledger: Ledger) -> None:
        ledger.append([_entry(table="alias", body="1", tags={"t": "x"}), _entry(body="2", tags={"t": "x"})])
        assert [entry.body for entry in ledger.select("alias", tags={"t": "x"})] == ["1"]
        assert ledger.select("link") == []

    def test_a_unique_key_stands_once(self, ledger: Ledger) -> None:
        once = _entry(key="a", body="1", unique=True)
        ledger.append([once, replace(once, body="2")])
        ledger.append([replace(once, body="3"), replace(once, key="b")])
        assert [entry.body for entry in ledger.select("record", key="a")] == ["1"]
        assert [entry.key for entry in ledger.select("record")] == ["a", "b"]

    def test_a_unique_key_stands_once_in_each_table(self, ledger: Ledger) -> None:
        ledger.append([_entry(unique=True), _entry(table="link", unique=True)])
        assert len(ledger.select("record") + ledger.select("link")) == 2

    def test_the_key_of_an_earlier_entry_is_not_free_for_a_unique_one(self, ledger: Ledger) -> None:
        ledger.append([_entry(body="1")])
        ledger.append([_entry(body="2", unique=True)])
        assert [entry.body for entry in ledger.select("record")] == ["1"]

    def test_a_prefix_finds_the_keys_that_begin_with_it(self, ledger: Ledger) -> None:
        ledger.append([_entry(key=key) for key in ("ab", "abc", "aB", "a%", "b", "ab\U0010ffff", "ac", "a")])
        found = [entry.key for entry in ledger.select("record", prefix="ab")]
        assert found == ["ab", "abc", "ab\U0010ffff"]
        assert [entry.key for entry in ledger.select("record", prefix="a%")] == ["a%"]
        assert len(ledger.select("record", prefix="")) == 8

    def test_all_tags_asked_for_must_match(self, ledger: Ledger) -> None:
        tags = [{"a": "x", "b": "y"}, {"a": "x"}, {}]
        ledger.append([_entry(key=str(number), tags=tags) for number, tags in enumerate(tags, start=1)])
        assert [entry.key for entry in ledger.select("record", tags={"a": "x"})] == ["1", "2"]
        assert [entry.key for entry in ledger.select("record", tags={"a": "x", "b": "y"})] == ["1"]
        assert ledger.select("record", tags={"a": "y"}) == []
        assert len(ledger.select("record", tags={})) == 3

    def test_conditions_are_joined(self, ledger: Ledger) -> None:
        ledger.append([_entry(key=f"k{n}", body=str(n), tags={"odd": str(n % 2)}) for n in range(6)])
        assert [e.body for e in ledger.select("record", prefix="k", tags={"odd": "1"}, newest=1)] == ["5"]
        assert ledger.select("record", key="k1", prefix="x") == []

    def test_newest_takes_the_last_but_keeps_the_order(self, ledger: Ledger) -> None:
        ledger.append([_entry(body=str(n)) for n in range(5)])
        assert [entry.body for entry in ledger.select("record", newest=2)] == ["3", "4"]
        assert ledger.select("record", newest=0) == []
        assert len(ledger.select("record", newest=99)) == 5
        with pytest.raises(ValueError, match="newest"):
            ledger.select("record", newest=-1)

    def test_all_entries_are_written_or_none(self, ledger: Ledger) -> None:
        with pytest.raises(StoreError):
            ledger.append([_entry(key="good"), _entry(key="no database keeps \0 this")])
        with pytest.raises(StoreError):
            ledger.append([_entry(key="good"), _entry(tags={"half a pair": "\ud800"})])
        assert ledger.select("record") == []

    def test_nothing_appended_is_nothing_changed(self, ledger: Ledger) -> None:
        ledger.append([])
        assert ledger.select("record") == []

    def test_large_bodies_and_many_entries_fit(self, ledger: Ledger) -> None:
        ledger.append([_entry(key="large", body='"' + "x" * 3_000_000 + '"')])
        ledger.append([_entry(key=f"{n:05}") for n in range(3_000)])
        assert len(ledger.select("record", key="large")[0].body) == 3_000_002
        assert len(ledger.select("record", prefix="0")) == 3_000

    def test_another_handle_sees_what_was_appended(self, ledger: Ledger, other: Ledger) -> None:
        assert other.select("record") == []
        ledger.append([_entry()])
        assert len(other.select("record")) == 1

    def test_it_is_kept_after_closing_and_can_be_used_again(self, ledger: Ledger) -> None:
        ledger.append([_entry()])
        ledger.close()
        ledger.close()
        assert len(ledger.select("record")) == 1

    def test_threads_and_handles_append_at_once(self, ledger: Ledger, other: Ledger) -> None:
        def write(n: int) -> None:
            handle = ledger if n % 2 else other
            handle.append([_entry(key=str(n)), _entry(key="once", unique=True)])

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(write, range(40)))
        found = ledger.select("record")
        assert {entry.key for entry in found} == {*map(str, range(40)), "once"}
        assert len(found) == 41

    def test_one_holder_at_a_time(self, ledger: Ledger, other: Ledger) -> None:
        inside: list[str] = []

        def hold(handle: Ledger) -> None:
            with handle.hold("step"):
                inside.append("in")
                time.sleep(0.01)
                inside.append("out")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(hold, [ledger, other, ledger, other]))
        assert inside == ["in", "out"] * 4

    def test_holders_of_different_names_do_not_wait(self, ledger: Ledger, other: Ledger) -> None:
        with ledger.hold("a/ü"), other.hold("b"), ledger.hold("c"):
            ledger.append([_entry()])
        assert len(ledger.select("record")) == 1

    def test_a_holder_that_fails_lets_go(self, ledger: Ledger, other: Ledger) -> None:
        with pytest.raises(KeyError), ledger.hold("step"):
            raise KeyError("a bug in a step")
        with other.hold("step"):
            pass

    def test_others_wait_until_the_holder_is_done(self, ledger: Ledger, other: Ledger) -> None:
        got_in = Event()

        def wait() -> None:
            with other.hold("step"):
                got_in.set()

        with ThreadPoolExecutor(1) as pool:
            with ledger.hold("step"):
                waiting = pool.submit(wait)
                assert not got_in.wait(0.1)
            waiting.result(timeout=30)
        assert got_in.is_set()


def _entry(
    *,
    table: str = "record",
    key: str = "k",
    body: str = "{}",
    tags: dict[str, str] | None = None,
    unique: bool = False,
) -> Entry:
    return Entry(
        table=table, key=key, body=body, at="2026-05-03T12:00:00.000000Z", tags=tags or {}, unique=unique
    )
