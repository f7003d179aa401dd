"""The desk: one request from its bytes to its answer, which is in the log before anybody hears it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol, TypeVar

import msgspec

from loopwright.records.model import Model
from loopwright.settings import ServingSettings
from loopwright.stages.serving.asked import Asked, AskedRow, digests, read
from loopwright.stages.serving.asking import prediction_of
from loopwright.stages.serving.consumers import ANONYMOUS, Consumer, Scope, authenticate
from loopwright.stages.serving.door import Problem
from loopwright.stages.serving.events import Answered, Event, Outcome, Refused, Value
from loopwright.stages.serving.known import Claim, Known
from loopwright.stages.serving.panel import Panel, Verdicts
from loopwright.stages.serving.requests import (
    Prediction,
    Refusal,
    RefusedField,
    ToldOutcome,
    answer_of,
    outcomes_in,
)
from loopwright.stages.serving.routes import Routes
from loopwright.stages.serving.routing import assign, entity_hash
from loopwright.stages.serving.serving_clock import ServingClock
from loopwright.stages.serving.telemetry import Telemetry

__all__ = ["Answer", "Desk", "Log", "ToldAnswer", "ToldResult"]

T = TypeVar("T")

_MESSAGES = logging.getLogger("loopwright.serving")
_LARGE_BODY = 64 * 1024  # bytes; to read more in place would keep health checks waiting
_PARTIAL = ' Send "partial": true to have the others answered.'
_UNKNOWN_ID = "unknown id (kept: it is joined when the prediction is there)"


class Log(Protocol):
    """Takes events, and says when they are as safe as ``[serving] durability`` promises."""

    def append(self, events: Sequence[Event], /) -> Future[None]:
        """Hand events over in order; the future is done when they are kept, or says why they could not be."""
        ...


class Answer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to a request for predictions.

    Attributes
    ----------
    deployment : int
        Number of the state of the release.
    problems : tuple of RefusedField
        Rows that got no answer, where the caller asked for the others all the same.
    """

    predictions: tuple[Prediction, ...]
    deployment: int
    problems: tuple[RefusedField, ...] = ()


class ToldResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one outcome: ``"kept"``, ``"duplicate"``, or ``"unknown id"`` with what follows from it."""

    id: str
    status: str


class ToldAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to outcomes."""

    outcomes: tuple[ToldResult, ...]


