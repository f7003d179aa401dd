"""Delta tables keep the promises of a table store, whatever happens to their files."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import warnings
from contextlib import suppress

import polars as pl
import pytest
from deltalake import DeltaTable
from polars.testing import assert_frame_equal

from loopwright.errors import CorruptStore, StoreError, StoreFull, StoreReadOnly
from loopwright.store import DeltaTables
from loopwright.testing import TableStoreContract


def digest(frame):
    schema = ",".join(f"{name!r}:{dtype}" for name, dtype in frame.schema.items())
    names = [f"{position}" for position in range(frame.width)]
    plain = pl.DataFrame([column.alias(name) for column, name in zip(frame, names, strict=True)])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = plain.hash_rows(seed=0) if plain.height else pl.Series(dtype=pl.UInt64)
    return hashlib.sha256(schema.encode() + rows.to_numpy().tobytes()).hexdigest()


def damaging(root):
    def damage(table, change):
        for file in table.files:
            path = root / table.name / file.path
            content = change(path.read_bytes())
            path.unlink()
            if content is not None:
                path.write_bytes(content)

    return damage


class TestInAFolder(TableStoreContract):
    @pytest.fixture
    def tables(self, tmp_path):
        return DeltaTables(tmp_path / "deep" / "tables", digest=digest)

    @pytest.fixture
    def damage(self, tmp_path):
        return damaging(tmp_path / "deep" / "tables")


class TestBehindAUrl(TableStoreContract):
    @pytest.fixture
    def tables(self, tmp_path):
        return DeltaTables(f"file://{tmp_path}/deep/tables/", digest=digest)

    @pytest.fixture
    def damage(self, tmp_path):
        return damaging(tmp_path / "deep" / "tables")


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "tables"


@pytest.fixture
def tables(folder):
    return DeltaTables(folder, digest=digest)


FRAME = pl.DataFrame({"fare": [4.5, 9.0], "payment": ["cash", "card"]})


def test_other_programs_read_it_as_a_delta_table(tables, folder):
    frame = FRAME.with_columns(pl.Series("day", [1, 2], dtype=pl.Datetime("us")))
    tables.write("trips", pl.DataFrame({"older": [1]}))
    table = tables.write("trips", frame)
    delta = DeltaTable(folder / "trips")
    assert delta.version() == table.version
    assert_frame_equal(pl.read_delta(str(folder / "trips")), frame)
    assert_frame_equal(pl.read_delta(str(folder / "trips"), version=0), pl.DataFrame({"older": [1]}))
    assert delta.get_add_actions()["num_records"][0].as_py() == 2


def test_names_that_delta_does_not_allow_are_stored_as_positions(tables, folder):
    tables.write("trips", pl.DataFrame({"fare, $": [1], "b": [2]}))
    assert pl.read_delta(str(folder / "trips")).columns == ["c0", "c1"]


def test_a_version_of_another_program_is_no_obstacle(tables, folder):
    first = tables.write("trips", FRAME)
    DeltaTable(folder / "trips").optimize.compact()
    FRAME.head(1).write_delta(str(folder / "trips"), mode="append")
    again = tables.write("trips", FRAME)
    assert again.version > first.version
    for table in (first, again):
        assert_frame_equal(tables.read(table).collect(), FRAME)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "/x", "a//b", "_delta_log", "a b", "a.b", "a/", "\0"]
)
def test_names_that_could_leave_the_folder_are_refused(tables, name):
    with pytest.raises(StoreError, match="cannot be the name of a table"):
        tables.write(name, FRAME)


def test_a_frame_without_columns_is_refused(tables):
    with pytest.raises(StoreError, match="without columns"):
        tables.write("t", pl.DataFrame())


@pytest.mark.parametrize(
    "values", [pl.Series([object()], dtype=pl.Object), pl.Series([{}], dtype=pl.Struct({}))]
)
def test_values_that_no_file_holds_are_refused_by_name(tables, values):
    with pytest.raises(StoreError, match="column 'odd' holds values of type"):
        tables.write("t", values.alias("odd").to_frame())


def test_one_changed_byte_is_seen_when_read(tables):
    table = tables.write("trips", FRAME)
    damaging(tables._root)(table, lambda content: content[:50] + bytes([content[50] ^ 1]) + content[51:])
    with pytest.raises(CorruptStore, match=r"trips.*is not what was written.*loopwright run"):
        tables.read(table)
    with pytest.raises(CorruptStore):
        DeltaTables(tables._root, digest=digest).read(table)


def test_an_unchanged_file_is_hashed_once_over_all_processes(tables, folder, monkeypatch):
    table = tables.write("trips", FRAME)
    hashed = []
    monkeypatch.setattr(
        "loopwright.store.table_folder._matches", lambda path: bool(hashed.append(path)) or True
    )
    DeltaTables(folder, digest=digest).read(table).collect()
    assert hashed == []
    (folder / "_verified").unlink()
    for _ in range(3):
        DeltaTables(folder, digest=digest).read(table).collect()
    assert len(hashed) == 1


@pytest.mark.parametrize("content", [b"", b"{", b'{"add": 1}', b"\xff\xfe"], ids=repr)
def test_a_damaged_log_is_a_corrupt_store(tables, folder, content):
    tables.write("trips", FRAME)
    (folder / "trips" / "_delta_log" / f"{0:020}.json").write_bytes(content)
    with pytest.raises(CorruptStore, match=r"trips.*backup"):
        tables.write("trips", FRAME.head(1))


def test_a_version_is_read_without_the_log(tables, folder):
    table = tables.write("trips", FRAME)
    (folder / "trips" / "_delta_log" / f"{0:020}.json").unlink()
    assert_frame_equal(tables.read(table).collect(), FRAME)


def test_the_log_is_still_read_after_many_versions(tables, folder):
    versions = [tables.write("t", pl.DataFrame({"n": [n]})) for n in range(103)]
    assert list((folder / "t" / "_delta_log").glob("*.checkpoint.parquet"))
    assert tables.write("t", pl.DataFrame({"n": [102]})) == versions[-1]
    assert tables.read(versions[0]).collect().item() == 0


def test_a_full_disk_is_a_full_store_that_stays_readable(small_disk):
    tables = DeltaTables(small_disk / "tables", digest=digest)
    kept = tables.write("t", pl.DataFrame({"n": pl.int_range(1000, eager=True)}))
    noise = pl.DataFrame({"n": pl.int_range(400_000, eager=True).hash()})
    with pytest.raises(StoreFull, match="free some space"):
        tables.write("t", noise)
    assert tables.read(kept).collect().height == 1000
    assert tables.write("t", noise.head(1000)).version == kept.version + 1


def test_a_disk_without_space_for_the_commit_is_a_full_store(small_disk):
    tables = DeltaTables(small_disk / "tables", digest=digest)
    kept = tables.write("t", FRAME)
    filler = small_disk / "filler"
    refused = 0
    _fill(filler)
    while True:
        try:
            tables.write("t", FRAME.head(1))
            break
        except StoreFull:
            refused += 1
            assert_frame_equal(tables.read(kept).collect(), FRAME)
            os.truncate(filler, filler.stat().st_size - 4096)
    assert refused > 1


def _fill(filler):
    """Write a file until the disk is full."""
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)


def test_a_read_only_folder_can_be_read_but_not_written(tables, folder, made_read_only):
    kept = tables.write("t", FRAME)
    (folder / "_verified").unlink()
    made_read_only(folder)
    fresh = DeltaTables(folder, digest=digest)
    assert fresh.intact(kept)
    assert_frame_equal(fresh.read(kept).collect(), FRAME)
    assert fresh.write("t", FRAME) == kept
    with pytest.raises(StoreReadOnly, match="permission"):
        fresh.write("t", FRAME.head(1))


def test_a_file_in_place_of_the_folder_is_a_store_error(tmp_path):
    (tmp_path / "tables").write_text("")
    with pytest.raises(StoreError, match="tables"):
        DeltaTables(tmp_path / "tables", digest=digest).write("t", FRAME)


def _write_some(folder, writer, count, found):
    tables = DeltaTables(folder, digest=digest)
    found.put([tables.write("t", pl.DataFrame({"writer": [writer], "n": [n]})) for n in range(count)])


def test_several_processes_write_one_table_at_once(folder):
    spawn = multiprocessing.get_context("spawn")
    found = spawn.Queue()
    processes = [spawn.Process(target=_write_some, args=(folder, writer, 12, found)) for writer in range(3)]
    for process in processes:
        process.start()
    tables = [found.get(timeout=120) for _ in processes]
    for process in processes:
        process.join()
    every = [table for written in tables for table in written]
    assert sorted(table.version for table in every) == list(range(36))
    reader = DeltaTables(folder, digest=digest)
    rows = {reader.read(table).collect().row(0) for table in every}
    assert rows == {(writer, n) for writer in range(3) for n in range(12)}
    for table in every:
        delta = DeltaTable(folder / "t", version=table.version)
        assert [uri.rpartition("/")[2] for uri in delta.file_uris()] == [table.files[0].path]
