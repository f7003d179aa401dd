"""The project file is read strictly, and its errors say where, what and what instead."""

from __future__ import annotations

import json
import tomllib
from dataclasses import fields, is_dataclass
from textwrap import dedent
from typing import get_type_hints

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from loopwright.errors import ProjectFileError
from loopwright.projectfile import overlay, parse
from loopwright.projectschema import json_schema
from loopwright.settings import Range, Settings, SplitSettings

FULL = dedent("""\
    [project]
    name = "taxi-tips"
    description = "Which trips tip well."

    [charter]                       # why
    decision = "Which trips to offer first"
    task = "binary"
    without_ml = "heuristics:card_long_trip"
    impact = 4
    risks = ["Cash trips have no tip.",
             "Drivers may feel watched."]

    [targets]
    optimize = { roc_auc = 0.7, average_precision = 0.3 }
    threshold = "f1"
    positive = true
    slices = ["payment_type"]
    [targets.satisfice]
    log_loss = "<= 0.35"
    "recall@payment_type" = ">= 0.6"
    "f0.5" = "> .5"
    latency_p99_ms = "< 2e1"

    [data]
    source = "postgresql://host/trips"
    query = '''
    SELECT *
    FROM trips
    '''
    label = "features:big_tip"
    key = "trip_id"
    time = "trip_start"
    known_after = ["tips"]
    [data.privacy]
    redact = ["driver_name"]

    [features]
    exclude = ["company"]

    [split]
    by = "time"
    validation_from = "2015-01-01"
    test_from = "2015-07-01T00:00:00"

    [[candidates]]
    estimator = "sklearn.ensemble.HistGradientBoostingClassifier"
    params = { early_stopping = true }
    [candidates.search]
    learning_rate = { low = 0.01, high = 1, log = true }
    max_depth = [3, 5, "none"]

    [[candidates]]
    estimator = "sklearn.linear_model.LogisticRegression"
    name = "linear"

    [training]
    trials = 24
    keep = 1

    [evidence]
    fresh_days = 7

    [stores]
    metadata = "postgresql://host/loopwright"
""")

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


# -- what is read ------------------------------------------------------------------------------------------


def test_everything_that_a_file_says_is_read():
    settings = parse(FULL, file="loopwright.toml")
    assert settings.project.name == "taxi-tips"
    assert settings.charter.risks == ("Cash trips have no tip.", "Drivers may feel watched.")
    assert settings.targets.optimize == {"roc_auc": 0.7, "average_precision": 0.3}
    assert settings.targets.threshold == "f1"
    assert settings.targets.positive is True
    assert settings.data.query == "SELECT *\nFROM trips\n"
    assert settings.data.privacy.redact == ("driver_name",)
    assert settings.split.test_from == "2015-07-01T00:00:00"
    assert settings.candidates[0].params == {"early_stopping": True}
    assert settings.candidates[0].search == {
        "learning_rate": Range(low=0.01, high=1.0, log=True),
        "max_depth": [3, 5, "none"],
    }
    assert settings.candidates[1].name == "linear"
    assert settings.stores.artifacts == ".loopwright/artifacts"


def test_what_a_file_leaves_out_has_its_default():
    settings = parse(SMALL, file="loopwright.toml")
    assert settings.split == SplitSettings()
    assert settings.candidates == ()


def test_a_whole_number_stands_for_a_number_and_becomes_one():
    keep = parse(small(training="keep = 1"), file="loopwright.toml").training.keep
    assert isinstance(keep, float)


def test_a_choice_keeps_the_type_that_was_written():
    text = small() + '[[candidates]]\nestimator = "a.B"\nsearch.depth = [1, 2.0, true, "x"]\n'
    depth = parse(text, file="loopwright.toml").candidates[0].search["depth"]
    assert [type(choice) for choice in depth] == [int, float, bool, str]


def test_a_mark_that_windows_editors_put_first_is_no_error():
    assert parse("\ufeff" + SMALL, file="loopwright.toml") == parse(SMALL, file="loopwright.toml")
    assert complaint("\ufeff" + SMALL.replace("churn.csv", "left").replace('"left"', "3", 1)).startswith(
        "loopwright.toml:8: [data] source = 3: expected a string"
    )


# -- errors ------------------------------------------------------------------------------------------------


