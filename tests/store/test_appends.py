"""Batches are appended exactly once, and their number is felt neither in files nor in commits."""

from __future__ import annotations

import hashlib
import json
import multiprocessing

import polars as pl
import pytest
from deltalake import DeltaTable
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from loopwright.errors import CorruptStore, StoreError, StoreFull
from loopwright.store import DeltaTables
from loopwright.store.appends import LARGEST_FOLDED, MOST_SMALL, folded_from
from loopwright.store.row_digest import rows_digest


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "tables"


@pytest.fixture
def tables(folder):
    return DeltaTables(folder, digest=rows_digest)


def row(n):
    return pl.DataFrame({"n": [n], "text": [f"row {n}"]})


def test_the_digest_is_chained_over_the_batches(tables):
    first = tables.append("t", row(1), batch="a")
    second = tables.append("t", row(2), batch="b")
    assert first.sha256 == rows_digest(row(1))
    assert second.sha256 == hashlib.sha256(f"{first.sha256} {rows_digest(row(2))}".encode()).hexdigest()
    assert tables.newest("t") == second


def test_small_files_are_folded_and_every_version_stays_readable(tables, folder):
    versions = [tables.append("t", row(n), batch=f"batch {n}") for n in range(70)]
    assert max(len(table.files) for table in versions) < 40
    assert min(len(table.files) for table in versions[20:]) < 10
    for number, table in enumerate(versions):
        assert table.rows == number + 1
        assert tables.read(table).collect()["n"].to_list() == list(range(number + 1))
    delta = DeltaTable(folder / "t")
    assert {uri.rpartition("/")[2] for uri in delta.file_uris()} == {file.path for file in versions[-1].files}
    assert sorted(pl.read_delta(str(folder / "t"))["n"]) == list(range(70))


def test_batches_are_remembered_across_checkpoints_of_the_log(tables, folder):
    for n in range(105):
        tables.append("t", row(n), batch=f"batch {n}")
    assert list((folder / "t" / "_delta_log").glob("*.checkpoint.parquet"))
    again = DeltaTables(folder, digest=rows_digest)
    assert again.append("t", row(0), batch="batch 0").rows == 105
    assert again.appended("t", batches=["batch 0", "batch 104", "other"]) == {"batch 0": 0, "batch 104": 104}


@given(sizes=st.lists(st.integers(0, 30).map(lambda bits: 1 << bits), min_size=1, max_size=300))
def test_however_files_come_only_few_stay(sizes):
    kept = []
    for size in sizes:
        kept.append(size)
        first = folded_from(kept)
        kept[first:] = [sum(kept[first:])]
        behind_large = next((at for at in range(len(kept)) if kept[-1 - at] > LARGEST_FOLDED), len(kept))
        assert behind_large <= MOST_SMALL


def test_a_row_is_written_again_only_a_few_times():
    kept, written = [], 0
    for _ in range(20_000):
        kept.append(5_000)
        first = folded_from(kept)
        kept[first:] = [sum(kept[first:])]
        written += kept[-1]
    assert written < 5 * 20_000 * 5_000
    assert len(kept) < 80


def test_large_files_are_left_alone():
    assert folded_from([LARGEST_FOLDED + 1] * 30) == 29
    assert folded_from([LARGEST_FOLDED + 1] + [10] * 16) == 1


def test_a_version_of_another_program_is_no_obstacle(tables, folder):
    tables.append("t", row(0), batch="a")
    row(99).write_delta(str(folder / "t"), mode="append")
    assert tables.newest("t").rows == 1
    after = tables.append("t", row(1), batch="b")
    assert after.version == 2
    assert tables.read(after).collect()["n"].to_list() == [0, 1]


def test_a_table_of_an_older_release_is_counted_and_appended_to(tables, folder):
    tables.write("t", pl.concat([row(0), row(1)]))
    line = folder / "t" / "_delta_log" / f"{0:020}.json"
    actions = [json.loads(text) for text in line.read_text().splitlines()]
    for action in actions:
        action.get("commitInfo", {}).pop("loopwright.rows", None)
    line.write_text("\n".join(map(json.dumps, actions)))
    assert tables.newest("t").rows == 2
    assert tables.append("t", row(2), batch="a").rows == 3


def test_nothing_is_appended_to_a_damaged_table(tables, folder):
    table = tables.append("t", row(0), batch="a")
    path = folder / "t" / table.files[0].path
    content = path.read_bytes()
    path.unlink()
    with pytest.raises(CorruptStore, match=r"table t is damaged.*backup"):
        tables.append("t", row(1), batch="b")
    path.write_bytes(content)
    assert tables.append("t", row(1), batch="b").rows == 2


def test_damaged_files_are_not_folded(tables, folder):
    for n in range(15):
        table = tables.append("t", row(n), batch=f"{n}")
    path = folder / "t" / table.files[3].path
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    before = len(list((folder / "t").glob("*.parquet")))
    with pytest.raises(CorruptStore, match=table.files[3].path):
        tables.append("t", row(15), batch="15")
    assert len(list((folder / "t").glob("*.parquet"))) == before


def test_a_full_disk_appends_nothing_and_later_everything(small_disk):
    tables = DeltaTables(small_disk / "tables", digest=rows_digest)
    kept = tables.append("t", pl.DataFrame({"n": pl.int_range(1000, eager=True).hash()}), batch="a")
    noise = pl.DataFrame({"n": pl.int_range(400_000, eager=True).hash()})
    with pytest.raises(StoreFull, match="free some space"):
        tables.append("t", noise, batch="b")
    assert tables.newest("t") == kept
    assert tables.append("t", noise.head(1000), batch="b").rows == 2000


def test_a_name_that_could_leave_the_folder_is_refused(tables):
    with pytest.raises(StoreError, match="cannot be the name of a table"):
        tables.append("../t", row(0), batch="a")


@settings(max_examples=10, deadline=None)
@given(batches=st.lists(st.integers(0, 4), max_size=10))
def test_whatever_is_tried_again_is_there_once(tmp_path_factory, batches):
    tables = DeltaTables(tmp_path_factory.mktemp("tables"), digest=rows_digest)
    for batch in batches:
        tables.append("t", row(batch), batch=str(batch))
    newest = tables.newest("t")
    found = [] if newest is None else tables.read(newest).collect()["n"].to_list()
    assert found == list(dict.fromkeys(batches))


def _append_some(folder, writer, count, done):
    tables = DeltaTables(folder, digest=rows_digest)
    for n in range(count):
        tables.append("t", row(n), batch=f"shared {n}")
        tables.append("t", row(1000 * (writer + 1) + n), batch=f"own {writer} {n}")
    done.put(writer)


def test_several_processes_append_to_one_table_at_once(folder):
    spawn = multiprocessing.get_context("spawn")
    done = spawn.Queue()
    processes = [spawn.Process(target=_append_some, args=(folder, writer, 10, done)) for writer in range(2)]
    for process in processes:
        process.start()
    for _ in processes:
        done.get(timeout=120)
    for process in processes:
        process.join()
    tables = DeltaTables(folder, digest=rows_digest)
    found = tables.read(tables.newest("t")).collect()
    expected = [*range(10), *(1000 * (writer + 1) + n for writer in range(2) for n in range(10))]
    assert sorted(found["n"]) == expected
    assert_frame_equal(pl.read_delta(str(folder / "t")).sort("n"), found.sort("n"))
