"""The taxi demo: every command a user would type, shown before it runs."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from loopwright import datasets
from loopwright.errors import LoopwrightError, ProjectError
from loopwright.faces.cli.console import console, plain, say
from loopwright.faces.cli.session import REFUSED
from loopwright.project import Project
from loopwright.records import Evidence

__all__ = ["show_taxi"]

NAME = "taxi-tips"
RULE = "tips > 0.2 * fare"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Story:
    """What differs between the simulated and the real trips."""

    title: str
    dataset: str
    options: tuple[str, ...]
    split: tuple[tuple[str, str], ...]


_SIMULATED = _Story(
    title="SIMULATED trips of an invented taxi city (calibrated to published facts of Chicago's)",
    dataset="simulated-taxi",
    options=("--time", "trip_start", "--key", "trip_id", "--known-after", "tips"),
    split=(),
)
_REAL = _Story(
    title="real taxi trips of Chicago, 2013-2016 (the sample of TensorFlow's examples)",
    dataset="chicago-taxi",
    options=("--time", "trip_start_timestamp", "--known-after", "tips"),
    split=(("validation_from", "2015-01-01"), ("test_from", "2015-05-01")),
)


def show_taxi(folder: Path | None, *, real: bool, seed: int) -> None:
    """Run the demo in a new folder.

    Parameters
    ----------
    folder : Path or None
        Must not exist; a free name is taken if None.
    real : bool
        Real trips instead of simulated ones.
    seed : int
        Of the simulated city.

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
    _write_trips(home / "trips.csv", story, seed=seed)
    project = home / NAME
    _command(["init", NAME, "--data", "trips.csv", "--label", RULE, *story.options], home)
    _edit(project / "loopwright.toml", story)
    _command(["run"], project, may_refuse=True)
    _command(["run"], project, may_refuse=True)
    _command(["gate"], project, may_refuse=True)
    _command(["runs", "--limit", "6"], project)
    _command(["predict", "--input", "../trips.csv", "--output", "predictions.parquet", "--model", "v1"], project)
    _command(["lineage", "v1"], project)
    score = json.loads(_output(["score", "--json"], project))
    _epilogue(project, score, seconds=time.perf_counter() - start)


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


def _write_trips(path: Path, story: _Story, *, seed: int) -> None:
    if story is _SIMULATED:
        city = datasets.simulated_city().City(seed=seed)
        say(f"[dim]# {path.name}: 12,000 simulated trips, seed {seed}[/]")
        frame = city.demo(rows=12_000)
    else:
        say(f"[dim]# {path.name}: the data set {story.dataset}[/]")
        frame = datasets.load(story.dataset)
    frame.write_csv(path)


def _edit(path: Path, story: _Story) -> None:
    """Make the edits that a careful user would, and show them."""
    if not story.split:
        return
    lines = path.read_text(encoding="utf-8").splitlines()
    place = next(number for number, line in enumerate(lines) if line.startswith("[split]"))
    added = [f'{key} = "{value}"' for key, value in story.split]
    say("[dim]# train on 2013-2014, choose on early 2015, judge on the rest: in loopwright.toml, below \\[split][/]")
    for line in added:
        say(f"[green]+ {plain(line)}[/]")
    path.write_text("\n".join([*lines[: place + 1], *added, *lines[place + 1 :]]) + "\n", encoding="utf-8")
    say()


def _on_cards(folder: Path) -> str:
    """Say how good the model is on all trips and on those paid by card."""
    with Project.open(folder).closing() as project:
        found = {
            item.slice: item
            for item in project.metadata.all(Evidence)
            if item.check == "metric.roc_auc" and item.part == "test" and item.value is not None
        }
    told = [
        f"\n  {name or 'all trips'}: ROC AUC {found[name].value:.3f} [{found[name].low:.3f}, {found[name].high:.3f}]"
        for name in (None, "payment_type = Credit Card")
        if name in found
    ]
    return plain("".join(told))


def _command(arguments: list[str], folder: Path, *, may_refuse: bool = False) -> None:
    say(f"[bold cyan]$ loopwright {shlex.join(arguments)}[/]")
    start = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "loopwright", *arguments], cwd=folder, check=False)
    if done.returncode not in ((0, REFUSED) if may_refuse else (0,)):
        raise LoopwrightError(
            f"`loopwright {shlex.join(arguments)}` ended with {done.returncode}; the demo stops here."
        )
    say(f"[dim]({time.perf_counter() - start:.1f} s)[/]\n")


def _output(arguments: list[str], folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "loopwright", *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout


def _epilogue(project: Path, score: dict[str, object], *, seconds: float) -> None:
    from rich.panel import Panel

    say("[bold]What a careful person makes of it[/]")
    say(
        "payment_type nearly gives the label away: a cash tip is not recorded, so a cash trip is nearly always\n"
        '"no". The model learns whether a tip was [italic]written down[/]. If the decision is about tips that are\n'
        "[italic]given[/], leave the cash trips out and say so in the charter; if it is about tips on record, keep\n"
        "them, and read the model by the slice\n"
        f"payment_type = Credit Card, where it has to earn its keep:{_on_cards(project)}\n"
    )
    cheapest = score.get("next_points")
    next_ = f"\nnext point: {cheapest[0]['action']}" if isinstance(cheapest, list) and cheapest else ""
    console().print(
        Panel(
            f"ML Test Score {score['score']} ({score['bracket']}){next_}\n"
            f"project     {project}\n"
            f"model card  {project / 'reports' / 'model_card.html'}\n"
            f"datasheet   {project / 'reports' / 'datasheet.html'}\n"
            f"pages       cd {project} && loopwright dashboard\n"
            f"time        {seconds:.0f} s",
            title="done",
            title_align="left",
            expand=False,
        )
    )
