"""A server answers what `loopwright predict` does, in every shape of a request, and tells each mistake by its field."""

from __future__ import annotations

import http.client
import signal
import socket
from itertools import count

import polars as pl
import pytest

from loopwright.project import Project
from loopwright.records import Deployment

ROW = {"miles": 4.0, "fare": 11.5, "payment": "card"}
_NUMBERS = count(1)


@pytest.fixture(scope="module")
def served(fares_ready, tmp_path_factory):
    """One server for all tests of this file; each asks about ids of its own."""
    with fares_ready.copied(tmp_path_factory.mktemp("story") / "served") as found:
        yield found


@pytest.fixture(scope="module")
def batch(served):
    """What `loopwright predict` says of the first forty trips."""
    served.place.give("predict", "-i", "trips.csv", "-o", "out.csv", code=0)
    return pl.read_csv(served.place.folder / "out.csv").head(40)


@pytest.fixture
def row():
    """A row with an id that nobody has asked about."""
    return {"id": f"asked{next(_NUMBERS)}", **ROW}


def sent(batch):
    return batch.select("miles", "fare", "payment").to_dicts()


def probabilities(reply):
    assert reply.status == 200, reply
    return [each["probability"] for each in reply.json["predictions"]]


def test_one_row_many_rows_and_columns_get_the_answers_of_the_batch(served, batch):
    rows = sent(batch)
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    said = batch["probability"].to_list()
    expected = pytest.approx(said, abs=1e-6)
    for row, alone in zip(rows[:5], said, strict=False):
        assert probabilities(served.ask("POST", "/predict", {"row": row})) == [pytest.approx(alone, abs=1e-6)]
    assert probabilities(served.ask("POST", "/predict", {"rows": rows})) == expected
    assert probabilities(served.ask("POST", "/predict", {"columns": columns})) == expected
    assert probabilities(served.ask("POST", "/predict", rows)) == expected


def test_an_answer_names_the_class_the_model_and_the_deployment(served, batch):
    answer = served.predict(*sent(batch)).json
    assert [each["prediction"] for each in answer["predictions"]] == [str(said) for said in batch["prediction"]]
    assert {each["model"] for each in answer["predictions"]} == {"v1"}
    assert answer["deployment"] == 1


def test_the_key_column_is_the_id(served, row):
    assert served.predict(row).json["predictions"][0]["id"] == row["id"]


def test_a_row_without_id_gets_one(served):
    first, second = (served.predict(ROW).json["predictions"][0]["id"] for _ in range(2))
    assert first < second, "they sort by time"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"miles": "far"}, ("miles", "wrong type")),
        ({"miles": float("nan")}, ("miles", "not finite")),
        ({"fare": float("inf")}, ("fare", "not finite")),
        ({"payment": 3}, ("payment", "wrong type")),
        ({"payments": "card"}, ("payments", "unknown column")),
        ({"tipped": 1}, ("tipped", "known only after the outcome")),
        ({"id": ["a"]}, ("id", "wrong type")),
    ],
)
def test_a_row_that_does_not_fit_is_refused_by_the_field(served, row, change, problem):
    refused = served.predict({**row, **change}, code=422)
    assert refused.problems == [problem]
    assert "none was answered" in refused.json["error"]


def test_all_mistakes_are_told_at_once_with_their_rows(served, row):
    refused = served.predict(row, {**ROW, "miles": True, "fare": "?"}, {**ROW, "x": 1}, code=422)
    assert [(item["row"], item["field"]) for item in refused.json["problems"]] == [(1, "miles"), (1, "fare"), (2, "x")]
    nearest = served.predict({**row, "payments": "card"}, code=422).json["problems"][0]["problem"]
    assert "did you mean 'payment'" in nearest


def test_whoever_is_content_with_a_part_gets_the_good_rows(served, row):
    body = {"rows": [{**ROW, "miles": "far"}, row], "partial": True}
    answer = served.ask("POST", "/predict", body)
    assert [each["id"] for each in answer.json["predictions"]] == [row["id"]]
    assert answer.problems == [("miles", "wrong type")]


