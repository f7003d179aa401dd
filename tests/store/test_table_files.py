"""The Parquet files of a table can be read group by group and remember what their frame was."""

from __future__ import annotations

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from loopwright.store.table_files import fold_files, kept_schema, rows_per_group, write_file


@pytest.mark.parametrize(("row_bytes", "rows"), [(8, 1_000_000), (1_000_000, 134), (300_000_000, 1)])
def test_row_groups_stay_below_128_megabytes(row_bytes, rows):
    frame = pl.DataFrame({"x": [b"x" * row_bytes]})
    assert rows_per_group(frame) == pytest.approx(rows, rel=0.01)


def test_files_are_folded_in_their_order_and_keep_the_schema(tmp_path):
    schema = pl.Schema({"n": pl.UInt8})
    paths = [str(tmp_path / name) for name in ("b", "a")]
    for path, numbers in zip(paths, ([5, 3], [4]), strict=True):
        write_file(pl.DataFrame({"n": numbers}), path, schema=schema)
    fold_files(paths, pl.DataFrame({"n": [1]}), tmp_path / "c", schema=schema)
    assert_frame_equal(pl.read_parquet(tmp_path / "c"), pl.DataFrame({"n": [5, 3, 4, 1]}))
    assert kept_schema(str(tmp_path / "c")) == schema


def test_a_file_of_another_program_has_no_kept_schema(tmp_path):
    pl.DataFrame({"n": [1]}).write_parquet(tmp_path / "other")
    assert kept_schema(str(tmp_path / "other")) is None