@dataclass(slots=True, kw_only=True)
class Desk:
    """Everything the server needs, and what it does with a request.

    Parameters
    ----------
    routes : callable
        Returns what serves now, or None while there is nothing; must be cheap, it is called for every request.
    log : Log
    consumers : callable
        Returns the consumers by the id of their key; cheap as well.
    settings : ServingSettings
    salt : str
        Key of the hash that hides entities in the log; stays the same for the life of a project.
    name : str
        Of the project.
    latency_limit_ms : float, optional
        Of the charter; slower answers are counted.
    clock : ServingClock
    known : Known
        Ids that were answered lately; primed from the log.
    telemetry : Telemetry
    is_open : bool, default=False
        Anybody on this machine may ask without a key.
    patience_seconds : float, default=1.0
        How long an answer waits for a model that nobody hears, once the heard one has spoken.
    """

    routes: Callable[[], Routes | None]
    log: Log
    consumers: Callable[[], Mapping[str, Consumer]]
    settings: ServingSettings
    salt: str
    name: str = "Loopwright"
    latency_limit_ms: float | None = None
    clock: ServingClock = field(default_factory=ServingClock)
    known: Known = field(default_factory=Known)
    telemetry: Telemetry = field(default_factory=Telemetry)
    is_open: bool = False
    patience_seconds: float = 1.0
    _panel: Panel = field(init=False)
    _commits: set[asyncio.Task[None]] = field(default_factory=set, init=False)

    def __post_init__(self) -> None:
        self._panel = Panel(
            timeout_seconds=self.settings.timeout_seconds, patience_seconds=self.patience_seconds
        )

    def admit(self, key: str | None, *, scope: Scope) -> Consumer:
        """Return who asks.

        Raises
        ------
        Refusal
            401 or 403.
        """
        if self.is_open:
            return ANONYMOUS
        now = datetime.fromtimestamp(self.clock.now() / 1e6, UTC)
        consumer = authenticate(key, self.consumers(), now=now)
        if scope not in consumer.scopes:
            raise Refusal(
                f"the key of {consumer.name!r} is not good for {scope}, only for {', '.join(consumer.scopes)}. Ask "
                f"for one that is.", status=403,
            )
        return consumer

    def serving(self) -> Routes:
        """Return what serves now.

        Raises
        ------
        Refusal
            503 if nothing does.
        """
        routes = self.routes()
        if routes is None:
            raise Refusal(
                "no model is deployed yet. Try again shortly; `loopwright serve` deploys the champion.", status=503,
                headers={"retry-after": "5"},
            )
        return routes

    async def predict(self, body: bytes, *, consumer: Consumer) -> Answer:
        """Answer a request for predictions.

        Raises
        ------
        Refusal
            400 for a body of another shape, 409 for an id that was answered about another row, 413 for too many
            rows, 422 for rows that do not fit, 500 where the model failed, 503 while nothing serves or the log is
            slow, 504 if the model is, 507 if the answer could not be logged.
        """
        started, routes = time.perf_counter(), self.serving()
        asked = await self._read(body, routes, consumer)
        self._refuse_all(asked, consumer, status=422, what="do not fit")
        claim = await self._claim(asked)
        try:
            fresh = self._fresh(asked, claim, consumer)
            verdicts = await self._verdicts(asked, fresh, consumer)
            events = self._events(asked, fresh, verdicts, consumer=consumer, started=started)
            self._refuse_all(asked, consumer, status=500, what="could not be answered, because the model failed")
        except BaseException:
            self.known.release(claim.fresh)
            raise
        models = _models(routes)
        made = [answer_of(event, models[event.model]) for event in events]
        await self._commit(events, settle=lambda is_kept: self._settle(made if is_kept else [], claim))
        self._note_refused(asked, consumer)
        self._count(claim, events, models)
        return _answer(asked, {**claim.repeated, **{item.id: item for item in made}})

    async def tell(self, body: bytes, *, consumer: Consumer) -> ToldAnswer:
        """Keep outcomes.

        Raises
        ------
        Refusal
            400 or 413 for the body, 422 for outcomes that do not fit (none is kept), 503 or 507 if the log is slow or
            cannot be written.
        """
        routes = self.serving()
        label = routes.door.facts.label
        told = await self._aside(body, lambda: outcomes_in(body, label=label, most=self.settings.max_rows))
        kept = _checked_outcomes(told, routes)
        received, results, news = self.clock.now(), [], []
        for item, values in zip(told, kept, strict=True):
            at = received if item.at is None else item.at
            is_news = self.known.told(item.id, values, at=at, is_said=item.at is not None)
            status = "duplicate" if not is_news else "kept" if item.id in self.known else _UNKNOWN_ID
            results.append(ToldResult(id=item.id, status=status))
            if is_news:
                news.append(Outcome(id=item.id, at=at, received=received, source=consumer.name, values=values))
        names = [event.id for event in news]
        await self._commit(news, settle=lambda is_kept: None if is_kept else self.known.untold(names))
        for result in results:
            self.telemetry.outcomes.labels(result=result.status.partition(" (")[0]).inc()
        return ToldAnswer(outcomes=tuple(results))

    async def settled(self) -> None:
        """Wait until the log has said what became of everything that it was handed."""
        await asyncio.gather(*self._commits, return_exceptions=True)

    def close(self) -> None:
        """Let go of the threads; models that still run are not waited for."""
        self._panel.close()

    # -- rows -------------------------------------------------------------------------------------------------

    async def _read(self, body: bytes, routes: Routes, consumer: Consumer) -> Asked:
        now = self.clock.now()
        try:
            return await self._aside(body, lambda: read(body, routes, settings=self.settings, now=now))
        except Refusal as refusal:
            event = Refused(
                at=now, received=self.clock.now(), consumer=consumer.name, status=refusal.status,
                problems=(("", str(refusal)),), row={},
            )
            self._handed([event])
            raise

    async def _aside(self, body: bytes, work: Callable[[], T]) -> T:
        return await asyncio.to_thread(work) if len(body) > _LARGE_BODY else work()

    def _refuse_all(self, asked: Asked, consumer: Consumer, *, status: int, what: str) -> None:
        """Refuse the request if a row of it is bad; if the caller is content with a part, if all are."""
        bad = asked.bad()
        if not bad or (asked.is_partial and len(bad) < len(asked.rows)):
            return
        self._note_refused(asked, consumer)
        quote = " Quote the ids to the owner of this server." if status == 500 else ""
        raise asked.refusal(
            status, f"{len(bad)} of {len(asked.rows)} rows {what}; none was answered.{quote}"
            f'{"" if asked.is_partial else _PARTIAL}',
        )

    async def _claim(self, asked: Asked) -> Claim:
        try:
            return await asyncio.wait_for(self.known.claim(digests(asked.rows)), self.settings.timeout_seconds)
        except TimeoutError:
            raise Refusal(
                "another request with the same ids is still running. Ask again shortly.", status=503,
                headers={"retry-after": "1"},
            ) from None

    def _fresh(self, asked: Asked, claim: Claim, consumer: Consumer) -> list[AskedRow]:
        """Return the rows that a model has to be asked about."""
        for row in asked.rows:
            if row.id in claim.conflicts and not row.problems:
                row.refuse(409, Problem(
                    field="", kind="other row", found=f"the id {row.id!r}, which was answered about another row",
                    allowed="an id for one row for ever",
                ))
        self._refuse_all(asked, consumer, status=409, what="have ids that are taken")
        return [row for row in asked.rows if not row.problems and row.id not in claim.repeated]

    # -- answers ----------------------------------------------------------------------------------------------

    async def _verdicts(self, asked: Asked, fresh: Sequence[AskedRow], consumer: Consumer) -> Verdicts:
        frame = asked.frame
        if len(fresh) < frame.height:
            frame = frame[[asked.good[row.position] for row in fresh]]
        for row in fresh:
            row.entity_hash = self._entity(row)
            row.assignment = assign(row.entity_hash, asked.routes.deployment)
        assigned = [row.assignment for row in fresh if row.assignment is not None]
        try:
            return await self._panel.ask(asked.routes, frame, assigned)
        except Refusal as refusal:
            for row in fresh:
                row.refuse(refusal.status, Problem(
                    field="", kind="model too slow", found="no answer in time", allowed="one within timeout_seconds"
                ))
            self._note_refused(asked, consumer)
            raise

    def _entity(self, row: AskedRow) -> str:
        return entity_hash(row.entity, salt=self.salt)

    def _events(
        self, asked: Asked, fresh: Sequence[AskedRow], verdicts: Verdicts, *, consumer: Consumer, started: float
    ) -> list[Answered]:
        """Return what goes to the log; rows on which the model failed become bad rows instead."""
        received = self.clock.now()
        latency_ms = (time.perf_counter() - started) * 1000
        events = []
        for number, row in enumerate(fresh):
            served, scores, reason = verdicts.heard(number)
            if reason:
                row.refuse(500, Problem(field="", kind="model failed", found=reason, allowed="a finite score"))
                continue
            moment = asked.moments[asked.good[row.position]]
            assignment = verdicts.assigned[number]
            other, other_scores = verdicts.unheard(number)
            events.append(Answered(
                id=row.id, at=received if moment is None else moment, received=received, consumer=consumer.name,
                deployment=asked.routes.digest, model=served.digest, arm=assignment.arm,
                propensity=assignment.propensity, entity=row.entity_hash, held_back=assignment.held_back,
                scores=scores, prediction=prediction_of(served.model, scores), latency_ms=latency_ms, row=row.row,
                flags=row.flags, other_model=other.digest if other else None, other_scores=other_scores,
            ))
        return events

    # -- the log ----------------------------------------------------------------------------------------------

    async def _commit(self, events: Sequence[Event], *, settle: Callable[[bool], None]) -> None:
        """Have events kept; whatever becomes of the caller meanwhile, ``settle`` is told whether they were."""
        if not events:
            settle(True)
            return
        kept = asyncio.create_task(self._kept(self._handed(events), settle))
        self._commits.add(kept)
        kept.add_done_callback(self._forget)
        try:
            await asyncio.wait_for(asyncio.shield(kept), self.settings.timeout_seconds)
        except TimeoutError:
            raise Refusal(
                "the prediction log is slow, and what is not logged is not answered. Ask again with the same ids.",
                status=503, headers={"retry-after": "1"},
            ) from None

    async def _kept(self, handed: Future[None], settle: Callable[[bool], None]) -> None:
        is_kept = False
        try:
            await asyncio.wrap_future(handed)
            is_kept = True
        except Exception as error:
            raise Refusal(
                "the prediction log cannot be written, and what is not logged is not answered. The server's own "
                "messages say why; ask again when that is mended.", status=507,
            ) from error
        finally:
            settle(is_kept)

    def _handed(self, events: Sequence[Event]) -> Future[None]:
        """Hand events to the log; a log that refuses at once fails in the future, like one that fails later."""
        handed: Future[None]
        try:
            handed = self.log.append(events)
        except Exception as error:
            handed = Future()
            handed.set_exception(error)
        rows = len(events)
        self.telemetry.pending.inc(rows)
        handed.add_done_callback(lambda done: self._acknowledged(done, rows))
        return handed

    def _acknowledged(self, done: Future[None], rows: int) -> None:
        self.telemetry.pending.dec(rows)
        if done.cancelled() or done.exception():
            self.telemetry.log_failures.inc(rows)
            _MESSAGES.error("%d events could not be written to the prediction log: %s", rows, _why(done))

    def _forget(self, task: asyncio.Task[None]) -> None:
        self._commits.discard(task)
        if not task.cancelled():
            # Seen here, so that an answer nobody waits for any more leaves no complaint; it was counted above.
            task.exception()

    def _settle(self, made: Sequence[Prediction], claim: Claim) -> None:
        self.known.keep(made)
        self.known.release(claim.fresh)

    def _note_refused(self, asked: Asked, consumer: Consumer) -> None:
        """Log and count the bad rows; the caller is told in any case and does not wait for that."""
        bad = asked.bad()
        if bad:
            self._handed(asked.refused(self.clock.now(), consumer=consumer.name))
        for row in bad:
            self.telemetry.rows.labels(result="refused" if row.status < 500 else "failed").inc()
            self.telemetry.refused((item.field, item.kind) for item in row.problems)

    def _count(self, claim: Claim, events: Sequence[Answered], models: Mapping[str, Model]) -> None:
        held_back = sum(event.held_back for event in events)
        for result, rows in (
            ("answered", len(events) - held_back), ("held back", held_back), ("repeated", len(claim.repeated))
        ):
            self.telemetry.rows.labels(result=result).inc(rows)
        for event in events:
            self.telemetry.arms.labels(arm=event.arm, model=f"v{models[event.model].number}").inc()
            self.telemetry.unheard.inc(event.other_model is not None and not event.other_scores)
            self.telemetry.slow.inc(self.latency_limit_ms is not None and event.latency_ms > self.latency_limit_ms)


