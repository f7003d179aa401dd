"""A project folder appears whole or not at all."""

import os
import resource
import subprocess
from pathlib import Path

import polars as pl
import pytest

from loopwright.errors import LoopwrightError, ProjectError, StoreFull, UnusableLabel
from loopwright.project import Project
from loopwright.stages.charter.scaffold import Written, initialise, seen_from

TRIPS = pl.DataFrame(
    {
        "fare": [5.0, 5.0, 9.0, 9.0] * 30,
        "paid": ["Card", "Cash", "Card", "Cash", "Card", "Card", "Cash", "Cash"] * 15,
        "tips": [2.0, 0.0] * 60,
    }
)


def made(folder: Path, **options: object) -> Written:
    given = {"name": "trips", "frame": TRIPS, "source": "trips.csv", "label": "tips > 0.2 * fare"} | options
    return initialise(folder, **given)  # type: ignore[arg-type]


def test_a_project_that_was_made_can_be_opened(tmp_path: Path) -> None:
    written = made(tmp_path / "trips", description="Who tips?")
    settings = Project.open(written.folder).settings
    assert settings.project.description == "Who tips?"
    assert settings.data.label == "labeling:label"
    assert sorted(settings.data.known_after) == ["tips"]
    assert {path.relative_to(written.folder).as_posix() for path in written.folder.rglob("*") if path.is_file()} == set(
        written.files
    )
    assert {"README.md", ".gitignore", "api/predict.py", "docker/Dockerfile", "models/README.md"} <= set(written.files)
    assert Project.open(written.folder, config=written.folder / "configs/quick.toml").settings.training.trials == 2


def test_what_was_found_is_told_in_sentences(tmp_path: Path) -> None:
    found = made(tmp_path / "trips").found
    assert found[0].startswith("task: binary, because it has two values")
    assert any(sentence.startswith('known after: "tips"') for sentence in found)


def test_the_names_in_the_public_code_index_are_found(tmp_path: Path) -> None:
    project = Project.open(made(tmp_path / "trips").folder)
    assert project.code("heuristics:simple_rule").functions == ("simple_rule",)
    assert len(project.code("scenarios").functions) == 2
    assert project.code("features").functions == ()


def test_an_empty_folder_is_filled_and_a_full_one_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    made(tmp_path / "empty")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(ProjectError, match="not empty"):
        made(tmp_path / "full")
    (tmp_path / "file").write_text("mine")
    with pytest.raises(ProjectError, match="is a file"):
        made(tmp_path / "file")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "file", "full"]


@pytest.mark.parametrize(
    ("name", "advice"),
    [("Taxi Tips", "'taxi-tips'"), ("", "1 to 63"), ("../x", "'x'"), ("é", "1 to 63"), ("a" * 64, "Take 'a")],
)
def test_a_name_that_is_not_allowed_is_answered_with_one_that_is(tmp_path: Path, name: str, advice: str) -> None:
    with pytest.raises(ProjectError, match=advice):
        made(tmp_path / "trips", name=name)
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_behind_when_the_rows_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(UnusableLabel):
        made(tmp_path / "trips", label="fare > 1000")
    assert not list(tmp_path.iterdir())


def test_nothing_is_left_behind_when_a_disk_is_full(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (500, hard))     # no file may grow beyond 500 bytes
    try:
        with pytest.raises(StoreFull, match="no space"):
            made(tmp_path / "trips")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert not list(tmp_path.iterdir())


def test_a_folder_that_may_not_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LoopwrightError, match="file"):
        made(tmp_path / "file" / "trips")


def test_others_may_enter_the_folder_and_the_script_may_be_run(tmp_path: Path) -> None:
    folder = made(tmp_path / "trips").folder
    assert folder.stat().st_mode & 0o777 == 0o755
    assert os.access(folder / "scripts/retrain.sh", os.X_OK)
    subprocess.run(["/bin/sh", "-n", folder / "scripts/retrain.sh"], check=True)


def test_git_is_told_to_leave_rows_and_state_alone(tmp_path: Path) -> None:
    ignored = (made(tmp_path / "trips").folder / ".gitignore").read_text().splitlines()
    assert {".loopwright/", "reports/", "data/*", "!data/README.md"} <= set(ignored)


def test_a_source_is_named_as_the_project_folder_sees_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    folder = Path("home/trips")
    assert seen_from(folder, "rows-*.csv") == "../../rows-*.csv"
    assert seen_from(folder, "home/trips/data/rows.csv") == "data/rows.csv"
    assert seen_from(folder, str(tmp_path / "rows.csv")) == "../../rows.csv"
    assert seen_from(Path("a/b/c/d"), "rows.csv") == (tmp_path / "rows.csv").as_posix()
    for url in ("s3://bucket/rows.csv", "postgresql://host/db"):
        assert seen_from(folder, url) == url


def test_a_database_is_read_by_its_query(tmp_path: Path) -> None:
    folder = made(tmp_path / "trips", source="sqlite:///shop.db", query="SELECT * FROM trips").folder
    assert Project.open(folder).settings.data.query == "SELECT * FROM trips"
