"""The serving room's verbs: deploy, offer, promote, reject, approve, roll_back, steer, compact, report_outcomes."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from loopwright.errors import LoopwrightError, ModelError, UnknownRecord
from loopwright.project import Project
from loopwright.protocols import Predictor
from loopwright.records import Deployment, Evidence, Gate, Model, PredictionLog, Ref, Schema, Table
from loopwright.stages.registry import CHAMPION, champion
from loopwright.store.metadata import now

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    import polars as pl

    from loopwright.stages.serving.app import Application
    from loopwright.stages.serving.asking import Served
    from loopwright.stages.serving.consumers import Consumer
    from loopwright.stages.serving.reporting import Reported
    from loopwright.stages.serving.rollout import Verdict
    from loopwright.stages.serving.routes import Routes
    from loopwright.stages.serving.trial import Trial

__all__ = [
    "Server", "add_consumer", "approve", "clock_column", "compact", "current", "declared_consumers", "deploy",
    "history", "live_rows", "offer", "promote", "reject", "report_outcomes", "revoke_consumer", "roll_back", "schema",
    "server", "steer", "verdicts", "was_deployed",
]

_MESSAGES = logging.getLogger("loopwright.serving")

VERDICT = "canary.verdict"
_LOCK = "deployment"
_CONSUMER = "consumer"
_COMPACT_SECONDS = 60.0
_SEGMENT_BYTES = 2 << 20           # some thousand answers: whoever reads the log reads so many one by one at most


def current(project: Project) -> Deployment | None:
    """Return the state of the release, or None if nothing was ever deployed."""
    return project.metadata.newest(Deployment)


def history(project: Project) -> list[Deployment]:
    """Return every state that the release was in, oldest first."""
    return project.metadata.all(Deployment)


def was_deployed(project: Project, model: Model) -> bool:
    """Say whether a model was ever part of the release, as champion or as challenger."""
    return any(model.digest in {ref.digest for ref in _models(state)} for state in history(project))


def deploy(project: Project, model: Model | None = None, *, by: str, why: str) -> Deployment:
    """Let one model answer every request, from now on.

    Parameters
    ----------
    project : Project
    model : Model, default: the champion
    by, why : str
        Kept in the history of the release.

    Raises
    ------
    UnknownRecord
        If there is no champion.
    ModelError
        If the model did not pass its gate.
    """
    chosen = model or champion(project)
    if chosen is None:
        raise UnknownRecord(
            "there is no champion to deploy: no model has passed its gate. `loopwright run` trains one, and "
            "`loopwright gate` says what is missing."
        )
    gate = _passed_gate(project, chosen)

    def make(previous: Deployment | None) -> Deployment:
        from loopwright.stages.serving import transitions

        return transitions.deploy(
            chosen.ref, name=project.settings.project.name, by=by, why=why, salt=_salt(),
            settings=project.settings.release, previous=previous, because=(gate.ref,),
        )

    return _move(project, make)


def offer(
    project: Project, model: Model, gate: Gate, *, by: str, why: str, because: tuple[Ref, ...] = ()
) -> Deployment:
    """Bring a model that has passed its gate into the release, in the way that ``[release] strategy`` says.

    Parameters
    ----------
    project : Project
    model : Model
    gate : Gate
        Its own; must have passed.
    by, why : str
    because : tuple of Ref
        What else led to it, such as alerts.

    Raises
    ------
    ModelError
        If the gate said no.
    LoopwrightError
        If another challenger is being tried.
    """
    if gate.subject.digest != model.digest or not gate.passed:
        raise ModelError(f"model v{model.number} has not passed gate {gate.digest[:12]}, so it cannot be offered.")
    release = project.settings.release

    def make(previous: Deployment | None) -> Deployment:
        from loopwright.stages.serving import transitions

        because_ = (gate.ref, *because)
        if release.strategy == "single" or previous is None:
            return transitions.deploy(
                model.ref, name=project.settings.project.name, by=by, why=why, salt=_salt(), settings=release,
                previous=previous, because=because_,
            )
        begin = transitions.shadow if release.strategy == "shadow" else transitions.canary
        return begin(previous, model.ref, by=by, why=why, salt=_salt(), settings=release, because=because_)

    return _move(project, make)


def promote(project: Project, *, by: str, why: str, because: tuple[Ref, ...] = ()) -> Deployment:
    """Make the challenger champion, whatever the rule says so far."""
    from loopwright.stages.serving import transitions

    return _move(project, lambda state: transitions.promote(_some(state), by=by, why=why, because=because))


def reject(project: Project, *, by: str, why: str, because: tuple[Ref, ...] = ()) -> Deployment:
    """Send the challenger away; the champion answers everybody."""
    from loopwright.stages.serving import transitions

    return _move(project, lambda state: transitions.reject(_some(state), by=by, why=why, because=because))


def approve(project: Project, *, by: str, why: str) -> Deployment:
    """Approve the promotion that the rule has asked for."""
    from loopwright.stages.serving import transitions

    return _move(project, lambda state: transitions.approve(_some(state), by=by, why=why))


def roll_back(project: Project, *, by: str, why: str) -> Deployment:
    """Take the newest change back: the challenger goes, or if there is none, the champion before this one returns."""
    from loopwright.stages.serving import transitions

    return _move(project, lambda state: transitions.roll_back(_some(state), history(project), by=by, why=why))


def _move(project: Project, make: Callable[[Deployment | None], Deployment]) -> Deployment:
    """Make the next state of the release; one process at a time, and the champion's alias follows."""
    with project.metadata.ledger.hold(_LOCK):
        previous = current(project)
        state = replace(make(previous), at=now())
        project.metadata.remember(state)
        alias = project.metadata.aliases().get(CHAMPION)
        if alias is None or alias.target.digest != state.champion.digest:
            project.metadata.name(CHAMPION, state.champion, by=state.by, why=state.why)
        return project.metadata.get(Deployment, state.digest)


