"""Where things are kept: small facts in a ledger, bytes by their SHA-256, versions of tables.

Nothing is imported until it is asked for, so that the up-to-date check of a run loads no data framework.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loopwright.store.artifacts import FolderArtifacts
    from loopwright.store.fsspec_artifacts import FsspecArtifacts
    from loopwright.store.opening import open_artifacts, open_ledger, open_tables
    from loopwright.store.postgres import PostgresLedger
    from loopwright.store.sqlite import SqliteLedger
    from loopwright.store.tables import DeltaTables

__all__ = [
    "DeltaTables",
    "FolderArtifacts",
    "FsspecArtifacts",
    "PostgresLedger",
    "SqliteLedger",
    "open_artifacts",
    "open_ledger",
    "open_tables",
]

_HOMES = {
    "DeltaTables": "tables",
    "FolderArtifacts": "artifacts",
    "FsspecArtifacts": "fsspec_artifacts",
    "PostgresLedger": "postgres",
    "SqliteLedger": "sqlite",
    "open_artifacts": "opening",
    "open_ledger": "opening",
    "open_tables": "opening",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
