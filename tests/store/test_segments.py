"""Segments give back what was written, up to where a crash tore them, and tell what was damaged."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import CorruptStore, StoreError, StoreFull, StoreReadOnly
from loopwright.store.segments import SegmentWriter, claimed, read_segment, segments_in

HEADER = 16
FRAME = 12

payloads = st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=12)


def only(folder):
    (path,) = segments_in(folder)
    return path


def frames_in(folder):
    return [frame for path in segments_in(folder) for frame in read_segment(path).frames]


@given(groups=st.lists(payloads, max_size=4))
@settings(max_examples=30, deadline=None)
def test_what_is_written_is_read(groups):
    with TemporaryDirectory() as name:
        with SegmentWriter(Path(name)) as writer:
            for group in groups:
                writer.write(group)
            assert frames_in(Path(name)) == [frame for group in groups for frame in group], "while it is written, too"
        assert frames_in(Path(name)) == [frame for group in groups for frame in group]


@given(frames=payloads, cut=st.integers(0, 5000))
@settings(max_examples=60, deadline=None)
def test_a_segment_cut_off_anywhere_holds_the_frames_before(frames, cut):
    with TemporaryDirectory() as name:
        with SegmentWriter(Path(name)) as writer:
            writer.write(frames)
        path = only(Path(name))
        kept = min(cut, path.stat().st_size)
        os.truncate(path, kept)
        found = read_segment(path)
        assert found.frames == tuple(frames[: len(found.frames)])
        assert found.damaged_bytes == 0
        whole = sum(FRAME + len(frame) for frame in found.frames)
        assert found.torn_bytes == (kept - HEADER - whole if kept >= HEADER else kept)
        following = frames[len(found.frames) : len(found.frames) + 1]
        assert all(found.torn_bytes < FRAME + len(frame) for frame in following) or kept < HEADER


@given(frames=payloads, where=st.integers(0, 10_000), bit=st.integers(0, 7))
@settings(max_examples=60, deadline=None)
def test_a_flipped_bit_costs_one_frame_and_every_byte_is_accounted_for(frames, where, bit):
    with TemporaryDirectory() as name:
        with SegmentWriter(Path(name)) as writer:
            writer.write(frames)
        path = only(Path(name))
        content = bytearray(path.read_bytes())
        where = HEADER + where % (len(content) - HEADER)
        content[where] ^= 1 << bit
        path.write_bytes(content)
        found = read_segment(path)
        assert len(found.frames) == len(frames) - 1
        assert all(frame in frames for frame in found.frames)
        whole = sum(FRAME + len(frame) for frame in found.frames)
        assert HEADER + whole + found.torn_bytes + found.damaged_bytes == len(content)
        is_last = where >= len(content) - FRAME - len(frames[-1])
        assert (found.torn_bytes > 0, found.damaged_bytes > 0) == (is_last, not is_last)


def test_zeros_at_the_end_are_torn_and_no_frames(tmp_path):
    with SegmentWriter(tmp_path) as writer:
        writer.write([b"one"])
    with only(tmp_path).open("ab") as file:
        file.write(bytes(4096))
    found = read_segment(only(tmp_path))
    assert (found.frames, found.torn_bytes, found.damaged_bytes) == ((b"one",), 4096, 0)


def test_a_payload_that_quotes_a_segment_is_no_frame_of_this_one(tmp_path):
    with SegmentWriter(tmp_path / "other") as writer:
        writer.write([b"forged"])
    quoted = only(tmp_path / "other").read_bytes()
    with SegmentWriter(tmp_path / "this") as writer:
        writer.write([b"first", quoted])
    path = only(tmp_path / "this")
    os.truncate(path, path.stat().st_size - 1)
    assert read_segment(path).frames == (b"first",)


@pytest.mark.parametrize("content", [b"", b"LW", b"LWSG\1\0\0\0\0\0\0"], ids=len)
def test_a_header_cut_off_is_torn(tmp_path, content):
    with SegmentWriter(tmp_path) as writer:
        writer.write([b"one"])
    only(tmp_path).write_bytes(content)
    found = read_segment(only(tmp_path))
    assert (found.frames, found.torn_bytes, found.damaged_bytes) == ((), len(content), 0)


def test_a_damaged_header_is_damage(tmp_path):
    with SegmentWriter(tmp_path) as writer:
        writer.write([b"one"])
    path = only(tmp_path)
    path.write_bytes(b"?" + path.read_bytes()[1:])
    assert read_segment(path).damaged_bytes == path.stat().st_size


def test_a_segment_of_a_newer_release_is_refused(tmp_path):
    with SegmentWriter(tmp_path) as writer:
        writer.write([b"one"])
    path = only(tmp_path)
    path.write_bytes(b"LWSG\2" + path.read_bytes()[5:])
    with pytest.raises(CorruptStore, match=r"is of version 2.*reads version 1"):
        read_segment(path)


def test_a_large_segment_is_followed_by_another(tmp_path):
    with SegmentWriter(tmp_path, segment_bytes=100) as writer:
        for number in range(10):
            writer.write([b"%d" % number * 50])
    assert len(segments_in(tmp_path)) == 5
    assert frames_in(tmp_path) == [b"%d" % number * 50 for number in range(10)]


def test_an_old_segment_is_followed_by_another(tmp_path):
    with SegmentWriter(tmp_path, segment_seconds=0.001) as writer:
        writer.write([b"one"])
        time.sleep(0.002)
        assert writer.is_due
        writer.write([b"two"])
    assert len(segments_in(tmp_path)) == 2


def test_a_writer_with_nothing_to_say_leaves_nothing(tmp_path):
    with SegmentWriter(tmp_path / "log") as writer:
        writer.write([])
        writer.sync()
        writer.rotate()
    assert segments_in(tmp_path / "log") == []


def test_an_empty_frame_is_refused(tmp_path):
    with SegmentWriter(tmp_path) as writer, pytest.raises(StoreError, match="at least one byte"):
        writer.write([b""])


def test_names_sort_by_age_even_if_the_clock_goes_backwards(tmp_path):
    with SegmentWriter(tmp_path) as writer:
        writer.write([b"one"])
    path = only(tmp_path)
    ahead = path.rename(tmp_path / f"{int(path.name[:16]) + 10**12:016}{path.name[16:]}")
    with SegmentWriter(tmp_path) as writer:
        writer.write([b"two"])
    assert segments_in(tmp_path)[0] == ahead
    assert frames_in(tmp_path) == [b"one", b"two"]


def test_only_a_segment_without_a_live_writer_can_be_claimed(tmp_path):
    writer = SegmentWriter(tmp_path)
    writer.write([b"one"])
    path = only(tmp_path)
    with claimed(path) as is_mine:
        assert not is_mine
    writer.close()
    with claimed(path) as is_mine, claimed(path) as again:
        assert (is_mine, again) == (True, False)
    path.unlink()
    with claimed(path) as is_mine:
        assert not is_mine


def test_a_dead_writers_segment_can_be_claimed(tmp_path):
    program = (
        "import sys, os, signal; from pathlib import Path; from loopwright.store.segments import SegmentWriter\n"
        "SegmentWriter(Path(sys.argv[1])).write([b'one']); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path], check=False)
    with claimed(only(tmp_path)) as is_mine:
        assert is_mine
    assert frames_in(tmp_path) == [b"one"]


def test_a_full_disk_leaves_the_segment_valid_and_is_no_end(small_disk):
    filler = small_disk / "filler"
    with SegmentWriter(small_disk / "log") as writer:
        writer.write([b"before"])
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * 4096)
        with pytest.raises(StoreFull, match=r"writing the prediction log in .*free some space"):
            writer.write([b"x" * 1000] * 20)
        assert read_segment(writer.path).torn_bytes == 0
        filler.unlink()
        writer.write([b"after"])
    assert frames_in(small_disk / "log") == [b"before", b"after"]


def test_a_disk_too_full_for_a_header_leaves_no_segment(small_disk):
    filler = small_disk / "filler"
    (small_disk / "log").mkdir()
    with suppress(OSError), filler.open("wb", buffering=0) as file:
        while True:
            file.write(b"x" * 4096)
    with SegmentWriter(small_disk / "log") as writer:
        with pytest.raises(StoreFull):
            writer.write([b"one"])
        assert list((small_disk / "log").iterdir()) == []
        filler.unlink()
        writer.write([b"two"])
    assert frames_in(small_disk / "log") == [b"two"]


LIMITED = """
import resource, signal, sys
from contextlib import suppress
from pathlib import Path
from loopwright.errors import StoreFull
from loopwright.store.segments import SegmentWriter

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
with SegmentWriter(Path(sys.argv[1])) as writer:
    writer.write([b"a" * 500])
    with suppress(StoreFull):
        writer.write([b"b" * 300, b"b" * 300])
        sys.exit("that should not have fitted")
    writer.write([b"c" * 100])
