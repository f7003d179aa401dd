"""Append-only files of framed bytes on a local disk, each frame with a checksum: what a crash tears is seen and cut.

A segment begins with 16 bytes: the magic ``LWSG``, the version of the format, and eight random bytes. Then come frames:
the last four of the random bytes as a mark, the length of the payload, the CRC-32 over the random bytes, length and
payload, both as little-endian 32-bit numbers, and the payload. The mark is what reading goes on from behind damage; and
since nobody outside can know the random bytes, nothing that a stranger sends as payload ever looks like a frame.

A segment belongs to the one writer that made it, which holds a lock on the file for as long as it is alive; a segment
that nobody holds is closed, however its writer ended.
"""

from __future__ import annotations

import fcntl
import os
import re
import struct
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from types import TracebackType

from loopwright.errors import CorruptStore, StoreError
from loopwright.store.durable import force
from loopwright.store.failures import failure

__all__ = ["SegmentContent", "SegmentWriter", "claimed", "read_segment", "segments_in"]

_MAGIC = b"LWSG"
_VERSION = 1
_HEADER = struct.Struct("<4sI8s")
_FRAME = struct.Struct("<4sII")
_NAME = re.compile(r"(\d{16})-\d+-[0-9a-f]{8}\.segment")


@dataclass(frozen=True, slots=True)
class SegmentContent:
    """What a segment holds, and what of it cannot be read.

    Attributes
    ----------
    frames : tuple of bytes
        The payloads of all whole frames, in order.
    torn_bytes : int
        Bytes at the end that are no whole frame: a write that a crash cut off, or that is going on.
    damaged_bytes : int
        Bytes that cannot be read although whole frames follow, or because the header is wrong: these were whole once.
    """

    frames: tuple[bytes, ...] = ()
    torn_bytes: int = 0
    damaged_bytes: int = 0


