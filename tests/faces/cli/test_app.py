"""The command ``loopwright``: every command is there, every answer is data on demand, every mistake a sentence."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import typer
from typer.testing import CliRunner

from loopwright import __version__
from loopwright.errors import ProjectNotFound
from loopwright.faces.cli.app import app, main

RUNNER = CliRunner()


def commands(group: object = None, path: tuple[str, ...] = ()) -> dict[str, object]:
    """Return every command that can be given, by its words."""
    group = group or typer.main.get_command(app)
    found = {}
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            found |= commands(command, (*path, name))
        if not hasattr(command, "commands") or command.invoke_without_command:
            found[" ".join((*path, name))] = command
    return found


# What each command needs besides the project; None where it answers with a file, a server or a demo.
WORDS: dict[str, list[str] | None] = {
    "init": ["{tmp}/new", "--data", "{ran}/trips.csv", "--label", "tipped"],
    "run": [], "status": [], "charter show": [], "data versions": [], "data statistics": [], "data anomalies": [],
    "data check": ["{ran}/trips.csv"], "data quarantine": [], "features": [], "runs": [], "gate": [], "score": [],
    "attest": ["D5", "--note", "Was reviewed."], "registry": [], "registry at": ["2099-01-01"],
    "registry history": [], "lineage": ["champion"],
    "predict": ["--input", "{ran}/trips.csv", "--output", "{tmp}/said.csv"],
    "activity": [],
    "charter schema": None, "card": None, "datasheet": None, "dashboard": None, "demo": None, "registry promote": None,
    "registry withdraw": None,
    "release": [], "alerts": [], "consumers list": [], "users list": [], "touched": ["t1"],
    "consumers add": ["app", "--owner", "us", "--purpose", "To try it."], "outcomes": ["{ran}/trips.csv"],
    "serve": None, "docker": None, "consumers revoke": None, "users add": None, "users remove": None,
    "alerts show": None, "alerts ack": None, "alerts silence": None,
}

# Commands that answer in JSON once something serves; the stories of the live half give them.
LIVE = {
    "watch", "retrain", "passport", "drill", "rollback", "release start", "release promote", "release reject",
    "release approve",
}


def test_this_list_of_commands_is_whole():
    assert set(commands()) == set(WORDS) | LIVE
    without = {words for words, command in commands().items() if "--json" not in options(command)}
    assert without == {words for words, needs in WORDS.items() if needs is None}


def options(command) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}


@pytest.mark.parametrize("words", [words for words, needs in WORDS.items() if needs is not None])
def test_every_command_answers_in_json_and_nothing_else(words, copied, tmp_path):
    needs = [word.format(ran=copied, tmp=tmp_path) for word in WORDS[words]]
    project = [] if words == "init" else ["--project", str(copied)]
    answer = RUNNER.invoke(app, [*words.split(), *needs, *project, "--json"])
    assert answer.exit_code in (0, 20), answer.output
    assert json.loads(answer.stdout) is not None
    assert answer.stderr == ""


def test_every_command_and_option_is_explained():
    unexplained = [words for words, command in commands().items() if not command.help]
    unexplained += [
        f"{words} {parameter.name}"
        for words, command in commands().items()
        for parameter in command.params
        if not getattr(parameter, "help", None) and parameter.name != "help"
    ]
    assert unexplained == []


def test_help_can_be_asked_for_in_two_ways():
    said = [RUNNER.invoke(app, ["registry", "at", option]).stdout for option in ("--help", "-h")]
    assert "Say what every alias meant at a time" in said[0]
    assert said[0] == said[1]


def test_without_a_word_the_help_is_shown():
    answer = RUNNER.invoke(app, [])
    assert "Carry a machine-learning project round its production loop" in answer.output


def test_the_version_is_told():
    assert RUNNER.invoke(app, ["--version"]).stdout == f"loopwright {__version__}\n"


def test_a_command_that_does_not_exist_is_wrong_usage():
    answer = RUNNER.invoke(app, ["rnu"])
    assert answer.exit_code == 2
    assert "rnu" in answer.output


# -- mistakes ----------------------------------------------------------------------------------------------


def test_a_mistake_is_a_sentence_without_a_traceback(tmp_path, give):
    answer = give("status", "--project", tmp_path, code=1)
    assert answer.out == ""
    assert answer.err.startswith("error: there is no loopwright.toml in ")


def test_whoever_debugs_sees_where_it_was_raised(tmp_path, monkeypatch):
    monkeypatch.setenv("LOOPWRIGHT_DEBUG", "1")
    monkeypatch.setattr(sys, "argv", ["loopwright", "status", "--project", str(tmp_path)])
    with pytest.raises(ProjectNotFound):
        main()


def test_text_that_no_terminal_can_show_is_written_out(tmp_path, give):
    answer = give("lineage", "\ud800[/]", "--project", tmp_path, code=1)
    assert answer.err.startswith("error: ")


def test_it_runs_as_a_module_too():
    done = subprocess.run([sys.executable, "-m", "loopwright", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"loopwright {__version__}\n"
