"""The files of an image are written below the project, with what serving reads and nothing else."""

from __future__ import annotations

import pytest

from loopwright.errors import ProjectError
from loopwright.faces.imaging import write_docker
from loopwright.project import Project


@pytest.fixture
def project(opened):
    with opened().closing() as found:
        yield found


def text(folder, name="Dockerfile"):
    return (folder / name).read_text()


def test_the_project_file_and_the_users_code_are_copied(project):
    (project.folder / "schema.toml").write_text("")
    folder = write_docker(project, project.folder / "docker")
    for name in ("loopwright.toml", "schema.toml", "features.py", "heuristics.py", "scenarios.py"):
        assert f'["{name}", "/project/{name}"]' in text(folder)
    assert "trips.csv" not in text(folder)


def test_writing_again_replaces_what_was_written(project):
    folder = write_docker(project, project.folder / "docker")
    before = text(folder)
    (project.folder / "more.py").write_text("")
    assert write_docker(project, project.folder / "docker") == folder
    assert text(folder) != before


@pytest.mark.parametrize("output", ["..", ".", "/tmp/x"])
def test_another_place_than_below_the_project_is_refused(project, output):
    with pytest.raises(ProjectError, match="no folder below"):
        write_docker(project, project.folder / output)


def test_state_that_an_image_would_not_have_is_refused(folder):
    with (folder / "loopwright.toml").open("a") as file:
        file.write('\n[stores]\nmetadata = "state.db"\n')
    with Project.open(folder).closing() as project, pytest.raises(ProjectError, match="state.db"):
        write_docker(project, folder / "docker")


def test_the_port_and_the_interpreter_are_those_of_here(folder):
    with (folder / "loopwright.toml").open("a") as file:
        file.write("\n[serving]\nport = 9000\n")
    with Project.open(folder).closing() as project:
        written = text(write_docker(project, folder / "docker"))
    assert "EXPOSE 9000" in written
    assert "FROM python:3." in written
