"""A project is found from anywhere below its folder, and is one handle on its file, its code and its stores."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from loopwright.errors import ProjectFileError, ProjectNotFound, UserCodeError
from loopwright.project import Outcome, Project, Silent, library_version
from loopwright.records import Ref, Schema
from loopwright.testing import ProgressContract


class TestSilent(ProgressContract):
    @pytest.fixture
    def progress(self):
        return Silent()


class Told(Silent):
    """Keeps what was finished."""

    def __init__(self) -> None:
        self.finished_steps: list[tuple[str, bool]] = []

    def finished(self, step: str, *, seconds: float, why: str, recalled: bool) -> None:  # noqa: ARG002
        self.finished_steps.append((step, recalled))


def test_it_is_opened_from_any_folder_below(folder, monkeypatch):
    below = folder / "notebooks" / "old"
    below.mkdir(parents=True)
    assert Project.open(below).folder == folder.resolve()
    monkeypatch.chdir(below)
    assert Project.open().settings.project.name == "fares"


def test_the_nearest_project_wins(folder):
    inner = folder / "inner"
    inner.mkdir()
    (inner / "loopwright.toml").write_text((folder / "loopwright.toml").read_text().replace('"fares"', '"inner"'))
    assert Project.open(inner).settings.project.name == "inner"


def test_where_there_is_none_the_error_says_how_to_make_one(tmp_path):
    with pytest.raises(ProjectNotFound, match=r"no loopwright\.toml in .* or above it\. .* `loopwright init"):
        Project.open(tmp_path)


def test_a_wrong_project_file_is_told_with_its_line(folder):
    path = folder / "loopwright.toml"
    path.write_text(path.read_text().replace("trials = 4", "trails = 4"))
    line = path.read_text().splitlines().index("trails = 4") + 1
    with pytest.raises(ProjectFileError, match=rf"^loopwright\.toml:{line}: .*did you mean \"trials\"") as caught:
        Project.open(folder)
    assert caught.value.line == line


def test_a_project_file_in_another_encoding_is_refused_by_name(folder):
    (folder / "loopwright.toml").write_bytes('description = "Gebühr"'.encode("latin-1"))
    with pytest.raises(ProjectNotFound, match=r"loopwright\.toml is not UTF-8 text \(byte 18 is 0xfc\)"):
        Project.open(folder)


def test_a_second_file_is_laid_over_the_first(folder, tmp_path):
    over = tmp_path / "quick.toml"
    over.write_text("[training]\ntrials = 1")
    assert Project.open(folder, config=over).settings.training.trials == 1
    assert Project.open(folder, config=str(over)).settings.training.rounds == 2
    assert Project.open(folder).settings.training.trials == 4


def test_a_second_file_that_is_not_there_is_told(folder):
    with pytest.raises(ProjectNotFound, match=r"no file .*quick\.toml to lay over loopwright\.toml"):
        Project.open(folder, config=folder / "quick.toml")


def test_its_functions_are_found_by_file_and_name(opened):
    project = opened()
    assert project.code("features:is_far").functions == ("is_far",)
    assert set(project.code("features").functions) == {"fare_per_mile", "is_far"}
    assert project.code("features").file == "features.py"


def test_the_digest_of_a_function_changes_with_its_body_only(folder, opened):
    before = opened().code("features:is_far").digests
    path = folder / "features.py"
    path.write_text(path.read_text().replace("miles + 1", "miles + 2"))
    assert opened().code("features:is_far").digests == before
    path.write_text(path.read_text().replace("miles > 5", "miles > 6"))
    assert opened().code("features:is_far").digests != before


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("features:is_fat", r"features\.py has no function 'is_fat' \(did you mean 'is_far'\?\)\. It has: "),
        ("labelling:tipped", r"labelling\.py"),
    ],
)
def test_a_function_that_is_not_there_is_told_with_those_that_are(opened, place, message):
    with pytest.raises(UserCodeError, match=message):
        opened().code(place)


def test_it_says_which_files_of_code_it_has(opened):
    assert opened().has_code("features")
    assert not opened().has_code("labeling")


def test_what_became_of_a_step_is_kept_and_told(folder):
    told = Told()
    project = Project.open(folder, progress=told)
    outcome = Outcome(step="ingest", recalled=True, why="nothing changed", seconds=0.0)
    project.note(outcome)
    assert project.outcomes == (outcome,)
    assert told.finished_steps == [("ingest", True)]


def test_what_is_kept_is_made_once_per_handle(opened):
    project, made = opened(), []
    for _ in range(2):
        assert project.keep(("rows", "a"), lambda: made.append("a") or len(made)) == 1
    assert project.keep(("rows", "b"), lambda: 7) == 7
    assert opened().keep(("rows", "a"), lambda: 8) == 8


def test_what_one_handle_remembers_another_finds(opened):
    schema = Schema(columns=(), made_from=(Ref(kind="file", digest="ab", name="schema.toml"),))
    with opened().closing() as project:
        project.metadata.remember(schema)
        kept = project.artifacts.put(b"bytes", name="b.txt")
    with opened().closing() as again:
        assert again.metadata.all(Schema) == [schema]
        assert again.artifacts.get(kept) == b"bytes"


def test_closing_keeps_what_was_learnt_about_code(folder, opened):
    an_hour_ago = time.time() - 3600      # a file written just now may be written again within one tick of the clock
    os.utime(folder / "features.py", (an_hour_ago, an_hour_ago))
    with opened().closing() as project:
        project.code("features")
    assert (folder / ".loopwright" / "code.json").is_file()


def test_state_lies_where_the_project_file_says(folder, tmp_path):
    over = tmp_path / "elsewhere.toml"
    over.write_text(f'[stores]\nartifacts = "{tmp_path / "bytes"}"\n')
    with Project.open(folder, config=over).closing() as project:
        project.artifacts.put(b"bytes", name="b.txt")
    assert any(path.read_bytes() == b"bytes" for path in (tmp_path / "bytes").rglob("*") if path.is_file())
    assert not (folder / ".loopwright" / "artifacts").exists()


def test_opening_writes_nothing(folder):
    before = sorted(folder.rglob("*"))
    Project.open(folder)
    assert sorted(folder.rglob("*")) == before


def test_versions_of_libraries_are_told_and_so_is_their_absence():
    assert library_version("polars")[0].isdigit()
    assert library_version("no-such-library-at-all") == "not installed"


def test_a_path_may_be_given_as_text(folder):
    assert Project.open(str(folder)).folder == Path(folder).resolve()
