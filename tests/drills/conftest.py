"""A small project with a champion, made once, and a copy of it that drills are held in."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from loopwright.drills.sandbox import Sandbox, sandbox
from loopwright.lifecycle import run
from loopwright.project import Project
from loopwright.stages import serving

_RAN: dict[str, Path] = {}


def _trips() -> str:
    """Return simulated trips as CSV, of which far ones are tipped so often that no simple rule does as well."""
    draw = random.Random(7)
    lines = ["id,miles,fare,payment,tipped"]
    for number in range(600):
        miles, payment = round(draw.expovariate(0.25), 2), draw.choice(["card", "cash", "card", ""])
        chance = 0.05 + (0.35 if payment == "card" else 0) + min(miles, 8) * 0.07
        fare = round(3 + 2 * miles + draw.random(), 2)
        lines.append(f"t{number},{miles},{fare},{payment},{int(draw.random() < chance)}")
    return "\n".join(lines) + "\n"


def _smooth(text: str) -> str:
    """Return a project file that tries a model which passes its gate on so few rows."""
    return text.split("[[candidates]]", maxsplit=1)[0] + """[[candidates]]
estimator = "sklearn.linear_model.LogisticRegression"
"""


@pytest.fixture
def champion_folder(folder, tmp_path_factory) -> Path:
    """Return the folder of the small project after a run; whoever writes there shares it with the others."""
    if "ran" not in _RAN:
        home = tmp_path_factory.mktemp("drills") / "fares"
        shutil.copytree(folder, home)
        (home / "trips.csv").write_text(_trips())
        (home / "loopwright.toml").write_text(_smooth((home / "loopwright.toml").read_text()))
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
