"""Rows, their statistics, and what is wrong with them can be looked at, values as they are."""

from __future__ import annotations

import csv


def test_versions_are_listed_and_a_split_is_none_of_them(ran, give):
    out = give("data", "versions", "--project", ran).out
    assert " v1 " in out
    assert "trips.csv" in out
    assert "split of" not in out
    (version,) = give("data", "versions", "--project", ran, "--json").json
    assert (version["number"], version["table"]["rows"], version["quarantined"]) == (1, 600, 1)


def test_statistics_are_of_one_part(ran, give):
    train = give("data", "statistics", "--project", ran, "--json").json
    test = give("data", "statistics", "--part", "test", "--project", ran, "--json").json
    assert (train["part"], test["part"]) == ("train", "test")
    assert train["rows"] > test["rows"] > 0
    out = give("data", "statistics", "--project", ran).out
    assert f"train: {train['rows']} rows" in out
    assert [line.split()[0] for line in out.splitlines()[4:9]] == ["id", "miles", "fare", "payment", "tipped"]


def test_a_part_that_is_not_there_is_told_with_those_that_are(ran, give):
    answer = give("data", "statistics", "--part", "dev", "--project", ran, code=1)
    assert "no part 'dev'; there are train, validation, test" in answer.err


def test_anomalies_are_shown_with_rows_and_values_as_they_are(ran, give):
    out = give("data", "anomalies", "--project", ran).out
    assert "error payment (train): " in out
    assert ": [red]x" in out
    told = give("data", "anomalies", "--project", ran, "--json").json
    assert {item["part"] for item in told} == {"train", "validation", "test"}
    assert {example["value"] for item in told for example in item["examples"]} == {"[red]x"}


def test_data_that_fit_are_told_so(copied, give):
    path = copied / "schema.toml"
    path.write_text(path.read_text().replace('"cheque"', '"[red]x"'))
    give("run", "--project", copied)
    assert "✓ the newest dataset version fits its schema" in give("data", "anomalies", "--project", copied).out
    assert give("data", "anomalies", "--project", copied, "--json").json == []


def test_rows_from_elsewhere_are_compared_and_refused_if_they_do_not_fit(copied, tmp_path, give):
    path = tmp_path / "new.csv"
    path.write_text("id,miles,fare,payment\n[/]n1,1.5,6.0,card\nn2,2.0,7.0,\n")
    assert "✓ 2 rows fit the schema" in give("data", "check", path, "--project", copied).out
    path.write_text("id,miles,fare,payment\n[/]n1,1.5,6.0,[red]gold\n")
    answer = give("data", "check", path, "--project", copied, code=20)
    assert "[red]gold" in answer.out
    assert "[/]n1" in answer.out


def test_rows_that_could_not_be_read_are_shown_or_written(ran, tmp_path, give):
    out = give("data", "quarantine", "--project", ran).out
    assert "602" in out
    assert "[/]broken,[bold]" in out
    (row,) = give("data", "quarantine", "--project", ran, "--json").json
    assert (row["line"], row["raw"]) == (602, "[/]broken,[bold]")
    path = tmp_path / "[red]bad.csv"
    assert "1 rows in " in give("data", "quarantine", "--output", path, "--project", ran).out
    assert [line["raw"] for line in csv.DictReader(path.read_text().splitlines())] == ["[/]broken,[bold]"]


def test_before_the_first_run_each_says_what_to_do(folder, give):
    for words in (("data", "statistics"), ("data", "anomalies"), ("data", "quarantine")):
        assert "has not been run yet. Run `loopwright run`." in give(*words, "--project", folder, code=1).err
    assert give("data", "versions", "--project", folder, "--json").json == []
