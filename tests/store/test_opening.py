"""The project file says where, and the right store is opened."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from loopwright.errors import PluginError, StoreError
from loopwright.store import FolderArtifacts, open_artifacts, open_ledger, open_tables


@pytest.mark.parametrize("place", ["state/metadata.db", Path("state/metadata.db")])
def test_paths_are_relative_to_the_project(tmp_path, place):
    assert repr(open_ledger(place, folder=tmp_path)) == f"SqliteLedger('{tmp_path}/state/metadata.db')"


def test_absolute_paths_and_file_urls_stay(tmp_path):
    for place in (f"{tmp_path}/a b", f"file://{tmp_path}/a%20b"):
        assert repr(open_artifacts(place, folder=Path("/project"))) == f"FolderArtifacts('{tmp_path}/a b')"


def test_other_urls_go_to_fsspec(tmp_path):
    store = open_artifacts("memory://bucket/artifacts", folder=tmp_path)
    assert not isinstance(store, FolderArtifacts)
    assert store.intact(store.put(b"x", name="x"))


def test_a_postgresql_url_opens_postgresql(tmp_path):
    pytest.importorskip("psycopg")
    ledger = open_ledger("postgresql://me:s3cr3t@db.example:5433/loop", folder=tmp_path)
    assert repr(ledger) == "PostgresLedger('postgresql://db.example:5433/loop')"


def test_a_metadata_url_that_nothing_opens_is_refused(tmp_path):
    with pytest.raises(PluginError, match=r"mysql://.*postgresql://"):
        open_ledger("mysql://host/db", folder=tmp_path)


def test_an_artifact_url_that_nothing_opens_is_refused(tmp_path):
    with pytest.raises(StoreError, match="nonsense://"):
        open_artifacts("nonsense://x", folder=tmp_path)


def test_opening_makes_nothing(tmp_path):
    open_ledger("a/metadata.db", folder=tmp_path)
    open_artifacts("a/artifacts", folder=tmp_path)
    open_tables("a/tables", folder=tmp_path, digest=str)
    assert list(tmp_path.iterdir()) == []


def test_opening_loads_nothing_heavy(tmp_path):
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from loopwright.records.record import Artifact, Table, TableFile\n"
        "from loopwright.store import open_artifacts, open_ledger, open_tables\n"
        "folder = Path(sys.argv[1])\n"
        "open_ledger('a', folder=folder).select('record')\n"
        "open_artifacts('b', folder=folder).intact(Artifact(sha256='0' * 64, size=1, name='x'))\n"
        "files = (TableFile(path='x', size=1),)\n"
        "table = Table(name='t', version=0, rows=1, columns=(), sha256='', files=files)\n"
        "open_tables('c', folder=folder, digest=str).intact(table)\n"
        "heavy = ('polars', 'fsspec', 'filelock', 'deltalake', 'numpy', 'psycopg')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_the_room_names_what_it_offers():
    import loopwright.store

    assert sorted(loopwright.store.__all__) == loopwright.store.__all__
    for name in loopwright.store.__all__:
        assert getattr(loopwright.store, name).__name__ == name
        assert name in dir(loopwright.store)
    with pytest.raises(AttributeError, match="nonsense"):
        loopwright.store.nonsense  # noqa: B018
