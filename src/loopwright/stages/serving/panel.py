"""The models that serve, asked side by side: who is heard is waited for, who is not never hurts the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

import polars as pl

from loopwright.stages.serving.asking import Said, Served, ask
from loopwright.stages.serving.requests import Refusal
from loopwright.stages.serving.routes import Routes
from loopwright.stages.serving.routing import Arm, Assignment

__all__ = ["Panel", "Verdicts"]

_MOST_UNHEARD = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdicts:
    """What the models of a release said of rows.

    Attributes
    ----------
    routes : Routes
    assigned : list of Assignment, of length n_rows
    said : dict of arm to Said or None
        None for a model that was not asked or was late.
    """

    routes: Routes
    assigned: list[Assignment]
    said: dict[Arm, Said | None]

    def heard(self, row: int) -> tuple[Served, tuple[float, ...], str]:
        """Return the model that answers a row, its scores, and the reason why there are none."""
        arm = self.assigned[row].arm
        scores, reason = _scores(self.said.get(arm), row)
        return dict(_arms(self.routes))[arm], scores, reason

    def unheard(self, row: int) -> tuple[Served | None, tuple[float, ...]]:
        """Return the other model, if there is one, and its scores; none if it failed or was late."""
        arm: Arm = "challenger" if self.assigned[row].arm == "champion" else "champion"
        served = dict(_arms(self.routes)).get(arm)
        return served, _scores(self.said.get(arm), row)[0] if served else ()


class Panel:
    """Asks the models of a release, each in threads of its own.

    Parameters
    ----------
    timeout_seconds : float
        How long a model that is heard may take.
    patience_seconds : float, default=1.0
        How long an answer waits for a model that nobody hears, once the heard one has spoken.
    threads : int, default=8
        For each arm; a challenger that hangs takes none from the champion.
    """

    def __init__(self, *, timeout_seconds: float, patience_seconds: float = 1.0, threads: int = 8) -> None:
        self.timeout_seconds = timeout_seconds
        self.patience_seconds = patience_seconds
        self._threads: dict[Arm, _Threads] = {arm: _Threads(threads) for arm in ("champion", "challenger")}
        self._unheard = 0

    async def ask(self, routes: Routes, frame: pl.DataFrame, assigned: Sequence[Assignment]) -> Verdicts:
        """Return what all models of a release say of rows.

        Parameters
        ----------
        routes : Routes
        frame : DataFrame of shape (n_rows, n_columns)
        assigned : sequence of Assignment, of length n_rows

        Raises
        ------
        Refusal
            504 if a model that is heard takes too long.
        """
        heard = {item.arm for item in assigned}
        running = {
            arm: self._start(arm, served, frame, is_heard=arm in heard) for arm, served in _arms(routes)
        } if heard else {}
        said: dict[Arm, Said | None] = {}
        for arm in sorted(running, key=lambda arm: arm not in heard):
            said[arm] = await self._wait(running[arm], is_heard=arm in heard)
        return Verdicts(routes=routes, assigned=list(assigned), said=said)

    def close(self) -> None:
        """Let go of the threads; models that still run are not waited for."""
        for threads in self._threads.values():
            threads.close()

    def _start(self, arm: Arm, served: Served, frame: pl.DataFrame, *, is_heard: bool) -> asyncio.Future[Said] | None:
        # Should the unheard model hang, its calls pile up; then it is not asked until some have ended.
        if not is_heard and self._unheard >= _MOST_UNHEARD:
            return None
        running = asyncio.wrap_future(self._threads[arm].ask(served, frame))
        if not is_heard:
            self._unheard += 1
            running.add_done_callback(self._ended)
        return running

    def _ended(self, _: asyncio.Future[Said]) -> None:
        self._unheard -= 1

    async def _wait(self, running: asyncio.Future[Said] | None, *, is_heard: bool) -> Said | None:
        if running is None:
            return None
        seconds = self.timeout_seconds if is_heard else self.patience_seconds
        done, _ = await asyncio.wait({running}, timeout=seconds)
        if done:
            return running.result()
        if is_heard:
            raise Refusal(
                f"the model did not answer within {seconds:g} s. Send fewer rows, or raise [serving] timeout_seconds.",
                status=504,
            )
        return None


class _Threads:
    """Threads that ask models, and that let the process end although a model hangs in one of them."""

    def __init__(self, number: int) -> None:
        self._work: SimpleQueue[tuple[Future[Said], Served, pl.DataFrame] | None] = SimpleQueue()
        self._threads = [Thread(target=self._ask_on, daemon=True) for _ in range(number)]
        for thread in self._threads:
            thread.start()

    def ask(self, served: Served, frame: pl.DataFrame) -> Future[Said]:
        """Return what will be what a model says."""
        said: Future[Said] = Future()
        self._work.put((said, served, frame))
        return said

    def close(self) -> None:
        """Have every thread end after what it does now."""
        for _ in self._threads:
            self._work.put(None)

    def _ask_on(self) -> None:
        while (work := self._work.get()) is not None:
            said, served, frame = work
            if said.set_running_or_notify_cancel():
                said.set_result(ask(served, frame))


def _arms(routes: Routes) -> list[tuple[Arm, Served]]:
    found: list[tuple[Arm, Served]] = [("champion", routes.champion)]
    return [*found, ("challenger", routes.challenger)] if routes.challenger else found


def _scores(said: Said | None, row: int) -> tuple[tuple[float, ...], str]:
    if said is None:
        return (), "the model was not asked"
    reason = said.failures.get(row, "")
    return (() if reason else tuple(said.scores[row].tolist())), reason
