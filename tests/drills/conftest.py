"""A small project with a champion, made once, and a copy of it that drills are held in."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopwright.drills.sandbox import Sandbox, sandbox
from loopwright.lifecycle import run
from loopwright.project import Project
from loopwright.stages import serving

_RAN: dict[str, Path] = {}


@pytest.fixture
def champion_folder(folder, tmp_path_factory) -> Path:
    """Return the folder of the small project after a run; whoever writes there shares it with the others."""
    if "ran" not in _RAN:
        home = tmp_path_factory.mktemp("drills") / "fares"
        shutil.copytree(folder, home)
        with Project.open(home).closing() as project:
            assert run(project, by="test").promoted
        _RAN["ran"] = home
    return _RAN["ran"]


@pytest.fixture
def project(champion_folder) -> Iterator[Project]:
    """The small project with its champion."""
    with Project.open(champion_folder).closing() as opened:
        yield opened


@pytest.fixture
def box(project) -> Iterator[Sandbox]:
    """A copy of it in which the champion is deployed."""
    with sandbox(project) as made:
        serving.deploy(made.project, made.champion, by="test", why="a drill")
        yield made
