"""Artifacts in a folder keep their promises, and are hashed only once."""

from __future__ import annotations

import os
import stat
import time

import pytest

from loopwright.errors import StoreError, StoreFull, StoreReadOnly
from loopwright.store import FolderArtifacts
from loopwright.testing import ArtifactStoreContract


def file_of(folder, artifact):
    return folder / artifact.sha256[:2] / artifact.sha256[2:]


def put_in_place(file, content):
    file.unlink()
    if content is not None:
        file.write_bytes(content)


class TestFolderArtifacts(ArtifactStoreContract):
    @pytest.fixture
    def artifacts(self, tmp_path):
        return FolderArtifacts(tmp_path / "deep" / "artifacts")

    @pytest.fixture
    def damage(self, tmp_path):
        return lambda artifact, content: put_in_place(
            file_of(tmp_path / "deep" / "artifacts", artifact), content
        )


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "artifacts"


def test_looking_makes_nothing(folder):
    artifact = FolderArtifacts(folder).put(b"x", name="x")
    other = FolderArtifacts(folder.with_name("other"))
    assert not other.intact(artifact)
    assert not folder.with_name("other").exists()


def test_files_are_read_only_and_nothing_else_stays(folder):
    artifact = FolderArtifacts(folder).put(b"x", name="x")
    assert stat.S_IMODE(file_of(folder, artifact).stat().st_mode) == 0o444
    assert list((folder / ".partial").iterdir()) == []


def test_an_unchanged_file_is_hashed_once_over_all_processes(folder, monkeypatch):
    artifact = FolderArtifacts(folder).put(b"x" * 1000, name="x")
    hashed = []
    monkeypatch.setattr(
        "loopwright.store.artifacts._digest", lambda file: hashed.append(file) or artifact.sha256
    )
    assert FolderArtifacts(folder).intact(artifact)
    assert hashed == []
    (folder / ".verified").unlink()
    for _ in range(3):
        assert FolderArtifacts(folder).intact(artifact)
    assert len(hashed) == 1
    os.utime(file_of(folder, artifact), ns=(1, 1))
    assert FolderArtifacts(folder).intact(artifact)
    assert len(hashed) == 2


@pytest.mark.parametrize("torn", [1, 30, 64, 70, 90])
def test_a_torn_last_line_of_the_memory_is_no_harm(folder, torn):
    store = FolderArtifacts(folder)
    first, second = store.put(b"first", name="1"), store.put(b"second", name="2")
    content = (folder / ".verified").read_bytes()
    (folder / ".verified").write_bytes(content[:-torn])
    file_of(folder, first).unlink()
    third = FolderArtifacts(folder).put(b"third", name="3")
    again = FolderArtifacts(folder)
    assert (again.intact(first), again.intact(second), again.intact(third)) == (False, True, True)


def test_what_a_killed_writer_left_is_swept_after_a_day(folder):
    FolderArtifacts(folder).put(b"x", name="x")
    old, new = folder / ".partial" / "old", folder / ".partial" / "new"
    for file in (old, new):
        file.write_bytes(b"half")
    os.utime(old, (time.time() - 2 * 86400,) * 2)
    FolderArtifacts(folder).put(b"y", name="y")
    assert (old.exists(), new.exists()) == (False, True)


def test_a_full_disk_is_a_full_store_that_stays_readable(small_disk):
    store = FolderArtifacts(small_disk / "artifacts")
    kept = store.put(b"x" * 1_000_000, name="small.bin")
    with pytest.raises(StoreFull, match=r"large\.bin.*free some space"):
        store.put(os.urandom(1_500_000), name="large.bin")
    assert store.get(kept) == b"x" * 1_000_000
    assert list((small_disk / "artifacts" / ".partial").iterdir()) == []
    store.put(b"y" * 500_000, name="fits.bin")


def test_a_read_only_folder_can_be_read_but_not_written(folder, made_read_only):
    kept = FolderArtifacts(folder).put(b"x", name="x")
    (folder / ".verified").unlink()
    made_read_only(folder)
    store = FolderArtifacts(folder)
    assert store.intact(kept)
    assert store.get(kept) == b"x"
    with pytest.raises(StoreReadOnly, match="permission"):
        store.put(b"y", name="y")


def test_a_file_in_place_of_the_folder_is_a_store_error(tmp_path):
    (tmp_path / "artifacts").write_text("")
    with pytest.raises(StoreError, match="artifacts"):
        FolderArtifacts(tmp_path / "artifacts").put(b"x", name="x")