def test_a_wrong_choice_names_file_line_found_allowed_and_the_nearest():
    assert complaint(small(split='seed = 1\nby = "tiem"')) == (
        'loopwright.toml:12: [split] by = "tiem": expected one of "random", "time", "group", "stratified" '
        '(did you mean "time"?)'
    )


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (
            {"split": 'bye = "time"'},
            '[split] bye = "time": unknown key; expected one of "by", "validation", '
            '"test", "validation_from", "test_from", "seed" (did you mean "by"?)',
        ),
        (
            {"features": "trials = 3"},
            '[features] trials = 3: unknown key; expected one of "exclude", "include" '
            "(it is a key of [training])",
        ),
        ({"training": "trials = true"}, "[training] trials = true: expected a whole number from 1 to 100000"),
        (
            {"training": 'trials = "12"'},
            '[training] trials = "12": expected a whole number from 1 to 100000 (write 12 without quotes)',
        ),
        (
            {"training": "trials = 12.0"},
            "[training] trials = 12.0: expected a whole number from 1 to 100000 (write 12)",
        ),
        ({"training": "trials = 0"}, "[training] trials = 0: expected a whole number from 1 to 100000"),
        ({"training": "keep = 1.01"}, "[training] keep = 1.01: expected a number above 0 and of at most 1"),
        ({"evidence": "fresh_days = inf"}, "[evidence] fresh_days = inf: expected a number above 0"),
        ({"evidence": "fresh_days = nan"}, "[evidence] fresh_days = nan: expected a number above 0"),
        (
            {"split": "seed = 9223372036854775808"},
            "[split] seed = 0x8000000000000000: expected a whole number of at least 0",
        ),
        (
            {"features": 'exclude = "id"'},
            '[features] exclude = "id": expected a list, each item a string (write ["id"])',
        ),
        ({"features": 'exclude = ["id", 3]'}, "[features] exclude no. 2 = 3: expected a string"),
        ({"data": "time = 2015-01-01"}, '[data] time = 2015-01-01: expected a string (write "2015-01-01")'),
        ({"data": "privacy = 3"}, '[data] privacy = 3: expected a table with the keys "redact"'),
        (
            {"data": 'privacy.redcat = ["a"]'},
            '[data] privacy.redcat = ["a"]: unknown key; expected one of "redact" (did you mean "redact"?)',
        ),
        (
            {"targets": 'threshold = "F1"'},
            '[targets] threshold = "F1": expected a number from 0 to 1, or one of '
            '"f1", "balanced_accuracy" (write "f1")',
        ),
        (
            {"targets": 'satisfice.f0.5 = ">= 0.5"'},
            '[targets] satisfice.f0 = { 5 = ">= 0.5" }: expected a string '
            '(a name with a dot is written in quotes, such as "f0.5")',
        ),
        (
            {"charter": 'without_ml = "rule.py"'},
            '[charter] without_ml = "rule.py": expected a string matching '
            r"^[A-Za-z_]\w*:[A-Za-z_]\w*$",
        ),
        (
            {"releese": "x = 1"},
            '[releese]: unknown section; expected one of "project", "charter", "targets", '
            '"data", "features", "split", "candidates", "training", "evidence", "serving", "release", "monitor", '
            '"retraining", "stores" (did you mean "release"?)',
        ),
        (
            {"trainin": "x = 1"},
            '[trainin]: unknown section; expected one of "project", "charter", "targets", '
            '"data", "features", "split", "candidates", "training", "evidence", "serving", "release", "monitor", '
            '"retraining", "stores" (did you mean "training"?)',
        ),
        (
            {"candidates": 'estimator = "a.B"'},
            "[candidates]: expected a list, each item a table with the keys "
            '"estimator", "name", "params", "search" '
            "(write the header in double brackets)",
        ),
    ],
)
def test_each_mistake_has_its_message(more, message):
    assert complaint(small(**more)).split(": ", 1)[1] == message


def test_a_key_above_all_sections_is_sent_to_its_section():
    assert complaint("trials = 3\n" + SMALL).startswith("loopwright.toml:1: trials = 3: unknown section")
    assert complaint("trials = 3\n" + SMALL).endswith("(it is a key of [training])")


def test_a_name_that_is_not_allowed_comes_back_as_one_that_is():
    assert complaint(SMALL.replace('"churn"', '"Customer churn!"')).endswith('(write "customer-churn")')


def test_a_missing_key_is_shown_at_its_section():
    assert complaint(small(without='task = "binary"')) == (
        'loopwright.toml:3: [charter] task: this key is missing; expected one of "binary", "multiclass", '
        '"regression". What is predicted: one of two classes, one of several, or a number.'
    )


