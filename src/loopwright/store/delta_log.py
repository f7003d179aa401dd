"""The log of a Delta table: which version is the newest, what it holds, and how the next one is committed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from loopwright.errors import CorruptStore
from loopwright.records.record import TableFile

if TYPE_CHECKING:
    import polars as pl
    from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties
    from deltalake.transaction import AddAction

    from loopwright.store.table_folder import TableFolder

__all__ = ["Commit", "Next", "batch_versions", "commit", "commit_append", "newest_commit", "newest_own", "version_made"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a version of a table says about itself; nothing if another program wrote it.

    Attributes
    ----------
    version : int
    sha256 : str or None
    files : tuple of TableFile
        All files of the version, in the order of their rows.
    rows : int or None
        None if it does not say.
    """

    version: int
    sha256: str | None
    files: tuple[TableFile, ...]
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Next:
    """What the next version adds to, or takes from, the one before.

    Attributes
    ----------
    file : TableFile
        Is added.
    file_rows : int
        Rows in it.
    files : tuple of TableFile
        All files of the version, in the order of their rows.
    rows : int
        Rows in them.
    sha256 : str
    folded : tuple of TableFile
        Files of the version before whose rows are in ``file`` now.
    """

    file: TableFile
    file_rows: int
    files: tuple[TableFile, ...]
    rows: int
    sha256: str
    folded: tuple[TableFile, ...] = ()


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
    return None if version is None else _commit_at(folder, version)


def newest_own(folder: TableFolder, *, until: int) -> Commit | None:
    """Return the newest commit up to a version that another program did not make; None if there is none.

    Raises
    ------
    CorruptStore
        If the log cannot be read.
    """
    commits = (_commit_at(folder, version) for version in range(until, -1, -1))
    return next((found for found in commits if found.sha256 is not None and found.files), None)


def _commit_at(folder: TableFolder, version: int) -> Commit:
    says = _commit_info(folder.log(version), where=f"{folder.uri}/_delta_log/{version:020}.json")
    files = json.loads(says.get("loopwright.files") or "[]")
    rows = says.get("loopwright.rows")
    return Commit(
        version=version,
        sha256=says.get("loopwright.sha256"),
        files=tuple(TableFile(path=path, size=size) for path, size in files),
        rows=None if rows is None else int(rows),
    )


def version_made(try_commit: Callable[[], None], *, file: TableFile, folder: TableFolder, after: int) -> int | None:
    """Try to commit, and return the number of the version that a file came with; None if another writer was first.

    Whether it was made is read from the log in any case: delta-rs does not say its number, a failure behind
    the commit (of a checkpoint, say) leaves a good version, and an object store may have taken a commit
    that it reported as failed.

    Parameters
    ----------
    try_commit : callable
    file : TableFile
        Is taken out again if no version came of it.
    folder : TableFolder
    after : int
        The version must have a greater number; -1 looks at all.
    """
    version = None
    try:
        try_commit()
    except Exception:
        version = _version_of(file, folder=folder, after=after)
        if version is None:
            folder.remove(file)
            raise
        return version
    return _version_of(file, folder=folder, after=after)


def _version_of(file: TableFile, *, folder: TableFolder, after: int) -> int | None:
    """Return the number of the first version that names a file; None if there is none."""
    newest = folder.newest_version()
    for version in range(after + 1, -1 if newest is None else newest + 1):
        if file.path.encode() in folder.log(version):
            return version
    return None


def commit(folder: TableFolder, *, schema: pl.Schema, file: TableFile, rows: int, sha256: str) -> None:
    """Try to make a file the content of the next version; ``version_made`` tells whether it is.

    Raises
    ------
    OSError, deltalake.exceptions.DeltaError
        If it failed for another reason than that another writer was first.
    """
    version = Next(file=file, file_rows=rows, files=(file,), rows=rows, sha256=sha256)
    _unless_another_was_first(lambda: _overwrite(folder, schema, version))


