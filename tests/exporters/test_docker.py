"""The container image: nothing in it that serving does not need, and no rights that it does not need."""

import pytest

from loopwright.exporters.docker import Image, docker_files, required_name, requirements

IMAGE = Image(project="fares", python="3.11", port=8643, files=("loopwright.toml", "schema.toml", "features.py"))
VERSIONS = {"polars": "2.1.0", "loopwright": "0.1.0", "Jinja2": "3.1.6"}


@pytest.fixture
def files() -> dict[str, str]:
    return docker_files(IMAGE, versions=VERSIONS)


def instructions(dockerfile: str) -> list[list[str]]:
    return [line.split() for line in dockerfile.splitlines() if line and not line.startswith("#")]


def test_the_server_runs_as_a_user_without_rights(files):
    users = [words[1] for words in instructions(files["Dockerfile"]) if words[0] == "USER"]
    assert users == ["10001"]


def test_what_is_copied_is_what_the_build_may_see(files):
    allowed = [line[1:] for line in files["Dockerfile.dockerignore"].splitlines() if line.startswith("!")]
    copied = [
        words[2].strip('[",') if words[1].startswith("--chown=root") else words[-2]
        for words in instructions(files["Dockerfile"])
        if words[0] == "COPY" and "--from=packages" not in words
    ]
    assert sorted(copied) == sorted(allowed)
    assert files["Dockerfile.dockerignore"].splitlines()[0] == "*"


def test_the_log_of_this_machine_stays_out_of_the_image(files):
    lines = files["Dockerfile.dockerignore"].splitlines()
    assert lines.index(".loopwright/log") > lines.index("!.loopwright")


def test_every_requirement_is_pinned_and_sorted(files):
    lines = files["requirements.txt"].splitlines()[1:]
    assert lines == ["Jinja2==3.1.6", "loopwright==0.1.0", "polars==2.1.0"]


def test_an_own_wheel_takes_the_place_of_the_package_index():
    image = Image(
        project="fares", python="3.12", port=80, files=("loopwright.toml",), wheel="loopwright-0.1.0-py3-none-any.whl"
    )
    files = docker_files(image, versions=VERSIONS)
    assert "loopwright==" not in files["requirements.txt"]
    assert "COPY docker/loopwright-0.1.0-py3-none-any.whl" in files["Dockerfile"]
    assert "!docker/loopwright-0.1.0-py3-none-any.whl" in files["Dockerfile.dockerignore"]


def test_the_files_may_lie_in_another_folder():
    image = Image(project="fares", python="3.11", port=8643, files=(), wheel="own.whl", folder="deploy/image")
    files = docker_files(image, versions=VERSIONS)
    assert not [name for name, text in files.items() if "docker/" in text]
    assert "COPY deploy/image/own.whl" in files["Dockerfile"]
    assert "!deploy/image/requirements.txt" in files["Dockerfile.dockerignore"]
    assert "context: ../.." in files["compose.yaml"]


def test_requirements_are_followed_in_circles_without_end():
    assert requirements("a", needs={"a": ["b"], "b": ["c", "a"]}) == ("a", "b", "c")


@pytest.mark.parametrize(
    ("requirement", "name"),
    [
        ("polars>=2.0", "polars"), ("uvicorn[standard] >=0.4; python_version > '3'", "uvicorn"),
        ("zope.interface", "zope.interface"),
    ],
)
def test_the_name_is_taken_out_of_a_requirement(requirement, name):
    assert required_name(requirement) == name
