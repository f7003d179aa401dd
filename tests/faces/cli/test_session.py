"""Around every command: the project is opened, the time is kept, and the log says how it ended."""

from __future__ import annotations

import getpass
import socket

import pytest
import typer

from loopwright.errors import LoopwrightError, ProjectNotFound
from loopwright.faces.cli.session import FAILED, REFUSED, STOPPED, project_session, whoami
from loopwright.lifecycle import DataRefused
from loopwright.project import Project


def logged(folder):
    with Project.open(folder).closing() as project:
        return project.metadata.activities()


def test_a_command_that_ends_well_is_logged_with_time_and_person(folder, monkeypatch):
    monkeypatch.setattr("sys.argv", ["/usr/bin/loopwright", "run", "--why"])
    with project_session(folder) as project:
        assert project.settings.project.name == "fares"
    (line,) = logged(folder)
    assert (line.command, line.exit_code, line.who) == ("loopwright run --why", 0, whoami())
    assert 0 <= line.seconds < 60
    assert line.at.endswith("Z")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (LoopwrightError("no"), FAILED),
        (DataRefused([]), REFUSED),
        (typer.Exit(REFUSED), REFUSED),
        (typer.Exit(0), 0),
        (KeyboardInterrupt(), STOPPED),
        (ZeroDivisionError(), FAILED),
    ],
)
def test_how_a_command_ended_is_logged_and_still_raised(folder, error, code):
    with pytest.raises(type(error)), project_session(folder):
        raise error
    (line,) = logged(folder)
    assert line.exit_code == code


def test_a_command_that_only_looks_leaves_no_trace(folder):
    with project_session(folder, logged=False):
        pass
    assert logged(folder) == []


def test_a_second_project_file_is_laid_over(folder, tmp_path):
    over = tmp_path / "quick.toml"
    over.write_text("[training]\ntrials = 1\n")
    with project_session(folder, config=over, logged=False) as project:
        assert project.settings.training.trials == 1


def test_a_folder_without_a_project_is_told_and_stays_empty(tmp_path):
    with pytest.raises(ProjectNotFound), project_session(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


def test_people_are_named_with_their_machine():
    assert whoami() == f"{getpass.getuser()}@{socket.gethostname()}"
