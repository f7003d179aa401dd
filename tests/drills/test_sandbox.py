from __future__ import annotations

import tempfile

import pytest

from loopwright.drills.sandbox import doubled, sandbox
from loopwright.errors import UnknownRecord
from loopwright.project import Project
from loopwright.records import KINDS, Alert, Deployment, Evidence, Gate, Model, PredictionLog
from loopwright.stages import registry, serving


def kept(project):
    return {record.digest for kind in KINDS.values() for record in project.metadata.all(kind)}


def test_the_copy_has_the_champion_and_what_is_behind_it(project):
    with sandbox(project) as box:
        assert box.champion == registry.champion(project)
        assert box.project.metadata.get(Model, box.champion.digest).number == box.champion.number
        ours, theirs = registry.material(box.project, box.champion), registry.material(project, box.champion)
        assert (ours.dataset.digest, ours.parts.digest) == (theirs.dataset.digest, theirs.parts.digest)
        assert set(box.rows["__part"]) == {"train", "validation", "test"}
        said = [registry.applied(each, box.champion).predict(box.rows) for each in (box.project, project)]
        assert (said[0] == said[1]).all()


def test_the_copy_has_no_past_and_tells_nobody(project):
    with sandbox(project) as box:
        for kind in (Alert, Deployment, Evidence, PredictionLog):
            assert box.project.metadata.all(kind) == []
        monitor = box.project.settings.monitor
        assert (monitor.webhook, monitor.email) == (None, None)
        assert project.folder not in box.project.folder.parents


def test_what_is_done_in_the_copy_is_not_seen_in_the_project(project):
    before = kept(project)
    with sandbox(project) as box:
        serving.deploy(box.project, box.champion, by="test", why="a drill")
        doubled(box.project, box.champion)
    assert kept(project) == before
    assert serving.current(project) is None


@pytest.mark.parametrize("keep", [True, False])
def test_the_copy_is_taken_away_unless_somebody_wants_to_see_it(project, keep, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with sandbox(project, keep=keep) as box:
        folder = box.project.folder
    assert folder.exists() is keep
    if keep:
        with Project.open(folder).closing() as opened:
            assert opened.metadata.get(Model, box.champion.digest).digest == box.champion.digest


def test_the_copy_is_taken_away_when_a_drill_breaks(project):
    folders = []

    def break_down() -> None:
        with sandbox(project) as box:
            folders.append(box.project.folder)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        break_down()
    assert not folders[0].exists()


def test_stores_that_lie_elsewhere_are_read_and_the_copy_has_its_own(project, champion_folder, tmp_path):
    other = tmp_path / "other"
    text = (champion_folder / "loopwright.toml").read_text()
    home = champion_folder / ".loopwright"
    stores = "".join(
        f'{name} = "{(home / place).as_uri()}"\n' for name, place in (("artifacts", "artifacts"), ("tables", "tables"))
    )
    other.mkdir()
    (other / "loopwright.toml").write_text(f'{text}\n[stores]\nmetadata = "{home / "metadata.db"}"\n{stores}')
    with Project.open(other).closing() as moved, sandbox(moved) as box:
        assert box.project.settings.stores.tables == ".loopwright/tables"
        assert box.rows.height == 600


def test_without_a_champion_there_is_nothing_to_drill(opened):
    with opened().closing() as fresh, pytest.raises(UnknownRecord, match="no champion to hold a drill with"), sandbox(
        fresh
    ):
        pass


def test_a_double_says_the_same_and_may_serve(box):
    double = doubled(box.project, box.champion)
    assert (double.file, double.number) == (box.champion.file, box.champion.number + 1)
    assert double.digest != box.champion.digest
    assert any(gate.passed for gate in box.project.metadata.all(Gate) if gate.subject.digest == double.digest)


def test_a_double_may_have_a_limit_on_its_latency(box):
    double = doubled(box.project, box.champion, latency_limit_ms=75.0)
    ours, theirs = (registry.material(box.project, model).charter for model in (double, box.champion))
    assert [str(target) for target in ours.satisfice][-1] == "latency_p99_ms <= 75"
    assert ours.satisfice[:-1] == theirs.satisfice
