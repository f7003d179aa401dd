from __future__ import annotations

import contextlib
import math
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from loopwright.stages.serving.events import Answered
from loopwright.stages.serving.requests import (
    Refusal,
    answer_of,
    id_problem,
    new_id,
    outcomes_in,
    parsed,
    rows_in,
)


def refused(body: bytes, status: int = 400) -> str:
    with pytest.raises(Refusal) as caught:
        rows_in(body, most=3)
    assert caught.value.status == status
    return str(caught.value)


@pytest.mark.parametrize(("body", "place"), [
    (b"", "line 1, column 1"), (b'{"row": {"a": 1,}}', "line 1, column"), (b'{"row":\n {"a" 1}}', "line 2, column 7"),
    (b"{'row': 1}", "line 1, column 2"), (b'{"row": {"a": "\xff"}}', "line 1, column 16"),
    (b'{"row": {}} x', "line 1, column 13"),
])
def test_a_mistake_in_the_json_is_shown_by_line_and_column(body, place):
    assert place in refused(body)


@pytest.mark.parametrize("body", [b"[" * 3000, b'{"row": {"a": ' + b"9" * 6000 + b"}}", b'{"row": {"a": "\\ud800"}}'])
def test_json_that_no_program_should_send_is_refused(body):
    assert "the body" in refused(body)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_tokens_that_are_no_json_numbers_come_as_floats(token):
    found = rows_in(b'{"row": {"fare": %s}}' % token.encode(), most=1).rows[0]["fare"]
    assert not math.isfinite(found)


@pytest.mark.parametrize("body", [
    b"5", b'"row"', b"null", b'{"fare": 5}', b'{"row": {}, "rows": []}', b'{"row": [1]}', b'{"rows": {}}',
    b'{"rows": [1]}', b'{"columns": []}', b'{"columns": {"a": 1}}',
    b'{"columns": {"a": [1], "b": []}}', b'{"row": {}, "partial": 1}',
    b'{"rows": [{}], "ids": ["a", "b"]}', b'{"rows": [{}], "ids": "a"}', b'{"rows": [{}], "id": "a"}',
    b'{"rows": [{}], "ids": [""]}', b'{"rows": [{}], "ids": [true]}', b'{"rows": [{}], "ids": ["a\\u0000"]}', b"[[]]",
    b'{"row": {}, "partal": true}',
])
def test_another_shape_is_refused_with_the_three_that_there_are(body):
    message = refused(body)
    assert '{"row": {"column": value, ...}}, {"rows"' in message


def test_a_mistyped_key_is_named():
    assert "'partal' (did you mean 'partial'?)" in refused(b'{"row": {}, "partal": true}')


@pytest.mark.parametrize("body", [
    b"[{}, {}, {}, {}]", b'{"rows": [{}, {}, {}, {}]}', b'{"columns": {"a": [1, 2, 3, 4]}}',
])
def test_too_many_rows_are_refused(body):
    assert "4 rows, and 3 are allowed" in refused(body, 413)


def test_ids_may_be_text_or_whole_numbers_or_left_out():
    assert rows_in(b'{"rows": [{}, {}, {}], "ids": ["a", 7, null]}', most=3).ids == ["a", "7", None]
    assert rows_in(b'{"row": {}, "id": "a"}', most=3).ids == ["a"]
    assert rows_in(b"[{}, {}]", most=3).ids == [None, None]


@given(st.binary(max_size=60))
def test_whatever_bytes_come_they_are_read_or_refused(body):
    with contextlib.suppress(Refusal):
        rows_in(body, most=3)


@given(st.integers(0, 2**58), st.integers(0, 2**58))
def test_ids_made_here_are_uuids_that_sort_by_time(one, other):
    first, second = uuid.UUID(new_id(one)), uuid.UUID(new_id(other))
    assert (first.version, first.variant) == (7, uuid.RFC_4122)
    assert (first < second) or one // 1000 >= other // 1000


def test_ids_differ():
    assert len({new_id(0) for _ in range(1000)}) == 1000


def test_an_id_is_short_and_printable():
    assert id_problem("x" * 200) == ""
    assert id_problem("x" * 201)
    assert id_problem(1.5)


# -- outcomes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [
    b'{"outcomes": [{"id": "a", "values": {"y": 1}}]}', b'[{"id": "a", "label": 1}]', b'{"id": "a", "label": 1}',
])
def test_outcomes_come_in_three_shapes(body):
    (told,) = outcomes_in(body, label="y", most=3)
    assert (told.id, told.values, told.at) == ("a", {"y": 1}, None)


@pytest.mark.parametrize(("at", "microseconds"), [
    ("2015-07-06T08:00:00Z", 1436169600_000_000), ("2015-07-06T08:00:00", 1436169600_000_000),
    ("2015-07-06T10:00:00+02:00", 1436169600_000_000),
])
def test_when_it_became_known_may_be_said(at, microseconds):
    (told,) = outcomes_in(b'{"id": "a", "label": 1, "at": "%s"}' % at.encode(), label="y", most=1)
    assert told.at == microseconds


def test_every_mistake_in_outcomes_is_named():
    body = b"""[5, {"label": 1}, {"id": "c"}, {"id": "d", "label": 1, "values": {}}, {"id": "e", "values": 1},
                {"id": "f", "label": 1, "at": "soon"}, {"id": "g", "label": 1, "att": "x"},
                {"id": "h", "label": 1, "at": 5}]"""
    with pytest.raises(Refusal) as caught:
        outcomes_in(body, label="y", most=9)
    assert caught.value.status == 422
    assert [(item.row, item.field) for item in caught.value.problems] == [
        (0, ""), (1, "id"), (2, "values"), (3, "values"), (4, "values"), (5, "at"), (6, "att"), (7, "at"),
    ]


@pytest.mark.parametrize(("body", "status"), [
    (b"5", 400), (b'{"outcomes": 5}', 400), (b'{"outcomes": [], "other": 1}', 400), (b"[1, 2, 3, 4]", 413), (b"{", 400),
])
def test_other_shapes_of_outcomes_are_refused(body, status):
    with pytest.raises(Refusal) as caught:
        outcomes_in(body, label="y", most=3)
    assert caught.value.status == status


def test_an_answer_of_a_model_that_is_gone_is_told_by_its_digest():
    event = Answered(
        id="a", at=0, received=0, consumer="c", deployment="d", model="0123456789abcdef", arm="champion",
        propensity=1.0, entity="e", held_back=False, scores=(0.2, 0.8), prediction="yes", latency_ms=1.0, row={},
    )
    answer = answer_of(event, None)
    assert (answer.model, answer.probabilities) == ("0123456789ab", {"0": 0.2, "1": 0.8})


def test_plain_json_is_read():
    assert parsed(b'{"a": [1, 2.5, null]}') == {"a": [1, 2.5, None]}
