"""A prediction server without a project: a small model, a log in memory, and callers who ask."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx
import numpy as np
import polars as pl
import pytest
from numpy.typing import NDArray

from loopwright.records import Artifact, Deployment, Model
from loopwright.records.model import Input
from loopwright.records.schema import ColumnSchema, Schema
from loopwright.settings import ServingSettings
from loopwright.stages.serving.app import Application, application
from loopwright.stages.serving.asking import Served
from loopwright.stages.serving.consumers import Consumer, new_key
from loopwright.stages.serving.desk import Desk
from loopwright.stages.serving.door import Facts
from loopwright.stages.serving.events import Answered, Event, Outcome, Refused
from loopwright.stages.serving.routes import Routes, routes_of
from loopwright.stages.serving.serving_clock import ServingClock

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_model(**changes: object) -> Model:
    """Return a model that takes fare, miles and payment."""
    model = Model(
        name="taxi", task="binary", estimator="Rule", params={}, format="onnx", why_format="",
        file=Artifact(sha256="0" * 64, size=1, name="model"), feature_code=None, functions=(),
        features=("fare", "miles", "payment"), categorical=("payment",),
        inputs=(
            Input(name="fare", type="float", nullable=False), Input(name="miles", type="float", nullable=True),
            Input(name="payment", type="string", nullable=True),
        ),
        classes=("no", "yes"), threshold=None, number=3,
    )
    return replace(model, **changes)  # type: ignore[arg-type]


SCHEMA = Schema(columns=(
    ColumnSchema(name="id", type="string", min_fraction=1.0, unique=True),
    ColumnSchema(name="start", type="time", min_fraction=1.0),
    ColumnSchema(name="taxi", type="int"),
    ColumnSchema(name="fare", type="float", min_fraction=1.0, minimum=0, maximum=250),
    ColumnSchema(name="miles", type="float"),
    ColumnSchema(name="stops", type="int"),
    ColumnSchema(name="shared", type="bool"),
    ColumnSchema(name="payment", type="string", values=("card", "cash")),
    ColumnSchema(name="tip", type="float", not_in_environment=("serving",)),
    ColumnSchema(name="tipped", type="string", not_in_environment=("serving",)),
))
FACTS = Facts(
    label="tipped", key="id", time="start", group="taxi", known_after=("tip",), redact=("driver",)
)


def a_deployment(stage: str = "single", **changes: object) -> Deployment:
    """Return a state of a release."""
    challenger = None if stage == "single" else a_model(number=4, estimator="Other").ref
    state = Deployment(
        name="taxi", stage=stage, champion=a_model().ref, challenger=challenger,  # type: ignore[arg-type]
        share=0.5 if stage == "canary" else 0.0, held_back=0.0, salt="pepper", step=0, awaiting=False,
        event="deploy", by="test", why="", number=7,
    )
    return replace(state, **changes)  # type: ignore[arg-type]


@dataclass
class Rule:
    """Predicts by a function of the frame."""

    says: Callable[[pl.DataFrame], NDArray[np.float64]]
    asked: list[pl.DataFrame] = field(default_factory=list)

    def predict(self, frame: pl.DataFrame) -> NDArray[np.float64]:
        self.asked.append(frame)
        return self.says(frame)


def by_fare(frame: pl.DataFrame) -> NDArray[np.float64]:
    """Say that dear trips are tipped."""
    return np.clip(frame["fare"].to_numpy() / 100, 0.0, 1.0)


class MemoryLog:
    """Keeps events in a list; can be full, or slow."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.error: Exception | None = None
        self.waiting: list[tuple[Future[None], list[Event]]] | None = None

    def append(self, events: Sequence[Event], /) -> Future[None]:
        done: Future[None] = Future()
        if self.error is not None:
            done.set_exception(self.error)
        elif self.waiting is not None:
            self.waiting.append((done, list(events)))
        else:
            self.events += events
            done.set_result(None)
        return done

    def catch_up(self) -> None:
        """Keep what was waiting."""
        waiting, self.waiting = self.waiting or [], None
        for done, events in waiting:
            self.events += events
            done.set_result(None)

    def answered(self) -> list[Answered]:
        return [event for event in self.events if isinstance(event, Answered)]

    def refused(self) -> list[Refused]:
        return [event for event in self.events if isinstance(event, Refused)]

    def outcomes(self) -> list[Outcome]:
        return [event for event in self.events if isinstance(event, Outcome)]


