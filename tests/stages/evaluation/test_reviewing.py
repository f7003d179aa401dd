"""What git knows of the project's own files is told, and nothing is held against who does not use it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from loopwright.records import Gate
from loopwright.records.gate import Reason
from loopwright.stages.evaluation.reviewing import gate_evidence, git_state, review_evidence

AT = "2026-05-03T12:00:00Z"
FILES = ["features.py", "heuristics.py", "loopwright.toml", "scenarios.py"]


def git(folder: Path, *arguments: str) -> str:
    settings = ("user.name=Ada", "user.email=ada@example.org", "commit.gpgsign=false", "core.hooksPath=/dev/null")
    options = [part for setting in settings for part in ("-c", setting)]
    return subprocess.run(
        ["git", "-C", str(folder), *options, *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def committed(folder: Path) -> Path:
    git(folder, "init", "--quiet")
    git(folder, "add", *FILES)
    git(folder, "commit", "--quiet", "--message", "Begin.")
    return folder


def test_committed_files_are_told_with_their_commit(committed):
    state = git_state(committed)
    assert state.commit == git(committed, "rev-parse", "HEAD")
    assert state.uncommitted == ()


def test_changed_and_new_files_of_the_project_are_named_and_no_others(committed):
    with (committed / "features.py").open("a") as file:
        file.write("# more\n")
    (committed / "schema.toml").write_text("")
    (committed / "notes.txt").write_text("")
    assert git_state(committed).uncommitted == ("features.py", "schema.toml")


def test_a_change_that_is_staged_is_not_committed(committed):
    (committed / "schema.toml").write_text("")
    git(committed, "add", "schema.toml")
    assert git_state(committed).uncommitted == ("schema.toml",)


def test_a_project_below_the_root_of_a_repository_is_told_by_its_own_names(committed):
    below = committed / "below"
    below.mkdir()
    (below / "loopwright.toml").write_text("")
    git(committed, "add", "below")
    git(committed, "commit", "--quiet", "--message", "More.")
    assert git_state(below).uncommitted == ()
    (below / "loopwright.toml").write_text("# changed\n")
    assert git_state(below).uncommitted == ("loopwright.toml",)


def test_without_a_repository_or_a_commit_there_is_nothing_to_tell(folder):
    assert git_state(folder).commit is None
    git(folder, "init", "--quiet")
    assert git_state(folder).commit is None


def test_files_that_somebody_elses_repository_does_not_hold_are_not_under_version_control(tmp_path, folder):
    git(tmp_path, "init", "--quiet")
    (tmp_path / "README").write_text("")
    git(tmp_path, "add", "README")
    git(tmp_path, "commit", "--quiet", "--message", "Begin.")
    assert git_state(folder).commit is None


def test_evidence_of_review_names_what_is_missing(worked):
    yes = review_evidence(worked.line.model, commit="0123456789abcdef", uncommitted=(), at=AT)
    no = review_evidence(worked.line.model, commit="0123456789abcdef", uncommitted=("features.py",), at=AT)
    assert (yes.passed, yes.claim) == (True, "the project's files are as committed in 0123456789ab")
    assert (no.passed, no.subject) == (False, worked.line.model.ref)
    assert no.claim.startswith("not committed: features.py;")


def test_the_gate_is_evidence_with_its_first_refusal(worked):
    reasons = (
        Reason(demand="a", passed=True, explanation="a holds"),
        Reason(demand="b", passed=False, explanation="b is 3"),
        Reason(demand="c", passed=False, explanation="c is 4"),
    )
    gate = Gate(subject=worked.line.model.ref, rival=None, passed=False, reasons=reasons)
    evidence = gate_evidence(gate, at=AT)
    assert evidence.claim == "the gate checked 3 demands before promotion and said no: b is 3"
    assert (evidence.passed, evidence.made_from, evidence.subject) == (False, (gate.ref,), worked.line.model.ref)
    passed = Gate(subject=worked.line.model.ref, rival=None, passed=True, reasons=reasons[:1])
    assert gate_evidence(passed, at=AT).claim.endswith("and said yes")