def commit_append(folder: TableFolder, *, schema: pl.Schema, next_version: Next, batch: str, onto: int | None) -> None:
    """Try to add a file to a version; ``version_made`` tells whether it was done.

    The batch is kept as a transaction identifier of Delta Lake, whose number is that of the version. Checkpoints carry
    it on, so that it is known for ever.

    Parameters
    ----------
    folder : TableFolder
    schema : polars.Schema
    next_version : Next
    batch : str
    onto : int or None
        The version that the new one follows immediately, or nothing is done; None if there is no table yet.

    Raises
    ------
    OSError, deltalake.exceptions.DeltaError
        If it failed for another reason than that another writer was first.
    """
    _unless_another_was_first(lambda: _append(folder, schema, next_version, batch, onto))


def batch_versions(folder: TableFolder, batches: Collection[str], *, until: int | None = None) -> dict[str, int]:
    """Return for each batch that was appended the number of the version that it came with.

    Parameters
    ----------
    folder : TableFolder
    batches : collection of str
        What to look for.
    until : int, optional
        Look at the log up to this version, instead of all of it.
    """
    table = _table(folder.uri, version=until) if batches else None
    if table is None:
        return {}
    found = ((batch, table.transaction_version(_app(batch))) for batch in batches)
    return {batch: version for batch, version in found if version is not None}


def _overwrite(folder: TableFolder, schema: pl.Schema, version: Next) -> None:
    from deltalake import Schema

    delta_schema = Schema.from_arrow(schema)
    table = _table(folder.uri)
    if table is None:
        _create(folder, schema, version, _properties(version))
        return
    _allow_moments_without_zone(table, delta_schema)
    table.create_write_transaction(
        [_add(version)], "overwrite", delta_schema,
        commit_properties=_properties(version), post_commithook_properties=_hooks(),
    )


def _append(folder: TableFolder, schema: pl.Schema, version: Next, batch: str, onto: int | None) -> None:
    from deltalake import Schema, Transaction
    from deltalake.transaction import RemoveAction

    says = _properties(version)
    says.app_transactions = [Transaction(_app(batch), 0 if onto is None else onto + 1)]
    table = None if onto is None else _table(folder.uri, version=onto)
    if table is None:
        _create(folder, schema, version, says)
        return
    removed = [RemoveAction(file.path, True, time.time_ns() // 1_000_000, file.size, {}) for file in version.folded]
    table.create_write_transaction(
        [*removed, _add(version)], "append", Schema.from_arrow(schema),
        commit_properties=says, post_commithook_properties=_hooks(),
    )


def _create(folder: TableFolder, schema: pl.Schema, version: Next, says: CommitProperties) -> None:
    from deltalake import Schema
    from deltalake.transaction import create_table_with_add_actions

    create_table_with_add_actions(
        folder.uri, Schema.from_arrow(schema), [_add(version)],
        commit_properties=says, post_commithook_properties=_hooks(),
    )


def _unless_another_was_first(try_commit: Callable[[], None]) -> None:
    from deltalake.exceptions import CommitFailedError, DeltaError

    try:
        try_commit()
    except CommitFailedError:
        return
    except DeltaError as error:
        if "already exists" not in str(error):
            raise


def _add(version: Next) -> AddAction:
    from deltalake.transaction import AddAction

    file, now_ms = version.file, time.time_ns() // 1_000_000
    return AddAction(file.path, file.size, {}, now_ms, True, json.dumps({"numRecords": version.file_rows}))


def _properties(version: Next) -> CommitProperties:
    from deltalake import CommitProperties

    return CommitProperties(custom_metadata=_says(version.sha256, version.files, version.rows), max_commit_retries=0)


def _hooks() -> PostCommitHookProperties:
    from deltalake import PostCommitHookProperties

    # Old lines of the log stay: what a record points at must be found again.
    return PostCommitHookProperties(cleanup_expired_logs=False)


def _app(batch: str) -> str:
    return f"loopwright.batch:{batch}"


def _table(uri: str, *, version: int | None = None) -> DeltaTable | None:
    from deltalake import DeltaTable
    from deltalake.exceptions import TableNotFoundError

    try:
        return DeltaTable(uri, version=version)
    except TableNotFoundError:
        return None


def _says(sha256: str, files: Sequence[TableFile], rows: int) -> dict[str, str]:
    return {
        "loopwright.sha256": sha256,
        "loopwright.files": json.dumps([[file.path, file.size] for file in files]),
        "loopwright.rows": str(rows),
    }


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