def test_missing_sections_are_named_with_what_they_need():
    assert complaints("") == [
        'loopwright.toml: [project]: this section is missing; it needs "name"',
        'loopwright.toml: [charter]: this section is missing; it needs "task"',
        'loopwright.toml: [targets]: this section is missing; it needs "optimize"',
        'loopwright.toml: [data]: this section is missing; it needs "source", "label"',
    ]


def test_all_errors_of_a_file_are_shown_in_its_order():
    text = small(data="group = 5", split='by = "tiem"\nseed = -1', charter="impact = 9")
    with pytest.raises(ProjectFileError) as caught:
        parse(text, file="loopwright.toml")
    shown = [line.split(": ")[0] for line in str(caught.value).splitlines()]
    assert shown == ["loopwright.toml:4", "loopwright.toml:9", "loopwright.toml:13", "loopwright.toml:14"]
    assert (caught.value.file, caught.value.line) == ("loopwright.toml", 4)


def test_candidates_are_counted_as_a_person_counts():
    text = small() + '[[candidates]]\nestimator = "a.B"\n[[candidates]]\nname = "b"\nsearch.x = { low = 1 }\n'
    assert complaints(text) == [
        "loopwright.toml:12: [[candidates]] no. 2, estimator: this key is missing; expected a string "
        r"matching ^[A-Za-z_]\w*(\.[A-Za-z_]\w*)+$. A scikit-learn estimator by its import path, such as "
        "sklearn.ensemble.HistGradientBoostingClassifier.",
        "loopwright.toml:14: [[candidates]] no. 2, search.x.high: this key is missing; expected a number. "
        "Largest value.",
    ]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            "by = time\n",
            "10: this is no TOML: Invalid value at column 6: by = time (text is written in quotes, "
            "truth as true or false)",
        ),
        (
            "a@b = 1\n",
            "10: this is no TOML: Expected '=' after a key in a key/value pair at column 2: a@b = 1 "
            "(a key with anything but letters, digits, _ and - is written in quotes)",
        ),
        (
            "label = 1\n",
            "10: this is no TOML: Cannot overwrite a value at column 10: label = 1 (the key is there twice)",
        ),
        (
            "[data]\n",
            "10: this is no TOML: Cannot declare ('data',) twice at column 6: [data] (the section is "
            "there twice)",
        ),
        ("\nx = [", "11: this is no TOML: Invalid value: x = ["),
    ],
)
def test_what_is_no_toml_is_shown_where_it_stands(lines, message):
    assert complaint(SMALL + lines).startswith(f"loopwright.toml:{message}")


@pytest.mark.parametrize("value", ["[" * 5000 + "]" * 5000, "9" * 5000, "0x" + "f" * 5000])
def test_absurd_values_are_refused_without_a_traceback(value):
    message = complaints(SMALL + f"x = {value}\n")[0]
    assert len(message) < 400


# -- two files ---------------------------------------------------------------------------------------------


def test_keys_of_the_second_file_win_and_arrays_are_replaced():
    over = (
        '[training]\ntrials = 2\n[targets]\nsatisfice.log_loss = "<= 1"\n[[candidates]]\nestimator = "a.B"\n'
    )
    settings = overlay(FULL, over, file="loopwright.toml", over_file="quick.toml")
    assert settings.training.trials == 2
    assert settings.training.keep == 1
    assert settings.targets.satisfice["log_loss"] == "<= 1"
    assert settings.targets.satisfice["f0.5"] == "> .5"
    assert [candidate.estimator for candidate in settings.candidates] == ["a.B"]


def test_an_empty_second_file_changes_nothing():
    assert overlay(FULL, "", file="a", over_file="b") == parse(FULL, file="a")


def test_errors_name_the_file_that_wrote_the_key():
    base = small(split="bye = 1\ntest = 0.6", training="trials = 0")
    over = "\n[training]\ntrials = -1\n[split]\nvalidation = 0.6\n[[candidates]]\nname = 'a'\n[extra]\n"
    with pytest.raises(ProjectFileError) as caught:
        overlay(base, over, file="base.toml", over_file="over.toml")
    shown = [line.partition(": ")[0] for line in str(caught.value).splitlines()]
    assert shown == ["base.toml:11", "base.toml:12", "over.toml:3", "over.toml:6", "over.toml:8"]


