"""The SQLite ledger keeps the promises of a ledger, whatever happens to its file."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing, suppress
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from loopwright.errors import CorruptStore, StoreError, StoreFull, StoreReadOnly
from loopwright.protocols import Entry
from loopwright.store import SqliteLedger
from loopwright.testing import LedgerContract


class TestSqliteLedger(LedgerContract):
    @pytest.fixture
    def opened(self, tmp_path):
        return lambda: SqliteLedger(tmp_path / "deep" / "folder" / "metadata.db")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "store" / "metadata.db"


@pytest.fixture
def ledger(path):
    ledger = SqliteLedger(path)
    yield ledger
    ledger.close()


def entry(key="k", **more):
    return Entry(**{"table": "record", "key": key, "body": "{}", "at": "2026-05-03T00:00:00.000000Z", **more})


# -- a model in memory


class Model:
    """A ledger as a list."""

    def __init__(self):
        self.entries = []

    def append(self, entries):
        for new in entries:
            same = [old for old in self.entries if (old.table, old.key) == (new.table, new.key)]
            if not any(old.unique or new.unique for old in same):
                self.entries.append(new)

    def select(self, table, key, prefix, tags, newest):
        found = [
            old
            for old in self.entries
            if old.table == table
            and (key is None or old.key == key)
            and (prefix is None or old.key.startswith(prefix))
            and old.tags.items() >= (tags or {}).items()
        ]
        return found if newest is None else found[len(found) - min(newest, len(found)) :]


keys = st.text(st.sampled_from("aA%_\ud7ff\ue000\U0010ffff"), max_size=3)
tags = st.dictionaries(st.sampled_from("xyz"), st.sampled_from("01"), max_size=2)
entries = st.builds(
    Entry,
    table=st.sampled_from(["record", "link"]),
    key=keys,
    body=st.integers().map(str),
    at=st.just("2026-05-03T00:00:00.000000Z"),
    tags=tags,
    unique=st.booleans(),
)
questions = st.tuples(
    st.sampled_from(["record", "link"]),
    st.none() | keys,
    st.none() | keys,
    st.none() | tags,
    st.none() | st.integers(0, 4),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(batches=st.lists(st.lists(entries, max_size=5), max_size=5), asked=st.lists(questions, max_size=6))
def test_it_answers_like_a_list(tmp_path, batches, asked):
    shutil.rmtree(tmp_path / "model", ignore_errors=True)
    ledger, model = SqliteLedger(tmp_path / "model" / "metadata.db"), Model()
    for batch in batches:
        ledger.append(batch)
        model.append(batch)
    for table, key, prefix, wanted, newest in asked:
        found = ledger.select(table, key=key, prefix=prefix, tags=wanted, newest=newest)
        assert [replace(line, number=0) for line in found] == model.select(table, key, prefix, wanted, newest)
    ledger.close()


# -- the file


def test_reading_what_does_not_exist_makes_nothing(tmp_path, ledger):
    assert ledger.select("record", prefix="a", tags={"b": "c"}) == []
    assert list(tmp_path.iterdir()) == []


def test_a_path_may_hold_characters_that_mean_something_in_a_url(tmp_path):
    ledger = SqliteLedger(tmp_path / "a b?c#d%20ü" / "meta data.db")
    ledger.append([entry()])
    ledger.close()
    assert (tmp_path / "a b?c#d%20ü" / "meta data.db").is_file()


def test_sql_can_neither_change_nor_delete(path, ledger):
    ledger.append([entry(tags={"a": "b"})])
    with closing(sqlite3.connect(path)) as connection:
        for sql in (
            "UPDATE entry SET body = 'x'",
            "DELETE FROM entry",
            "UPDATE tag SET value = 'x'",
            "DELETE FROM tag",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(sql)


@pytest.mark.parametrize(
    "question",
    [
        {"key": "a"},
        {"tags": {"a": "b"}},
        {"tags": {"a": "b", "c": "d"}},
        {"prefix": "a"},
        {"key": "a", "newest": 1},
    ],
    ids=str,
)
def test_every_search_uses_an_index(path, ledger, question):
    ledger.append([entry(tags={"a": "b", "c": "d"})])
    statements = []
    ledger.select("record")
    ledger._connection.set_trace_callback(statements.append)
    ledger.select("record", **question)
    ledger._connection.set_trace_callback(None)
    with closing(sqlite3.connect(path)) as connection:
        plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statements[-1]}")]
    assert not [step for step in plan if step.startswith("SCAN")], plan


def test_a_ledger_of_a_newer_version_is_refused(path, ledger):
    ledger.append([entry()])
    ledger.close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    for use in (lambda: ledger.append([entry()]), lambda: ledger.select("record")):
        with pytest.raises(StoreError, match=r"newer Loopwright \(ledger format 99.*pip install --upgrade"):
            use()


def test_the_file_of_another_program_is_refused(path, ledger):
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE entry (a)")
    for use in (lambda: ledger.append([entry()]), lambda: ledger.select("record")):
        with pytest.raises(StoreError, match="another program"):
            use()


@pytest.mark.parametrize("offset", [0, 30, 4096, 8192])
def test_a_damaged_file_is_a_corrupt_store_that_says_what_to_do(path, ledger, offset):
    ledger.append([entry(str(number), body="x" * 500, tags={"a": str(number)}) for number in range(200)])
    ledger.close()
    content = bytearray(path.read_bytes())
    content[offset:] = b"\xa5" * len(content[offset:])
    path.write_bytes(content)
    with pytest.raises(CorruptStore, match=r"metadata\.db.*backup.*run again"):
        ledger.select("record")


def test_one_changed_letter_is_a_corrupt_store(path, ledger):
    ledger.append([entry(body='{"value": 0.91}')])
    ledger.close()
    path.write_bytes(path.read_bytes().replace(b"0.91", b"0.99"))
    with pytest.raises(CorruptStore, match=r"entry 1.*not what was written.*backup"):
        ledger.select("record")


def test_a_truncated_file_is_a_corrupt_store(path, ledger):
    ledger.append([entry(str(number), body="x" * 500) for number in range(200)])
    ledger.close()
    os.truncate(path, 5000)
    with pytest.raises(CorruptStore):
        ledger.select("record")


def test_text_in_place_of_the_file_is_a_corrupt_store(path, ledger):
    path.parent.mkdir()
    path.write_text("this is no database" * 100)
    for use in (lambda: ledger.append([entry()]), lambda: ledger.select("record")):
        with pytest.raises(CorruptStore):
            use()


def test_an_empty_file_is_an_empty_ledger(path, ledger):
    path.parent.mkdir()
    path.touch()
    assert ledger.select("record") == []
    ledger.append([entry()])
    assert len(ledger.select("record")) == 1


def test_a_folder_in_place_of_the_file_is_a_store_error(path, ledger):
    path.mkdir(parents=True)
    with pytest.raises(StoreError, match=r"metadata\.db"):
        ledger.append([entry()])


def test_a_file_in_place_of_the_folder_is_a_store_error(path, ledger):
    path.parent.write_text("")
    with pytest.raises(StoreError, match="store"):
        ledger.append([entry()])


def test_a_ledger_that_was_taken_away_is_begun_anew(path, ledger):
    ledger.append([entry("old")])
    shutil.rmtree(path.parent)
    assert ledger.select("record") == []
    ledger.append([entry("new")])
    other = SqliteLedger(path)
    assert [line.key for line in other.select("record")] == ["new"]
    other.close()


def test_a_forked_process_gets_a_connection_of_its_own(path, ledger):
    ledger.append([entry("parent")])
    child = os.fork()
    if child == 0:
        try:
            ledger.append([entry("child")])
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    ledger.append([entry("parent again")])
    assert [line.key for line in ledger.select("record")] == ["parent", "child", "parent again"]


def test_another_process_that_keeps_the_file_is_named_after_a_while(path, ledger):
    ledger.append([entry()])
    hurried = SqliteLedger(path, patience_seconds=0.1)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        assert len(hurried.select("record")) == 1
        with pytest.raises(StoreError, match=r"another process kept .* for more than 0\.1 seconds"):
            hurried.append([entry()])
    hurried.close()


def test_a_read_only_folder_can_be_read_but_not_written(path, ledger, made_read_only):
    ledger.append([entry()])
    ledger.close()
    made_read_only(path.parent)
    assert len(ledger.select("record")) == 1
    with pytest.raises(StoreReadOnly, match="permission"):
        ledger.append([entry()])
    with pytest.raises(StoreReadOnly, match="permission"), ledger.hold("step"):
        pass
    assert len(ledger.select("record")) == 1


def test_a_read_only_folder_in_which_a_writer_was_killed_loses_no_entry(path, tmp_path, made_read_only):
    program = (
        "import os, sys\n"
        "from loopwright.protocols import Entry\n"
        "from loopwright.store import SqliteLedger\n"
        "SqliteLedger(sys.argv[1]).append([Entry(table='record', key='k', body='{}', at='')])\n"
        "os._exit(9)\n"
    )
    subprocess.run([sys.executable, "-c", program, path], check=False)
    path.with_name("metadata.db-shm").unlink()
    assert path.with_name("metadata.db-wal").stat().st_size > 0
    made_read_only(path.parent)
    assert len(SqliteLedger(path).select("record")) == 1


def test_a_user_without_permission_can_read_but_not_write(path, ledger):
    if os.getuid() != 0:
        pytest.skip("giving up permissions needs root")
    ledger.append([entry()])
    ledger.close()
    for folder in (path.parent, *path.parent.parents[:-1]):
        folder.chmod(folder.stat().st_mode | 0o055)
    asking, telling = os.pipe()
    if os.fork() == 0:
        try:
            os.setgid(65534)
            os.setuid(65534)
            os.write(telling, _seen_without_permission(path).encode())
        finally:
            os._exit(0)
    os.close(telling)
    with open(asking) as answer:
        assert answer.read() == "1 entry, then StoreReadOnly"


def _seen_without_permission(path):
    mine = SqliteLedger(path)
    found = len(mine.select("record"))
    try:
        mine.append([entry()])
    except StoreError as error:
        return f"{found} entry, then {type(error).__name__}"
    return "written"


def test_a_full_disk_is_a_full_store_that_stays_readable(small_disk):
    ledger = SqliteLedger(small_disk / "metadata.db")
    kept = 0
    with suppress(StoreFull):
        for kept in range(1000):
            ledger.append([entry(str(kept), body="x" * 20_000)])
    assert 10 < kept < 200
    with pytest.raises(StoreFull, match="no space"):
        ledger.append([entry(body="x" * 20_000)])
    assert len(ledger.select("record")) == kept
    other = SqliteLedger(small_disk / "metadata.db")
    assert len(other.select("record")) == kept
    other.close()
    ledger.close()


def test_a_disk_that_is_full_from_the_start_is_a_full_store(small_disk):
    (small_disk / "filler").write_bytes(b"x" * (2 * 1024 * 1024))
    ledger = SqliteLedger(small_disk / "deep" / "metadata.db")
    with pytest.raises(StoreFull, match="no space"):
        ledger.append([entry()])
    (small_disk / "filler").unlink()
    ledger.append([entry()])
    assert len(ledger.select("record")) == 1
    ledger.close()


def test_importing_and_reading_it_loads_nothing_heavy(path, ledger):
    ledger.append([entry()])
    program = (
        "import sys\n"
        "from loopwright.store import SqliteLedger\n"
        "assert SqliteLedger(sys.argv[1]).select('record')\n"
        "heavy = ('polars', 'fsspec', 'filelock', 'deltalake', 'numpy', 'psycopg')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program, path], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
