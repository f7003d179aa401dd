"""Data that differ from the reviewed schema stop a run with exit code 20, unless the project file says to warn."""


def test_an_unknown_category_is_named_with_example_rows(finished, more_trips):
    finished.append("trips.csv", more_trips(500, 600).replace("cash", "cheque"))
    message = finished.refuses("run", code=20)
    assert "do not fit schema.toml" in message
    assert "payment" in message
    assert "cheque" in message
    assert "Mend the data, or change schema.toml" in message
    shown = finished.give("data", "anomalies", "--json").json
    errors = [item for item in shown if item["column"] == "payment"]
    assert errors[0]["examples"][0]["value"] == "cheque"
    assert errors[0]["examples"][0]["key"].startswith("t")


def test_no_model_is_trained_on_them(finished, more_trips):
    finished.append("trips.csv", more_trips(500, 600).replace("cash", "cheque"))
    finished.refuses("run", code=20)
    assert len(finished.give("registry", "--json").json) == 1
    assert finished.give("activity", "--json").json[-1]["exit_code"] == 20


def test_a_column_that_is_gone_is_named(finished):
    rows = (finished.folder / "trips.csv").read_text().splitlines()
    finished.edit("features.py", "fare / (miles + 1)", "miles")
    finished.edit("features.py", "fare: pl.Expr, ", "")
    kept = [[field for at, field in enumerate(row.split(",")) if at != 2] for row in rows]
    finished.write("trips.csv", "".join(",".join(fields) + "\n" for fields in kept))
    message = finished.refuses("run", code=20)
    assert "fare" in message


def test_an_agreed_change_of_the_schema_lets_them_pass(finished, more_trips):
    finished.append("trips.csv", more_trips(500, 600).replace("cash", "cheque"))
    finished.refuses("run", code=20)
    finished.edit("schema.toml", '["card", "cash"]', '["card", "cash", "cheque"]')
    assert finished.run(code=None).code in {0, 20}
    assert finished.give("data", "anomalies", "--json").json == []
    assert len(finished.give("registry", "--json").json) == 2


def test_warnings_let_the_run_go_on_and_are_told(finished, more_trips):
    finished.edit("loopwright.toml", 'key = "id"', 'key = "id"\non_anomaly = "warn"')
    finished.append("trips.csv", more_trips(500, 600).replace("cash", "cheque"))
    answer = finished.give("run")
    assert answer.code in {0, 20}
    assert "! payment" in answer.out
    assert len(finished.give("registry", "--json").json) == 2


def test_an_anomaly_of_severity_warning_stops_nothing(finished, more_trips):
    finished.edit("schema.toml", "[columns.payment]", '[columns.payment]\nseverity = "warning"')
    finished.append("trips.csv", more_trips(500, 600).replace("cash", "cheque"))
    answer = finished.run(code=None)
    assert [item["severity"] for item in answer.json["anomalies"]] == ["warning"] * len(answer.json["anomalies"])
    assert answer.json["anomalies"]


def test_a_schema_file_with_a_mistake_is_told_with_its_line(finished):
    finished.edit("schema.toml", "\nmin_fraction", "\nmin_fractoin")
    message = finished.refuses()
    assert "schema.toml:" in message
    assert "min_fraction" in message


def test_a_schema_file_that_is_not_utf8_is_named(finished):
    finished.write("schema.toml", b"\xff\xfe")
    assert "schema.toml is not UTF-8" in finished.refuses()
