"""The live half of the demo: a server, a year of traffic, a look at it every week, and what came of it."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast
from urllib.parse import urlsplit

from loopwright.drills.calling import Client
from loopwright.errors import LoopwrightError
from loopwright.faces.cli.console import plain, say, short, table
from loopwright.faces.cli.marking import Happening, false_alarms, marked
from loopwright.faces.cli.replaying import Replay, replay
from loopwright.project import Project
from loopwright.records import Alert

if TYPE_CHECKING:
    import polars as pl

    from loopwright.lifecycle import Tick

__all__ = ["Life", "Live", "live_traffic"]

_ADDRESS = re.compile(r"http://[^\s,]+")
_PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Trips that are still to come, and what happens to them.

    Attributes
    ----------
    rows : DataFrame
        As they arrive.
    time : str
        Column that says when.
    start, end : datetime
    delay : timedelta
        How late tips are known.
    pause : timedelta
        Between two looks.
    happenings : tuple
        What is scheduled; see ``examples/taxi/year.py``.
    is_all : bool
        Nothing else happens, so any other alert is false.
    """

    rows: pl.DataFrame
    time: str
    start: datetime
    end: datetime
    delay: timedelta
    pause: timedelta
    happenings: tuple[object, ...]
    is_all: bool


@dataclass(slots=True, kw_only=True)
class Life:
    """What runs, and what was noticed.

    Attributes
    ----------
    server : Popen
    address : str
    live : Live
    alerts : list of Alert
    noticed : dict of str to datetime
        When each was made, on the clock of the trips.
    example : str
        Id of a prediction worth looking at.
    promoted : bool
        A model that was trained on the way became champion by a canary.
    """

    server: subprocess.Popen[str]
    address: str
    live: Live
    folder: Path
    example: str = ""
    alerts: list[Alert] = field(default_factory=list)
    noticed: dict[str, datetime] = field(default_factory=dict)
    promoted: bool = False
    dashboard: subprocess.Popen[str] | None = None
    pages: str = ""

    def show_marks(self) -> tuple[str, ...]:
        """Compare what was scheduled with what was noticed, and return what went wrong."""
        happenings = cast("Sequence[Happening]", self.live.happenings)
        times = _moments(self.live).sort().to_list()
        found = marked(happenings, self.alerts, noticed=self.noticed, times=times)
        table(
            "What happened, and what was noticed",
            ("from", "what happened", "noticed", "after", "as"),
            [
                (
                    str(mark.happening.start), mark.happening.what, "✓" if mark.passed else "✗ NOT AS IT SHOULD",
                    f"{mark.rows:,} trips, {mark.days:g} days" if mark.days is not None else "",
                    f"{mark.alert.cause}: {mark.alert.title}" if mark.alert else "harmless: nothing was said"
                    if mark.passed else "",
                )
                for mark in found
            ],
            prose=(1, 4),
        )
        wrong = false_alarms(happenings, self.alerts)
        incidents = len({alert.group for alert in self.alerts})
        word = "false" if self.live.is_all else "about what else happened"
        say(f"{len(self.alerts)} alerts in {incidents} incidents; {word}: {len(wrong)}")
        for alert in wrong:
            say(f"  [yellow]{word}[/] {alert.first_bad[:10]} {plain(alert.quantity)}: {plain(alert.title)}")
        say()
        missed = [f"{mark.happening.name} was not noticed as it should" for mark in found if not mark.passed]
        cried = [f"a false alarm: {alert.title}" for alert in wrong] if self.live.is_all else []
        return (*missed, *cried, *(() if self.promoted else ("no retrained model was promoted",)))

    def serve_on(self) -> None:
        """Show the pages and serve until Ctrl-C."""
        say("serving until Ctrl-C")
        with suppress(KeyboardInterrupt):
            self.server.wait()

    def close(self) -> None:
        """Stop what runs."""
        for process in (self.dashboard, self.server):
            if process is not None and process.poll() is None:
                process.send_signal(signal.SIGTERM)
                process.wait(timeout=_PATIENCE_SECONDS)
            if process is not None and process.stdout is not None:
                process.stdout.close()