def _models(state: Deployment) -> Sequence[Ref]:
    return (state.champion, state.challenger) if state.challenger else (state.champion,)


def _some(state: Deployment | None) -> Deployment:
    if state is None:
        raise LoopwrightError("nothing is deployed yet. `loopwright serve` deploys the champion and serves it.")
    return state


def _salt() -> str:
    return secrets.token_hex(16)


def _passed_gate(project: Project, model: Model) -> Gate:
    gates = [gate for gate in project.metadata.all(Gate) if gate.subject.digest == model.digest]
    if not gates or not gates[-1].passed:
        raise ModelError(
            f"model v{model.number} has not passed its gate, so it cannot be deployed. `loopwright gate "
            f"v{model.number}` says why."
        )
    return gates[-1]


def add_consumer(
    project: Project, name: str, *, owner: str, purpose: str, scopes: tuple[str, ...] = ("predict", "outcomes"),
    expires: str | None = None,
) -> tuple[str, str]:
    """Declare a consumer and give it a key.

    Returns
    -------
    key, id : str
        The key is kept as a hash only; this is the only time that it is seen.

    Raises
    ------
    LoopwrightError
        If the name is empty, a scope is unknown, or ``expires`` is no time.
    """
    from loopwright.stages.serving.consumers import body_of, new_key

    key, key_id, consumer = new_key(name, owner=owner, purpose=purpose, scopes=scopes, expires=expires, at=now())
    project.metadata.mark(_CONSUMER, key_id, body_of(consumer))
    return key, key_id


def declared_consumers(project: Project) -> dict[str, Consumer]:
    """Return the consumers by the id of their key."""
    from loopwright.stages.serving.consumers import consumer_of

    return {key: consumer_of(key, mark.body) for key, mark in project.metadata.marks(_CONSUMER).items()}


def revoke_consumer(project: Project, which: str) -> list[str]:
    """Revoke a key by its id, or all keys of a consumer by its name; return the ids.

    Raises
    ------
    UnknownRecord
        If no valid key is called so.
    """
    from loopwright.stages.serving.consumers import body_of

    known = declared_consumers(project)
    found = [key for key, item in known.items() if which in (key, item.name) and not item.revoked]
    if not found:
        raise UnknownRecord(f"no valid key is called {which!r}. `loopwright consumers list` shows them.")
    for key in found:
        project.metadata.mark(_CONSUMER, key, body_of(replace(known[key], revoked=now())))
    return found


