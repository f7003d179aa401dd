"""The taxi demo: every command a user would type, shown before it runs, and then a year of live traffic."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from loopwright import datasets
from loopwright.errors import LoopwrightError, ProjectError
from loopwright.faces.cli.console import console, plain, say
from loopwright.faces.cli.living import Life, Live, live_traffic
from loopwright.faces.cli.session import REFUSED
from loopwright.project import Project
from loopwright.records import Evidence

__all__ = ["show_taxi"]

NAME = "taxi-tips"
RULE = "tips > 0.2 * fare"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """What differs between the simulated and the real trips.

    Attributes
    ----------
    options : tuple of str
        Of ``loopwright init``.
    edits : tuple of (str, str)
        Section, and a line that is added below its heading.
    added : str
        Sections added to the project file.
    """

    title: str
    options: tuple[str, ...]
    edits: tuple[tuple[str, str], ...]
    added: str


_SIMULATED = _Story(
    title="SIMULATED trips of an invented taxi city (calibrated to published facts of Chicago's)",
    options=("--time", "trip_start", "--key", "trip_id", "--known-after", "tips"),
    edits=(),
    added="""
[release]                       # a new model answers a fifth of the trips, then half, before it may answer all
steps = [0.2, 0.5]
step_rows = 60

[monitor]                       # one window a week; tips are known three days after the trip
window_hours = 168
late_days = 3
false_alarms_per_year = 2
max_age_days = 400

[training]
trials = 6
rounds = 2
""",
)
_REAL = _Story(
    title="real taxi trips of Chicago, 2013-2016 (the sample of TensorFlow's examples)",
    options=("--time", "trip_start_timestamp", "--key", "trip_id", "--known-after", "tips"),
    edits=(
        ("split", 'validation_from = "2015-01-01"'),
        ("split", 'test_from = "2015-03-01"'),
        ("targets", "not_worse_by = 0.02             # some hundred trips cannot show less"),
    ),
    added="""
[release]                       # a newer model need not be better, but must be shown not to be worse
steps = [0.2, 0.5]
step_rows = 15
demand = "not_worse"
patience_days = 300

[monitor]                       # four weeks make a window: the sample has a dozen trips a day
window_hours = 672
min_rows = 60
late_days = 10
false_alarms_per_year = 2
max_age_days = 800

