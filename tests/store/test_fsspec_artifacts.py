"""Artifacts behind URLs keep the same promises."""

from __future__ import annotations

import uuid

import fsspec
import pytest

from loopwright.errors import PluginError, StoreError
from loopwright.store import FsspecArtifacts
from loopwright.testing import ArtifactStoreContract


def damaging(url):
    def damage(artifact, content):
        system, root = fsspec.core.url_to_fs(url)
        place = f"{root}/{artifact.sha256[:2]}/{artifact.sha256[2:]}"
        system.rm_file(place)
        if content is not None:
            system.pipe_file(place, content)

    return damage


class TestInMemory(ArtifactStoreContract):
    @pytest.fixture
    def url(self):
        url = f"memory://{uuid.uuid4().hex}/artifacts"
        yield url
        fsspec.filesystem("memory").store.clear()

    @pytest.fixture
    def artifacts(self, url):
        return FsspecArtifacts(url)

    @pytest.fixture
    def damage(self, url):
        return damaging(url)


class TestByFileUrl(ArtifactStoreContract):
    @pytest.fixture
    def artifacts(self, tmp_path):
        return FsspecArtifacts(f"file://{tmp_path}/deep/artifacts/", remembered_in=tmp_path / "verified")

    @pytest.fixture
    def damage(self, tmp_path):
        return damaging(f"file://{tmp_path}/deep/artifacts")


def test_an_unchanged_object_is_read_once_over_all_processes(tmp_path, monkeypatch):
    url, memory = f"file://{tmp_path}/artifacts", tmp_path / "folder" / "verified"
    artifact = FsspecArtifacts(url).put(b"x", name="x")
    hashed = []
    monkeypatch.setattr(FsspecArtifacts, "_digest", lambda _, where: hashed.append(where) or artifact.sha256)
    for _ in range(3):
        assert FsspecArtifacts(url, remembered_in=memory).intact(artifact)
    assert len(hashed) == 1


def test_nothing_half_written_stays_after_an_error(tmp_path):
    with pytest.raises(StoreError):
        FsspecArtifacts(f"file://{tmp_path}/artifacts").put(tmp_path / "missing", name="x")
    assert [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()] == []


def test_a_missing_package_says_what_to_install():
    with pytest.raises(PluginError, match=r"pip install"):
        FsspecArtifacts("dropbox://folder")


def test_an_unknown_kind_of_url_is_a_store_error():
    with pytest.raises(StoreError, match=r"s3://bucket/folder"):
        FsspecArtifacts("nonsense://folder")
