"""The promises of an artifact store, as tests."""
# ruff: noqa: S101, D102 - the tests are sentences

from __future__ import annotations

import hashlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from loopwright.errors import CorruptStore, StoreError
from loopwright.protocols import ArtifactStore
from loopwright.records.record import Artifact

__all__ = ["ArtifactStoreContract"]


class ArtifactStoreContract:
    """Inherit, provide the fixtures ``artifacts`` and ``damage``, and each promise is tested.

    ``artifacts`` is an empty store. ``damage(artifact, content)`` puts other bytes in the place of an
    artifact's, or takes them away if ``content`` is None.
    """

    @pytest.fixture
    def artifacts(self) -> ArtifactStore:
        raise NotImplementedError("provide a fixture `artifacts` that returns an empty store")

    @pytest.fixture
    def damage(self) -> Callable[[Artifact, bytes | None], None]:
        raise NotImplementedError("provide a fixture `damage` that returns a function spoiling an artifact")

    def test_it_keeps_the_promise_of_an_artifact_store(self, artifacts: ArtifactStore) -> None:
        assert isinstance(artifacts, ArtifactStore)

    @pytest.mark.parametrize("content", [b"", b"\0", b"one", b"long" * 1_000_000])
    def test_bytes_come_back_as_they_were(self, artifacts: ArtifactStore, content: bytes) -> None:
        artifact = artifacts.put(content, name="card.html", media_type="text/html")
        assert artifacts.get(artifact) == content
        assert artifact == Artifact(
            sha256=hashlib.sha256(content).hexdigest(),
            size=len(content),
            name="card.html",
            media_type="text/html",
        )

    def test_a_file_is_kept_like_its_bytes(self, artifacts: ArtifactStore, tmp_path: Path) -> None:
        (tmp_path / "model.onnx").write_bytes(b"weights" * 300_000)
        artifact = artifacts.put(tmp_path / "model.onnx", name="model.onnx")
        (tmp_path / "model.onnx").unlink()
        assert artifacts.get(artifact) == b"weights" * 300_000
        assert artifact == artifacts.put(b"weights" * 300_000, name="model.onnx")

    def test_a_file_that_is_not_there_is_an_error(self, artifacts: ArtifactStore, tmp_path: Path) -> None:
        with pytest.raises(StoreError, match="nothing-here"):
            artifacts.put(tmp_path / "nothing-here", name="model.onnx")

    def test_names_are_no_part_of_the_place(self, artifacts: ArtifactStore) -> None:
        first, second = artifacts.put(b"x", name="a/../b"), artifacts.put(b"x", name="ü ?#%")
        assert first.sha256 == second.sha256
        assert artifacts.get(first) == artifacts.get(second) == b"x"

    def test_what_was_never_put_is_not_intact_and_cannot_be_got(self, artifacts: ArtifactStore) -> None:
        missing = Artifact(sha256=hashlib.sha256(b"never").hexdigest(), size=5, name="never.bin")
        assert not artifacts.intact(missing)
        with pytest.raises(CorruptStore, match=r"never\.bin"):
            artifacts.get(missing)

    def test_what_was_put_is_intact(self, artifacts: ArtifactStore) -> None:
        artifact = artifacts.put(b"whole", name="x")
        assert artifacts.intact(artifact)
        assert not artifacts.intact(replace(artifact, size=4))

    @pytest.mark.parametrize("content", [b"wh0le", b"whole and more", b"", None])
    def test_damage_is_seen(
        self,
        artifacts: ArtifactStore,
        damage: Callable[[Artifact, bytes | None], None],
        content: bytes | None,
    ) -> None:
        artifact = artifacts.put(b"whole", name="model.onnx")
        assert artifacts.intact(artifact)
        damage(artifact, content)
        assert not artifacts.intact(artifact)
        with pytest.raises(CorruptStore, match=r"model\.onnx"):
            artifacts.get(artifact)

    def test_putting_it_again_repairs_damage(
        self, artifacts: ArtifactStore, damage: Callable[[Artifact, bytes | None], None]
    ) -> None:
        artifact = artifacts.put(b"whole", name="x")
        damage(artifact, b"wh0le")
        artifacts.put(b"whole", name="x")
        assert artifacts.intact(artifact)
        assert artifacts.get(artifact) == b"whole"

    def test_many_put_the_same_bytes_at_once(self, artifacts: ArtifactStore) -> None:
        with ThreadPoolExecutor(8) as pool:
            kept = list(pool.map(lambda n: artifacts.put(b"same" * 50_000, name=f"{n}"), range(24)))
        assert len({artifact.sha256 for artifact in kept}) == 1
        assert artifacts.get(kept[0]) == b"same" * 50_000