[retraining]                    # nothing is known to have changed here: train again on schedule
every_days = 300
min_labels = 200
""",
)


def show_taxi(folder: Path | None, *, real: bool, seed: int, stop_at_end: bool) -> None:
    """Run the demo in a new folder.

    Parameters
    ----------
    folder : Path or None
        Must not exist; a free name is taken if None.
    real : bool
        Real trips instead of simulated ones.
    seed : int
        Of the simulated city.
    stop_at_end : bool
        Stop the server at the end, instead of serving until Ctrl-C.

    Raises
    ------
    LoopwrightError
        If the data cannot be had, the folder exists, or a command fails.
    """
    start = time.perf_counter()
    story = _REAL if real else _SIMULATED
    home = _new_folder(folder)
    say(f"[bold]Loopwright demo[/]: {story.title}")
    say("Question: will a trip's tip be more than 20 % of its fare?\n")
    live = _real_trips(home / "trips.csv") if real else _simulated_trips(home / "trips.csv", seed=seed)
    project = home / NAME
    _command(["init", NAME, "--data", "trips.csv", "--label", RULE, *story.options], home)
    _edit(project / "loopwright.toml", story)
    _command(["run"], project)
    _command(["gate"], project)
    key = _consumer(project)
    life = live_traffic(project, live, key=key)
    try:
        _command(["release"], project)
        _command(["passport", life.example], project)
        _command(["lineage", "champion"], project)
        _command(["drill", "rollback"], project)
        score = json.loads(_output(["score", "--json"], project))
        wrong = _epilogue(project, life, score, seconds=time.perf_counter() - start)
        if not stop_at_end:
            life.serve_on()
        elif wrong:
            raise LoopwrightError(f"the demo did not end as it should: {'; '.join(wrong)}.")
    finally:
        life.close()


def _new_folder(folder: Path | None) -> Path:
    names = (
        [folder]
        if folder
        else [Path(f"demo-taxi{place}") for place in ("", *(f"-{number}" for number in range(2, 1000)))]
    )
    for name in names:
        if not name.exists():
            name.mkdir(parents=True)
            return name.resolve()
    raise ProjectError(f"{names[0]} exists already; name a new folder, or remove it.")


def _simulated_trips(path: Path, *, seed: int) -> Live:
    """Write two years of trips, and return those of the ten months after."""
    city, year = datasets.simulated_city(), datasets.simulated_year()
    say(f"[dim]# {path.name}: 12,000 simulated trips, July 2013 to June 2015, seed {seed}[/]")
    city.City(seed=seed).demo(rows=12_000).write_csv(path)
    later = city.City(seed=seed, **year.changes()).trips(year.LIVE_START, year.LIVE_END, per_day=year.PER_DAY)
    return Live(
        rows=year.arriving(later), time="trip_start", start=_midnight(year.LIVE_START), end=_midnight(year.LIVE_END),
        delay=timedelta(days=3), pause=timedelta(days=7), happenings=year.HAPPENINGS, is_all=True,
    )


def _real_trips(path: Path) -> Live:
    """Write the trips up to the middle of 2015, and return the rest, with the first two faults injected."""
    import polars as pl

    year = datasets.simulated_year()
    frame = datasets.load("chicago-taxi").with_row_index("trip_id").with_columns(
        pl.format("trip-{}", "trip_id").alias("trip_id")
    )
    column, begin = "trip_start_timestamp", year.REAL_START
    moments = year.moments(frame[column])
    frame.filter(moments < begin).write_csv(path)
    say(f"[dim]# {path.name}: the trips of 2013 to June 2015; those after that are the traffic[/]")
    rows = year.really_arriving(frame.filter(moments >= begin), column)
    return Live(
        rows=rows, time=column, start=begin, end=year.REAL_END, delay=timedelta(days=10), pause=timedelta(days=28),
        happenings=year.REAL_HAPPENINGS, is_all=False,
    )


def _midnight(day: object) -> datetime:
    return datetime.fromisoformat(str(day))


def _edit(path: Path, story: _Story) -> None:
    """Make the edits that a careful user would, and show them."""
    lines = path.read_text(encoding="utf-8").splitlines()
    for section, line in reversed(story.edits):
        place = next(number for number, found in enumerate(lines) if found.startswith(f"[{section}]"))
        lines.insert(place + 1, line)
    headings = {line.split("]")[0] + "]" for line in story.added.splitlines() if line.startswith("[")}
    kept, inside = [], False
    for line in lines:
        if line.startswith("["):
            inside = line.split("]")[0] + "]" in headings
        if not inside:
            kept.append(line)
    say("[dim]# in loopwright.toml, as a careful user would:[/]")
    for line in [*(line for _, line in story.edits), *story.added.strip().splitlines()]:
        say(f"[green]+ {plain(line)}[/]")
    path.write_text("\n".join(kept) + "\n" + story.added, encoding="utf-8")
    say()


def _consumer(project: Path) -> str:
    """Declare who asks, and return the key."""
    words = ["consumers", "add", "dispatch", "--owner", "fleet desk", "--purpose", "offer generous trips first"]
    say(f"[bold cyan]$ loopwright {shlex.join(words)}[/]")
    key: str = json.loads(_output([*words, "--json"], project))["key"]
    say("[dim](the key is used below)[/]\n")
    return key


def _on_cards(folder: Path) -> str:
    """Say how good the first model is on all trips and on those paid by card."""
    with Project.open(folder).closing() as project:
        found: dict[str | None, Evidence] = {}
        for item in project.metadata.all(Evidence):
            if item.check == "metric.roc_auc" and item.part == "test" and item.value is not None:
                found.setdefault(item.slice, item)
    told = [
        f"\n  {name or 'all trips'}: ROC AUC {found[name].value:.3f} [{found[name].low:.3f}, {found[name].high:.3f}]"
        for name in (None, "payment_type = Credit Card")
        if name in found
    ]
    return plain("".join(told))


def _command(arguments: list[str], folder: Path) -> None:
    say(f"[bold cyan]$ loopwright {shlex.join(arguments)}[/]")
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "loopwright", *arguments], cwd=folder, check=False)
    if done.returncode not in (0, REFUSED):
        raise LoopwrightError(
            f"`loopwright {shlex.join(arguments)}` ended with {done.returncode}; the demo stops here."
        )
    say(f"[dim]({time.perf_counter() - start:.1f} s)[/]\n")


def _output(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "loopwright", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def _epilogue(project: Path, life: Life, score: dict[str, object], *, seconds: float) -> tuple[str, ...]:
    """Say what came of it; return what went wrong."""
    from rich.panel import Panel

    say("[bold]What a careful person makes of it[/]")
    say(
        "payment_type nearly gives the label away: a cash tip is not recorded, so a cash trip is nearly always\n"
        '"no". The model learns whether a tip was [italic]written down[/]. If the decision is about tips that are\n'
        "[italic]given[/], leave the cash trips out and say so in the charter; if it is about tips on record, keep\n"
        "them, and read the model by the slice\n"
        f"payment_type = Credit Card, where it has to earn its keep:{_on_cards(project)}\n"
    )
    wrong = life.show_marks()
    cheapest = score.get("next_points")
    next_ = f"\nnext point: {cheapest[0]['action']}" if isinstance(cheapest, list) and cheapest else ""
    console().print(
        Panel(
            f"ML Test Score {score['score']} ({score['bracket']}){next_}\n"
            f"project     {project}\n"
            f"model card  {project / 'reports' / 'model_card.html'}\n"
            f"server      {life.address}  (how to ask: {life.address}/docs)\n"
            f"pages       {life.pages or f'cd {project} && loopwright dashboard'}\n"
            f"time        {seconds:.0f} s",
            title="done",
            title_align="left",
            expand=False,
        )
    )
    return wrong
