"""`loopwright docker` writes everything that an image needs, and nothing that would make it weak."""

from __future__ import annotations

import re
import zipfile

import pytest


@pytest.fixture
def packed(finished):
    """A finished project with the files of an image in its folder ``docker``."""
    said = finished.give("docker", code=0).out
    assert "docker build -f docker/Dockerfile" in said
    return finished


def copied_in(packed, folder="docker"):
    """Return what the Dockerfile copies from the project folder."""
    text = (packed.folder / folder / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line.startswith("COPY") and "--from" not in line]
    return [re.search(r'COPY (?:--\S+ )?(?:\["([^"]+)"|(\S+))', line).group(1, 2) for line in lines]


def test_every_file_that_is_copied_is_there(packed):
    sources = [quoted or plain for quoted, plain in copied_in(packed)]
    assert {"loopwright.toml", "schema.toml", "features.py", "distances.py", ".loopwright"} <= set(sources)
    assert [name for name in sources if not (packed.folder / name).exists()] == []
    assert {path.name for path in (packed.folder / "docker").iterdir()} == {
        "Dockerfile", "Dockerfile.dockerignore", "compose.yaml", "requirements.txt"
    }


def test_it_runs_as_a_user_without_rights(packed):
    lines = (packed.folder / "docker/Dockerfile").read_text().splitlines()
    user = max(number for number, line in enumerate(lines) if line.startswith("USER"))
    entry = next(number for number, line in enumerate(lines) if line.startswith("ENTRYPOINT"))
    assert lines[user] == "USER 10001"
    assert user < entry
    assert not [line for line in lines[user:] if line.startswith("RUN")]
    compose = (packed.folder / "docker/compose.yaml").read_text()
    for claim in ("read_only: true", 'cap_drop: ["ALL"]', "no-new-privileges:true", "127.0.0.1:"):
        assert claim in compose


def test_everything_that_serving_imports_is_pinned(packed):
    lines = (packed.folder / "docker/requirements.txt").read_text().splitlines()[1:]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==\S+", line) for line in lines)
    assert {line.partition("==")[0] for line in lines} >= {"loopwright", "uvicorn", "polars", "onnxruntime", "msgspec"}


def test_it_may_be_written_to_another_folder(finished):
    said = finished.give("docker", "--output", "deploy/image", code=0).out
    assert "docker build -f deploy/image/Dockerfile" in said
    sources = [quoted or plain for quoted, plain in copied_in(finished, "deploy/image")]
    assert [name for name in sources if not (finished.folder / name).exists()] == []
    ignored = (finished.folder / "deploy/image/Dockerfile.dockerignore").read_text().splitlines()
    assert "!deploy/image/requirements.txt" in ignored
    assert "dockerfile: deploy/image/Dockerfile" in (finished.folder / "deploy/image/compose.yaml").read_text()


def test_a_wheel_of_ones_own_lies_beside(finished, tmp_path):
    wheel = tmp_path / "loopwright-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("x", "")
    finished.give("docker", "--wheel", wheel, code=0)
    assert (finished.folder / "docker" / wheel.name).is_file()
    assert f"docker/{wheel.name}" in [quoted or plain for quoted, plain in copied_in(finished)]


def test_what_an_image_cannot_have_is_told(finished):
    assert "no folder below" in finished.refuses("docker", "--output", "../elsewhere")
    assert "no wheel" in finished.refuses("docker", "--wheel", "missing.whl")
