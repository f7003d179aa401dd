"""A drill puts a fault into a copy of a project: what noticed it is evidence, and the project stays as it was."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from loopwright.project import Project
from loopwright.records import KINDS, Evidence

EXPECTED = {
    "schema-break": "schema break", "unit-change": "unit change", "null-storm": "upstream null",
    "latency": "slow answers", "lost-labels": "lost labels",
}


def files(place) -> dict[str, bytes]:
    """Return every file of the project but those that keep records, or what reading has learnt."""
    return {
        path.relative_to(place.folder).as_posix(): path.read_bytes()
        for path in place.folder.rglob("*")
        if path.is_file() and not path.name.startswith(("metadata.db", "code.json", "_verified"))
    }


def records(place) -> set[str]:
    with Project.open(place.folder).closing() as project:
        return {record.digest for kind in KINDS.values() for record in project.metadata.all(kind)}


def drilled(place) -> list[Evidence]:
    with Project.open(place.folder).closing() as project:
        return [item for item in project.metadata.all(Evidence) if item.check.startswith("drill.")]


def copies() -> set[Path]:
    return set(Path(tempfile.gettempdir()).glob("loopwright-drill-*"))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name == "unit-change" else pytest.mark.slow) for name in EXPECTED]
)
def test_a_fault_is_noticed_for_what_it_is_and_the_project_is_untouched(finished, name, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, known = files(finished), records(finished)
    (told,) = finished.give("drill", name, "--json", code=0).json
    assert told["passed"], told["explanation"]
    assert told["noticed_by"].endswith(f": {EXPECTED[name]}")
    assert told["after_windows"] == 1
    assert files(finished) == before
    (evidence,) = drilled(finished)
    assert records(finished) - known == {evidence.digest}
    assert (evidence.check, evidence.claim) == (f"drill.{name}", told["explanation"])
    assert copies() == set()


def test_a_roll_back_earns_its_point_and_says_how_long_it_took(finished):
    told = finished.give("drill", "rollback", code=0).out
    assert "✓ yes" in told
    assert "gave its last answer" in " ".join(told.split())
    (evidence,) = drilled(finished)
    assert evidence.value < 1
    score = finished.give("score", "--json", code=0).json
    points = {test["id"]: test["points"] for section in score["sections"] for test in section["tests"]}
    assert points["I7"] == 1


@pytest.mark.slow
def test_a_drill_that_is_not_noticed_ends_with_20(finished):
    # With such a setting nobody watches the column that the fault is put into, so it cannot be noticed at all.
    finished.append("loopwright.toml", '\n[monitor]\neffect = 1000000\nignore = ["miles", "fare"]\n')
    held = finished.give("drill", "unit-change", "--json", code=0).json
    assert (held[0]["passed"], drilled(finished)) == (None, [])
    finished.edit("loopwright.toml", 'ignore = ["miles", "fare"]', "")
    held = finished.give("drill", "unit-change", "--json", code=20).json
    assert held[0]["passed"] is False
    (evidence,) = drilled(finished)
    assert evidence.passed is False


def test_which_drills_there_are_is_told_to_who_names_none(finished):
    assert "name one drill, or give --all: rollback" in finished.refuses("drill")
    assert "did you mean 'rollback'?" in finished.refuses("drill", "roll-back")


def test_without_a_champion_there_is_nothing_to_hold_a_drill_with(place):
    assert "`loopwright run` trains one" in place.refuses("drill", "latency")
