"""What does not go together in a project file is found without looking at the data."""

from __future__ import annotations

from textwrap import dedent

import pytest

from loopwright.errors import ProjectFileError
from loopwright.projectchecks import findings, is_database
from loopwright.projectfile import parse
from loopwright.settings import DataSettings, FeatureSettings, SplitSettings

SMALL = dedent("""\
    [project]
    name = "churn"
    [charter]
    task = "binary"
    [targets]
    optimize = "roc_auc"
    [data]
    source = "churn.csv"
    label = "left"
""")


def complaints(text: str) -> list[str]:
    """Return the lines of the error that a text raises."""
    with pytest.raises(ProjectFileError) as caught:
        parse(text, file="loopwright.toml")
    return str(caught.value).splitlines()


def complaint(text: str) -> str:
    (only,) = complaints(text)
    return only


def small(*, without: str = "", **more: str) -> str:
    """Return the small file with keys added to sections."""
    text = "\n".join(line for line in SMALL.splitlines() if line != without) + "\n"
    for section, lines in more.items():
        header = f"[{section}]\n"
        text = text.replace(header, f"{header}{lines}\n") if header in text else f"{text}{header}{lines}\n"
    return text


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"split": "validation = 0.5\ntest = 0.5"},
            "[split] test = 0.5: validation + test = 0.5 + 0.5 leaves no rows",
        ),
        (
            {"split": 'by = "time"'},
            '[split] by = "time": needs to know the column; add time = "..." to [data]',
        ),
        (
            {"split": 'by = "group"'},
            '[split] by = "group": needs to know the column; add group = "..." to [data]',
        ),
        (
            {"split": 'test_from = "2015-01-01"'},
            '[split] test_from = "2015-01-01": is used only with by = "time"',
        ),
        (
            {"split": 'by = "time"\ntest_from = "1 May"', "data": 'time = "t"'},
            '[split] test_from = "1 May": expected an ISO 8601 date',
        ),
        (
            {
                "split": 'by = "time"\ntest_from = "2015-01-01"\nvalidation_from = "2015-01-01"',
                "data": 'time = "t"',
            },
            '[split] validation_from = "2015-01-01": must be before test_from = "2015-01-01"',
        ),
        (
            {
                "split": 'by = "time"\ntest_from = "2015-01-01T00:00Z"\nvalidation_from = "2014-01-01"',
                "data": 'time = "t"',
            },
            '[split] test_from = "2015-01-01T00:00Z": one date has a time zone',
        ),
        (
            {"data": 'query = "SELECT 1"'},
            '[data] query = "SELECT 1": is used only if source is a database URL',
        ),
        ({"data": 'known_after = ["a", "left"]'}, '[data] known_after no. 2 = "left": this is the label'),
        ({"features": 'exclude = ["left"]'}, '[features] exclude no. 1 = "left": this is the label'),
        ({"features": 'include = ["left"]'}, '[features] include no. 1 = "left": this is the label'),
        ({"data": 'privacy.redact = ["left"]'}, '[data] privacy.redact no. 1 = "left": this is the label'),
        ({"data": 'key = "left"'}, '[data] key = "left": this is the label; expected another column'),
        ({"data": 'key = "id"\nprivacy.redact = ["id"]'}, '[data] key = "id": the column is dropped'),
        (
            {"targets": 'satisfice.recall = "=> 0.6"'},
            '[targets] satisfice.recall = "=> 0.6": expected a comparison with a number, such as',
        ),
        (
            {"targets": 'satisfice.recall = ">= 60"'},
            '[targets] satisfice.recall = ">= 60": recall is never above 1; expected a smaller number',
        ),
        (
            {"targets": 'satisfice.log_loss = "< -1"'},
            '[targets] satisfice.log_loss = "< -1": log_loss is never below 0; expected a larger number',
        ),
        (
            {"targets": 'satisfice.log_loss = "< 1e999"'},
            '[targets] satisfice.log_loss = "< 1e999": expected a comparison with a number',
        ),
        (
            {"targets": 'satisfice."recall@" = "> 0.1"'},
            '[targets] satisfice."recall@" = "> 0.1": a column must follow the @',
        ),
        (
            {"targets": 'satisfice."latency_p50_ms@city" = "< 3"'},
            '[targets] satisfice."latency_p50_ms@city" = "< 3": latency_p50_ms is measured for the whole',
        ),
        (
            {"targets": 'satisfice.rmse = "< 3"'},
            '[targets] satisfice.rmse = "< 3": rmse is no metric of the task "binary"; expected one of',
        ),
        (
            {"targets": 'satisfice.recal = "> 0.3"'},
            '[targets] satisfice.recal = "> 0.3": unknown metric "recal"; expected one of accuracy',
        ),
    ],
)
def test_what_does_not_go_together_is_found_without_data(more, message):
    assert complaint(small(**more)).split(": ", 1)[1].startswith(message)


