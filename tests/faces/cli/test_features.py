"""The catalogue says what the model sees, and what was left out and why."""

from __future__ import annotations


def test_features_are_listed_with_where_they_come_from(ran, give):
    out = give("features", "--project", ran).out
    assert "5 features" in out
    lines = {line.split()[0]: line for line in out.splitlines() if line.strip()}
    assert "categorical   column" in lines["payment"]
    assert "fare, miles" in lines["fare_per_mile"]
    assert "Fare per mile driven." in lines["fare_per_mile"]
    assert "left out: id: is the key" in out


def test_names_and_descriptions_are_shown_as_they_are(copied, give):
    path = copied / "features.py"
    text = path.read_text().replace("Fare per mile driven.", "[red]Fare[/] [per mile].")
    path.write_text(text.replace("miles + 1", "1 + miles"))
    give("run", "--project", copied)
    assert "[red]Fare[/] [per mile]." in give("features", "--project", copied).out


def test_as_data_it_is_the_record(ran, give):
    told = give("features", "--project", ran, "--json").json
    assert told["kind"] == "feature_set"
    assert [item["name"] for item in told["features"]] == ["miles", "fare", "payment", "fare_per_mile", "is_far"]


def test_before_the_first_run_there_are_none(folder, give):
    assert "has no features yet. Run `loopwright run`." in give("features", "--project", folder, code=1).err