def test_a_key_missing_in_both_files_is_shown_where_the_section_is_first():
    with pytest.raises(ProjectFileError, match=r"^base.toml:3: \[charter\] task: this key is missing"):
        overlay(
            small(without='task = "binary"'), "[charter]\nimpact = 1", file="base.toml", over_file="over.toml"
        )


def test_a_second_file_that_is_no_toml_is_named():
    with pytest.raises(ProjectFileError, match=r"^over.toml:1: this is no TOML"):
        overlay(SMALL, "x", file="base.toml", over_file="over.toml")


# -- whatever a person writes ------------------------------------------------------------------------------

SECTIONS = {name: kind for name, kind in get_type_hints(Settings).items() if is_dataclass(kind)}
KEYS = [(section, item.name) for section, kind in SECTIONS.items() for item in fields(kind)]
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["time", ">= 1"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["low", "x", "@"]), inner, max_size=2)
    ),
    max_leaves=5,
)


def written(value: object) -> str:
    """Return a value as TOML; None as an empty table."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{written(key)} = {written(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return "{}" if value is None else json.dumps(value) if isinstance(value, bool) else repr(value)


@given(st.text())
@example("[[project]]")
@example("[charter.task]")
@example("data = []")
@example("candidates = [1]")
@example("candidates = [[]]")
@example("split = { by = [{}] }")
def test_any_text_is_read_or_refused_with_a_project_file_error(text):
    with pytest.raises(ProjectFileError):
        parse(text, file="loopwright.toml")


@given(data=st.data(), value=JSON)
def test_any_value_of_any_key_is_accepted_or_refused_at_its_line(data, value):
    section, key = data.draw(st.sampled_from(KEYS))
    line = f"{section}.{key} = {written(value)}\n"
    text = line + dotted_small(without=f"{section}.{key}")
    assert section in tomllib.loads(text)
    assert first_wrong_line(text) in (None, 1)


def first_wrong_line(text: str) -> int | None:
    """Return the line of the first complaint; None if there is none to make."""
    try:
        parse(text, file="loopwright.toml")
    except ProjectFileError as error:
        return error.line or -1
    return None


def dotted_small(*, without: str) -> str:
    lines = [
        "project.name = 'churn'",
        "charter.task = 'binary'",
        "targets.optimize = 'roc_auc'",
        "data.source = 'churn.csv'",
        "data.label = 'left'",
    ]
    return "\n".join(line for line in lines if not line.startswith(without + " ")) + "\n"


# -- the schema that editors have ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def is_valid():
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed")
    jsonschema.Draft202012Validator.check_schema(json_schema())
    return jsonschema.Draft202012Validator(json_schema()).is_valid


def test_good_files_pass_the_schema(is_valid):
    assert is_valid(tomllib.loads(FULL))
    assert is_valid(tomllib.loads(SMALL))


@pytest.mark.parametrize(
    "bad",
    [
        "[split]\nbye = 1",
        "[split]\nby = 'tiem'",
        "[split]\ntest = 0.9",
        "[training]\ntrials = 0",
        "[extra]",
        "[training]\ntrials = '12'",
        "[features]\nexclude = 'x'",
        "[[candidates]]\nname = 'x'",
        "[[candidates]]\nestimator = 'a.b'\nsearch.x = { low = 1 }",
        "[[candidates]]\nestimator = 'nodots'",
    ],
)
def test_bad_files_fail_the_schema_as_they_fail_the_reader(is_valid, bad):
    text = SMALL + bad
    assert not is_valid(tomllib.loads(text))
    complaints(text)


@pytest.mark.parametrize(
    "bad",
    [
        "optimize = 'rocauc'",
        "optimize = {}",
        "optimize = 'f1'\nsatisfice.f1 = '3'",
        "optimize = 'f1'\nsatisfice.g1 = '> 3'",
        "optimize = { f3 = 1 }",
    ],
)
def test_the_schema_knows_metrics_and_limits(is_valid, bad):
    assert not is_valid(tomllib.loads(SMALL.replace('optimize = "roc_auc"', bad)))


@given(data=st.data(), value=JSON)
def test_what_the_reader_accepts_the_schema_accepts(is_valid, data, value):
    section, key = data.draw(st.sampled_from(KEYS))
    text = f"{section}.{key} = {written(value)}\n" + dotted_small(without=f"{section}.{key}")
    assert is_valid(tomllib.loads(text)) or first_wrong_line(text) is not None