def test_a_database_needs_a_query():
    text = SMALL.replace("churn.csv", "sqlite:///churn.db")
    assert complaint(text).endswith('a database needs a query; add query = "SELECT ..." to [data]')
    assert parse(text + 'query = "SELECT 1"', file="loopwright.toml").data.query == "SELECT 1"


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        ("'rmse'", 'optimize = "rmse": rmse is no metric of the task "binary"; expected one of'),
        ("'roc_auk'", 'optimize = "roc_auk": unknown metric; expected one of'),
        ("{ roc_auc = 1, mae = 2 }", "optimize.mae = 2: mae is no metric of the task"),
        ("{}", "optimize = {}: expected at least one metric with its weight"),
        ("{ f1 = 0 }", "optimize.f1 = 0: a weight of 0 changes nothing"),
        ("'latency_p99_ms'", 'optimize = "latency_p99_ms": unknown metric; expected one of'),
    ],
)
def test_the_optimized_metric_must_suit_the_task(metric, message):
    assert f"[targets] {message}" in complaint(SMALL.replace('"roc_auc"', metric))


def test_the_nearest_metric_of_the_task_is_suggested():
    assert complaint(SMALL.replace("roc_auc", "roc_auk")).endswith('(did you mean "roc_auc"?)')


def test_a_positive_class_is_for_binary_tasks_only():
    text = SMALL.replace("binary", "regression").replace('"roc_auc"', '"mae"\npositive = 1')
    assert complaint(text).endswith('positive = 1: is used only with task = "binary", and it is "regression"')


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("search.x = { low = 2, high = 1 }", "search.x = { low = 2, high = 1 }: low must be below high"),
        ("search.x = { low = 0, high = 1, log = true }", "low must be above 0 with log = true, and it is 0"),
        ("search.x = []", "search.x = []: expected at least one choice"),
        ("params.x = 1\nsearch.x = [1]", "search.x = [1]: the parameter is fixed in params"),
        (
            'name = "a"\n[[candidates]]\nestimator = "a.C"\nname = "a"',
            'no. 2, name = "a": an earlier candidate',
        ),
    ],
)
def test_candidates_must_make_sense(lines, message):
    assert message in complaint(SMALL + f'[[candidates]]\nestimator = "a.B"\n{lines}\n')


def test_a_wrong_limit_does_not_hide_the_next():
    found = complaints(small(targets='satisfice.recall = 3\nsatisfice.f1 = "about 3"'))
    assert [line.split(":")[1] for line in found] == ["6", "7"]


def test_what_could_not_be_read_is_not_checked_further():
    data = DataSettings(source="churn.csv", label="left")
    assert list(findings({"split": SplitSettings(by="time")})) == []
    assert [path for path, _ in findings({"split": SplitSettings(by="time"), "data": data})] == [("split", "by")]


def test_every_list_that_holds_the_label_is_named_with_its_place():
    data = DataSettings(source="churn.csv", label="left", known_after=("paid", "left"))
    features = FeatureSettings(include=("left",), exclude=("left",))
    found = [path for path, _ in findings({"data": data, "features": features})]
    assert found == [("data", "known_after", 1), ("features", "exclude", 0), ("features", "include", 0)]


def test_database_urls_are_told_from_files():
    assert is_database("sqlite:///a.db")
    assert is_database("PostgreSQL://host/db")
    assert not is_database("gs://bucket/*.parquet")
    assert not is_database("postgresql.csv")
