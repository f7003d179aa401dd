"""A project that has run to its end, opened once for all tests of the rooms; they only look at it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from loopwright.lifecycle import Line
from loopwright.lifecycle import run as run_line
from loopwright.project import Project
from loopwright.records import Artifact
from loopwright.stages.data import read
from loopwright.stages.features import examples
from loopwright.stages.training import Material


@dataclass(frozen=True)
class Worked:
    """A project after a run whose model passed its gate, and what the run made."""

    project: Project
    line: Line
    material: Material
    rows: pl.DataFrame             # source rows with __row and __part
    examples: pl.DataFrame         # features with __row, __part and __label


_WORKED: list[Worked] = []


@pytest.fixture
def worked(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Worked:
    """Return the project that has run; do not change its files."""
    if not _WORKED:
        home = tmp_path_factory.mktemp("worked") / "fares"
        shutil.copytree(folder, home)
        text = (home / "loopwright.toml").read_text()
        for old, new in (
            ("sklearn.tree.DecisionTreeClassifier", "sklearn.linear_model.LogisticRegression"),
            ("params = { min_samples_leaf = 5 }\n", ""),
            ("max_depth = { low = 2, high = 6 }", "C = { low = 0.1, high = 10.0, log = true }"),
        ):
            assert old in text
            text = text.replace(old, new)
        (home / "loopwright.toml").write_text(text)
        with Project.open(home).closing() as project:
            line = run_line(project, by="test")
        _WORKED.append(_worked(Project.open(home), line))
    return _WORKED[0]


@pytest.fixture
def copied(worked: Worked, tmp_path: Path) -> Iterator[Project]:
    """Open a copy of the project that has run, to be changed at will."""
    shutil.copytree(worked.project.folder, tmp_path / "copy")
    with Project.open(tmp_path / "copy").closing() as project:
        yield project


def _worked(project: Project, line: Line) -> Worked:
    material = Material(
        charter=line.charter, dataset=line.dataset, parts=line.parts, labels=line.labels, features=line.features
    )
    return Worked(
        project=project, line=line, material=material, rows=read(project, line.dataset, parts=line.parts),
        examples=examples(project, line.features, line.labels, line.parts),
    )


class Kept:
    """Keeps artifacts in memory, by name."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}

    def __call__(self, content: bytes, *, name: str, media_type: str) -> Artifact:
        self.contents[name] = content
        return Artifact(
            sha256=hashlib.sha256(content).hexdigest(), size=len(content), name=name, media_type=media_type
        )


@pytest.fixture
def keep() -> Kept:
    """Return a function that keeps artifacts, and what it kept."""
    return Kept()