def live_traffic(folder: Path, live: Live, *, key: str) -> Life:
    """Start a server, send it the traffic, look at it after each stretch of time, and tell what is noticed.

    Parameters
    ----------
    folder : Path
        Of the project.
    live : Live
    key : str
        Of the consumer that asks.
    """
    from loopwright import lifecycle

    server, address = _started(["serve", "--port", "0"], folder)
    dashboard, pages = _started(["dashboard", "--port", "0"], folder)
    life = Life(server=server, address=address, live=live, folder=folder, dashboard=dashboard, pages=pages)
    place = urlsplit(address)
    client = Client(str(place.hostname), int(place.port or 0), key=key)
    say(f"[dim]# {live.rows.height:,} trips from {live.start:%d %B %Y} on are sent to {address}; watch: {pages}[/]")
    start = time.perf_counter()
    try:
        with Project.open(folder).closing() as project:

            def look(now: datetime) -> None:
                looked = lifecycle.tick(project, at=f"{now.isoformat()}Z", by="the demo")
                life.alerts += looked.alerts
                life.noticed |= {alert.digest: now for alert in looked.alerts}
                life.promoted |= looked.deployment is not None and looked.deployment.event == "promote"
                _tell(project, looked, now)

            sent = Replay(
                rows=live.rows, key="trip_id", times=_moments(live), outcome=("tips",), delay=live.delay,
                pause=live.pause,
            )
            number = replay(sent, client, start=live.start, end=live.end, look=look)
            life.example = _example(project)
    except BaseException:
        life.close()
        raise
    finally:
        client.close()
    say(f"[dim]({number:,} trips answered and watched in {time.perf_counter() - start:.1f} s)[/]\n")
    return life


def _started(words: list[str], folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Start a command that serves, and return it with its address."""
    say(f"[bold cyan]$ loopwright {' '.join(words)} &[/]")
    process = subprocess.Popen(
        [sys.executable, "-m", "loopwright", *words], cwd=folder, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None  # noqa: S101 -- it was asked for
    for line in process.stdout:
        found = _ADDRESS.search(line)
        if found:
            return process, found.group().rstrip(":")
    raise LoopwrightError(f"`loopwright {' '.join(words)}` ended with {process.wait()}; the demo stops here.")


def _tell(project: Project, looked: Tick, now: datetime) -> None:
    """Say what a look came to, if there is something to say."""
    from loopwright.faces.cli.release import told

    day = f"[dim]{now:%d %b %Y}[/]"
    for alert in looked.alerts:
        if "(follows from" in alert.title:
            say(f"{day}     [dim]{plain(alert.quantity)} follows from it[/]")
            continue
        colour = "red" if alert.severity == "critical" else "yellow"
        say(f"{day} [bold {colour}]{alert.cause}[/]: {plain(alert.title)}  [dim]{short(alert.digest)}[/]")
    if looked.line:
        model = looked.line.model
        say(f"{day} [bold]{plain(looked.decision)}[/]")
        say(f"{day} v{model.number} trained on {looked.line.dataset.rows:,} rows ({plain(_data(looked))})")
    if looked.deployment:
        say(f"{day} [green]{looked.deployment.event}[/]: {told(project, looked.deployment)}")
    if looked.verdict and (not looked.deployment or looked.deployment.event == "promote"):
        say(f"{day}     [dim]{plain(looked.verdict)}[/]")


def _data(looked: Tick) -> str:
    assert looked.line is not None  # noqa: S101 -- the caller looked
    return looked.line.dataset.source


def _example(project: Project) -> str:
    """Return a prediction of the last champion."""
    from loopwright.stages import serving

    rows, _ = serving.live_rows(project)
    champion = serving.current(project)
    if champion is None or rows.is_empty():
        raise LoopwrightError("no prediction was logged; the demo stops here.")
    own = rows.filter((rows["__model"] == champion.champion.digest) & rows["__label"].is_not_null())
    chosen = own if own.height else rows
    best = chosen.sort("__score", descending=True)
    return str(best["__id"][0])


def _moments(live: Live) -> pl.Series:
    """Return when each trip began."""
    from loopwright import datasets

    found: pl.Series = datasets.simulated_year().moments(live.rows[live.time])
    return found
