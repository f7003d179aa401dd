"""Which files a source stands for is found again in every run; what has not changed is not read again."""

from __future__ import annotations

import json
import os
import sqlite3
import time

import fsspec
import pytest

from loopwright.errors import UnreadableSource
from loopwright.stages.data.sources import fingerprint, fingerprints, is_database, paths


@pytest.fixture
def home(tmp_path):
    """Return a folder with three old files."""
    for name, text in (("b.csv", "x\n2\n"), ("a.csv", "x\n1\n"), ("spans/2015-01.csv", "x\n3\n")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        make_old(path)
    return tmp_path


def make_old(path):
    an_hour_ago = time.time() - 3600
    os.utime(path, (an_hour_ago, an_hour_ago))


def names(found, home):
    return [path.relative_to(home).as_posix() for path in found]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a.csv", ["a.csv"]),
        ("*.csv", ["a.csv", "b.csv"]),
        ("**/*.csv", ["a.csv", "b.csv", "spans/2015-01.csv"]),
        ("spans/{span}.csv", ["spans/2015-01.csv"]),
        ("[b]*.csv", ["b.csv"]),
    ],
)
def test_a_path_or_glob_stands_for_files_in_order_of_name(home, source, expected):
    assert names(paths(source, folder=home), home) == expected
    assert names(paths(str(home / source), folder=home / "spans"), home) == expected


def test_folders_that_match_are_no_files(home):
    (home / "c.csv").mkdir()
    assert names(paths("*.csv", folder=home), home) == ["a.csv", "b.csv"]


def test_brackets_in_the_name_of_the_project_folder_or_of_the_file_mean_themselves(tmp_path):
    folder = tmp_path / "trips [1]"
    folder.mkdir()
    (folder / "a[2].csv").write_text("x\n1\n")
    assert names(paths("*.csv", folder=folder), folder) == ["a[2].csv"]
    assert names(paths("a[2].csv", folder=folder), folder) == ["a[2].csv"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("c.csv", r"'c\.csv': there is no such file in .*a\.csv"),
        ("spans", r"'spans' is a folder\. Name a file in it, or write a glob such as \"spans/\*\.csv\""),
        ("sqlite:///none.db", r"there is no database file .*none\.db"),
        ("memory://nothing-here/*.csv", "nothing there matches"),
        ("nosuchscheme://host/a.csv", r"cannot be reached: .*nosuchscheme"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(home, source, message):
    with pytest.raises(UnreadableSource, match=message):
        fingerprints(source, folder=home, cache=home / "files.json")


def test_a_fingerprint_is_of_the_bytes(home):
    first = fingerprint(home / "a.csv", name="a.csv")
    assert (first.kind, first.name) == ("file", "a.csv")
    (home / "a.csv").write_text("x\n2\n")
    assert fingerprint(home / "a.csv", name="a.csv").digest == fingerprint(home / "b.csv", name="b.csv").digest
    assert fingerprint(home / "a.csv", name="a.csv").digest != first.digest


def test_every_file_has_its_ref_and_an_unchanged_one_is_not_read_again(home):
    cache = home / "cache" / "files.json"
    refs = fingerprints("*.csv", folder=home, cache=cache)
    assert [ref.name for ref in refs] == ["a.csv", "b.csv"]
    known = json.loads(cache.read_text())
    known[str(home / "a.csv")][3] = "what the cache says"
    cache.write_text(json.dumps(known))
    assert fingerprints("*.csv", folder=home, cache=cache)[0].digest == "what the cache says"
    make_old(home / "a.csv")
    assert fingerprints("*.csv", folder=home, cache=cache)[0].digest == refs[0].digest


def test_a_file_written_a_moment_ago_is_not_trusted_to_the_clock(home):
    cache = home / "files.json"
    (home / "a.csv").write_text("x\n7\n")
    fingerprints("a.csv", folder=home, cache=cache)
    assert not cache.exists() or str(home / "a.csv") not in json.loads(cache.read_text())


@pytest.mark.parametrize("text", ["", "{", "[]", "3", '{"a": 1}'])
def test_a_damaged_cache_costs_time_and_nothing_else(home, text):
    cache = home / "files.json"
    cache.write_text(text)
    assert fingerprints("a.csv", folder=home, cache=cache)[0].digest == fingerprint(home / "a.csv", name="").digest


def test_rows_in_the_write_ahead_log_of_a_database_count(home):
    database = sqlite3.connect(home / "shop.db")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("CREATE TABLE sale (price REAL)")
    database.commit()
    before = fingerprints("sqlite:///shop.db", folder=home, cache=home / "files.json")
    database.execute("INSERT INTO sale VALUES (1.5)")
    database.commit()
    after = fingerprints("sqlite:///shop.db", folder=home, cache=home / "files.json")
    database.close()
    assert [ref.name for ref in before] == ["shop.db", "shop.db-wal"]
    assert {ref.digest for ref in before} != {ref.digest for ref in after}


def test_a_database_server_cannot_be_fingerprinted_and_its_password_is_hidden(home):
    source = "postgresql://me:secret@host/trips"
    first, second = (fingerprints(source, folder=home, cache=home / "files.json") for _ in range(2))
    assert first[0].digest != second[0].digest
    assert first[0].name == "postgresql://host/trips"


def test_objects_on_a_store_are_told_by_its_own_tag(home):
    system = fsspec.filesystem("memory")
    system.pipe({"/sources-test/a.csv": b"x\n1\n", "/sources-test/b.csv": b"x\n2\n"})
    try:
        refs = fingerprints("memory://sources-test/*.csv", folder=home, cache=home / "files.json")
        assert [ref.name for ref in refs] == ["memory:///sources-test/a.csv", "memory:///sources-test/b.csv"]
        system.pipe("/sources-test/a.csv", b"x\n1\n2\n")
        changed = fingerprints("memory://sources-test/*.csv", folder=home, cache=home / "files.json")
        assert [new.digest == old.digest for new, old in zip(changed, refs, strict=True)] == [False, True]
    finally:
        system.rm("/sources-test", recursive=True)


def test_database_urls_are_told_from_files():
    assert is_database("postgres://host/trips")
    assert not is_database("data/postgres.csv")
    assert not is_database("s3://bucket/trips.csv")
