"""The log of a Delta table: which version is the newest, what it holds, and how the next one is committed."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopwright.errors import CorruptStore
from loopwright.records.record import TableFile

if TYPE_CHECKING:
    import polars as pl
    from deltalake import DeltaTable

    from loopwright.store.table_folder import TableFolder

__all__ = ["Commit", "commit", "newest_commit", "version_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What the newest version of a table says about itself; nothing if another program wrote it."""

    version: int
    sha256: str | None
    files: tuple[TableFile, ...]


def newest_commit(folder: TableFolder) -> Commit | None:
    """Return the newest commit of a table, or nothing if there is no table.

    It is read from the log itself: delta-rs numbers its history from the version that it has loaded, which
    another writer may meanwhile have passed.

    Raises
    ------
    CorruptStore
        If the log cannot be read.
    """
    version = folder.newest_version()
    if version is None:
        return None
    says = _commit_info(folder.log(version), where=f"{folder.uri}/_delta_log/{version:020}.json")
    files = json.loads(says.get("loopwright.files") or "[]")
    return Commit(
        version=version,
        sha256=says.get("loopwright.sha256"),
        files=tuple(TableFile(path=path, size=size) for path, size in files),
    )


def version_of(file: TableFile, *, folder: TableFolder, after: int) -> int | None:
    """Return the number of the version that consists of a file; None if there is none.

    Parameters
    ----------
    file : TableFile
    folder : TableFolder
    after : int
        The version must have a greater number; -1 looks at all.
    """
    newest = folder.newest_version()
    for version in range(after + 1, -1 if newest is None else newest + 1):
        if file.path.encode() in folder.log(version):
            return version
    return None


def commit(folder: TableFolder, *, schema: pl.Schema, file: TableFile, rows: int, sha256: str) -> None:
    """Try to make a file the content of the next version; ``version_of`` tells whether it is.

    Raises
    ------
    OSError, deltalake.exceptions.DeltaError
        If it failed for another reason than that another writer was first.
    """
    from deltalake import CommitProperties, PostCommitHookProperties, Schema
    from deltalake.exceptions import CommitFailedError, DeltaError
    from deltalake.transaction import AddAction, create_table_with_add_actions

    now_ms = time.time_ns() // 1_000_000
    actions = [AddAction(file.path, file.size, {}, now_ms, True, json.dumps({"numRecords": rows}))]
    says = CommitProperties(custom_metadata=_says(sha256, file), max_commit_retries=0)
    # Old lines of the log stay: what a record points at must be found again.
    hooks = PostCommitHookProperties(cleanup_expired_logs=False)
    delta_schema = Schema.from_arrow(schema)
    try:
        table = _table(folder.uri)
        if table is None:
            create_table_with_add_actions(
                folder.uri, delta_schema, actions, commit_properties=says, post_commithook_properties=hooks
            )
            return
        _allow_moments_without_zone(table, delta_schema)
        table.create_write_transaction(
            actions, "overwrite", delta_schema, commit_properties=says, post_commithook_properties=hooks
        )
    except CommitFailedError:
        return
    except DeltaError as error:
        if "already exists" not in str(error):
            raise


def _table(uri: str) -> DeltaTable | None:
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    try:
        return DeltaTable(uri)
    except TableNotFoundError:
        return None


def _says(sha256: str, file: TableFile) -> Mapping[str, str]:
    return {"loopwright.sha256": sha256, "loopwright.files": json.dumps([[file.path, file.size]])}


def _commit_info(log: bytes, *, where: str) -> Mapping[str, str]:
    """Return what a commit says about itself."""
    try:
        actions = [json.loads(line) for line in log.splitlines() if line.strip()]
        found: list[Mapping[str, str]] = [
            action["commitInfo"] for action in actions if "commitInfo" in action
        ]
    except (ValueError, TypeError, KeyError) as error:
        raise CorruptStore(
            f"{where} is damaged ({error}). Restore the folder of the table from a backup, or move it out of "
            f"the way and run again, which makes it anew."
        ) from error
    return found[0] if found else {}


def _allow_moments_without_zone(table: DeltaTable, schema: object) -> None:
    """Turn on what timestamps without a zone need; delta-rs does so by itself for new tables only."""
    from deltalake import TableFeatures

    if "timestamp_ntz" in str(schema) and "timestampNtz" not in (table.protocol().reader_features or ()):
        table.alter.add_feature(TableFeatures.TimestampWithoutTimezone, allow_protocol_versions_increase=True)
