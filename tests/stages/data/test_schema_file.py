"""A schema survives its file, and every mistake in the file is answered with its line."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loopwright.errors import SchemaError
from loopwright.records.schema import COLUMN_TYPES, PII_CLASSES, SEVERITIES, ColumnSchema, Schema
from loopwright.stages.data.schema_file import parse, render

TEXT = st.text(max_size=8)
NUMBER = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
ENVIRONMENTS = ("training", "serving", "shadow test")


@st.composite
def columns(draw, name):
    kind = draw(st.sampled_from(COLUMN_TYPES))
    ends = sorted(draw(st.tuples(NUMBER, NUMBER))) if kind in ("int", "float") else [None, None]
    return ColumnSchema(
        name=name,
        type=kind,
        min_fraction=draw(st.floats(0, 1)),
        min_count=draw(st.integers(0, 9)),
        values=draw(st.none() | st.lists(TEXT, unique=True, max_size=6).map(tuple))
        if kind == "string"
        else None,
        min_domain_mass=draw(st.floats(0, 1)),
        minimum=draw(st.sampled_from([None, ends[0]])),
        maximum=draw(st.sampled_from([None, ends[1]])),
        allow_nan=draw(st.booleans()) or kind != "float",
        allow_infinite=draw(st.booleans()) or kind != "float",
        unique=draw(st.booleans()),
        not_in_environment=tuple(draw(st.lists(st.sampled_from(ENVIRONMENTS), unique=True))),
        pii=draw(st.sampled_from([None, *PII_CLASSES])),
        severity=draw(st.sampled_from([None, *SEVERITIES])),
        description=draw(TEXT),
    )


@st.composite
def schemas(draw):
    names = draw(st.lists(TEXT, unique=True, max_size=4))
    return Schema(columns=tuple(draw(columns(name)) for name in names), environments=ENVIRONMENTS)


@settings(max_examples=200)
@given(schemas())
def test_a_schema_survives_its_file(schema):
    assert parse(render(schema), file="schema.toml") == schema


def test_a_new_value_is_one_line_of_difference():
    few = ColumnSchema(name="paid", type="string", values=("a", "b", "c", "d"))
    more = ColumnSchema(name="paid", type="string", values=("a", "b", "bb", "c", "d"))
    before, after = (render(Schema(columns=(column,))).splitlines() for column in (few, more))
    assert [line for line in after if line not in before] == ['  "bb",']


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '[columns.a]\ntype = "floot"',
            r"schema\.toml:2: .*'floot' \(did you mean 'float'\?\). Allowed is one of int",
        ),
        ("[columns.a]\nmin_fraction = 1", r"schema\.toml:1: column 'a' has no type"),
        (
            '[columns.a]\ntype = "int"\n\nminimun = 3',
            r":4: unknown key 'minimun' \(did you mean 'minimum'\?\)",
        ),
        ("colums = 1", r":1: unknown key 'colums' \(did you mean 'columns'\?\)"),
        ("columns = 3", ":1: columns must be tables"),
        ("[columns]\na = 3", ":2: 'a' must be a table"),
        ('[columns.a]\ntype = "int"\nvalues = ["a"]', ":3: .*only a text column has a list of values"),
        (
            '[columns.a]\ntype = "string"\nvalues = [1]',
            r":3: values of column 'a' is \[1\]. Allowed is a list of str",
        ),
        ('[columns.a]\ntype = "string"\nvalues = ["x", "x"]', ":3: .*lists 'x' twice"),
        ('[columns.a]\ntype = "string"\nminimum = 1', ":3: .*only an int or float column has a range"),
        ('[columns.a]\ntype = "int"\nallow_nan = false', ":3: .*only a float column"),
        ('[columns.a]\ntype = "int"\nminimum = 3\nmaximum = 2', ":3: .*it is 3, above the maximum of 2"),
        ('[columns.a]\ntype = "int"\nminimum = nan', ":3: .*a finite number"),
        ('[columns.a]\ntype = "int"\nmin_fraction = 1.5', ":3: .*is 1.5. Allowed is a share between 0 and 1"),
        ('[columns.a]\ntype = "int"\nmin_count = -1', ":3: .*a whole number from 0"),
        ('[columns.a]\ntype = "int"\nunique = 1', ":3: .*true or false"),
        ('[columns.a]\ntype = "int"\ndescription = 1', ":3: .*a string"),
        ('[columns.a]\ntype = "int"\npii = "mail"', r":3: .*'mail' \(did you mean 'email'\?\)"),
        (
            '[columns.a]\ntype = "int"\nnot_in_environment = ["servin"]',
            r":3: .*'servin' \(did you mean 'serving'\?\)",
        ),
        ("environments = 1", ":1: environments of the schema is 1"),
        ("[columns.a\n", "not valid TOML: .*line 1"),
    ],
)
def test_a_mistake_is_answered_with_its_place_and_what_is_allowed(text, message):
    with pytest.raises(SchemaError, match=message):
        parse(text, file="schema.toml")
