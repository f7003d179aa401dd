"""A model is let in and taken back while requests come, and every answer says who gave it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from loopwright.drills.calling import Client
from loopwright.drills.results import DrillResult
from loopwright.drills.running import Running, running
from loopwright.drills.sandbox import Sandbox, doubled
from loopwright.errors import LoopwrightError
from loopwright.records import Gate
from loopwright.stages import serving

if TYPE_CHECKING:
    from loopwright.drills.faults import Rows

__all__ = ["LIMIT_SECONDS", "return_champion"]

LIMIT_SECONDS = 1.0
"""A model that was taken back may answer for so long at most."""

_AFTER_SECONDS = 0.5               # how long requests go on once the limit is over
_BEFORE = 20                       # answers of a model before it is taken back
_CALLERS = 2
_PATIENCE_SECONDS = 20.0
_PAUSE_SECONDS = 0.01
_ROWS = 200
_BY = "loopwright drill"


@dataclass(slots=True)
class _Answers:
    """Who answered when, on the clock of ``time.perf_counter``."""

    given: list[tuple[float, str]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def by(self, model: str, *, since: float = 0.0) -> list[float]:
        """Return when a model answered."""
        return [at for at, name in self.given if name == model and at >= since]


def return_champion(box: Sandbox) -> DrillResult:
    """Take a canary back, and then a champion that was just promoted; measure how long each goes on to answer.

    Parameters
    ----------
    box : Sandbox
        In which the champion is deployed.
    """
    project = box.project
    other = doubled(project, box.champion)
    gate = next(gate for gate in reversed(project.metadata.all(Gate)) if gate.subject.digest == other.digest)
    before, after = f"v{box.champion.number}", f"v{other.number}"

    def let_in() -> None:
        serving.offer(project, other, gate, by=_BY, why="a drill: a model to be taken back")

    with running(project, start=datetime.now()) as server, _asked(server, _rows(box, server)) as answers:
        let_in()
        canary = _taken_back(box, answers, after)
        let_in()
        serving.promote(project, by=_BY, why="a drill: promoted, to be taken back")
        promoted = _taken_back(box, answers, after, alone=before)
    return _judged(canary, promoted, answers, before=before, after=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Return:
    """How one roll-back went."""

    seconds: float                 # until the last answer of the model that was taken back; 0 if none came
    earlier: int                   # its answers before
    later: int                     # answers of the earlier champion afterwards


def _taken_back(box: Sandbox, answers: _Answers, model: str, *, alone: str | None = None) -> _Return:
    """Wait until a model answers (and another one does not any more), take it back, and listen."""
    start = time.perf_counter()
    _wait(lambda: len(answers.by(model, since=start)) >= _BEFORE, answers, f"{model} gave too few answers")
    if alone is not None:
        _wait(lambda: _ended(answers, alone), answers, f"{alone} went on to answer")
    began = time.perf_counter()
    serving.roll_back(box.project, by=_BY, why="a drill")
    time.sleep(LIMIT_SECONDS + _AFTER_SECONDS)
    last = max(answers.by(model, since=began), default=began)
    return _Return(
        seconds=last - began, earlier=len(answers.by(model, since=start)) - len(answers.by(model, since=began)),
        later=sum(at > max(last, began) for at, name in answers.given if name != model),
    )


def _ended(answers: _Answers, model: str) -> bool:
    """Say whether the last answers all came from others."""
    return len(answers.given) > 20 and all(name != model for _, name in answers.given[-20:])


def _wait(is_so: Callable[[], bool], answers: _Answers, otherwise: str) -> None:
    until = time.perf_counter() + _PATIENCE_SECONDS
    while not is_so():
        if answers.failures:
            raise LoopwrightError(f"the drill stopped, because a request failed: {answers.failures[0]}")
        if time.perf_counter() > until:
            raise LoopwrightError(f"the drill stopped: {otherwise} for {_PATIENCE_SECONDS:g} s. Try it again.")
        time.sleep(_PAUSE_SECONDS)


@contextmanager
def _asked(server: Running, rows: Rows) -> Iterator[_Answers]:
    """Have callers ask again and again, for a block."""
    answers, stop = _Answers(), threading.Event()
    callers = [
        threading.Thread(target=_ask_on, args=(server.client(), rows, answers, stop, number), daemon=True)
        for number in range(_CALLERS)
    ]
    for caller in callers:
        caller.start()
    try:
        yield answers
    finally:
        stop.set()
        for caller in callers:
            caller.join(_PATIENCE_SECONDS)


def _ask_on(client: Client, rows: Rows, answers: _Answers, stop: threading.Event, caller: int) -> None:
    number = 0
    while not stop.wait(_PAUSE_SECONDS):
        try:
            answer = client.post(
                "/predict", {"row": rows[number % len(rows)], "id": f"drill-{caller}-{number}"}
            )
        except LoopwrightError as error:
            answers.failures.append(str(error))
            return
        predictions = answer["predictions"]
        assert isinstance(predictions, list)  # noqa: S101 -- as the server answers
        answers.given += [(time.perf_counter(), prediction["model"]) for prediction in predictions]
        number += 1


def _rows(box: Sandbox, server: Running) -> Rows:
    from loopwright.drills.traffic import pool, sendable

    drawn = pool(box.rows, wanted=_ROWS).head(_ROWS)
    rows = sendable(drawn, [name for name in server.asked if name in drawn.columns])
    # A group sticks to one model, and a few of them may all miss the canary: each request is somebody else's.
    names = {box.project.settings.data.group, box.project.settings.data.key}
    names -= {item.name for item in box.champion.inputs}
    return [{name: value for name, value in row.items() if name not in names} for row in rows]


def _judged(canary: _Return, promoted: _Return, answers: _Answers, *, before: str, after: str) -> DrillResult:
    slowest = max(canary.seconds, promoted.seconds)
    passed = slowest < LIMIT_SECONDS and min(canary.later, promoted.later) > 0 and not answers.failures
    failed = f" {len(answers.failures)} requests failed: {answers.failures[0]}" if answers.failures else ""
    return DrillResult(
        name="rollback", passed=passed, noticed_by="the answers themselves", after_rows=len(answers.given),
        after_seconds=round(slowest, 3), after_windows=None, expected_cause="",
        explanation=(
            f"taken back as a canary, {after} gave its last answer {canary.seconds:.2f} s later, and as champion "
            f"{promoted.seconds:.2f} s later (less than {LIMIT_SECONDS:g} s is demanded); {before} answered the "
            f"{canary.later + promoted.later:,} requests that came after.{failed}"
        ),
        steps=(
            f"{after}, the champion registered once more, answered {canary.earlier:,} requests as a canary",
            f"it was rolled back: its last answer came {canary.seconds:.3f} s later",
            f"it was promoted, and answered {promoted.earlier:,} more requests",
            f"it was rolled back: its last answer came {promoted.seconds:.3f} s later",
        ),
    )
