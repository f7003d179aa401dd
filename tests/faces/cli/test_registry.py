"""Models, their aliases and their origins are told; a model that did not pass cannot be made champion."""

from __future__ import annotations

import csv


def test_models_are_listed_with_alias_and_gate(ran, give):
    lines = give("registry", "--project", ran).out.splitlines()
    first, second = (next(line for line in lines if line.startswith(f" {name} ")) for name in ("v1", "v2"))
    assert first.split()[1:5] == ["champion", "LogisticRegression", "onnx", "passed"]
    assert second.split()[1:4] == ["LogisticRegression", "onnx", "refused"]
    assert [item["number"] for item in give("registry", "--project", ran, "--json").json] == [1, 2]


def test_what_an_alias_meant_at_a_time_is_told(ran, give):
    out = give("registry", "at", "2099-01-01", "--project", ran).out
    assert "champion was v1 (" in out
    assert "passed gate" in out
    assert "no alias meant anything at 2001-01-01" in give("registry", "at", "2001-01-01", "--project", ran).out
    assert give("registry", "at", "2001-01-01", "--project", ran, "--json").json == []
    answer = give("registry", "at", "tomorrow", "--project", ran, code=1)
    assert "'tomorrow' is no day or time; write 2026-05-03" in answer.err


def test_the_history_says_who_changed_what_and_why(ran, give):
    (change,) = give("registry", "history", "--project", ran, "--json").json
    assert (change["alias"], change["target"]["kind"]) == ("champion", "model")
    out = give("registry", "history", "--project", ran).out
    assert change["by"] in out
    assert " v1 " in out


def test_the_champion_may_be_promoted_again_and_a_refused_model_may_not(copied, give):
    assert "✓ v1 is champion already" in give("registry", "promote", "v1", "--why", "again", "--project", copied).out
    answer = give("registry", "promote", "v2", "--why", "I like it", "--project", copied, code=1)
    assert "v2 did not pass its gate" in answer.err
    answer = give("registry", "promote", "trips.csv", "--why", "?", "--project", copied, code=1)
    assert "'trips.csv' is a file, not a model. `loopwright registry` lists the models." in answer.err


def test_a_withdrawn_champion_stays_withdrawn_until_somebody_promotes_it(copied, give):
    out = give("registry", "withdraw", "--why", "It [red]leaked[/].", "--project", copied).out
    assert "✓ v1 is withdrawn" in out
    assert "no champion to withdraw" in give("registry", "withdraw", "--why", "?", "--project", copied, code=1).err
    assert "It [red]leaked[/]." in give("registry", "history", "--project", copied).out
    assert "champion" not in give("registry", "--project", copied).out
    assert give("registry", "at", "2099-01-01", "--project", copied, "--json").json == []
    assert "✓ v1 is champion" in give("registry", "promote", "v1", "--why", "Sorry.", "--project", copied).out
    assert "champion" in give("registry", "--project", copied).out


def test_a_model_leads_back_to_its_files(ran, give):
    out = give("lineage", "champion", "--project", ran).out
    assert "model " in out.splitlines()[0]
    assert "trips.csv" in out
    assert "features.py: function `fare_per_mile`" in out
    assert "(see above)" in out
    refs = give("lineage", "v1", "--project", ran, "--json").json
    assert refs[0]["kind"] == "model"
    assert {"file", "code", "dataset_version"} <= {ref["kind"] for ref in refs}


def test_a_file_leads_forward_and_evidence_is_counted(ran, give):
    out = give("lineage", "trips.csv", "--project", ran).out
    assert "pieces of evidence" in out
    kinds = {ref["kind"] for ref in give("lineage", "trips.csv", "--project", ran, "--json").json}
    assert {"model", "gate", "evidence"} <= kinds
    forward = give("lineage", "v1", "--forward", "--project", ran, "--json").json
    assert {"gate", "evidence"} <= {ref["kind"] for ref in forward}


def test_what_nobody_knows_has_no_lineage(ran, give):
    assert "begins with 'ffff'" in give("lineage", "ffff", "--project", ran, code=1).err


def test_a_file_is_predicted_and_what_cannot_be_read_is_kept_apart(copied, tmp_path, give):
    source, output = tmp_path / "new.csv", tmp_path / "[red]said.csv"
    source.write_text("id,miles,fare,payment\n[/]n1,1.5,6.0,[red]gold\nn2,2.0\n")
    out = give("predict", "--input", source, "--output", output, "--project", copied).out
    assert "✓ 1 predictions of v1 in " in out
    assert "[red]said.csv" in out.replace("\n", "")
    assert "'[red]gold'" in out
    assert "1 rows could not be read" in out
    (row,) = csv.DictReader(output.read_text().splitlines())
    assert (row["id"], row["payment"], row["model"]) == ("[/]n1", "[red]gold", "v1")
    told = give("predict", "-i", source, "-o", output, "--model", "v2", "--project", copied, "--json").json
    assert (told["rows"], told["model"], told["quarantined"]) == (1, 2, 1)


def test_without_a_champion_there_is_nothing_to_predict_with(folder, tmp_path, give):
    words = ("predict", "--input", folder / "trips.csv", "--output", tmp_path / "said.csv", "--project", folder)
    assert "no champion yet" in give(*words, code=1).err
    assert not (tmp_path / "said.csv").exists()