def _models(routes: Routes) -> dict[str, Model]:
    served = (routes.champion, routes.challenger) if routes.challenger else (routes.champion,)
    return {item.digest: item.model for item in served}


def _answer(asked: Asked, answers: Mapping[str, Prediction]) -> Answer:
    """Return the answer, in the order of the request."""
    return Answer(
        predictions=tuple(answers[row.id] for row in asked.rows if not row.problems),
        deployment=asked.routes.deployment.number,
        problems=tuple(told for row in asked.bad() for told in row.told()),
    )


def _checked_outcomes(told: Sequence[ToldOutcome], routes: Routes) -> list[dict[str, Value]]:
    """Return what is kept of outcomes.

    Raises
    ------
    Refusal
        422, with everything that is wrong with any of them.
    """
    kept: list[dict[str, Value]] = []
    problems: list[RefusedField] = []
    for row, item in enumerate(told):
        values, found = routes.door.outcome(item.values, model=routes.champion.model)
        kept.append(values)
        problems += [RefusedField(row=row, id=item.id, field=each.field, problem=each.what) for each in found]
    if problems:
        raise Refusal(f"{len(problems)} mistakes in {len(told)} outcomes; none was kept.", status=422,
                      problems=problems)
    return kept


def _why(done: Future[None]) -> str:
    return "the log let go of them" if done.cancelled() else f"{type(done.exception()).__name__}: {done.exception()}"
