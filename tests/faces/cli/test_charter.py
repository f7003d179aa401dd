"""The charter is shown as it was written, and editors get their schema."""

from __future__ import annotations

import json

from loopwright.projectschema import json_schema


def test_the_charter_is_shown_with_its_targets(ran, give):
    out = give("charter", "show", "--project", ran).out
    assert "fares (binary)" in out
    assert "decision: Which [trips] to [red]offer[/red] first [/]" in out
    assert "without ML: heuristics:card   impact 3 x feasibility 3" in out
    assert "1 roc_auc" in out
    assert "log_loss <= 0.69" in out


def test_what_was_not_said_is_told(folder, give):
    path = folder / "loopwright.toml"
    kept = [line for line in path.read_text().splitlines() if not line.startswith(("decision", "without_ml"))]
    path.write_text("\n".join(kept))
    out = give("charter", "show", "--project", folder).out
    assert "decision: not said" in out
    assert "without ML: not said" in out


def test_the_charter_as_data_is_the_record(ran, give):
    told = give("charter", "show", "--project", ran, "--json").json
    assert (told["kind"], told["project"], told["optimize"]) == ("charter", "fares", {"roc_auc": 1.0})


def test_the_schema_for_editors_is_printed_or_written(tmp_path, give):
    assert json.loads(give("charter", "schema").out) == json_schema()
    path = tmp_path / "[red]schema.json"
    assert "[red]schema.json" in give("charter", "schema", "--output", path).out.replace("\n", "")
    assert json.loads(path.read_text()) == json_schema()


def test_the_room_without_a_word_shows_its_commands(give):
    answer = give("charter", code=2)
    assert "show" in answer.out + answer.err
    assert "schema" in answer.out + answer.err
