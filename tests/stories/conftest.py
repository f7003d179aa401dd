"""What the stories share: the command as a person gives it, and a project that has run already."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import pytest

from loopwright.faces.cli import main
from loopwright.project import Project
from loopwright.records import KINDS, Artifact, DatasetVersion, Evidence, Gate, Model, Table

TOML = """
[project]
name = "fares"

[charter]
task = "binary"
decision = "Which trips to offer first"
without_ml = "heuristics:card"

[targets]
optimize = "roc_auc"
slices = ["payment"]
min_slice_rows = 20
[targets.satisfice]
log_loss = "<= 0.65"

[data]
source = "trips.csv"
label = "tipped"
key = "id"

[split]
by = "random"

[training]
trials = 2
rounds = 1

[[candidates]]
estimator = "sklearn.linear_model.LogisticRegression"
[candidates.search]
C = { low = 0.1, high = 10.0, log = true }
"""

FEATURES = '''
import polars as pl

from distances import is_long


def fare_per_mile(fare: pl.Expr, miles: pl.Expr) -> pl.Expr:
    """Fare per mile driven."""
    return fare / (miles + 1)


def is_far(miles: pl.Expr) -> pl.Expr:
    """Whether the trip is a long one."""
    return is_long(miles)
'''

DISTANCES = '''
def is_long(miles):
    """Longer than five miles."""
    return miles > 5
'''

HEURISTICS = '''
import polars as pl


def card(payment: pl.Expr) -> pl.Expr:
    """Who pays by card tips."""
    return (payment == "card").fill_null(False)
'''

SCENARIOS = '''
def probabilities_are_probabilities(predict, rows):
    """What the model says lies between 0 and 1."""
    said = predict(rows)
    assert ((said >= 0) & (said <= 1)).all()
'''


def trips(first: int = 0, last: int = 500) -> str:
    """Return simulated trips as CSV lines without the header; whoever pays by card or rides far tips more often."""
    lines = []
    for number in range(first, last):
        draw = random.Random(number)
        miles = round(draw.expovariate(0.25), 2)
        payment = draw.choice(["card", "cash", "card", ""])
        chance = 0.05 + (0.35 if payment == "card" else 0) + min(miles, 8) * 0.07
        fare = round(3 + 2 * miles + draw.random(), 2)
        lines.append(f"t{number},{miles},{fare},{payment},{int(draw.random() < chance)}\n")
    return "".join(lines)


HEADER = "id,miles,fare,payment,tipped\n"


@dataclass(frozen=True)
class Answer:
    """What a command came to."""

    code: int
    out: str
    err: str

    @property
    def json(self):
        """What it printed, as data."""
        return json.loads(self.out)

    @property
    def ran(self) -> set[str]:
        """Names of the steps that ran, after ``run --json``."""
        return {item["step"] for item in self.json["steps"] if not item["recalled"]}

    def why(self, step: str) -> str:
        """Why a step ran, after ``run --json``."""
        return next(item["why"] for item in self.json["steps"] if item["step"] == step)


class Place:
    """A project folder, and the commands given in it.

    ``give`` calls the command's entry point in this process, which saves the import of the libraries; ``start`` and
    ``give_alone`` use a process of their own.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def give(self, *words: str, code: int | None = None) -> Answer:
        """Give a command; assert its exit code, and that no traceback was shown."""
        out, err, before = io.StringIO(), io.StringIO(), sys.argv
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            sys.argv = ["loopwright", *map(str, words)]
            try:
                main()
                ended = 0
            except SystemExit as leaving:
                ended = int(leaving.code or 0)
            finally:
                sys.argv = before
        return _checked(Answer(ended, out.getvalue(), err.getvalue()), code)

    def give_alone(self, *words: str, code: int | None = None, **options) -> Answer:
        """Give a command in a process of its own."""
        process = self.start(*words, **options)
        out, err = process.communicate(timeout=300)
        return _checked(Answer(process.returncode, out, err), code)

    def start(self, *words: str, interpreter: tuple[str, ...] = (), **options) -> subprocess.Popen[str]:
        """Begin a command in a process group of its own and do not wait for it."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "COLUMNS": "200", **options.pop("environment", {})}
        return subprocess.Popen(
            [sys.executable, *interpreter, "-m", "loopwright", *map(str, words)], cwd=self.folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, env=environment, **options,
        )

    def told(self) -> dict[str, object]:
        """Return what a finished project tells, without times: the same work done twice tells the same."""
        with Project.open(self.folder).closing() as project:
            keep = project.metadata
            return {
                "models": [(model.digest, model.number) for model in keep.all(Model)],
                "champion": [(change.alias, change.target.digest) for change in keep.alias_history()],
                "metrics": sorted(
                    (item.check, item.slice or "", item.part or "", item.value, item.low, item.high)
                    for item in keep.all(Evidence)
                    if item.check.startswith(("metric.", "comparison.")) and "latency" not in item.check
                ),
                "gates": [
                    (gate.passed, [(reason.demand, reason.passed, reason.value) for reason in gate.reasons])
                    for gate in keep.all(Gate)
                ],
                "tables": sorted(item.table.sha256 for item in keep.all(DatasetVersion)),
            }

    def assert_whole(self) -> None:
        """Assert that whatever can be seen in the stores is there whole."""
        with Project.open(self.folder).closing() as project:
            known = {record.digest: record for kind in KINDS.values() for record in project.metadata.all(kind)}
            for execution in project.metadata.executions():
                assert all(ref.digest in known for ref in execution.outputs), execution
            for record in known.values():
                for field in dataclasses.fields(record):
                    held = getattr(record, field.name)
                    if isinstance(held, Table):
                        assert project.tables.read(held).collect().height == held.rows
                    elif isinstance(held, Artifact):
                        assert len(project.artifacts.get(held)) == held.size
        for report in self.folder.glob("reports/[!.]*"):
            assert report.read_text().rstrip().endswith("</html>"), report

    def run(self, *, code: int | None = 0) -> Answer:
        """Run the line, asking for JSON."""
        return self.give("run", "--json", code=code)

    def refuses(self, *words: str, code: int = 1) -> str:
        """Give a command that must fail, and return what it said."""
        answer = self.give(*(words or ("run",)), code=code)
        assert answer.err.startswith("error: "), answer
        return " ".join(answer.err.split())

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def edit(self, name: str, old: str, new: str) -> None:
        """Replace a text in a file of the project."""
        path = self.folder / name
        text = path.read_text()
        assert old in text, f"{old!r} is not in {name}"
        path.write_text(text.replace(old, new, 1))

    def append(self, name: str, text: str) -> None:
        """Put text at the end of a file of the project."""
        with (self.folder / name).open("a") as file:
            file.write(text)


def _checked(answer: Answer, code: int | None) -> Answer:
    assert "Traceback" not in answer.err + answer.out, answer.err
    assert code is None or answer.code == code, answer
    return answer


def new_place(folder: Path) -> Place:
    """Write a small, complete project into a new folder."""
    folder.mkdir(parents=True)
    place = Place(folder)
    for name, text in (
        ("loopwright.toml", TOML), ("features.py", FEATURES), ("distances.py", DISTANCES),
        ("heuristics.py", HEURISTICS), ("scenarios.py", SCENARIOS), ("trips.csv", HEADER + trips()),
    ):
        place.write(name, text)
    return place


@pytest.fixture
def more_trips():
    """Return the function that makes CSV lines of further trips."""
    return trips


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A project that has not run yet."""
    return new_place(tmp_path / "fares")


