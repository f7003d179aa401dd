"""A project that the command line has run twice, full of texts that a terminal could take for markup."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopwright.faces.cli import main

_RAN: dict[str, Path] = {}


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> object:
        """What was printed, as data."""
        return json.loads(self.out)


Give = Callable[..., Answer]


def _give(*words: object, code: int = 0) -> Answer:
    """Give a command through its entry point; assert its exit code, and that no traceback was shown."""
    out, err, before = io.StringIO(), io.StringIO(), sys.argv
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        sys.argv = ["loopwright", *map(str, words)]
        try:
            main()
            ended = 0
        except SystemExit as leaving:
            ended = int(leaving.code or 0)
        finally:
            sys.argv = before
    answer = Answer(ended, out.getvalue(), err.getvalue())
    assert "Traceback" not in answer.err + answer.out, answer.err
    assert answer.code == code, answer
    return answer


@pytest.fixture
def give() -> Give:
    """Return a function that gives a command and returns its answer."""
    return _give


@pytest.fixture
def ran(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project that has run twice: v1 is champion, v2 was refused. Do not change it."""
    if "ran" not in _RAN:
        home = tmp_path_factory.mktemp("faces") / "fares"
        shutil.copytree(folder, home)
        _edit(home / "loopwright.toml", {
            "Which trips to offer first": "Which [trips] to [red]offer[/red] first [/]",
            "sklearn.tree.DecisionTreeClassifier": 'sklearn.linear_model.LogisticRegression"\nname = "[/]line',
            "params = { min_samples_leaf = 5 }\n": "",
            "max_depth = { low = 2, high = 6 }": "C = { low = 0.1, high = 10.0, log = true }",
            "trials = 4\nrounds = 2": "trials = 2\nrounds = 1",
            'key = "id"': 'key = "id"\non_anomaly = "warn"',
        })
        rows = (home / "trips.csv").read_text().replace(",cash,", ",[red]x,").replace("t0,", "[/]t0,", 1)
        (home / "trips.csv").write_text(rows + "[/]broken,[bold]\n")
        _RAN["first"] = _said(home, "first", _give("run", "--project", home, "--json"))
        _edit(home / "schema.toml", {'"[red]x"': '"cheque"'})
        (home / "strict.toml").write_text('[targets.satisfice]\nlog_loss = "<= 0.1"\n')
        second = _give("run", "--project", home, "--config", home / "strict.toml", "--why", code=20)
        _RAN["second"] = _said(home, "second", second)
        _RAN["ran"] = home
    return _RAN["ran"]


@pytest.fixture
def said(ran: Path) -> Callable[[str], str]:
    """Return a function that tells what the ``first`` and the ``second`` run printed."""
    return lambda which: _RAN[which].read_text()


@pytest.fixture
def copied(ran: Path, tmp_path: Path) -> Path:
    """Return a copy of the project that has run, to be changed at will."""
    shutil.copytree(ran, tmp_path / "copy")
    return tmp_path / "copy"


def _said(home: Path, which: str, answer: Answer) -> Path:
    path = home.parent / f"{which}.txt"
    path.write_text(answer.out)
    return path


def _edit(path: Path, changes: dict[str, str]) -> None:
    text = path.read_text()
    for old, new in changes.items():
        assert old in text, f"{old!r} is not in {path.name}"
        text = text.replace(old, new)
    path.write_text(text)
