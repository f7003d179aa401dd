"""Every file of a new project can be read and run, whatever the columns are called."""

import ast
from collections.abc import Callable
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from loopwright import datasets
from loopwright.errors import UnreadableSource
from loopwright.projectfile import overlay, parse
from loopwright.records import Ref
from loopwright.settings import Settings
from loopwright.stages.charter.looking import Look, Said, look
from loopwright.stages.charter.rendering import Named, project_files
from loopwright.stages.data.column_types import normalized
from loopwright.stages.evaluation.scenarios import run_scenarios
from loopwright.stages.features.computing import assert_row_wise, compute, feature_functions
from loopwright.stages.labels.labelling import by_rule, encode_labels, from_column
from loopwright.stages.training.simple_answers import heuristic
from loopwright.usercode import functions

ROWS = 60
NAMED = Named(name="odd-trips", source="rows.csv")


def public(text: str) -> tuple[str, ...]:
    nodes = ast.parse(text).body
    return tuple(node.name for node in nodes if isinstance(node, ast.FunctionDef) and node.name[0] != "_")


def made(files: dict[str, str], file: str) -> dict[str, Callable[..., object]]:
    return functions({file: files[file]}, file, public(files[file]))


def check(frame: pl.DataFrame, seen: Look, files: dict[str, str]) -> Settings:
    """Use every file as the other rooms will."""
    said = parse(files["loopwright.toml"], file="loopwright.toml")
    overlay(files["loopwright.toml"], files["configs/quick.toml"], file="a", over_file="b")
    ast.parse(files["api/predict.py"])
    labels = labels_of(frame, said, files)
    features_run(frame, said, files)
    if said.charter.without_ml:
        rule = made(files, "heuristics.py")["simple_rule"]
        answers = said_by(rule, frame)
        assert len(heuristic(answers, task=said.charter.task, classes=labels.classes)) == frame.height
    scenarios_hold(frame, seen, files)
    return said


def labels_of(frame: pl.DataFrame, said: Settings, files: dict[str, str]):  # type: ignore[no-untyped-def]
    if ":" in said.data.label:
        rule = made(files, "labeling.py")["label"]
        values, _ = by_rule(frame, rule, file="labeling.py", name="label")
    else:
        values = from_column(frame, said.data.label)
    return encode_labels(values, task=said.charter.task, positive=said.targets.positive)


def features_run(frame: pl.DataFrame, said: Settings, files: dict[str, str]) -> None:
    kept = frame.drop(said.data.privacy.redact)
    visible = [name for name in kept.columns if name not in (*said.data.known_after, said.data.label)]
    ready = feature_functions(made(files, "features.py"), visible, file="features.py")
    computed, _ = compute(kept, ready, file="features.py")
    assert_row_wise(kept, computed, ready, file="features.py")


def said_by(rule: Callable[..., object], frame: pl.DataFrame) -> pl.Series:
    arguments = rule.__code__.co_varnames[: rule.__code__.co_argcount]
    return frame.select(rule(*map(pl.col, arguments)).alias("said")).to_series()  # type: ignore[attr-defined]


def scenarios_hold(frame: pl.DataFrame, seen: Look, files: dict[str, str]) -> None:
    """Run the scenarios on a model that always answers the same, which breaks none of them."""
    answer: object = seen.outcome.low if seen.task == "regression" else 0.5
    if seen.task == "multiclass":
        answer = seen.outcome.classes[0]
    scenarios = made(files, "scenarios.py")
    found = run_scenarios(
        scenarios, lambda rows: pl.Series([answer] * rows.height), frame, subject=Ref(kind="model", digest="0")
    )
    assert len(found) >= 2
    assert all(item.passed for item in found), [item.claim for item in found]


