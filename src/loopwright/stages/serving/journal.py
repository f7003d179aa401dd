"""The first place where events of the prediction log lie: segments on a local disk, written by one thread in groups."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal, TypeAlias

import msgspec

from loopwright.errors import CorruptStore, LoopwrightError, StoreError, StoreFull
from loopwright.stages.serving.events import Answered, Event, Outcome, Refused
from loopwright.store.failures import failure
from loopwright.store.segments import SegmentWriter, read_segment, segments_in

__all__ = ["Durability", "Journal", "decoded", "encoded", "read_events"]

Durability: TypeAlias = Literal["async", "write", "fsync"]
"""When an event counts as kept: at once; when the operating system has it (survives the death of the process); or when
it is on the disk (survives loss of power)."""

_IDLE_SECONDS = 1.0
_RETRY_SECONDS = 0.25
_WHOLE = range(-(2**63), 2**63)


@dataclass(frozen=True, slots=True)
class _Group:
    """Events that were appended together."""

    payloads: tuple[bytes, ...]
    kept: Future[None]
    rotate: bool = False


class Journal:
    """Takes events from any thread and keeps them in segments, in the order in which they came.

    One thread writes everything that has gathered while it wrote the last group, and then tells the callers. With
    ``"write"`` and ``"async"`` another one forces the segment to the disk every ``group_seconds``, so that a loss of
    power costs about as much as that. A disk that fails or is full fails the events of that moment only: with the next
    ones it is tried again. Events appended with ``"async"`` have nobody left to tell; they wait until there is space.

    Parameters
    ----------
    folder : Path
        On a local disk; made with the first event. Each process has its own journal, and all may use one folder.
    durability : {"async", "write", "fsync"}
        When the future of ``append`` is done.
    segment_bytes : int, default=8 MiB
        A segment of this size is closed, so that it can go to tables.
    segment_seconds : float, default=60
        And so is one of this age.
    group_seconds : float, default=0.02
        With ``"async"`` how long events gather before they are written; with ``"write"`` and ``"async"`` how often
        the segment is forced to the disk. With ``"fsync"`` a group is whatever came while the last was forced.
    max_pending : int, default=100,000
        Events that may wait to be written; those that come then are refused at once.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> told = Outcome(id="t1", at=0, received=0, source="billing", values={"tip": 2.5})
    >>> with TemporaryDirectory() as folder:
    ...     with Journal(Path(folder), durability="write") as journal:
    ...         journal.append([told]).result()
    ...     list(read_events(Path(folder))) == [told]
    True
    """

    def __init__(
        self, folder: Path, *, durability: Durability, segment_bytes: int = 8 << 20, segment_seconds: float = 60.0,
        group_seconds: float = 0.02, max_pending: int = 100_000,
    ) -> None:
        self.folder = folder
        self.durability = durability
        self._group_seconds = group_seconds
        self._max_pending = max_pending
        self._segments = SegmentWriter(folder, segment_bytes=segment_bytes, segment_seconds=segment_seconds)
        self._waiting: deque[_Group] = deque()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._unforced = threading.Event()
        self._must_rotate = False
        self._pending = self._written = self._failed = self._shed = 0
        self._failure: LoopwrightError | None = None
        self._stamp = _newest_received(folder)
        self._stamping = threading.Lock()
        self._writing = threading.Thread(target=self._write_all, name="loopwright-journal", daemon=True)
        self._forcing = threading.Thread(target=self._force_all, name="loopwright-journal-sync", daemon=True)
        self._writing.start()
        self._forcing.start()

    def __enter__(self) -> Journal:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def pending(self) -> int:
        """Events that are not written yet."""
        return self._pending

    @property
    def written(self) -> int:
        """Events that this journal has written."""
        return self._written

    @property
    def failed(self) -> int:
        """Events that could not be written."""
        return self._failed

    @property
    def shed(self) -> int:
        """Events that were refused because too many were waiting."""
        return self._shed

    @property
    def failure(self) -> LoopwrightError | None:
        """What went wrong the last time that something was written or forced to the disk; None if nothing did."""
        return self._failure

    def stamp(self, now_us: int | None = None) -> int:
        """Return the time that an event is received at: never smaller than any before, whatever the clock does.

        Times of an earlier process count as far as its segments still lie in the folder.

        Parameters
        ----------
        now_us : int, optional
            Microseconds since 1970, UTC; the clock's if not given.
        """
        now_us = time.time_ns() // 1000 if now_us is None else now_us
        with self._stamping:
            self._stamp = max(self._stamp, now_us)
            return self._stamp

    def append(self, events: Sequence[Event]) -> Future[None]:
        """Hand over events; they are kept all together or not at all.

        Parameters
        ----------
        events : sequence of events
            A whole number beyond 64 bits, in a row or an outcome, is kept as text; half a surrogate pair as ``?``.

        Returns
        -------
        Future
            Done once the events are kept as ``durability`` says. It cannot be cancelled. Its exception is
            ``StoreFull`` if the disk is full or too many events wait, else the ``StoreError`` that says why they
            could not be kept.
        """
        kept: Future[None] = Future()
        kept.set_running_or_notify_cancel()
        group = _Group(tuple(map(encoded, events)), kept)
        refusal = self._hand_over(group)
        if refusal is not None:
            kept.set_exception(refusal)
        elif self.durability == "async":
            kept.set_result(None)
        return kept

    def rotate(self) -> None:
        """Write what is pending and close the segment, so that all events until now can go to tables.

        Raises
        ------
        StoreError
            If the segment could not be forced to the disk.
        """
        kept: Future[None] = Future()
        refusal = self._hand_over(_Group((), kept, rotate=True))
        if refusal is not None:
            raise refusal
        kept.result()

    def close(self) -> None:
        """Write what is pending, force it to the disk and let go of the segment. To close again does nothing.

        Raises
        ------
        StoreError
            If events that were taken already are lost.
        """
        if self._stopping.is_set():
            return
        with self._changed:
            self._stopping.set()
            self._changed.notify_all()
        self._writing.join()
        self._unforced.set()
        self._forcing.join()
        self._segments.close()
        self._tell_of_lost()

    def _tell_of_lost(self) -> None:
        lost = sum(len(group.payloads) for group in self._waiting)
        self._failed += lost
        self._pending -= lost
        if lost:
            raise StoreError(
                f"{lost} events of the prediction log are lost, since {self.folder} could not be written until the "
                f"server stopped. The last time it was tried, {self._failure}"
            )

    def _hand_over(self, group: _Group) -> LoopwrightError | None:
        """Queue a group; return why not, if it cannot be."""
        count = len(group.payloads)
        with self._changed:
            if self._stopping.is_set():
                return StoreError(f"the prediction log in {self.folder} is closed. Ask again when a server runs.")
            if self._pending and self._pending + count > self._max_pending:
                self._shed += count
                return StoreFull(
                    f"{self._pending} events wait to be written to the prediction log in {self.folder}, and more than "
                    f"{self._max_pending} may not. Ask more slowly, or look why the disk is slow or full."
                )
            self._waiting.append(group)
            self._pending += count
            self._changed.notify()
        return None

    # -- the thread that writes ----------------------------------------------------------------------------

    def _write_all(self) -> None:
        while groups := self._next_groups():
            is_stuck = not self._write(groups)
            if is_stuck and self._stopping.is_set():
                return

    def _next_groups(self) -> list[_Group]:
        """Wait for groups; none are left once the journal is closed. Meanwhile, close the segment when it is old."""
        if self.durability == "async":
            self._stopping.wait(_RETRY_SECONDS if self._failure else self._group_seconds)
        while True:
            with self._changed:
                if not self._waiting and not self._stopping.is_set():
                    self._changed.wait(_IDLE_SECONDS)
                if self._waiting or self._stopping.is_set():
                    groups = list(self._waiting)
                    self._waiting.clear()
                    return groups
            if self._segments.is_due or self._must_rotate:
                self._rotate()

    def _write(self, groups: list[_Group]) -> bool:
        """Write groups and tell their callers; return whether they are off the queue."""
        try:
            self._keep([payload for group in groups for payload in group.payloads])
            if any(group.rotate for group in groups):
                self._segments.rotate()
        except Exception as error:  # whatever it is, nobody may wait for ever
            known = error if isinstance(error, LoopwrightError) else failure(error, doing=f"writing {self.folder}")
            return self._fail(groups, known)
        self._failure = None
        self._settle(groups)
        return True

    def _keep(self, payloads: Sequence[bytes]) -> None:
        if self._must_rotate:
            self._rotate()
        self._segments.write(payloads)
        if self.durability == "fsync":
            self._segments.sync()
        elif payloads:
            self._unforced.set()

    def _rotate(self) -> None:
        self._must_rotate = False
        try:
            self._segments.rotate()
        except LoopwrightError as error:
            self._failure = error

    def _fail(self, groups: list[_Group], error: LoopwrightError) -> bool:
        self._failure = error
        if self.durability != "async":
            self._settle(groups, error)
            return True
        self._settle([group for group in groups if group.rotate], error)
        with self._changed:
            self._waiting.extendleft(group for group in reversed(groups) if not group.rotate)
        return False

    def _settle(self, groups: list[_Group], error: LoopwrightError | None = None) -> None:
        count = sum(len(group.payloads) for group in groups)
        with self._changed:
            self._pending -= count
            self._written += count if error is None else 0
            self._failed += count if error is not None else 0
        for group in groups:
            if error is not None:
                group.kept.set_exception(error)
            elif not group.kept.done():
                group.kept.set_result(None)

    # -- the thread that forces to the disk ----------------------------------------------------------------

    def _force_all(self) -> None:
        while self._unforced.wait() and not self._stopping.wait(self._group_seconds):
            self._unforced.clear()
            try:
                self._segments.sync_aside()
            except LoopwrightError as error:
                self._failure = error
                # What a disk has failed to take once, it may claim to hold the next time: begin another file.
                self._must_rotate = True


def read_events(folder: Path) -> Iterator[Event]:
    """Yield all events in the segments of a folder, oldest segment first, also of those still being written.

    Raises
    ------
    CorruptStore
        If a segment was written by a newer release.
    StoreError
    """
    for path in segments_in(folder):
        with suppress(FileNotFoundError):  # it has gone to tables meanwhile
            yield from decoded(read_segment(path).frames, where=path)


def encoded(event: Event) -> bytes:
    """Return an event as the bytes of a frame.

    Examples
    --------
    >>> told = Outcome(id="t1", at=0, received=0, source="billing", values={"tip": 10**30})
    >>> decoded([encoded(told)], where=Path("x"))[0].values
    {'tip': '1000000000000000000000000000000'}
    """
    try:
        return _ENCODER.encode(event)
    except (OverflowError, UnicodeEncodeError):
        return _ENCODER.encode(msgspec.structs.replace(event, **_plain_fields(event)))


def decoded(frames: Iterable[bytes], *, where: Path) -> list[Event]:
    """Return the events of frames.

    Raises
    ------
    CorruptStore
        If a frame is no event that this release knows.
    """
    try:
        return [_DECODER.decode(frame) for frame in frames]
    except msgspec.DecodeError as error:
        raise _unknown(where, error) from error


class _Received(msgspec.Struct):
    """What all events have in common."""

    received: int


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Answered | Outcome | Refused)
_TIME_DECODER = msgspec.msgpack.Decoder(_Received)


def _newest_received(folder: Path) -> int:
    newest = 0
    for path in segments_in(folder):
        with suppress(FileNotFoundError):
            try:
                frames = read_segment(path).frames
                newest = max([newest, *(_TIME_DECODER.decode(frame).received for frame in frames)])
            except msgspec.DecodeError as error:
                raise _unknown(path, error) from error
    return newest


def _unknown(path: Path, error: Exception) -> CorruptStore:
    return CorruptStore(
        f"the segment {path} holds an event that this release of Loopwright does not know ({error}). Use the release "
        f"that wrote it, or move the file aside."
    )


def _plain_fields(event: Event) -> dict[str, object]:
    """Return the fields as msgpack can hold them; moments beyond 64 bits become the farthest that there are."""
    fields = ((name, getattr(event, name)) for name in event.__struct_fields__)
    return {name: _nearest(value) if isinstance(value, int) else _plain_value(value) for name, value in fields}


def _nearest(number: int) -> int:
    return min(max(number, _WHOLE[0]), _WHOLE[-1])


def _plain_value(value: object) -> object:
    if isinstance(value, dict):
        return {_plain_value(name): _plain_value(item) for name, item in value.items()}
    if isinstance(value, tuple):
        return tuple(map(_plain_value, value))
    if isinstance(value, str):
        return value.encode("utf-8", errors="replace").decode()
    return str(value) if isinstance(value, int) and value not in _WHOLE else value
