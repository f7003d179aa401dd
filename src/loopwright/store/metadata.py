"""The records of a project over a ledger: remembered for ever, found by digest, kind, or what they were made from."""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeVar, cast

from loopwright.errors import UnknownRecord
from loopwright.protocols import Entry, Ledger
from loopwright.records import KINDS, DatasetVersion, Deployment, Model, Record, Ref, decode, encode, kind_of

__all__ = ["Activity", "AliasChange", "Execution", "Mark", "Metadata", "now"]

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasChange:
    """An alias began to mean a model, or was withdrawn from it and means nothing since."""

    alias: str
    target: Ref
    at: str
    by: str
    why: str
    withdrawn: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Somebody ran a command."""

    command: str
    at: str
    seconds: float
    exit_code: int
    who: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """A step ran to its end."""

    step: str
    key: str
    at: str
    seconds: float
    why: str
    manifest: dict[str, dict[str, str]]
    outputs: tuple[Ref, ...]
    many: bool  # the step returns a tuple of records, not one


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something that was said about a thing and may be said anew: the newest mark of a kind and key counts.

    Acknowledged and silenced alerts, consumers and their keys, users of the pages, how far a watcher has read.

    Attributes
    ----------
    kind : str
        What sort of thing: ``"consumer"``, ``"user"``, ``"alert"``, ``"silence"`` ...
    key : str
        Which one.
    body : dict
        What is said, as plain JSON data.
    at : str
        When, UTC, ISO 8601.
    """

    kind: str
    key: str
    body: dict[str, str | int | float | bool | list[str] | None]
    at: str


