"""Ids that were answered lately: the same id again gets the same answer, and is logged once."""

from __future__ import annotations

import asyncio
import hashlib
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

import msgspec

from loopwright.records.model import Model
from loopwright.stages.serving.events import Answered, Event, Outcome, Value
from loopwright.stages.serving.requests import Prediction, answer_of

__all__ = ["Claim", "Known", "digest_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the index says of the ids of one request.

    Attributes
    ----------
    fresh : frozenset of str
        Never seen; they are now this request's, which must call ``keep`` or ``release``.
    repeated : dict of str to Prediction
        Answered before, about the same row.
    conflicts : frozenset of str
        Answered before, about another row.
    """

    fresh: frozenset[str]
    repeated: dict[str, Prediction]
    conflicts: frozenset[str]


@dataclass(slots=True)
class _Entry:
    digest: bytes
    answer: bytes | None = None    # JSON; None while the request is running
    done: asyncio.Event = field(default_factory=asyncio.Event)


class Known:
    """The newest ids with their answers, in memory; used from one event loop.

    Ids that fell out of it are answered anew. The compacted log still counts them once, as its rows go by id.

    Parameters
    ----------
    most : int, default=200,000
        Ids of predictions kept, and ids of outcomes; of each about 300 bytes.
    """

    def __init__(self, *, most: int = 200_000) -> None:
        self.most = most
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._outcomes: OrderedDict[str, tuple[bytes, int]] = OrderedDict()

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def prime(self, events: Iterable[Event], *, models: Mapping[str, Model]) -> None:
        """Take up what a log holds, oldest first.

        Parameters
        ----------
        events : iterable of Event
        models : mapping of digest to Model
            Those that answered, as far as they are at hand.
        """
        for event in events:
            if isinstance(event, Answered):
                answer = answer_of(event, models.get(event.model))
                entry = _Entry(digest_of(event.row), msgspec.json.encode(answer))
                entry.done.set()
                self._entries.setdefault(event.id, entry)
            elif isinstance(event, Outcome):
                self.told(event.id, event.values, at=event.at, is_said=True)
            self._forget()

    async def claim(self, digests: Mapping[str, bytes]) -> Claim:
        """Say which ids are fresh; where another request is about to answer one of them, wait for it first.

        Parameters
        ----------
        digests : mapping of id to digest of its row
        """
        # Nothing is held while waiting, so two requests with the same ids in another order do not block each other.
        while running := next((entry for entry in map(self._entries.get, digests) if _is_running(entry)), None):
            await running.done.wait()
        found = {name: self._entries[name] for name in digests if name in self._entries}
        fresh = frozenset(digests.keys() - found.keys())
        for name in fresh:
            self._entries[name] = _Entry(digests[name])
        for name in found:
            self._entries.move_to_end(name)
        same = {name: entry for name, entry in found.items() if entry.digest == digests[name]}
        return Claim(
            fresh=fresh, repeated={name: _again(entry) for name, entry in same.items()},
            conflicts=frozenset(found.keys() - same.keys()),
        )

    def keep(self, answers: Iterable[Prediction]) -> None:
        """Remember the answers to ids that were claimed."""
        for answer in answers:
            entry = self._entries.get(answer.id)
            if entry is not None:
                entry.answer = msgspec.json.encode(answer)
                entry.done.set()
        self._forget()

    def release(self, names: Iterable[str]) -> None:
        """Give ids back that were claimed and not answered."""
        for name in names:
            entry = self._entries.get(name)
            if _is_running(entry):
                del self._entries[name]
                entry.done.set()

    def told(self, name: str, values: Mapping[str, Value], *, at: int, is_said: bool) -> bool:
        """Take up an outcome; return whether it is news.

        Parameters
        ----------
        name : str
            Id of the prediction.
        values : mapping
        at : int
            When it became known, microseconds since 1970.
        is_said : bool
            The caller said so; otherwise ``at`` is only when it came, and the same values again are no news.
        """
        told = (digest_of(values), at)
        before = self._outcomes.get(name)
        is_news = before is None or before[0] != told[0] or (is_said and before[1] != at)
        if is_news:
            self._outcomes[name] = told
        self._outcomes.move_to_end(name)
        self._forget()
        return is_news

    def untold(self, names: Iterable[str]) -> None:
        """Forget outcomes that could not be kept."""
        for name in names:
            self._outcomes.pop(name, None)

    def _forget(self) -> None:
        while len(self._outcomes) > self.most:
            self._outcomes.popitem(last=False)
        while len(self._entries) > self.most:
            oldest = next(iter(self._entries))
            if _is_running(self._entries[oldest]):
                return
            del self._entries[oldest]


def _is_running(entry: _Entry | None) -> TypeGuard[_Entry]:
    return entry is not None and entry.answer is None


def _again(entry: _Entry) -> Prediction:
    """Return the answer that was given before, marked as such."""
    answer = msgspec.json.decode(entry.answer or b"", type=Prediction)
    return msgspec.structs.replace(answer, repeated=True)


def digest_of(row: Mapping[str, Value]) -> bytes:
    """Return what two rows share exactly if they hold the same values.

    Examples
    --------
    >>> digest_of({"fare": 5.0, "miles": 2}) == digest_of({"miles": 2, "fare": 5.0})
    True
    """
    return hashlib.blake2b(msgspec.json.encode(row, order="sorted"), digest_size=16).digest()