class SegmentWriter:
    """Writes frames to a segment of its own, and begins a new one when it is large or old.

    A segment is made with the first frame, so that a writer with nothing to say leaves nothing behind. Only
    ``sync_aside`` may be called from a second thread.

    Parameters
    ----------
    folder : Path
        Where the segments lie, on a local disk; made if it is missing.
    segment_bytes : int, default=8 MiB
        A segment of this size is closed.
    segment_seconds : float, default=60
        And so is one of this age.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     with SegmentWriter(Path(folder)) as writer:
    ...         writer.write([b"one", b"two"])
    ...     [read_segment(path).frames for path in segments_in(Path(folder))]
    [(b'one', b'two')]
    """

    def __init__(self, folder: Path, *, segment_bytes: int = 8 << 20, segment_seconds: float = 60.0) -> None:
        self._folder = folder
        self._segment_bytes = segment_bytes
        self._segment_seconds = segment_seconds
        self._open: _OpenSegment | None = None
        self._closing = Lock()

    def __enter__(self) -> SegmentWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def path(self) -> Path | None:
        """The segment being written; None if there is none."""
        return None if self._open is None else self._open.path

    @property
    def is_due(self) -> bool:
        """Whether the segment being written is large or old enough to be closed."""
        held = self._open
        return held is not None and (
            held.size >= self._segment_bytes or time.monotonic() - held.since >= self._segment_seconds
        )

    def write(self, payloads: Sequence[bytes]) -> None:
        """Hand frames to the operating system, all of them or none; from then on they survive the death of the process.

        Parameters
        ----------
        payloads : sequence of bytes
            None of them empty.

        Raises
        ------
        StoreFull, StoreReadOnly, StoreError
            None of the frames is in the segment then.
        """
        if not payloads:
            return
        if self.is_due:
            self.rotate()
        with self._failures("writing"):
            if self._open is None:
                self._open = _new_segment(self._folder)
            try:
                self._open.write(payloads)
            except OSError:
                if not self._open.cut_back():
                    self._abandon()
                raise

    def sync(self) -> None:
        """Have all frames forced to the disk; from then on they survive a loss of power.

        Raises
        ------
        StoreFull, StoreError
            A new segment is begun then: what a disk has failed to take once, it may claim to hold the next time.
        """
        if self._open is None:
            return
        with self._failures("forcing"):
            try:
                os.fsync(self._open.number)
            except OSError:
                self._abandon()
                raise

    def sync_aside(self) -> None:
        """Have all frames forced to the disk from a thread of its own, while the writer goes on.

        Raises
        ------
        StoreFull, StoreError
            The caller should then have the writer ``rotate``.
        """
        with self._closing:
            number = None if self._open is None else os.dup(self._open.number)
        if number is None:
            return
        with self._failures("forcing"):
            try:
                os.fsync(number)
            finally:
                os.close(number)

    def rotate(self) -> None:
        """Close the segment being written; the next frame begins another."""
        if self._open is None:
            return
        self.sync()
        self._abandon()

    def close(self) -> None:
        """Force what was written to the disk and let go of the segment; the next frame would begin another."""
        self.rotate()

    def _abandon(self) -> None:
        with self._closing:
            held, self._open = self._open, None
            if held is not None:
                os.close(held.number)

    @contextmanager
    def _failures(self, doing: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise failure(error, doing=f"{doing} the prediction log in {self._folder}") from error


def segments_in(folder: Path) -> list[Path]:
    """Return the segments of a folder, oldest first, whether or not they are still being written.

    Raises
    ------
    StoreReadOnly, StoreError
        If the folder cannot be looked into; one that does not exist holds no segments.
    """
    try:
        return sorted(path for path in folder.iterdir() if _NAME.fullmatch(path.name))
    except FileNotFoundError:
        return []
    except OSError as error:
        raise failure(error, doing=f"looking for segments in {folder}") from error


def read_segment(path: Path) -> SegmentContent:
    """Return what a segment holds, be it whole, torn, damaged or still being written.

    Where a frame is damaged, reading goes on at the next whole one.

    Raises
    ------
    FileNotFoundError
        If it is gone, as somebody else has moved it into tables.
    CorruptStore
        If a newer release of Loopwright wrote it.
    StoreError
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise failure(error, doing=f"reading the segment {path}") from error
    if len(content) < _HEADER.size:
        return SegmentContent(torn_bytes=len(content))
    magic, version, salt = _HEADER.unpack_from(content)
    if magic != _MAGIC:
        return SegmentContent(damaged_bytes=len(content))
    if version != _VERSION:
        raise CorruptStore(
            f"the segment {path} is of version {version}, and this release of Loopwright reads version {_VERSION}. "
            f"Use the release that wrote it."
        )
    return _content(content, salt)


@contextmanager
def claimed(path: Path) -> Iterator[bool]:
    """Lock a segment whose writer is done or dead, and say whether that was possible.

    Parameters
    ----------
    path : Path

    Yields
    ------
    bool
        False if its writer is alive, somebody else has locked it, or it is gone.
    """
    try:
        number = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        yield False
        return
    except OSError as error:
        raise failure(error, doing=f"opening the segment {path}") from error
    try:
        yield _locked(number) and os.fstat(number).st_nlink > 0
    finally:
        os.close(number)


class _OpenSegment:
    """A segment that this process is writing."""

    def __init__(self, path: Path, number: int) -> None:
        self.path = path
        self.number = number
        self.since = time.monotonic()
        salt = os.urandom(8)
        self._salt = salt
        self.size = 0
        self._append(_HEADER.pack(_MAGIC, _VERSION, salt))

    def write(self, payloads: Sequence[bytes]) -> None:
        self._append(b"".join(_framed(payload, self._salt) for payload in payloads))

    def cut_back(self) -> bool:
        """Take away what an unfinished write has left, and say whether that was possible."""
        try:
            os.ftruncate(self.number, self.size)
            os.lseek(self.number, self.size, os.SEEK_SET)
        except OSError:
            return False
        return True

    def _append(self, content: bytes) -> None:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self.number, rest) :]
        self.size += len(content)


def _new_segment(folder: Path) -> _OpenSegment:
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        path = folder / _new_name(folder)
        number = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        try:
            # Between making a file and locking it, somebody may take it for one that a dead writer has left, and
            # take it away.
            if _locked(number) and os.fstat(number).st_nlink > 0:
                segment = _OpenSegment(path, number)
                force(folder)
                return segment
        except OSError:
            with suppress(OSError):
                path.unlink()
            os.close(number)
            raise
        os.close(number)


def _new_name(folder: Path) -> str:
    """Return a name that was never used and sorts behind all that are there, whatever the clock does."""
    stamps = (int(found[1]) for path in segments_in(folder) if (found := _NAME.fullmatch(path.name)))
    stamp = max(time.time_ns() // 1000, max(stamps, default=0) + 1)
    return f"{stamp:016}-{os.getpid()}-{os.urandom(4).hex()}.segment"


def _locked(number: int) -> bool:
    try:
        fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _framed(payload: bytes, salt: bytes) -> bytes:
    if not payload:
        raise StoreError("an empty frame says nothing. Write at least one byte.")
    return _FRAME.pack(salt[4:], len(payload), _checksum(payload, salt)) + payload


def _checksum(payload: bytes, salt: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(salt + len(payload).to_bytes(4, "little")))


def _content(content: bytes, salt: bytes) -> SegmentContent:
    frames: list[bytes] = []
    damaged = 0
    at = _HEADER.size
    while at < len(content):
        payload = _frame_at(content, at, salt)
        if payload is None:
            following = _next_frame(content, at + 1, salt)
            if following is None:
                return SegmentContent(tuple(frames), torn_bytes=len(content) - at, damaged_bytes=damaged)
            damaged += following - at
            at = following
        else:
            frames.append(payload)
            at += _FRAME.size + len(payload)
    return SegmentContent(tuple(frames), damaged_bytes=damaged)


def _frame_at(content: bytes, at: int, salt: bytes) -> bytes | None:
    """Return the payload of the frame that begins here; None if there is no whole frame."""
    begin = at + _FRAME.size
    if begin >= len(content):
        return None
    mark, length, checksum = _FRAME.unpack_from(content, at)
    if mark != salt[4:] or not 0 < length <= len(content) - begin:
        return None
    payload = content[begin : begin + length]
    return payload if _checksum(payload, salt) == checksum else None


def _next_frame(content: bytes, start: int, salt: bytes) -> int | None:
    """Return where the next whole frame begins; None if there is none."""
    at = content.find(salt[4:], start)
    while at >= 0 and _frame_at(content, at, salt) is None:
        at = content.find(salt[4:], at + 1)
    return at if at >= 0 else None
