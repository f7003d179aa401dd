from __future__ import annotations

from pathlib import Path

import pytest

from loopwright.errors import UnknownRecord
from loopwright.records import Evidence, Model, Ref, Schema
from loopwright.records.record import Artifact
from loopwright.records.schema import ColumnSchema
from loopwright.store import SqliteLedger
from loopwright.store.metadata import Activity, Execution, Metadata

HERE = Ref(kind="file", digest="f" * 64, name="trips.csv")


@pytest.fixture
def metadata(tmp_path: Path) -> Metadata:
    return Metadata(SqliteLedger(tmp_path / "metadata.db"))


def schema(*names: str) -> Schema:
    return Schema(made_from=(HERE,), columns=tuple(ColumnSchema(name=name, type="int") for name in names))


def model(estimator: str) -> Model:
    return Model(
        made_from=(HERE,), name="m", task="binary", estimator=estimator, params={}, format="onnx", why_format="",
        file=Artifact(sha256="0" * 64, size=1, name="m.onnx"), feature_code=None, functions=(), features=("x",),
        categorical=(), inputs=(), classes=("no", "yes"), threshold=0.5,
    )


def test_what_is_remembered_is_found_by_digest_prefix_kind_and_parent(metadata):
    kept = schema("a")
    metadata.remember(kept)
    assert metadata.get(Schema, kept.digest) == kept
    assert metadata.find(kept.digest[:8]) == kept
    assert metadata.find(f"schema:{kept.digest[:8]}") == kept
    assert metadata.newest(Schema) == kept
    assert metadata.children(HERE) == [kept]


def test_the_same_record_is_one_record_however_often_it_is_remembered(metadata):
    metadata.remember(schema("a"), schema("b"), schema("a"))
    metadata.remember(schema("a"))
    assert metadata.all(Schema) == [schema("a"), schema("b")]


def test_models_are_numbered_in_the_order_they_came(metadata):
    metadata.remember(model("a"))
    metadata.remember(model("b"), model("a"))
    assert [(item.estimator, item.number) for item in metadata.all(Model)] == [("a", 1), ("b", 2)]
    assert metadata.get(Model, model("b").digest).number == 2
    assert metadata.get(Model, model("b").digest).digest == model("b").digest


def test_a_check_made_again_is_the_same_evidence_with_a_newer_time(metadata):
    old = Evidence(check="x", subject=HERE, claim="it holds", passed=True, at="2026-01-01T00:00:00Z")
    new = Evidence(check="x", subject=HERE, claim="it holds", passed=True, at="2026-02-01T00:00:00Z")
    assert old.digest == new.digest
    metadata.remember(old)
    metadata.remember(new)
    assert [item.at for item in metadata.all(Evidence)] == ["2026-02-01T00:00:00Z"]


@pytest.mark.parametrize("text", ["", "zzzz", "model:"])
def test_an_unknown_id_is_told(metadata, text):
    metadata.remember(schema("a"))
    with pytest.raises(UnknownRecord):
        metadata.find(text)


def test_an_ambiguous_id_is_told_with_some_that_it_could_be(metadata):
    for number in range(40):
        metadata.remember(schema(f"c{number}"))
    digests = [item.digest for item in metadata.all(Schema)]
    prefix = next(digit for digit in "0123456789abcdef" if sum(digest.startswith(digit) for digest in digests) > 1)
    with pytest.raises(UnknownRecord, match="records begin with .* give more digits"):
        metadata.find(prefix)


def test_an_execution_is_remembered_together_with_what_it_made(metadata):
    made = schema("a")
    execution = Execution(
        step="infer", key="k", at="2026-01-01T00:00:00Z", seconds=1.5, why="it never ran before",
        manifest={"options": {"x": "1"}}, outputs=(made.ref,), many=False,
    )
    metadata.remember_execution(execution, (made,))
    assert metadata.execution(key="k") == execution
    assert metadata.execution(step="infer") == execution
    assert metadata.execution(step="other") is None
    assert metadata.get(Schema, made.digest) == made


def test_an_alias_has_a_history_that_answers_what_it_meant_when(metadata):
    first, second = model("a"), model("b")
    metadata.name("champion", first.ref, by="ann@host", why="first")
    metadata.name("champion", second.ref, by="ann@host", why="better")
    then = metadata.alias_history("champion")[0].at
    assert metadata.aliases()["champion"].target.digest == second.digest
    assert metadata.aliases(at=then)["champion"].target.digest == first.digest
    assert metadata.aliases(at="2000-01-01T00:00:00Z") == {}
    assert [change.why for change in metadata.alias_history()] == ["first", "better"]


def test_the_activity_log_keeps_who_did_what_for_how_long(metadata):
    done = Activity(command="loopwright run", at="2026-01-01T00:00:00Z", seconds=2.5, exit_code=20, who="ann@host")
    metadata.log(done)
    assert metadata.activities() == [done]


def test_a_withdrawn_alias_means_nothing_and_its_history_stays(metadata):
    metadata.name("champion", model("a").ref, by="ann@host", why="first")
    metadata.name("champion", model("a").ref, by="ann@host", why="it leaked", withdrawn=True)
    assert metadata.aliases() == {}
    assert [(change.why, change.withdrawn) for change in metadata.alias_history()] == [
        ("first", False),
        ("it leaked", True),
    ]


def test_a_secret_is_made_once_and_each_name_has_its_own(metadata):
    first = metadata.secret("sessions")
    assert len(bytes.fromhex(first)) == 32
    assert metadata.secret("entities") != first
    assert metadata.secret("sessions") == first
    assert len(metadata.mark_history("secret")) == 2