@pytest.mark.parametrize("dataset", datasets.available(), ids=lambda dataset: dataset.name)
def test_a_project_is_made_of_every_dataset(dataset: datasets.Dataset) -> None:
    try:
        frame = normalized(datasets.load(dataset.name))
    except UnreadableSource as error:
        pytest.skip(str(error))
    frame = frame.sample(min(frame.height, 4_000), seed=0)
    seen = look(frame, Said(label=dataset.label))
    said = check(frame, seen, project_files(seen, NAMED))
    assert said.charter.task == dataset.task
    assert said.data.key is None or frame[said.data.key].is_unique().all()
    assert (said.split.by == "time") == (said.data.time is not None)
    assert len(said.candidates) == 2


ODD_LETTERS = st.sampled_from("\"'\\\n\t`#{}%:_aé \ufb01\u2028\x7f")
ODD_NAMES = st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), ODD_LETTERS), max_size=12)
TAKEN_NAMES = st.sampled_from(["pl", "class", "label", "name", "start_hour", "start", "_x", "_"])


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    names=st.lists(st.one_of(ODD_NAMES, TAKEN_NAMES), min_size=6, max_size=6, unique=True),
    kind=st.sampled_from(["binary", "multiclass", "regression"]),
)
def test_no_name_of_a_column_breaks_a_file(names: list[str], kind: str) -> None:
    generator = np.random.default_rng(0)
    number = generator.normal(size=ROWS)
    label = {"binary": number > 0, "multiclass": np.digitize(number, [-0.5, 0.5]), "regression": number * 3}[kind]
    columns = [
        label.tolist(),
        [f"row{row}" for row in range(ROWS)],
        [datetime(2015, 1, 1) + timedelta(hours=5 * row) for row in range(ROWS)],
        (number + generator.normal(size=ROWS)).tolist(),
        [f'"{value}"\n' for value in generator.choice([*"abc"], ROWS)],
        generator.integers(0, 9, ROWS).tolist(),
    ]
    frame = pl.DataFrame(dict(zip(names, columns, strict=True)))
    assume(not any(name == "*" or (name[:1] == "^" and name[-1:] == "$") for name in names))
    seen = look(frame, Said(label=names[0]))
    said = check(frame, seen, project_files(seen, NAMED))
    assert said.charter.task == kind


def test_odd_values_and_texts_of_the_user_break_no_file() -> None:
    odd = 'a"b\\c\n"""#{{ x }}'
    frame = pl.DataFrame({odd: [1.5, 2.5] * 30, "paid": [odd, "x", odd] * 20})
    named = Named(name="odd", source=f"C:\\{odd}.csv", query=odd, delimiter="\t", description=odd)
    files = project_files(look(frame, Said(label="paid")), named)
    said = parse(files["loopwright.toml"].replace("query = ", "# query = "), file="loopwright.toml")
    assert said.targets.positive == "x"
    assert said.project.description == odd
    assert said.data.source == f"C:\\{odd}.csv"
    assert said.data.delimiter == "\t"


def test_a_project_without_a_rule_has_no_file_for_it() -> None:
    frame = pl.DataFrame({"same": [1.0] * 60, "y": [0, 1] * 30})
    files = project_files(look(frame, Said(label="y")), NAMED)
    assert "heuristics.py" not in files
    assert "labeling.py" not in files
    assert parse(files["loopwright.toml"], file="loopwright.toml").charter.without_ml is None


def test_every_section_of_the_project_file_is_there_with_a_word_of_explanation() -> None:
    frame = pl.DataFrame({"x": [1.0, 2.0, 3.0] * 20, "y": [0, 1] * 30})
    lines = project_files(look(frame, Said(label="y")), NAMED)["loopwright.toml"].splitlines()
    headers = [line for line in lines if line.startswith("[") and not line.startswith("[candidates.")]
    assert {line.partition(" ")[0].strip("[]") for line in headers} == {
        "project", "charter", "targets", "targets.satisfice", "data", "data.privacy", "features", "split",
        "candidates", "training", "evidence", "stores",
    }
    assert all("# " in line for line in headers)