def compact(project: Project) -> PredictionLog:
    """Move what has been logged from closed segments into tables, and return the log as it stands."""
    from loopwright.stages.serving.compaction import compact as move

    moved = move(_log_folder(project), project.tables, name=project.settings.project.name)
    if moved.set_aside:
        _MESSAGES.warning(
            "%d bytes of the prediction log cannot be read although they were written once; what could be read beside "
            "them is in the tables, and the files lie aside in %s: %s", moved.damaged_bytes, _log_folder(project),
            ", ".join(moved.set_aside),
        )
    first, last = _span(project, moved.predictions)
    log = PredictionLog(
        made_from=tuple(state.ref for state in history(project)),
        name=project.settings.project.name,
        predictions=moved.predictions, outcomes=moved.outcomes, refusals=moved.refusals,
        rows=moved.predictions.rows if moved.predictions else 0, first=first, last=last, at=now(),
    )
    project.metadata.remember(log)
    return project.metadata.get(PredictionLog, log.digest)


def _span(project: Project, table: Table | None) -> tuple[str | None, str | None]:
    """Return the earliest and the latest time of a prediction."""
    import polars as pl

    if table is None:
        return None, None
    at = project.tables.read(table, columns=["at"])
    first, last = at.select(pl.col("at").min().alias("first"), pl.col("at").max().alias("last")).collect().row(0)
    return (first.isoformat(), last.isoformat()) if first else (None, None)


def clock_column(project: Project) -> str:
    """Return the column of live rows that says to which window they belong."""
    return "__received" if project.settings.monitor.clock == "arrival" else "__at"


