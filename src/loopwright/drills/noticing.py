"""Weeks of traffic through a real server, a fault in the middle, and what watching says of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from loopwright.drills.calling import Client
from loopwright.drills.faults import Fault, Rows
from loopwright.drills.judging import Seen, is_noticed, judged, too_early
from loopwright.drills.results import DrillResult
from loopwright.drills.running import Running, running
from loopwright.drills.sandbox import Sandbox
from loopwright.errors import LoopwrightError
from loopwright.records import Alert
from loopwright.stages import monitoring

if TYPE_CHECKING:
    import polars as pl

__all__ = ["notice"]

_NORMAL = 4                        # weeks; as many are needed to know how many requests and outcomes are usual
_FAULTY = 3                        # weeks that a fault may last until it counts as missed
_REQUESTS = 12                     # per week: a slow one or two on a busy machine are no alarm
_OK, _UNFIT = 200, 422


@dataclass(slots=True, kw_only=True)
class _Traffic:
    """What has been sent so far, and what came back."""

    box: Sandbox
    server: Running
    client: Client
    begin: datetime
    drawn: pl.DataFrame
    per_week: int
    week: int = 0
    refused: int = 0
    problem: str = ""

    @property
    def start(self) -> datetime:
        """Monday of the week that is next."""
        return self.begin + timedelta(days=7 * self.week)

    def send_week(self, fault: Fault | None = None) -> tuple[Alert, ...]:
        """Send a week of rows and then their outcomes; return the alerts that watching makes of it."""
        from loopwright.drills.traffic import sendable, week_of_rows

        start, end = self.start, self.start + timedelta(days=7)
        rows = week_of_rows(
            self.drawn, number=self.per_week, start=start, time=_time(self.box), seed=self.week
        )
        ids = [f"drill-{self.week}-{place}" for place in range(rows.height)]
        wire = sendable(rows, self._known(rows, self.server.asked))
        self._ask(fault.change(wire) if fault else wire, ids, start + timedelta(days=1), end)
        # The arrival clock must not be behind what was watched last, which is a day into this week.
        self.server.hand.at = end + timedelta(hours=12)
        if fault is None or fault.is_told:
            self._tell(rows, ids, at=end + timedelta(hours=6))
        self.week += 1
        return monitoring.watch(self.box.project, at=f"{(end + timedelta(days=1)).isoformat()}Z").alerts

    def _known(self, rows: pl.DataFrame, columns: Sequence[str]) -> list[str]:
        return [name for name in columns if name in rows.columns]

    def _ask(self, rows: Rows, ids: Sequence[str], start: datetime, end: datetime) -> None:
        size = -(-len(rows) // _REQUESTS)
        for place in range(0, len(rows), size):
            self.server.hand.at = start + (end - start) * (place / len(rows))
            status, answer = self.client.ask(
                "/predict",
                {"rows": rows[place : place + size], "ids": list(ids[place : place + size]), "partial": True},
            )
            if status not in (_OK, _UNFIT):
                raise LoopwrightError(f"the server of the drill answered {status}: {answer.get('error')}")
            self._note(answer)

    def _note(self, answer: dict[str, object]) -> None:
        problems = answer.get("problems", [])
        assert isinstance(problems, list)  # noqa: S101 -- as the server answers
        self.refused += len({problem.get("id") for problem in problems})
        for problem in problems:
            self.problem = f"{problem.get('field', '')}: {problem.get('problem', '')}"

    def _tell(self, rows: pl.DataFrame, ids: Sequence[str], *, at: datetime) -> None:
        from loopwright.drills.traffic import sendable

        columns = self.server.told or _of_rule(self.box)
        values = sendable(rows, self._known(rows, columns))
        outcomes = [{"id": i, "values": v, "at": at} for i, v in zip(ids, values, strict=True)]
        size = self.box.project.settings.serving.max_rows
        for place in range(0, len(outcomes), size):
            self.client.post("/outcomes", {"outcomes": outcomes[place : place + size]})


def notice(box: Sandbox, fault: Fault) -> DrillResult:
    """Send normal weeks, then weeks with a fault, and return what was noticed of it.

    Parameters
    ----------
    box : Sandbox
        In which something is deployed.
    fault : Fault
    """
    from loopwright.drills.traffic import first_week, pool, rows_for

    per_week = rows_for(box.project.settings.monitor.min_rows)
    begin = first_week(box.rows, time=_time(box), now=datetime.now())
    before = f"{_NORMAL} weeks of {per_week:,} past rows each were answered over HTTP, and their outcomes told"
    with running(box.project, start=begin) as server:
        drawn = pool(box.rows, wanted=per_week)
        traffic = _Traffic(
            box=box, server=server, client=server.client(), begin=begin, drawn=drawn, per_week=per_week
        )
        early = [alert for _ in range(_NORMAL) for alert in traffic.send_week()]
        return too_early(fault, early[0], before=before) if early else judged(
            fault, _with_fault(traffic, fault), before=before
        )


def _with_fault(traffic: _Traffic, fault: Fault) -> Seen:
    """Send weeks with a fault until it is noticed, or has lasted long enough."""
    refused, started = traffic.refused, time.perf_counter()
    traffic.server.slowed.delay_ms = fault.delay_ms
    alerts: tuple[Alert, ...] = ()
    weeks = 0
    while weeks < _FAULTY and not is_noticed(fault, alerts):
        alerts += traffic.send_week(fault)
        weeks += 1
    return Seen(
        alerts=alerts, windows=weeks, rows=weeks * traffic.per_week, seconds=time.perf_counter() - started,
        refused=traffic.refused - refused, problem=traffic.problem,
    )


def _time(box: Sandbox) -> str | None:
    return box.project.settings.data.time


def _of_rule(box: Sandbox) -> tuple[str, ...]:
    """Return the columns that the label is made from, where the project file names none that are known later."""
    module, _, name = box.project.settings.data.label.partition(":")
    return box.project.code_index.functions(module)[name]
