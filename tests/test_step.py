from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from loopwright.codedigest import Code
from loopwright.project import Project
from loopwright.records import Artifact, Charter, FeatureSet, Schema, Table
from loopwright.records.record import Record
from loopwright.records.schema import ColumnSchema
from loopwright.step import Manifest, reason, step, together

RAN: list[str] = []


def a_schema(*names: str, made_from: tuple[Record, ...] = ()) -> Schema:
    columns = tuple(ColumnSchema(name=name, type="int") for name in names)
    return Schema(columns=columns, made_from=tuple(record.ref for record in made_from))


@dataclass(frozen=True)
class Options:
    low: int = 1
    high: int = 2


@step(uses=("msgspec",))
def plain(project: Project, *, name: str = "a", options: Options = Options()) -> Schema:
    RAN.append(f"plain {name} {options.high}")
    return a_schema(name, str(options.high))


@step()
def after(project: Project, before: Schema, *, code: Code | None = None) -> tuple[Schema, ...]:
    RAN.append("after")
    return (a_schema("after", made_from=(before,)),)


@step()
def keeping(project: Project, *, text: str) -> FeatureSet:
    RAN.append("keeping")
    kept = project.artifacts.put(text.encode(), name="text.txt", media_type="text/plain")
    table = Table(name="none", version=0, rows=0, columns=(), sha256="0" * 64)
    return FeatureSet(table=table, features=(), code=kept)


@step()
def failing(project: Project) -> Schema:
    RAN.append("failing")
    raise RuntimeError("no")


@pytest.fixture(autouse=True)
def _forget() -> None:
    RAN.clear()


@pytest.fixture
def project(opened: Callable[[], Project], monkeypatch: pytest.MonkeyPatch) -> Project:
    return with_tests(opened())


def with_tests(project: Project) -> Project:
    """Let the code index see this file as a loose module, as it sees the user's."""
    project.code_index.roots = {**project.code_index.roots, "": Path(__file__).parent}  # type: ignore[misc]
    for verb in (plain, after, keeping, failing):
        verb.__wrapped__.__module__ = "test_step"  # type: ignore[attr-defined]
    return project


def test_what_was_made_is_recalled_by_another_handle_on_the_project(project, opened):
    made = plain(project)
    again = with_tests(opened())
    assert plain(again) == made
    assert RAN == ["plain a 2"]
    assert [outcome.recalled for outcome in again.outcomes] == [True]


def test_other_options_are_another_execution(project):
    plain(project)
    plain(project, options=Options(high=3))
    assert RAN == ["plain a 2", "plain a 3"]
    assert project.outcomes[1].why == "option options.high changed from 2 to 3"


def test_other_inputs_run_again_and_say_so(project):
    after(project, a_schema("x"))
    after(project, a_schema("y"))
    assert project.outcomes[1].why == "input before changed"


def test_a_changed_function_of_the_user_runs_again_and_is_named(project):
    before = a_schema("x")
    after(project, before, code=Code(file="f.py", functions=("tips",), digests={"f.py: function `tips`": "1"}))
    after(project, before, code=Code(file="f.py", functions=("tips",), digests={"f.py: function `tips`": "2"}))
    assert project.outcomes[1].why == "f.py: function `tips` changed"


def test_a_tuple_of_records_comes_back_as_a_tuple(project):
    made = after(project, a_schema("x"))
    assert after(project, a_schema("x")) == made
    assert isinstance(made, tuple)


def test_a_failed_step_leaves_nothing_behind_and_runs_again(project):
    for _ in range(2):
        with pytest.raises(RuntimeError):
            failing(project)
    assert RAN == ["failing", "failing"]
    assert project.metadata.executions() == []


def test_a_lost_output_is_made_again(project, folder):
    made = keeping(project, text="hello")
    assert isinstance(made.code, Artifact)
    for path in (folder / ".loopwright" / "artifacts").rglob("*"):
        if path.is_file() and made.code.sha256 in path.as_posix().replace("/", ""):
            path.chmod(0o644)
            path.unlink()
    assert keeping(project, text="hello") == made
    assert RAN == ["keeping", "keeping"]
    assert project.outcomes[-1].why == "what it made was gone or damaged"


def test_two_that_want_the_same_at_once_make_it_once(project, opened):
    others = [with_tests(opened()) for _ in range(4)]
    threads = [threading.Thread(target=plain, args=(other,)) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert RAN == ["plain a 2"]


def test_independent_steps_give_their_results_in_order(project):
    first, second = together(project, lambda: plain(project, name="a"), lambda: plain(project, name="b"))
    assert (first.columns[0].name, second.columns[0].name) == ("a", "b")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ({"code": {"a": "1"}}, {"code": {"a": "1", "b": "1"}}, "b is new"),
        ({"code": {"a": "1"}}, {"code": {}}, "a is gone"),
        ({"libraries": {"polars": "1"}}, {"libraries": {"polars": "2"}}, "polars went from 1 to 2"),
        ({"code": {"x.py: function `f`": "1", "loopwright/y.py: value `Z`": "1"}},
         {"code": {"x.py: function `f`": "2", "loopwright/y.py: value `Z`": "2"}},
         "x.py: function `f` changed; loopwright/y.py: value `Z` changed"),
    ],
)
def test_reasons_are_sentences_the_users_own_code_first(old: Manifest, new: Manifest, said: str):
    assert reason(old, new) == said


def test_many_changes_are_counted():
    new: Manifest = {"options": {str(number): "x" for number in range(6)}}
    assert reason({}, new).endswith("and 3 more changes")


def test_a_charter_is_a_record_that_names_itself(project):
    from loopwright.stages.charter import adopt

    charter = adopt(project)
    assert isinstance(charter, Charter)
    assert charter.optimize == {"roc_auc": 1.0}
    assert [str(target) for target in charter.satisfice] == ["log_loss <= 0.69"]
