"""The promises of a table store, as tests."""
# ruff: noqa: S101, D102 - the tests are sentences

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Literal

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loopwright.errors import CorruptStore, StoreError, UnknownColumn
from loopwright.protocols import TableStore
from loopwright.records.record import Table

__all__ = ["TableStoreContract"]

TimeUnit = Literal["ns", "us", "ms"]


_UNITS: tuple[TimeUnit, ...] = ("ns", "us", "ms")


class TableStoreContract:
    """Inherit, provide the fixtures ``tables`` and ``damage``, and each promise is tested.

    ``tables`` is an empty store. ``damage(table, change)`` calls ``change`` with the bytes of each file of a
    version and puts what it returns in their place, or takes the file away if that is None.
    """

    @pytest.fixture
    def tables(self) -> TableStore:
        raise NotImplementedError("provide a fixture `tables` that returns an empty store")

    @pytest.fixture
    def damage(self) -> Callable[[Table, Callable[[bytes], bytes | None]], None]:
        raise NotImplementedError("provide a fixture `damage` that returns a function spoiling a version")

    def test_it_keeps_the_promise_of_a_table_store(self, tables: TableStore) -> None:
        assert isinstance(tables, TableStore)

    def test_rows_come_back_as_they_were(self, tables: TableStore) -> None:
        frame = pl.DataFrame({"fare": [4.5, None, float("nan")], "payment": ["cash", "", None]})
        table = tables.write("trips", frame)
        assert_frame_equal(tables.read(table).collect(), frame)
        assert (table.name, table.rows, table.columns) == ("trips", 3, ("fare", "payment"))
        assert tables.intact(table)

    def test_the_same_rows_again_are_the_same_version(self, tables: TableStore) -> None:
        frame = pl.DataFrame({"a": [1, 2]})
        assert tables.write("t", frame) == tables.write("t", frame)

    def test_other_rows_are_the_next_version_and_the_old_one_stays(self, tables: TableStore) -> None:
        frames = [pl.DataFrame({"a": [1]}), pl.DataFrame({"b": ["x", "y"]}), pl.DataFrame({"a": [1]})]
        versions = [tables.write("t", frame) for frame in frames]
        numbers = [table.version for table in versions]
        assert numbers == sorted(set(numbers))
        for table, frame in zip(versions, frames, strict=True):
            assert_frame_equal(tables.read(table).collect(), frame)
        assert versions[0].sha256 == versions[2].sha256 != versions[1].sha256

    def test_tables_of_different_names_do_not_mix(self, tables: TableStore) -> None:
        first, second = (tables.write(name, pl.DataFrame({"a": [name]})) for name in ("a/one", "a/two"))
        assert tables.read(first).collect().item() == "a/one"
        assert tables.read(second).collect().item() == "a/two"

    def test_columns_may_be_chosen_in_any_order(self, tables: TableStore) -> None:
        table = tables.write("t", pl.DataFrame({"a": [1], "b": [2], "c": [3]}))
        assert tables.read(table, columns=["c", "a"]).collect().to_dicts() == [{"c": 3, "a": 1}]
        with pytest.raises(UnknownColumn, match="'B'"):
            tables.read(table, columns=["B"])

    def test_the_order_of_many_rows_is_kept(self, tables: TableStore) -> None:
        frame = pl.DataFrame({"n": pl.int_range(1_200_000, eager=True).reverse()})
        assert tables.read(tables.write("t", frame)).collect()["n"].equals(frame["n"])

    def test_no_rows_keep_their_columns(self, tables: TableStore) -> None:
        frame = pl.DataFrame(schema={"a": pl.Int64, "b": pl.List(pl.String)})
        assert_frame_equal(tables.read(tables.write("t", frame)).collect(), frame)

    @pytest.mark.parametrize(
        "series",
        [
            pl.Series([None, None], dtype=pl.Null),
            pl.Series([True, None]),
            *(pl.Series([0, 200, None], dtype=dtype) for dtype in (pl.UInt8, pl.UInt16, pl.UInt32)),
            pl.Series([0, 2**64 - 1, None], dtype=pl.UInt64),
            pl.Series([-(2**100), None], dtype=pl.Int128),
            pl.Series([-128, 127, None], dtype=pl.Int8),
            pl.Series([1.5, float("inf"), None], dtype=pl.Float32),
            pl.Series([b"\0\xff", None]),
            pl.Series([date(1, 1, 1), date(9999, 12, 31), None]),
            pl.Series([time(23, 59, 59, 999_999), None]),
            *(
                pl.Series([timedelta(days=-3, milliseconds=1), None], dtype=pl.Duration(unit))
                for unit in _UNITS
            ),
            *(pl.Series([datetime(2016, 2, 29, 1, 2, 3), None], dtype=pl.Datetime(unit)) for unit in _UNITS),
            pl.Series([datetime(2016, 6, 1)], dtype=pl.Datetime("us")).dt.replace_time_zone("Europe/Paris"),
            pl.Series([datetime(2016, 6, 1)], dtype=pl.Datetime("ns")).dt.replace_time_zone("Asia/Kathmandu"),
            pl.Series([Decimal("12345678901234567890.123456"), None], dtype=pl.Decimal(38, 6)),
            pl.Series(["a", "b", "a", None], dtype=pl.Categorical),
            pl.Series(["b", None], dtype=pl.Enum(["a", "b"])),
            pl.Series([[1], [], None], dtype=pl.List(pl.UInt8)),
            pl.Series([[], [None]], dtype=pl.List(pl.Null)),
            pl.Series([[[1, 2], [3, 4]], None], dtype=pl.Array(pl.UInt16, (2, 2))),
            pl.Series([{"a, b": timedelta(1), "A": [time(1)]}, None, {"a, b": None, "A": None}]),
        ],
        ids=lambda series: str(series.dtype)[:40],
    )
    def test_every_type_comes_back_as_it_was(self, tables: TableStore, series: pl.Series) -> None:
        frame = series.alias("x").to_frame()
        assert_frame_equal(tables.read(tables.write("t", frame)).collect(), frame)

    def test_every_column_name_comes_back_as_it_was(self, tables: TableStore) -> None:
        names = [
            "",
            " ",
            "a b",
            "a.b",
            "a,b",
            "a/b",
            "a\\b",
            "`a`",
            '"',
            "'",
            "A",
            "a",
            "*",
            "^a$",
            "é🚕",
            "a\nb",
        ]
        frame = pl.DataFrame({name: [position] for position, name in enumerate(names)})
        table = tables.write("t", frame)
        assert table.columns == tuple(names)
        assert_frame_equal(tables.read(table).collect(), frame)
        assert tables.read(table, columns=["*", ""]).collect().row(0) == (names.index("*"), 0)

    def test_ten_thousand_columns_fit(self, tables: TableStore) -> None:
        frame = pl.DataFrame({f"sensor {n}": [n, n + 1] for n in range(10_000)})
        assert tables.read(tables.write("t", frame)).collect().equals(frame)

    def test_what_was_never_written_is_not_intact_and_cannot_be_read(self, tables: TableStore) -> None:
        missing = Table(name="never", version=0, rows=1, columns=("a",), sha256="0" * 64)
        assert not tables.intact(missing)
        with pytest.raises(CorruptStore, match="never"):
            tables.read(missing)

    def test_a_missing_file_is_seen(
        self, tables: TableStore, damage: Callable[[Table, Callable[[bytes], bytes | None]], None]
    ) -> None:
        table = tables.write("trips", pl.DataFrame({"a": [1]}))
        damage(table, lambda _: None)
        assert not tables.intact(table)
        with pytest.raises(CorruptStore, match="trips"):
            tables.read(table)

    def test_a_file_of_another_size_is_seen(
        self, tables: TableStore, damage: Callable[[Table, Callable[[bytes], bytes | None]], None]
    ) -> None:
        table = tables.write("trips", pl.DataFrame({"a": [1]}))
        damage(table, lambda content: content[:-9])
        assert not tables.intact(table)
        with pytest.raises(CorruptStore, match="trips"):
            tables.read(table)

    def test_a_damaged_version_is_made_anew(
        self, tables: TableStore, damage: Callable[[Table, Callable[[bytes], bytes | None]], None]
    ) -> None:
        frame = pl.DataFrame({"a": [1]})
        damage(tables.write("t", frame), lambda _: None)
        again = tables.write("t", frame)
        assert tables.intact(again)
        assert_frame_equal(tables.read(again).collect(), frame)

    def test_many_write_at_once_and_each_gets_its_rows(self, tables: TableStore) -> None:
        frames = [pl.DataFrame({"writer": [n] * 10}) for n in range(8)]
        with ThreadPoolExecutor(4) as pool:
            written = list(pool.map(lambda frame: tables.write("t", frame), frames))
        assert len({table.version for table in written}) == len(frames)
        for table, frame in zip(written, frames, strict=True):
            assert_frame_equal(tables.read(table).collect(), frame)

    def test_batches_are_appended_behind_one_another(self, tables: TableStore) -> None:
        kinds = pl.Schema({"n": pl.UInt16(), "kind": pl.Enum(["a", "b"])})
        batches: list[list[tuple[int, str]]] = [[(3, "a"), (1, "b")], [(2, "b")], [], [(9, "a")]]
        frames = [pl.DataFrame(rows, schema=kinds, orient="row") for rows in batches]
        versions = [tables.append("log", frame, batch=str(n)) for n, frame in enumerate(frames)]
        for number, table in enumerate(versions, start=1):
            assert_frame_equal(tables.read(table).collect(), pl.concat(frames[:number]))
            assert table.rows == sum(frame.height for frame in frames[:number])
            assert tables.intact(table)
        assert len({table.sha256 for table in versions}) == len(versions)
        assert tables.newest("log") == versions[-1]

    def test_a_batch_is_appended_once(self, tables: TableStore) -> None:
        tables.append("log", pl.DataFrame({"n": [1]}), batch="first")
        second = tables.append("log", pl.DataFrame({"n": [2]}), batch="second")
        assert tables.append("log", pl.DataFrame({"n": [1]}), batch="first") == second
        assert tables.read(second).collect()["n"].to_list() == [1, 2]

    def test_it_is_known_with_which_version_a_batch_came(self, tables: TableStore) -> None:
        versions = {batch: tables.append("log", pl.DataFrame({"n": [1]}), batch=batch).version for batch in "ab"}
        assert tables.appended("log", batches=["a", "b", "c"]) == versions
        assert tables.appended("other", batches=["a"]) == {}

    def test_rows_may_be_appended_to_what_was_written(self, tables: TableStore) -> None:
        written = tables.write("log", pl.DataFrame({"n": [1]}))
        appended = tables.append("log", pl.DataFrame({"n": [2]}), batch="a")
        assert appended.version > written.version
        assert tables.read(appended).collect()["n"].to_list() == [1, 2]
        assert tables.read(written).collect()["n"].to_list() == [1]

    def test_rows_with_other_columns_cannot_be_appended(self, tables: TableStore) -> None:
        table = tables.append("log", pl.DataFrame({"n": [1]}), batch="a")
        for other in (pl.DataFrame({"m": [2]}), pl.DataFrame({"n": ["2"]}), pl.DataFrame({"n": [2], "m": [2]})):
            with pytest.raises(StoreError, match="log"):
                tables.append("log", other, batch="b")
        assert tables.newest("log") == table

    def test_there_is_no_newest_version_before_the_first(self, tables: TableStore) -> None:
        assert tables.newest("log") is None
        table = tables.write("log", pl.DataFrame({"n": [1]}))
        assert tables.newest("log") == table

    def test_many_append_at_once_and_each_batch_is_there_once(self, tables: TableStore) -> None:
        batches = [n % 6 for n in range(12)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda n: tables.append("log", pl.DataFrame({"n": [n]}), batch=f"batch {n}"), batches))
        newest = tables.newest("log")
        assert newest is not None
        assert sorted(tables.read(newest).collect()["n"]) == sorted(set(batches))