def now() -> str:
    """Return the time as records keep it: UTC, ISO 8601, microseconds."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Metadata:
    """Remembers records and what happened, and finds them again.

    Parameters
    ----------
    ledger : Ledger
        Where the lines are kept; SQLite or PostgreSQL.
    """

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self._read: dict[type[Record], tuple[int, tuple[Record, ...]]] = {}

    def remember(self, *records: R) -> None:
        """Keep records, all or none; a record that is kept already costs nothing."""
        self.ledger.append(self._lines(records, at=now()))

    def remember_execution(self, execution: Execution, records: Sequence[Record]) -> None:
        """Keep what a step made together with the fact that it did; never one without the other."""
        body = {
            "step": execution.step,
            "seconds": execution.seconds,
            "why": execution.why,
            "manifest": execution.manifest,
            "outputs": [[ref.kind, ref.digest] for ref in execution.outputs],
            "many": execution.many,
        }
        line = Entry(
            table="execution", key=execution.key, body=json.dumps(body), at=execution.at, tags={"step": execution.step}
        )
        self.ledger.append([*self._lines(records, at=execution.at), line])

    def execution(self, *, key: str | None = None, step: str | None = None) -> Execution | None:
        """Return the newest execution with a key, or of a step; None if there is none."""
        lines = self.ledger.select("execution", key=key, tags={"step": step} if step else None, newest=1)
        return _execution(lines[-1]) if lines else None

    def executions(self) -> list[Execution]:
        """Return every execution, oldest first."""
        return [_execution(line) for line in self.ledger.select("execution")]

    def get(self, record_type: type[R], digest: str) -> R:
        """Return the record of this type with this digest.

        Raises
        ------
        UnknownRecord
        """
        lines = self.ledger.select("record", key=digest, newest=1)
        if not lines:
            raise UnknownRecord(f"there is no {kind_of(record_type)} {digest[:12]} in this project.")
        return self._numbered(decode(record_type, lines[-1].body.encode()))

    def find(self, text: str) -> Record:
        """Return the record whose digest begins with a text such as ``3fa9`` or ``model:3fa9``.

        Raises
        ------
        UnknownRecord
            If no record does, or more than one.
        """
        kind, _, digest = text.rpartition(":")
        lines = self.ledger.select("record", prefix=digest.lower(), tags={"kind": kind} if kind else None)
        keys = {line.key for line in lines}
        if not keys or not digest:
            raise UnknownRecord(
                f"no record of this project begins with {text!r}. `loopwright activity` lists what was made."
            )
        if len(keys) > 1:
            shown = ", ".join(sorted(f"{line.tags['kind']}:{line.key[:12]}" for line in lines)[:5])
            raise UnknownRecord(f"{len(keys)} records begin with {text!r} ({shown}, …); give more digits.")
        return self._numbered(_record(lines[-1]))

    def all(self, record_type: type[R]) -> list[R]:
        """Return every record of a type, in the order they were first remembered."""
        tags = {"kind": kind_of(record_type)}
        last = self.ledger.select("record", tags=tags, newest=1)
        number = last[-1].number if last else 0
        # Lines are only ever added, in order: while the last is the same, all are.
        held = self._read.get(record_type)
        if held is None or held[0] != number:
            held = self._read[record_type] = (number, tuple(self._decoded(record_type, tags)))
        return cast("list[R]", list(held[1]))

    def _decoded(self, record_type: type[R], tags: dict[str, str]) -> list[R]:
        newest = {line.key: line for line in self.ledger.select("record", tags=tags)}
        return _counted([decode(record_type, line.body.encode()) for line in newest.values()])

    def newest(self, record_type: type[R]) -> R | None:
        """Return the record of a type that was remembered last, or None."""
        lines = self.ledger.select("record", tags={"kind": kind_of(record_type)}, newest=1)
        return self._numbered(decode(record_type, lines[-1].body.encode())) if lines else None

    def at(self, record: Record) -> str:
        """Return when a record was remembered last."""
        lines = self.ledger.select("record", key=record.digest, newest=1)
        return lines[-1].at if lines else ""

    def children(self, ref: Ref) -> list[Record]:
        """Return the records that were made from what a ref points at."""
        links = self.ledger.select("link", tags={"parent": ref.digest})
        return [self.find(f"{line.tags['kind']}:{line.tags['child']}") for line in _once(links)]

    def name(self, alias: str, target: Ref, *, by: str, why: str, withdrawn: bool = False) -> None:
        """Let an alias mean a model from now on, or no longer; what it meant before stays in the history."""
        body = {"kind": target.kind, "digest": target.digest, "by": by, "why": why, "withdrawn": withdrawn}
        self.ledger.append([Entry(table="alias", key=alias, body=json.dumps(body), at=now())])

    def aliases(self, *, at: str | None = None) -> dict[str, AliasChange]:
        """Return what every alias means, now or at an earlier time (ISO 8601)."""
        newest = {change.alias: change for change in self.alias_history() if at is None or change.at <= at}
        return {alias: change for alias, change in newest.items() if not change.withdrawn}

    def alias_history(self, alias: str | None = None) -> list[AliasChange]:
        """Return every change of one or all aliases, oldest first."""
        return [_alias(line) for line in self.ledger.select("alias", key=alias)]

    def mark(self, kind: str, key: str, body: dict[str, str | int | float | bool | list[str] | None]) -> None:
        """Say something about a thing from now on; what was said before stays in the history."""
        self.ledger.append([Entry(table=f"mark {kind}", key=key, body=json.dumps(body), at=now())])

    def marks(self, kind: str) -> dict[str, Mark]:
        """Return the newest mark of every key of a kind."""
        return {mark.key: mark for mark in self.mark_history(kind)}

    def mark_history(self, kind: str, key: str | None = None) -> list[Mark]:
        """Return every mark of a kind, or of one key, oldest first."""
        lines = self.ledger.select(f"mark {kind}", key=key)
        return [Mark(kind=kind, key=line.key, body=json.loads(line.body), at=line.at) for line in lines]

    def secret(self, name: str) -> str:
        """Return 32 random bytes in hex that are this project's own: made at the first call, the same ever after.

        Parameters
        ----------
        name : str
            What they are for; others have others.
        """
        known = self.marks("secret").get(name)
        if known is None:
            # Two processes that ask at once must agree on one.
            with self.ledger.hold(f"secret {name}"):
                if name not in self.marks("secret"):
                    self.mark("secret", name, {"hex": secrets.token_hex(32)})
            known = self.marks("secret")[name]
        return str(known.body["hex"])

    def log(self, activity: Activity) -> None:
        """Keep that somebody ran a command."""
        body = {"seconds": activity.seconds, "exit_code": activity.exit_code, "who": activity.who}
        self.ledger.append([Entry(table="activity", key=activity.command, body=json.dumps(body), at=activity.at)])

    def activities(self) -> list[Activity]:
        """Return every command that was run, oldest first."""
        return [
            Activity(command=line.key, at=line.at, **json.loads(line.body)) for line in self.ledger.select("activity")
        ]

    def _numbered(self, record: R) -> R:
        """Return the record with its number, if its kind is numbered: how many of its name came before it.

        Numbers are counted off the ledger's order, never stored: so two processes cannot give one twice.
        """
        if not hasattr(record, "number"):
            return record
        digest = record.digest
        return next((known for known in self.all(type(record)) if known.digest == digest), record)

    def _lines(self, records: Iterable[Record], *, at: str) -> list[Entry]:
        lines: list[Entry] = []
        for record in records:
            ref, body = record.ref, encode(record).decode()
            lines.append(Entry(table="record", key=ref.digest, body=body, at=at, tags={"kind": ref.kind}))
            lines.extend(_link(ref, parent, at=at) for parent in record.made_from)
        return [line for line in lines if line.table != "record" or not self._holds(line)]

    def _holds(self, line: Entry) -> bool:
        kept = self.ledger.select(line.table, key=line.key, newest=1)
        return bool(kept) and kept[-1].body == line.body


def _counted(records: list[R]) -> list[R]:
    """Number records of a numbered kind per name, from 1."""
    seen: Counter[str] = Counter()

    def count(record: R) -> R:
        if not isinstance(record, DatasetVersion | Deployment | Model):
            return record
        seen[record.name] += 1
        return cast(R, replace(record, number=seen[record.name]))

    return [count(record) for record in records]


def _link(child: Ref, parent: Ref, *, at: str) -> Entry:
    tags = {"child": child.digest, "kind": child.kind, "parent": parent.digest}
    return Entry(table="link", key=f"{child.digest}>{parent.digest}", body="{}", at=at, tags=tags, unique=True)


def _record(line: Entry) -> Record:
    return decode(KINDS[line.tags["kind"]], line.body.encode())


def _once(lines: Iterable[Entry]) -> list[Entry]:
    return list({line.tags["child"]: line for line in lines}.values())


def _execution(line: Entry) -> Execution:
    body = json.loads(line.body)
    outputs = tuple(Ref(kind=kind, digest=digest) for kind, digest in body.pop("outputs"))
    return Execution(key=line.key, at=line.at, outputs=outputs, **body)


def _alias(line: Entry) -> AliasChange:
    body = json.loads(line.body)
    target = Ref(kind=body.pop("kind"), digest=body.pop("digest"))
    return AliasChange(alias=line.key, target=target, at=line.at, **body)