def test_a_value_outside_of_the_schema_is_answered_and_flagged(served, row):
    assert served.predict({**row, "payment": "barter"}).json["predictions"][0]["flags"] == [
        "payment: new value 'barter'"
    ]


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b'{"row": {"miles": 1,}}', 400, "line 1, column"),
        (b"\xff\xfe", 400, "UTF-8"),
        (b'{"lines": []}', 400, '"row"'),
        (b'{"row": {"miles": 1}, "rows": []}', 400, "'row' and 'rows'"),
        (b'{"columns": {"miles": [1, 2], "fare": [1]}}', 400, "2 values"),
        pytest.param(b'{"rows": [' + b"{}," * 10_000 + b"{}]}", 413, "10,000 are allowed", id="many rows"),
        pytest.param(b" " * (4097 << 10), 413, "4,096 KiB", id="a large body"),
    ],
)
def test_a_body_that_cannot_be_read_is_answered_with_what_to_do(served, body, status, told):
    refused = served.ask("POST", "/predict", body)
    assert refused.status == status
    assert told in refused.json["error"]


def test_addresses_and_methods_that_are_none_are_told_with_those_that_are(served):
    assert "did you mean '/predict'" in served.ask("POST", "/predit", {}).json["error"]
    wrong = served.ask("GET", "/predict")
    assert (wrong.status, wrong.headers["allow"]) == (405, "POST")
    assert served.ask("POST", "/predict", b"{}", headers={"Content-Type": "text/plain"}).status == 415


def test_how_it_is_and_how_to_ask_can_be_seen_without_a_key(served):
    assert served.ask("GET", "/health", key=None).json == {"status": "alive"}
    assert served.ask("GET", "/ready", key=None).json == {"status": "ready", "deployment": 1}
    assert served.ask("GET", "/", key=None).json["model"] == "v1"
    page = served.ask("GET", "/docs", key=None)
    assert page.headers["content-type"].startswith("text/html")
    assert "payment" in page.text


def test_the_openapi_document_says_what_a_row_holds(served):
    document = served.ask("GET", "/openapi.json", key=None).json
    assert document["openapi"].startswith("3.1")
    assert set(document["paths"]) >= {"/predict", "/outcomes", "/health", "/ready", "/metrics"}
    assert '"payment"' in served.ask("GET", "/openapi.json", key=None).text


def test_the_metrics_count_what_was_asked(served, row):
    def answered():
        return next(
            float(line.split()[-1]) for line in served.ask("GET", "/metrics").text.splitlines()
            if line.startswith('loopwright_rows_total{result="answered"}')
        )

    served.predict(row)
    before = answered()
    served.predict({**row, "id": f"{row['id']}b"}, {**row, "id": f"{row['id']}c"})
    assert answered() == before + 2


def test_what_was_refused_is_in_the_log_with_its_reason(served, row, patience):
    served.predict({**row, "miles": "far"}, code=422)

    def found() -> pl.DataFrame:
        return served.live()[1].filter(pl.col("id") == row["id"])

    # A refusal promises nothing, so it does not wait for the log.
    patience(lambda: found().height > 0)
    logged = found()
    assert logged["status"].to_list() == [422]
    assert "wrong type" in str(logged["problems"][0].to_list())


# -- how it stops, on servers of their own -----------------------------------------------------------------


def test_a_request_that_runs_when_the_server_is_stopped_is_answered(fares_ready, tmp_path, patience):
    with fares_ready.copied(tmp_path / "served") as served:
        body = b'{"row": {"id": "last", "miles": 4.0, "fare": 11.5, "payment": "card"}}'
        head = (
            f"POST /predict HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {served.key}\r\nExpect: 100-continue\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        with socket.create_connection(("127.0.0.1", served.port), timeout=30) as slow:
            slow.sendall(head.encode())
            assert slow.recv(100).startswith(b"HTTP/1.1 100"), "the server waits for the body"
            served.process.send_signal(signal.SIGTERM)
            patience(lambda: served.ask("GET", "/health").json["status"] == "draining")
            assert served.ask("GET", "/ready").status == 503
            assert served.predict(ROW, code=503).headers["retry-after"]
            slow.sendall(body)
            answer = http.client.HTTPResponse(slow)
            answer.begin()
            assert answer.status == 200
            assert b'"id":"last"' in answer.read()
        served.stop()
        assert served.live()[0]["__id"].to_list() == ["last"]


def test_a_server_that_is_started_again_deploys_nothing_anew(fares_ready, tmp_path):
    with fares_ready.copied(tmp_path / "served") as found:
        found.end(signal.SIGINT, code=0)
        found.start()
        assert found.ask("GET", "/ready").json["deployment"] == 1
    with Project.open(found.place.folder).closing() as project:
        assert len(project.metadata.all(Deployment)) == 1


def test_a_port_that_is_taken_is_told_with_what_to_do(served):
    message = served.place.refuses("serve", "--port", served.port)
    assert "Is one running already?" in message
    assert "--port 0" in message


def test_before_anything_passed_its_gate_there_is_nothing_to_serve(place):
    assert "loopwright run" in place.refuses("serve")
