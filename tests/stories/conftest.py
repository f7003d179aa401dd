"""What the stories share: the command as a person gives it, projects that have run already, and servers of them."""

from __future__ import annotations

import contextlib
import dataclasses
import http.client
import io
import json
import math
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
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


# -- servers -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    text: str

    @property
    def json(self):
        """The body, as data."""
        return json.loads(self.text)

    @property
    def problems(self) -> list[tuple[str, str]]:
        """Fields that were refused, and of what kind each problem is."""
        return [(item.get("field", ""), item["problem"].partition(":")[0]) for item in self.json["problems"]]


@dataclass
class Served:
    """A project that a server of its own serves, and somebody who asks it with a key."""

    place: Place
    key: str
    words: tuple[str, ...] = ()
    process: subprocess.Popen[str] | None = None
    port: int = 0

    def start(self) -> None:
        """Start the server, and wait until it says where it listens."""
        self.process = self.place.start("serve", "--port", "0", *self.words)
        said = self.process.stdout.readline()
        while (found := re.search(r"http://127\.0\.0\.1:(\d+)", said)) is None:
            line = self.process.stdout.readline()
            assert line, said + self.process.communicate()[1]
            said += line
        self.port = int(found[1])

    def stop(self) -> str:
        """Ask the server to stop; assert that it does so cleanly, and return what it said as errors."""
        return self.end(signal.SIGTERM, code=0)

    def kill(self) -> None:
        """Kill the server, as a machine that goes down would."""
        self.end(signal.SIGKILL, code=-signal.SIGKILL)

    def end(self, number: int, *, code: int) -> str:
        """Send a signal and wait for the end of the server."""
        assert self.process is not None
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        assert self.process.returncode == code, (self.process.returncode, out, err)
        assert "Traceback" not in err, err
        self.process = None
        return err

    def ask(
        self, method: str, path: str, body: object = None, *, key: str | None = "",
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Send one request, over a connection of its own; bytes are sent as they are, anything else as JSON."""
        content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {} if content is None else {"Content-Type": "application/json"}
        if key is not None:
            sent["Authorization"] = f"Bearer {key or self.key}"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body=content, headers={**sent, **(headers or {})})
            answer = connection.getresponse()
            return Reply(answer.status, dict(answer.getheaders()), answer.read().decode())
        finally:
            connection.close()

    def predict(self, *rows: dict[str, object], ids: Sequence[str] | None = None, code: int = 200) -> Reply:
        """Ask for predictions."""
        body = {"rows": list(rows), **({"ids": list(ids)} if ids is not None else {})}
        return _expected(self.ask("POST", "/predict", body), code)

    def tell(self, *outcomes: dict[str, object], code: int = 200) -> Reply:
        """Tell outcomes."""
        return _expected(self.ask("POST", "/outcomes", {"outcomes": list(outcomes)}), code)

    def live(self):
        """Return the live rows of the log with what became of them, and the refusals."""
        from loopwright.stages import serving

        with Project.open(self.place.folder).closing() as project:
            return serving.live_rows(project)


def _expected(reply: Reply, code: int) -> Reply:
    assert reply.status == code, reply
    return reply


def eventually(claim: Callable[[], object], *, seconds: float = 20.0) -> float:
    """Wait until something holds; return how long that took, in seconds."""
    start = time.monotonic()
    while not claim():
        assert time.monotonic() - start < seconds, "it never came to that"
        time.sleep(0.01)
    return time.monotonic() - start


@contextlib.contextmanager
def serving(folder: Path, key: str, *, words: tuple[str, ...] = ()) -> Iterator[Served]:
    """Serve a project folder; at the end the server is stopped, and that must be clean."""
    served = Served(Place(folder), key, words)
    try:
        served.start()
        yield served
        if served.process is not None:
            served.stop()
    finally:
        if served.process is not None:
            served.process.kill()
            served.process.communicate()


def declare(place: Place) -> str:
    """Declare a consumer who may do everything; return its key."""
    scopes = [word for scope in ("predict", "outcomes", "metrics") for word in ("--scope", scope)]
    words = ("--owner", "ops", "--purpose", "stories", *scopes, "--json")
    return place.give("consumers", "add", "dispatch", *words, code=0).json["key"]


@dataclass(frozen=True)
class Ready:
    """A finished project with a declared consumer; copies of it are served."""

    folder: Path
    key: str

    def at(self, folder: Path) -> Served:
        """Return a copy of it elsewhere, that nobody serves yet."""
        return Served(Place(shutil.copytree(self.folder, folder)), self.key)

    @contextlib.contextmanager
    def copied(self, to: Path, *, edit: Callable[[Place], None] | None = None) -> Iterator[Served]:
        """Serve a copy of it, after a change of its project file if one is wished for."""
        shutil.copytree(self.folder, to)
        if edit is not None:
            edit(Place(to))
        with serving(to, self.key) as served:
            yield served


@pytest.fixture(scope="session")
def fares_ready(_ran: Place, tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """The small project, finished, with a declared consumer."""
    folder = tmp_path_factory.mktemp("ready") / "fares"
    shutil.copytree(_ran.folder, folder)
    return Ready(folder, declare(Place(folder)))


@pytest.fixture
def served(fares_ready: Ready, tmp_path: Path) -> Iterator[Served]:
    """A finished project that is deployed and served."""
    with fares_ready.copied(tmp_path / "served") as found:
        yield found


@pytest.fixture
def new_served() -> Callable[[Place], contextlib.AbstractContextManager[Served]]:
    """Return the function that serves any finished project."""
    return lambda place: serving(place.folder, declare(place))


@pytest.fixture(scope="session")
def patience() -> Callable[..., float]:
    """Return the function that waits until something holds."""
    return eventually


# -- a project that lives in time --------------------------------------------------------------------------

RIDES = """
[project]
name = "rides"

[charter]
task = "binary"
decision = "Whom to thank for a tip"

[targets]
optimize = "roc_auc"

[data]
source = "rides.csv"
label = "tipped"
key = "id"
time = "at"
group = "rider"

[features]
exclude = ["surge"]

[split]
by = "time"

[[candidates]]
estimator = "sklearn.linear_model.LogisticRegression"
params = { C = 1.0 }

[release]
steps = [0.2, 0.5]
step_rows = 10

[monitor]
late_days = 1

[retraining]
min_labels = 100
pause_days = 1
"""

TODAY = datetime.combine(datetime.now(UTC).date(), datetime.min.time())
"""Midnight; rides are told in days from here, so that silences, which must end in the future, cover them."""


@dataclass(frozen=True)
class Ride:
    """One simulated ride: who pays by card tips more often, unless people have changed their minds."""

    day: int
    number: int
    changed: bool = False

    @property
    def id(self) -> str:
        return f"ride{self.day}-{self.number}"

    @property
    def row(self) -> dict[str, object]:
        """What is known when a prediction is asked for."""
        return {name: value for name, value in self._drawn.items() if name != "tipped"}

    @property
    def outcome(self) -> dict[str, object]:
        """What became of it, known an hour later."""
        known = datetime.fromisoformat(str(self._drawn["at"])) + timedelta(hours=1)
        return {"id": self.id, "values": {"tipped": self._drawn["tipped"]}, "at": known.isoformat()}

    @property
    def line(self) -> str:
        return ",".join(str(value) for value in self._drawn.values()) + "\n"

    @property
    def _drawn(self) -> dict[str, object]:
        draw = random.Random(f"ride {self.day} {self.number}")
        at = TODAY + timedelta(days=self.day, minutes=self.number * 1440 // 160 + draw.random())
        rider, miles = f"r{draw.randrange(400)}", round(draw.uniform(0.5, 9), 2)
        payment, surge = draw.choice(["card", "cash"]), round(draw.uniform(0, 2), 2)
        likes = payment == ("cash" if self.changed else "card")
        chance = 1 / (1 + math.exp(-(2.2 * likes - 4.6 + 0.2 * miles + 2.2 * surge)))
        return {
            "id": self.id, "at": at.isoformat(timespec="seconds"), "rider": rider, "miles": miles, "payment": payment,
            "surge": surge, "tipped": int(draw.random() < chance),
        }


RIDES_HEADER = "id,at,rider,miles,payment,surge,tipped\n"


def rides(first: int, last: int, *, changed: bool = False, per_day: int = 160) -> list[Ride]:
    """Return the rides of the days from one up to, and without, another."""
    return [Ride(day, number, changed) for day in range(first, last) for number in range(per_day)]


@pytest.fixture(scope="session")
def made_rides() -> Callable[..., list[Ride]]:
    """Return the function that makes rides."""
    return rides


@pytest.fixture(scope="session")
def on_day() -> Callable[[int], str]:
    """Return the function that says when a day begins, counted from today, as commands take it."""
    return lambda day: (TODAY + timedelta(days=day)).isoformat()


@pytest.fixture(scope="session")
def rides_ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """A project with a clock and riders, finished a month ago, deployed, with a declared consumer."""
    place = Place(tmp_path_factory.mktemp("ready") / "rides")
    place.folder.mkdir()
    place.write("loopwright.toml", RIDES)
    place.write("rides.csv", RIDES_HEADER + "".join(ride.line for ride in rides(-40, -20)))
    place.run()
    return Ready(place.folder, declare(place))


@pytest.fixture
def riding(rides_ready: Ready, tmp_path: Path) -> Iterator[Served]:
    """The project with a clock and riders, served."""
    with rides_ready.copied(tmp_path / "riding") as found:
        yield found


@pytest.fixture(scope="session")
def trial_ready(rides_ready: Ready, tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """The same, with a second model, which knows more, in a canary."""
    folder = tmp_path_factory.mktemp("ready") / "trial"
    with rides_ready.copied(folder) as served:
        served.place.edit("loopwright.toml", 'exclude = ["surge"]', "")
        served.place.run()
    return Ready(folder, rides_ready.key)
