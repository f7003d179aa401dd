"""Init, run and status say what was done and what comes next, and data cannot speak in their place."""

from __future__ import annotations

import json
import re
import shutil

from loopwright.projectfile import parse

# -- init --------------------------------------------------------------------------------------------------


def test_a_project_is_made_that_says_what_was_found(folder, tmp_path, monkeypatch, give):
    monkeypatch.chdir(tmp_path)
    answer = give("init", "tips", "--data", folder / "trips.csv", "--label", "tipped", "--key", "id")
    assert answer.out.startswith("✓ project in tips\n")
    assert answer.out.count("  • ") >= 3
    assert "and loopwright run" in answer.out
    settings = parse((tmp_path / "tips" / "loopwright.toml").read_text(), file="loopwright.toml")
    assert (settings.project.name, settings.data.label, settings.data.key) == ("tips", "tipped", "id")


def test_options_go_into_the_project_file(folder, tmp_path, monkeypatch, give):
    monkeypatch.chdir(tmp_path)
    made = give(
        "init", "[red]/new", "-d", folder / "trips.csv", "-l", "tipped", "--known-after", "fare", "--positive", "0",
        "--known-after", "id", "--group", "payment", "--delimiter", ",", "--json",
    ).json
    assert made["folder"] == "[red]/new"
    assert "loopwright.toml" in made["files"]
    settings = parse((tmp_path / "[red]" / "new" / "loopwright.toml").read_text(), file="loopwright.toml")
    assert settings.data.known_after == ("fare", "id")
    assert (settings.data.group, settings.data.delimiter, str(settings.targets.positive)) == ("payment", ",", "0")


def test_a_folder_that_holds_something_is_left_as_it_is(folder, tmp_path, monkeypatch, give):
    monkeypatch.chdir(tmp_path)
    before = sorted(folder.iterdir())
    assert "fares" in give("init", "fares", "-d", folder / "trips.csv", "-l", "tipped", code=1).err
    assert sorted(folder.iterdir()) == before


def test_the_folder_is_shown_as_it_is_called(folder, tmp_path, monkeypatch, give):
    monkeypatch.chdir(tmp_path)
    out = give("init", "[red]/new", "-d", folder / "trips.csv", "-l", "tipped").out
    assert "✓ project in [red]/new\n" in out
    assert "cd [red]/new and loopwright run" in out


def test_data_that_are_not_there_are_told_with_the_nearest(folder, tmp_path, monkeypatch, give):
    monkeypatch.chdir(folder)
    answer = give("init", tmp_path / "new", "--data", "trip.csv", "--label", "tipped", code=1)
    assert answer.err.startswith("error: ")
    assert "trips.csv" in answer.err
    assert not (tmp_path / "new").exists()


# -- run ---------------------------------------------------------------------------------------------------


def test_a_run_as_json_tells_model_gate_and_every_step(said):
    told = json.loads(said("first"))
    assert (told["champion"], told["promoted"], told["gate"]["passed"]) == (True, True, True)
    assert told["model"]["number"] == 1
    assert told["dataset"]["quarantined"] == 1
    assert told["anomalies"] == []
    steps = {item["step"]: item for item in told["steps"]}
    assert {"ingest", "train [/]line #1", "judge"} <= set(steps)
    assert not any(item["recalled"] for item in steps.values())
    assert steps["ingest"]["why"] == "it never ran before"


def test_a_run_for_people_says_why_each_step_ran(said):
    lines = said("second").splitlines()
    assert any(line.startswith("= ingest ") and line.endswith("up to date: nothing changed") for line in lines)
    assert any(line.startswith("✓ review ") and line.endswith("ran: input file changed") for line in lines)
    # Another limit is no reason to fit anything anew.
    assert any(line.startswith("= search [/]line ") for line in lines)
    assert not any(line.startswith("✓ train ") for line in lines)


def test_the_summary_tells_quarantine_anomalies_refusal_and_reports(said, ran):
    text = said("second")
    assert re.search(r"\d+ steps ran, \d\d were up to date", text)
    assert "! 1 of 601 rows could not be read; loopwright data quarantine shows them" in text
    assert "! payment (train): " in text
    assert "'[red]x' (108)" in text
    assert "model v2 (LogisticRegression, onnx)" in text
    assert "gate: ✗ no" in text
    assert "but <= 0.1 is demanded" in text
    assert "id=t" in text
    assert str(ran / "reports" / "model_card.html") in text.replace("\n", "")
    assert (ran / "reports" / "model_card.html").is_file()
    assert (ran / "reports" / "datasheet.html").is_file()


def test_a_run_with_nothing_to_do_says_so_and_writes_no_report(copied, give):
    shutil.rmtree(copied / "reports")
    answer = give("run", "--project", copied)
    steps = len(give("run", "--project", copied, "--json").json["steps"])
    # The schema was changed after this configuration last ran, so that it was validated anew.
    again = give("run", "--project", copied)
    assert again.out.splitlines() == [
        f"= nothing changed: {steps} steps are up to date", "model v1 (LogisticRegression) is champion",
    ]
    assert "steps ran" in answer.out
    shutil.rmtree(copied / "reports")
    give("run", "--project", copied)
    assert not (copied / "reports").exists()


def test_a_refused_model_is_refused_again_with_the_way_to_the_reason(copied, give):
    answer = give("run", "--project", copied, "--config", copied / "strict.toml", code=20)
    assert answer.out.splitlines()[1] == (
        "model v2 (LogisticRegression) did not pass its gate; `loopwright gate` says why"
    )


def test_a_project_file_that_is_wrong_stops_before_anything(copied, give):
    path = copied / "loopwright.toml"
    path.write_text(path.read_text().replace("rounds = 1", "round = 1"))
    answer = give("run", "--project", copied, code=1)
    assert answer.out == ""
    assert answer.err.startswith("error: loopwright.toml:")
    assert 'did you mean "rounds"?' in answer.err


# -- status ------------------------------------------------------------------------------------------------


def test_status_tells_each_room_and_what_comes_next(ran, give):
    answer = give("status", "--project", ran)
    for room in ("charter", "data", "labels", "features", "training", "evaluation", "registry"):
        assert f"\n {room} " in answer.out
    assert "Next: " in answer.out
    assert "'[red]x'" in answer.out
    told = give("status", "--project", ran, "--json").json
    assert told["name"] == "fares"
    assert [room["name"] for room in told["rooms"]][:2] == ["charter", "data"]
    assert told["next"]["command"] == "loopwright run"


def test_status_of_a_project_that_never_ran_points_to_the_first_run(folder, give):
    answer = give("status", "--project", folder)
    assert "Carry the project round the loop for the first time." in answer.out
