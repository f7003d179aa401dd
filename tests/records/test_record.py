"""Records come back from the store as they were, and are named by what they say and not by circumstances."""

from __future__ import annotations

import subprocess
import sys
import types
from dataclasses import dataclass, field, fields, is_dataclass, replace
from typing import ClassVar, Literal, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import CorruptStore
from loopwright.records import (
    KINDS,
    Anomaly,
    DatasetVersion,
    Evidence,
    Gate,
    Model,
    Record,
    Ref,
    Run,
    Schema,
    decode,
    encode,
    kind_of,
)
from loopwright.records.record import Table, TableFile
from loopwright.records.run import RunMetric

PLAIN = {
    str: st.text(st.characters(codec="utf-8"), max_size=6),
    int: st.integers(-(2**63), 2**63 - 1),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    types.NoneType: st.none(),
}


def values_of(hint: object) -> st.SearchStrategy[object]:
    """Return a strategy for any type that a field of a record may have."""
    origin, parts = get_origin(hint), get_args(hint)
    if hint in PLAIN:
        return PLAIN[hint]
    if origin is Literal:
        return st.sampled_from(parts)
    if origin in (Union, types.UnionType):
        return st.one_of([values_of(part) for part in parts])
    if origin is tuple:
        return st.lists(values_of(parts[0]), max_size=2).map(tuple)
    if origin is dict:
        return st.dictionaries(values_of(parts[0]), values_of(parts[1]), max_size=2)
    hints = get_type_hints(hint)
    names = [item.name for item in fields(hint)] if is_dataclass(hint) else list(hints)
    return st.builds(hint, **{name: values_of(hints[name]) for name in names})


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Record):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark(Record):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    circumstances: ClassVar[frozenset[str]] = frozenset({"seconds"})
    name: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outer(Record):
    inside: dict[str, tuple[Inner, ...]] = field(default_factory=dict)


RECORDS = {kind: values_of(noun) for kind, noun in KINDS.items()}


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(data=st.data())
def test_every_record_survives_encoding(kind, data):
    record = data.draw(RECORDS[kind])
    back = decode(KINDS[kind], encode(record))
    assert back == record
    assert back.digest == record.digest
    assert encode(back) == encode(record)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(data=st.data())
def test_whatever_is_no_circumstance_changes_the_digest(kind, data):
    record, other = data.draw(RECORDS[kind]), data.draw(RECORDS[kind])
    for item in fields(record):
        changed = replace(record, **{item.name: getattr(other, item.name)})
        if item.name in record.circumstances:
            assert changed.digest == record.digest, item.name
        elif changed != record and item.name not in FIELDS_WITH_CIRCUMSTANCES:
            assert changed.digest != record.digest, item.name


# Within these lie refs, tables or features, parts of which are circumstances themselves.
FIELDS_WITH_CIRCUMSTANCES = {
    "made_from", "subject", "rival", "reasons", "table", "quarantine", "features",
}


def test_all_nouns_can_be_looked_up_by_their_kind():
    assert {kind_of(noun) for noun in KINDS.values()} == set(KINDS)
    assert len(KINDS) == 14


A_TABLE = Table(
    name="trips", version=3, rows=7, columns=("fare",), sha256="ab", files=(TableFile(path="part-0.parquet", size=9),)
)
A_VERSION = DatasetVersion(
    name="trips", table=A_TABLE, source="trips.csv", made_from=(Ref(kind="file", digest="cd", name="data/trips.csv"),)
)


def test_how_a_tables_files_lie_and_what_version_it_is_are_no_identity():
    files = (TableFile(path="a.parquet", size=4), TableFile(path="b.parquet", size=5))
    moved = replace(A_TABLE, version=8, files=files)
    assert replace(A_VERSION, table=moved).digest == A_VERSION.digest
    assert replace(A_VERSION, table=replace(A_TABLE, sha256="ac")).digest != A_VERSION.digest
    assert replace(A_VERSION, quarantine=moved).digest == replace(A_VERSION, quarantine=A_TABLE).digest


def test_what_a_ref_is_called_is_no_identity_at_any_depth():
    model = Ref(kind="model", digest="ef")
    called = replace(model, name="v3")
    (file,) = A_VERSION.made_from
    assert replace(A_VERSION, made_from=(replace(file, name="elsewhere.csv"),)).digest == A_VERSION.digest
    assert replace(A_VERSION, made_from=(replace(file, digest="ce"),)).digest != A_VERSION.digest
    gate = Gate(subject=model, rival=None, passed=True, reasons=())
    assert replace(gate, subject=called).digest == gate.digest


def test_the_time_of_evidence_is_no_identity():
    evidence = Evidence(check="metric.f1", subject=Ref(kind="model", digest="ef"), claim="f1 is 0.5", passed=None)
    assert replace(evidence, at="2026-05-03T12:00:00Z").digest == evidence.digest
    assert replace(evidence, claim="f1 is 0.6").digest != evidence.digest


def test_the_order_of_a_mapping_is_no_identity_and_the_order_of_a_list_is():
    run = Run(name="a", role="trial", estimator="x.Y", params={"a": 1, "b": 2}, seed=0, metrics=(), objective=None)
    assert replace(run, params={"b": 2, "a": 1}).digest == run.digest
    assert encode(replace(run, params={"b": 2, "a": 1})) == encode(run)
    assert replace(run, notes=("a", "b")).digest != replace(run, notes=("b", "a")).digest


def test_two_kinds_with_the_same_content_are_different_records():
    assert Note(text="a").digest != Remark(text="a").digest
    assert Note(text="a").ref == Ref(kind="note", digest=Note(text="a").digest)


def test_circumstances_count_at_every_depth():
    def outer(name, seconds):
        return Outer(inside={"a": (Inner(name=name, seconds=seconds),)})

    assert outer("x", 1.0).digest == outer("x", 2.0).digest
    assert outer("x", 1.0).digest != outer("y", 1.0).digest


def test_a_digest_is_the_same_in_every_process():
    code = (
        "from loopwright.records import Schema; from loopwright.records.schema import ColumnSchema;"
        "print(Schema(columns=(ColumnSchema(name='fare', type='float', values=('b', 'a')),)).digest)"
    )
    command = [sys.executable, "-c", code]
    said = {subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(2)}
    assert len(said) == 1
    assert len(said.pop().strip()) == 64


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_refused_whether_the_field_may_be_empty_or_not(value):
    evidence = Evidence(check="metric.f1", subject=Ref(kind="model", digest="ef"), claim="?", passed=None, value=value)
    with pytest.raises(ValueError, match="Evidence does not survive encoding"):
        encode(evidence)
    metric = RunMetric(metric="f1", part="train", value=value)
    run = Run(name="a", role="trial", estimator="x.Y", params={}, seed=0, metrics=(metric,), objective=None)
    with pytest.raises(ValueError, match="Run does not survive encoding"):
        encode(run)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"columns": 3}', b"\xff\xfe", b'{"environments": ["a"]}'])
def test_bytes_that_are_no_such_record_are_told_as_damage(body):
    with pytest.raises(CorruptStore, match=r"a stored schema cannot be read .* Restore the metadata store"):
        decode(Schema, body)


def test_a_record_is_not_read_as_another_kind():
    anomaly = Anomaly(
        column="fare", type="X", severity="error", part="train", environment="training", description="Odd."
    )
    with pytest.raises(CorruptStore, match="a stored model cannot be read"):
        decode(Model, encode(anomaly))


def test_a_ref_is_shown_short():
    assert str(Ref(kind="model", digest="0123456789abcdef")) == "model:0123456789ab"