def live_rows(
    project: Project, *, start: datetime | None = None, end: datetime | None = None
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return live rows with their labels, and the refusals.

    Parameters
    ----------
    project : Project
    start, end : datetime, optional
        On the clock of the project's windows; the end is not in it. UTC without a zone.

    Returns
    -------
    rows : DataFrame
        Source columns, and ``__id``, ``__at``, ``__scores``, ``__label`` and so on, in the order of ``__at``.
    refusals : DataFrame
    """
    import polars as pl

    from loopwright.stages.serving.live import live_frame, whole, with_outcomes

    clock, types = clock_column(project), _types(project)
    by_event = clock == "__at"
    log = whole(
        project.tables, _log_folder(project), name=project.settings.project.name, start=start if by_event else None,
        end=end if by_event else None,
    )
    rows = live_frame(log.predictions, columns=types).sort("__at", "__received", maintain_order=True)
    rows = with_outcomes(rows, log.outcomes, columns=types).frame
    if not by_event:
        inside = pl.lit(value=True)
        inside = inside & (pl.col(clock) >= start) if start else inside
        inside = inside & (pl.col(clock) < end) if end else inside
        rows = rows.filter(inside)
    return _labelled(project, rows), log.refusals


def _types(project: Project) -> dict[str, pl.DataType]:
    from loopwright.stages.serving.live import column_types

    return column_types(schema(project), zoned=_zoned(project))


def _labelled(project: Project, rows: pl.DataFrame) -> pl.DataFrame:
    """Return live rows with the label that the project's own rule makes of their outcomes."""
    import polars as pl

    from loopwright.stages.serving.labelled import Rule, labelled
    from loopwright.userfiles import load

    state = current(project)
    label = project.settings.data.label
    if rows.is_empty():
        return rows.with_columns(pl.Series("__label", [], dtype=pl.Float64))
    if state is None:
        raise LoopwrightError("nothing is deployed yet, so nothing is logged. `loopwright serve` begins.")
    rule = Rule(label)
    if ":" in label:
        code = project.code(label)
        name = code.functions[0]
        rule = Rule(name, function=load(project, code)[name], file=code.file)
    return labelled(rows, rule, model=project.metadata.get(Model, state.champion.digest))


def schema(project: Project) -> Schema:
    """Return the reviewed schema as it stood at the last run.

    Raises
    ------
    UnknownRecord
        If there was none yet.
    """
    found = project.metadata.newest(Schema)
    if found is None:
        raise UnknownRecord("this project has no schema yet. Run `loopwright run`.")
    return found


def _zoned(project: Project) -> tuple[str, ...]:
    """Return the columns of moments that had a time zone in training."""
    from loopwright.records import DatasetVersion

    def load() -> tuple[str, ...]:
        import polars as pl

        versions = [item for item in project.metadata.all(DatasetVersion) if not item.parts]
        if not versions:
            return ()
        schema = project.tables.read(versions[0].table).collect_schema()
        return tuple(name for name, kind in schema.items() if isinstance(kind, pl.Datetime) and kind.time_zone)

    return project.keep(("zoned",), load)


def _log_folder(project: Project) -> Path:
    return project.folder / project.settings.stores.log


def steer(project: Project, *, at: str | None = None, by: str) -> tuple[str, Deployment | None]:
    """Let the rule judge the challenger, and do what it says.

    Returns
    -------
    why : str
        What the judge says; empty if nothing is tried.
    deployment : Deployment or None
        The transition that was made.
    """
    state = current(project)
    if state is None or state.challenger is None or state.awaiting:
        return "", None
    from loopwright.stages.serving.rollout import judge

    rows, refusals = live_rows(project)
    trial = _trial(project, state, rows, at=at or now())
    verdict = judge(rows.filter(rows["__deployment"].is_in(trial.deployments)), refusals, trial=trial)
    evidence = _remember_verdict(project, verdict, trial)
    return verdict.why, _follow(project, verdict, because=evidence.ref, by=by)


def _trial(project: Project, state: Deployment, rows: pl.DataFrame, *, at: str) -> Trial:
    from datetime import datetime

    from loopwright.stages.registry import material
    from loopwright.stages.serving.trial import Trial

    assert state.challenger is not None  # noqa: S101 -- the caller looked
    one, other = (project.metadata.get(Model, ref.digest) for ref in (state.champion, state.challenger))
    said, newest = datetime.fromisoformat(at).replace(tzinfo=None), rows["__at"].max()
    monitor, of = project.settings.monitor, material(project, other)
    return Trial(
        history=tuple(history(project)), charter=of.charter, release=project.settings.release,
        now=max(said, newest) if isinstance(newest, datetime) else said, grouped=of.dataset.group is not None,
        window_hours=min(monitor.window_hours, 24.0), late_days=monitor.late_days,
        loss_scale=_loss_scale(project, one) if one.task == "regression" else None,
        thresholds=(one.threshold or 0.5, other.threshold or 0.5),
    )


def _loss_scale(project: Project, model: Model) -> float:
    """Return the error of the champion on its own test part from which on errors count alike."""
    import io

    import polars as pl

    from loopwright.stages.registry import final_run
    from loopwright.stages.serving.comparison import loss_scale

    run = final_run(project, model)
    assert run.predictions is not None  # noqa: S101 -- a final run keeps them
    said = pl.read_parquet(io.BytesIO(project.artifacts.get(run.predictions))).filter(pl.col("part") == "test")
    return loss_scale(said["label"].to_numpy(), said["prediction"].to_numpy())


def verdicts(project: Project, deployments: Sequence[str]) -> list[Evidence]:
    """Return what the judge has said of the states of a release with these digests, oldest first."""
    found = set(deployments)
    return [
        item for item in project.metadata.all(Evidence) if item.check == VERDICT and item.subject.digest in found
    ]


def _remember_verdict(project: Project, verdict: Verdict, trial: Trial) -> Evidence:
    import msgspec

    from loopwright.stages.serving.verdicts import exhibit, verdict_evidence

    earlier = verdicts(project, trial.deployments)
    path: list[tuple[str, float]] = []
    if earlier and earlier[-1].exhibit:
        path = msgspec.json.decode(project.artifacts.get(earlier[-1].exhibit))["path"]
    path = [*path, (trial.now.isoformat(), verdict.evidence)]
    artifact = project.artifacts.put(exhibit(verdict, path=path), name="verdict.json", media_type="application/json")
    evidence = verdict_evidence(verdict, state=trial.deployment, artifact=artifact, at=now())
    project.metadata.remember(evidence)
    return evidence


def _follow(project: Project, verdict: Verdict, *, because: Ref, by: str) -> Deployment | None:
    from loopwright.stages.serving import transitions

    def make(previous: Deployment | None) -> Deployment:
        state, why = _some(previous), verdict.why
        if verdict.action == "advance":
            return transitions.advance(
                state, by=by, why=why, settings=project.settings.release, because=(because,)
            )
        return getattr(transitions, verdict.action)(state, by=by, why=why, because=(because,))  # type: ignore[no-any-return]

    return None if verdict.action == "wait" else _move(project, make)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server that is ready to listen.

    Attributes
    ----------
    application : Application
        Answers requests; see ``loopwright.stages.serving.listening.serve``.
    close : callable
        To be called last: what has been answered is in the log, and threads end.
    """

    application: Application
    close: Callable[[], None]


def server(
    project: Project, *, is_open: bool = False, nanoseconds: Callable[[], int] = time.time_ns,
    around: Callable[[Predictor], Predictor] | None = None,
) -> Server:
    """Return a server for what is deployed, which follows the release while it runs.

    Parameters
    ----------
    project : Project
    is_open : bool, default=False
        Answer anybody on this machine without a key.
    nanoseconds : callable, default=time.time_ns
        The clock, since 1970, UTC; a drill replays weeks in seconds.
    around : callable, optional
        Puts something around each predictor, such as a delay to try what is noticed of it.

    Raises
    ------
    LoopwrightError
        If nothing is deployed, or a model cannot be loaded.
    """
    from loopwright.stages.serving.app import application
    from loopwright.stages.serving.desk import Desk
    from loopwright.stages.serving.following import Follower, Repeated
    from loopwright.stages.serving.journal import Journal, read_events
    from loopwright.stages.serving.serving_clock import ServingClock

    _some(current(project))
    follower = Follower(
        newest=lambda: current(project), load=lambda ref: _served(project, ref, around),
        build=lambda state, one, other: _routes(project, state, one, other),
        consumers=lambda: declared_consumers(project),
    )
    follower.start()
    folder = _log_folder(project)
    journal = Journal(folder, durability=project.settings.serving.durability, segment_bytes=_SEGMENT_BYTES)
    desk = Desk(
        routes=follower.routes, log=journal, consumers=follower.consumers, settings=project.settings.serving,
        salt=project.metadata.secret("entities"), name=project.settings.project.name,
        latency_limit_ms=_latency_limit(project),
        clock=ServingClock(nanoseconds, start=journal.stamp(nanoseconds() // 1000)), is_open=is_open,
    )
    desk.known.prime(read_events(folder), models={item.digest: item for item in project.metadata.all(Model)})
    compacting = Repeated(lambda: compact(project), pause_seconds=_COMPACT_SECONDS, doing="compacting the log")
    compacting.start()

    def close() -> None:
        compacting.stop()
        follower.stop()
        journal.close()
        desk.close()

    return Server(application=application(desk), close=close)


def _served(project: Project, ref: Ref, around: Callable[[Predictor], Predictor] | None = None) -> Served:
    from loopwright.stages.registry import applied
    from loopwright.stages.serving.asking import Served

    model = project.metadata.get(Model, ref.digest)
    predictor = applied(project, model)
    return Served(model=model, predictor=around(predictor) if around else predictor)


def _routes(project: Project, state: Deployment, one: Served, other: Served | None) -> Routes:
    from loopwright.stages.serving.door import facts_of
    from loopwright.stages.serving.routes import routes_of

    return routes_of(
        state, champion=one, challenger=other, schema=schema(project),
        facts=facts_of(project.settings.data, zoned=_zoned(project)), settings=project.settings.serving,
    )


def _latency_limit(project: Project) -> float | None:
    from loopwright.projectfile import limits

    found = [limit.value for limit in limits(project.settings.targets) if limit.metric == "latency_p99_ms"]
    return min(found) if found else None


def report_outcomes(project: Project, path: str) -> Reported:
    """Keep the outcomes that a file tells.

    Parameters
    ----------
    project : Project
    path : str
        CSV, JSON-lines or Parquet file with a column ``id`` (or the key column of the project), the columns that have
        become known, and, if it is known, ``at``: when they did.

    Returns
    -------
    Reported
        How many were kept, said nothing new, or are of unknown ids.

    Raises
    ------
    UnreadableSource, UnknownColumn, DataError
    """
    from loopwright.stages.data import ReadOptions, read_source
    from loopwright.stages.serving.journal import Journal
    from loopwright.stages.serving.live import whole
    from loopwright.stages.serving.reporting import Columns, outcomes_of, reported

    data = project.settings.data
    frame = read_source(path, folder=project.folder, options=ReadOptions()).frame
    types = _types(project)
    rule = project.settings.data.label
    known = (rule,) if ":" not in rule else tuple(data.known_after)
    columns = Columns(key=data.key, known_after=tuple(dict.fromkeys((*known, *data.known_after))), types=types)
    with Journal(_log_folder(project), durability="fsync") as journal:
        events = outcomes_of(frame, columns, source=path, received=journal.stamp())
        log = whole(project.tables, _log_folder(project), name=project.settings.project.name)
        found = reported(events, log)
        journal.append(found.events).result()
    return found
