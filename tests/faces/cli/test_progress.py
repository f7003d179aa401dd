"""Progress on a terminal shows what runs and never gets in the way, whatever steps are called."""

from __future__ import annotations

import sys

import pytest

from loopwright.faces.cli.progress import TerminalProgress
from loopwright.testing import ProgressContract


class TestTerminalProgress(ProgressContract):
    @pytest.fixture
    def progress(self):
        shown = TerminalProgress()
        yield shown
        shown.close()


class TestTerminalProgressThatSaysWhy(ProgressContract):
    @pytest.fixture
    def progress(self):
        shown = TerminalProgress(why=True)
        yield shown
        shown.close()


class TestTerminalProgressOnATerminal(ProgressContract):
    @pytest.fixture
    def progress(self, monkeypatch):
        monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "100")
        shown = TerminalProgress(why=True)
        yield shown
        shown.close()


def followed(*, why: bool, step: str = "train", recalled: bool = False) -> None:
    progress = TerminalProgress(why=why)
    if not recalled:
        progress.started(step)
        progress.advanced(step, done=1, total=2, doing="best 0.5")
    progress.finished(step, seconds=1.5, why="features.py changed", recalled=recalled)
    progress.close()


def test_a_step_that_ran_is_a_line_with_its_time(capsys):
    followed(why=False)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert line.split() == ["✓", "train", "1.50", "s"]


def test_who_asks_why_is_told_the_reason(capsys):
    followed(why=True)
    assert "1.50 s  ran: features.py changed" in capsys.readouterr().out


def test_what_was_up_to_date_is_told_only_to_who_asks(capsys):
    followed(why=False, recalled=True)
    assert capsys.readouterr().out.strip() == ""
    followed(why=True, recalled=True)
    line = capsys.readouterr().out
    assert line.startswith("= train")
    assert "up to date: features.py changed" in line
    assert " s " not in line


def test_trials_of_a_search_are_lines_only_for_who_asks(capsys):
    followed(why=False, step="train tree #3")
    assert capsys.readouterr().out.strip() == ""
    followed(why=True, step="train tree #3")
    assert "train tree #3" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["train [red]x[/] #1", "[/]", ":taxi:", "\x1b[31m"])
def test_names_are_shown_as_they_are(name, capsys):
    followed(why=True, step=name)
    assert name.replace("\x1b", "\\x1b") in capsys.readouterr().out


def test_closing_twice_is_no_harm():
    progress = TerminalProgress()
    progress.started("train")
    progress.close()
    progress.close()
    progress.finished("train", seconds=0.1, why="", recalled=False)