@dataclass
class Office:
    """A desk with an application in front of it, and callers."""

    desk: Desk
    app: Application
    log: MemoryLog
    key: str
    consumers: dict[str, Consumer]
    routes: Routes | None

    def serve(
        self, deployment: Deployment, champion: Served, challenger: Served | None = None, *, facts: Facts = FACTS
    ) -> None:
        """Let other models serve from now on."""
        self.routes = routes_of(
            deployment, champion=champion, challenger=challenger, schema=SCHEMA, facts=facts,
            settings=self.desk.settings,
        )

    def new_consumer(self, **options: object) -> str:
        """Return the key of a new consumer."""
        key, key_id, consumer = new_key("other", **options)  # type: ignore[arg-type]
        self.consumers[key_id] = consumer
        return key

    def caller(self, *, client: str = "127.0.0.1", host: str = "127.0.0.1:8643") -> httpx.AsyncClient:
        """Return a client that talks to the application itself."""
        transport = httpx.ASGITransport(app=self.app, client=(client, 50_000), raise_app_exceptions=True)  # type: ignore[arg-type]
        return httpx.AsyncClient(transport=transport, base_url=f"http://{host}")

    def ask(self, method: str, path: str, *, key: str | None = "", client: str = "127.0.0.1",
            host: str = "127.0.0.1:8643", headers: dict[str, str] | None = None, **body: object) -> httpx.Response:
        """Send one request and return its answer."""
        sent = {"authorization": f"Bearer {key or self.key}"} if key is not None else {}

        async def talk() -> httpx.Response:
            async with self.caller(client=client, host=host) as caller:
                answer = await caller.request(method, path, headers={**sent, **(headers or {})}, **body)  # type: ignore[arg-type]
                await self.desk.settled()
                return answer

        return asyncio.run(talk())

    def predict(self, body: object, **options: object) -> httpx.Response:
        """Send a request for predictions."""
        return self.ask("POST", "/predict", json=body, **options)  # type: ignore[arg-type]

    def tell(self, body: object, **options: object) -> httpx.Response:
        """Send outcomes."""
        return self.ask("POST", "/outcomes", json=body, **options)  # type: ignore[arg-type]

    def count(self, line: str) -> float:
        """Return the value of a metric by its line."""
        text = self.desk.telemetry.written("")[0].decode()
        return next((float(found.rsplit(" ", 1)[1]) for found in text.splitlines() if found.startswith(line)), 0.0)


@pytest.fixture
def champion() -> Served:
    """Return a model that goes by the fare."""
    return Served(model=a_model(), predictor=Rule(by_fare))


@pytest.fixture
def challenger() -> Served:
    """Return another model, which says the opposite."""
    return Served(model=a_model(number=4, estimator="Other"), predictor=Rule(lambda frame: 1 - by_fare(frame)))


@pytest.fixture
def office(champion: Served) -> Iterator[Office]:
    """Return a server in which one model serves."""
    yield from _office(champion, ServingSettings(max_rows=100, max_body_kb=64, timeout_seconds=5.0))


@pytest.fixture
def strict_office(champion: Served) -> Iterator[Office]:
    """Return a server that refuses what is out of the schema, ignores unknown columns, and has little time."""
    settings = ServingSettings(out_of_schema="refuse", unknown_columns="ignore", timeout_seconds=0.2)
    yield from _office(champion, settings)


@pytest.fixture
def make_model() -> Callable[..., Model]:
    """Return a function that makes models."""
    return a_model


@pytest.fixture
def make_deployment() -> Callable[..., Deployment]:
    """Return a function that makes states of a release."""
    return a_deployment


@pytest.fixture
def make_rule() -> type[Rule]:
    """Return a predictor that goes by a function."""
    return Rule


@pytest.fixture
def trips_schema() -> Schema:
    return SCHEMA


@pytest.fixture
def trips_facts() -> Facts:
    return FACTS


def _office(champion: Served, settings: ServingSettings) -> Iterator[Office]:
    key, key_id, consumer = new_key("dispatch", scopes=("predict", "outcomes", "metrics"))
    log = MemoryLog()
    desk = Desk(
        routes=lambda: office.routes, log=log, consumers=lambda: office.consumers, settings=settings, salt="salt",
        clock=ServingClock(lambda: int(NOW.timestamp()) * 10**9), name="taxi", patience_seconds=0.2,
    )
    office = Office(
        desk=desk, app=application(desk), log=log, key=key, consumers={key_id: consumer}, routes=None
    )
    office.serve(a_deployment(), champion)
    yield office
    desk.close()
