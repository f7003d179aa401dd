"""The Parquet files of a table: rows in groups that readers can hold, with the schema that their frame had."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

__all__ = ["fold_files", "kept_schema", "rows_per_group", "write_file"]

_GROUP_ROWS = 1_000_000
_GROUP_BYTES = 128 << 20
_SCHEMA_KEY = "loopwright.schema"


def write_file(stored: pl.DataFrame, path: Path, *, schema: pl.Schema) -> None:
    """Write packed rows, and the names and types that they had before.

    Parameters
    ----------
    stored : polars.DataFrame
        What ``delta_columns.packed`` returned.
    path : Path
    schema : polars.Schema
        Of the frame that was packed.
    """
    stored.write_parquet(path, row_group_size=rows_per_group(stored), metadata=_metadata(schema))


def fold_files(paths: Sequence[str], stored: pl.DataFrame, path: Path, *, schema: pl.Schema) -> None:
    """Write the rows of several files, and packed rows behind them, as one file; memory stays bounded.

    Parameters
    ----------
    paths : sequence of str
        Files of the same schema, in the order of their rows.
    stored : polars.DataFrame
        What ``delta_columns.packed`` returned.
    path : Path
    schema : polars.Schema
        Of the frame that was packed.
    """
    import polars as pl

    rows = pl.concat([pl.scan_parquet(list(paths)), stored.lazy()])
    rows.sink_parquet(path, row_group_size=rows_per_group(stored), metadata=_metadata(schema), maintain_order=True)


def kept_schema(path: str) -> pl.Schema | None:
    """Return the names and types that a frame had when it was written; None if another program wrote the file."""
    import polars as pl

    from loopwright.store.delta_columns import schema_from_text

    text = pl.read_parquet_metadata(path).get(_SCHEMA_KEY)
    return None if text is None else schema_from_text(text)


def rows_per_group(stored: pl.DataFrame) -> int:
    """Return a size that readers can hold in memory one group at a time."""
    row_bytes = max(1, int(stored.estimated_size()) // max(1, stored.height))
    return max(1, min(_GROUP_ROWS, _GROUP_BYTES // row_bytes))


def _metadata(schema: pl.Schema) -> dict[str, str]:
    from loopwright.store.delta_columns import schema_text

    return {_SCHEMA_KEY: schema_text(schema)}
