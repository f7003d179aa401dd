"""The promises of a progress display, as tests."""
# ruff: noqa: D102 - the tests are sentences

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from loopwright.protocols import Progress

__all__ = ["ProgressContract"]


class ProgressContract:
    """Inherit, provide the fixture ``progress``, and it is tested that it never raises."""

    @pytest.fixture
    def progress(self) -> Progress:
        raise NotImplementedError("provide a fixture `progress`")

    def test_a_step_may_be_followed_from_start_to_end(self, progress: Progress) -> None:
        progress.started("train")
        for done in range(4):
            progress.advanced("train", done=done, total=3, doing="trial")
        progress.finished("train", seconds=1.5, why="features.py changed", recalled=False)

    def test_a_recalled_step_need_not_have_started(self, progress: Progress) -> None:
        progress.finished("ingest", seconds=0.0, why="", recalled=True)

    @pytest.mark.parametrize(("done", "total"), [(0, 0), (5, 3), (-1, 3), (1, -1), (10**12, 10**12)])
    def test_odd_numbers_do_not_raise(self, progress: Progress, done: int, total: int) -> None:
        progress.started("train")
        progress.advanced("train", done=done, total=total, doing="")
        progress.finished("train", seconds=float("inf"), why="", recalled=False)

    @pytest.mark.parametrize(
        "text", ["", "[bold", "[/]", "%s {x}", "a\nb\0\x1b[31m", "ü🚕", "\ud800", "x" * 9_999]
    )
    def test_odd_texts_do_not_raise(self, progress: Progress, text: str) -> None:
        progress.started(text)
        progress.advanced(text, done=1, total=2, doing=text)
        progress.finished(text, seconds=0.1, why=text, recalled=False)

    def test_steps_that_nobody_started_do_not_raise(self, progress: Progress) -> None:
        progress.advanced("unknown", done=1, total=2, doing="work")
        progress.finished("unknown", seconds=0.1, why="", recalled=False)

    def test_the_same_step_may_start_again(self, progress: Progress) -> None:
        for _ in range(2):
            progress.started("train")
            progress.finished("train", seconds=0.1, why="", recalled=False)
        progress.finished("train", seconds=0.1, why="", recalled=False)

    def test_threads_may_tell_at_once(self, progress: Progress) -> None:
        def work(number: int) -> None:
            progress.started(f"step {number}")
            progress.advanced(f"step {number}", done=1, total=1, doing="work")
            progress.finished(f"step {number}", seconds=0.1, why="", recalled=False)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(40)))