"""


def test_a_write_that_stops_halfway_is_taken_back(tmp_path):
    subprocess.run([sys.executable, "-c", LIMITED, tmp_path], check=True)
    found = read_segment(only(tmp_path))
    assert found.torn_bytes == 0
    assert found.frames == (b"a" * 500, b"c" * 100)


def test_frames_are_forced_aside_while_the_writer_goes_on(tmp_path):
    with SegmentWriter(tmp_path, segment_bytes=300) as writer, ThreadPoolExecutor(1) as aside:
        forced = []
        for number in range(40):
            writer.write([b"%03d" % number * 10])
            forced.append(aside.submit(writer.sync_aside))
        assert all(done.result() is None for done in forced)
    assert len(frames_in(tmp_path)) == 40


def test_a_read_only_folder_is_told(tmp_path, made_read_only):
    (tmp_path / "log").mkdir()
    made_read_only(tmp_path / "log")
    with SegmentWriter(tmp_path / "log") as writer, pytest.raises(StoreReadOnly, match="permission"):
        writer.write([b"one"])


def test_a_folder_that_is_a_file_is_told(tmp_path):
    (tmp_path / "log").write_text("")
    with pytest.raises(StoreError, match="log"):
        segments_in(tmp_path / "log")
    with SegmentWriter(tmp_path / "log") as writer, pytest.raises(StoreError, match="log"):
        writer.write([b"one"])


def test_a_missing_folder_holds_no_segments(tmp_path):
    assert segments_in(tmp_path / "log") == []
