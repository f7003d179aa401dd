"""What commands say is shown as it is: brackets, control characters and colons of data have no power."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from loopwright.faces.cli.console import as_data, console, emit, plain, printable, say, short, table, verdict
from loopwright.records import Schema

ODD = ["[red]x", "[/]", "[bold", "\\[a]", "a\\", ":taxi:", "[link=https://example.org]x[/link]", "{x} %s", "ü🚕"]


def shown(markup: str) -> str:
    """Return what a wide console without colours makes of a text with markup."""
    out = io.StringIO()
    Console(file=out, width=10_000, emoji=False, highlight=False).print(markup)
    return out.getvalue().removesuffix("\n")


@pytest.mark.parametrize("text", ODD)
def test_odd_texts_are_shown_as_they_are(text, capsys):
    say(f"[bold]{plain(text)}[/]|")
    assert capsys.readouterr().out == f"{text}|\n"


@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Zl", "Zp")), max_size=20))
def test_any_text_that_can_be_printed_comes_through(text):
    assert shown(f"[bold]{plain(text)}[/]") == text


@given(st.text(max_size=20))
def test_any_text_at_all_can_be_encoded(text):
    assert shown(f"[dim]{plain(text)}[/]|").encode().endswith(b"|")


@pytest.mark.parametrize(
    ("text", "written"),
    [("\x1b[31mred", "\\x1b[31mred"), ("a\0b", "a\\x00b"), ("\ud800", "\\ud800"), ("a\tb\n", "a\tb\n")],
)
def test_what_would_steer_the_terminal_is_written_out(text, written):
    assert printable(text) == written


def test_cells_of_a_table_are_shown_as_they_are_unless_marked(capsys):
    table("title", ("a", "b"), [("[red]x", "[red]y[/]"), ("[/]", verdict(passed=True))], marked=(1,), right=(0,))
    out = capsys.readouterr().out
    assert "[red]x   y" in out
    assert "   [/]   ✓ yes" in out


def test_a_title_may_be_missing_and_a_table_empty(capsys):
    table("", ("a",), [])
    assert capsys.readouterr().out.split() == ["a", "─"]


def test_prose_goes_over_several_lines_where_other_cells_are_cut(capsys):
    table("", ("short", "prose"), [("x" * 300, "word " * 60)], prose=(1,))
    out = capsys.readouterr().out
    assert "…" in out
    assert out.count("word") == 60
    assert max(map(len, out.splitlines())) <= 200


def test_a_pipe_is_as_wide_as_lines_need():
    assert console().width == 200


def test_json_is_ordered_and_whole(capsys):
    emit({"b": (1, None), "a": "ü"})
    out = capsys.readouterr().out
    assert json.loads(out) == {"b": [1, None], "a": "ü"}
    assert out.index('"a"') < out.index('"b"')


def test_a_record_as_data_says_its_kind_and_digest():
    schema = Schema(columns=())
    data = as_data(schema)
    assert (data["kind"], data["digest"]) == ("schema", schema.digest)
    assert list(data["environments"]) == ["training", "serving"]


def test_a_digest_is_shown_short():
    assert short("0123456789abcdef") == "0123456789ab"


@pytest.mark.parametrize(("passed", "word"), [(True, "yes"), (False, "no"), (None, "unknown")])
def test_a_verdict_has_a_sign_and_a_word(passed, word):
    assert shown(verdict(passed))[2:] == word
