"""What a server reads again and again while it runs: the state of the release, and who may ask."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping

from loopwright.errors import LoopwrightError
from loopwright.records.deployment import Deployment
from loopwright.records.record import Ref
from loopwright.stages.serving.asking import Served
from loopwright.stages.serving.consumers import Consumer
from loopwright.stages.serving.routes import Routes

__all__ = ["Follower", "Repeated"]

_LOG = logging.getLogger("loopwright.serving")
_KEPT_MODELS = 4                   # the present ones, and those that a roll-back may bring back at once


class Follower:
    """Follows the release and the consumers; what it knows is read in no time.

    A new state is taken up only when all of its models are loaded, so that no request waits for that. What cannot be
    read or loaded leaves everything as it is: a server goes on with what it has.

    Parameters
    ----------
    newest : callable
        Returns the newest state of the release, or None.
    load : callable
        Returns a model ready to serve.
    build : callable
        Returns the routes of a state with its champion and, if there is one, its challenger.
    consumers : callable
        Returns the consumers by key id.
    pause_seconds : float, default=0.2
        Between two looks; a roll-back is followed within that time.
    """

    def __init__(
        self,
        *,
        newest: Callable[[], Deployment | None],
        load: Callable[[Ref], Served],
        build: Callable[[Deployment, Served, Served | None], Routes],
        consumers: Callable[[], Mapping[str, Consumer]],
        pause_seconds: float = 0.2,
    ) -> None:
        self._newest, self._load, self._build, self._read_consumers = newest, load, build, consumers
        self._pause_seconds = pause_seconds
        self._routes: Routes | None = None
        self._consumers: Mapping[str, Consumer] = {}
        self._models: dict[str, Served] = {}
        self._problem = ""
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="loopwright-follower", daemon=True)

    def routes(self) -> Routes | None:
        """Return what serves now."""
        return self._routes

    def consumers(self) -> Mapping[str, Consumer]:
        """Return who may ask, by key id."""
        return self._consumers

    def start(self) -> None:
        """Look once, and from then on by itself.

        Raises
        ------
        LoopwrightError
            If the first look fails: a server that cannot begin should say so.
        """
        self.look()
        self._thread.start()

    def stop(self) -> None:
        """Stop looking."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> None:
        """Take up what is new.

        Raises
        ------
        LoopwrightError
            If it cannot be read or loaded; what served goes on.
        """
        self._consumers = self._read_consumers()
        state = self._newest()
        if state is None or (self._routes and self._routes.deployment.digest == state.digest):
            return
        champion = self._model(state.champion)
        challenger = self._model(state.challenger) if state.challenger else None
        self._routes = self._build(state, champion, challenger)

    def _model(self, ref: Ref) -> Served:
        """Return a model; the last ones are kept, since what was just replaced may come back."""
        served = self._models.pop(ref.digest, None) or self._load(ref)
        self._models[ref.digest] = served
        while len(self._models) > _KEPT_MODELS:
            self._models.pop(next(iter(self._models)))
        return served

    def _follow(self) -> None:
        while not self._stop.wait(self._pause_seconds):
            try:
                self.look()
            except LoopwrightError as error:
                self._complain(str(error))
            else:
                self._problem = ""

    def _complain(self, problem: str) -> None:
        """Say once what is wrong, not five times a second."""
        if problem != self._problem:
            _LOG.error("the server goes on with what it has, because the newest state cannot be taken up: %s", problem)
            self._problem = problem


class Repeated:
    """Does something again and again in a thread of its own; what fails is told, and tried again the next time.

    Parameters
    ----------
    action : callable
    pause_seconds : float
    doing : str
        What it does, for the log.
    """

    def __init__(self, action: Callable[[], object], *, pause_seconds: float, doing: str) -> None:
        self._action, self._pause_seconds, self._doing = action, pause_seconds, doing
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"loopwright-{doing}", daemon=True)

    def start(self) -> None:
        """Begin, after the first pause."""
        self._thread.start()

    def stop(self) -> None:
        """Stop, once what is being done is done."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(self._pause_seconds):
            try:
                self._action()
            except LoopwrightError as error:
                _LOG.error("%s failed, and is tried again in %g s: %s", self._doing, self._pause_seconds, error)
