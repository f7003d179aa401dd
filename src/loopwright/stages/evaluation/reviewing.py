"""What git and the gate say about how a model came about."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from loopwright.records import Evidence, Gate, Model

__all__ = ["GitState", "gate_evidence", "git_state", "review_evidence"]

_FILES = ("loopwright.toml", "features.py", "labeling.py", "heuristics.py", "scenarios.py", "schema.toml")


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """What git knows of the project's own files.

    Attributes
    ----------
    commit : str or None
        The commit checked out; None if the folder is not under version control, or has no commit yet.
    uncommitted : tuple of str
        Project files that differ from the commit or are not in it.
    """

    commit: str | None
    uncommitted: tuple[str, ...] = ()


def git_state(folder: Path) -> GitState:
    """Ask git about the project's own files."""
    if shutil.which("git") is None or not any((place / ".git").exists() for place in (folder, *folder.parents)):
        return GitState(commit=None)
    commit = _git(folder, "rev-parse", "--verify", "HEAD")
    present = [name for name in _FILES if (folder / name).exists()]
    tracked = set((_git(folder, "ls-files", "--", *present) or "").splitlines())
    if commit is None or not tracked:
        # A project inside somebody else's repository, say in a folder that it ignores, is not under version control.
        return GitState(commit=None)
    changed = set((_git(folder, "diff", "--name-only", "--relative", "HEAD", "--", *present) or "").splitlines())
    return GitState(commit=commit, uncommitted=tuple(sorted((set(present) - tracked) | changed)))


def review_evidence(model: Model, *, commit: str, uncommitted: tuple[str, ...], at: str) -> Evidence:
    """Return whether the files that made a model are committed."""
    claim = (
        f"the project's files are as committed in {commit[:12]}"
        if not uncommitted
        else f"not committed: {', '.join(uncommitted)}; commit them, so that what made the model can be reviewed"
    )
    return Evidence(
        made_from=(model.ref,), check="review.git", subject=model.ref, claim=claim, passed=not uncommitted, at=at
    )


def gate_evidence(gate: Gate, *, at: str) -> Evidence:
    """Return that a model's quality was judged before anything may serve it."""
    no = [reason for reason in gate.reasons if reason.passed is False]
    claim = (
        f"the gate checked {len(gate.reasons)} demands before promotion and said "
        f"{'yes' if gate.passed else 'no'}" + (f": {no[0].explanation}" if no and not gate.passed else "")
    )
    return Evidence(
        made_from=(gate.ref,), check="gate.quality", subject=gate.subject, claim=claim, passed=gate.passed, at=at
    )


def _git(folder: Path, *arguments: str) -> str | None:
    """Return what a git command prints; None if it fails."""
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],  # noqa: S607 -- git is looked up by name on purpose
        capture_output=True, text=True, check=False, timeout=20,
    )
    return done.stdout.rstrip("\n") if done.returncode == 0 else None