@pytest.fixture
def new_project(tmp_path: Path) -> Callable[[], Place]:
    """Return a function that makes one new project after the other."""
    numbers = count(1)
    return lambda: new_place(tmp_path / f"fares_{next(numbers)}")


@pytest.fixture
def mount() -> Iterator[Callable[..., Callable[[], None]]]:
    """Return a function that mounts something on a folder, and gives back one that takes it off before the end."""
    mounted: list[Path] = []

    def take_off(folder: Path) -> None:
        subprocess.run(["umount", "-l", folder], check=True)
        mounted.remove(folder)

    def make(*words: str, on: Path) -> Callable[[], None]:
        if os.getuid() != 0:
            skip("mounting a file system needs root")
        done = subprocess.run(["mount", *words, on], capture_output=True, text=True, check=False)
        if done.returncode:
            skip(f"mounting a file system is not allowed here: {done.stderr.strip()}")
        mounted.append(on)
        return lambda: take_off(on)

    yield make
    for folder in mounted[::-1]:
        take_off(folder)


def skip(reason: str) -> None:
    """Skip with the reason; in continuous integration nothing may be skipped."""
    if os.environ.get("CI"):
        pytest.fail(f"{reason}, and CI is set")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def _ran(tmp_path_factory: pytest.TempPathFactory) -> Place:
    made = new_place(tmp_path_factory.mktemp("story") / "fares")
    made.run()
    return made


@pytest.fixture
def finished(_ran: Place, tmp_path: Path) -> Place:
    """A copy of a project that has run to its end: its model is champion."""
    shutil.copytree(_ran.folder, tmp_path / "finished")
    return Place(tmp_path / "finished")
