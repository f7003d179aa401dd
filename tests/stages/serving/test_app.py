from __future__ import annotations

import asyncio
import logging

import httpx
import pytest

from loopwright.stages.serving.app import application
from loopwright.stages.serving.consumers import body_of, consumer_of

JSON = {"content-type": "application/json"}
BODY = {"row": {"fare": 60}}


def test_health_is_alive_and_ready_says_what_serves(office):
    assert office.ask("GET", "/health", key=None).json() == {"status": "alive"}
    assert office.ask("GET", "/ready", key=None).json() == {"status": "ready", "deployment": 7}


def test_without_a_deployment_the_server_lives_and_is_not_ready(office):
    office.routes = None
    assert office.ask("GET", "/health", key=None).status_code == 200
    pages = [office.ask("GET", path, key=None) for path in ("/ready", "/docs", "/openapi.json")]
    for answer in (*pages, office.predict(BODY), office.tell({"id": "a", "label": "yes"})):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "no model is deployed" in answer.json()["error"]
    assert office.ask("GET", "/", key=None).json()["model"] is None


def test_a_draining_server_takes_nothing_new(office):
    office.app.drain()
    assert office.ask("GET", "/health", key=None).json() == {"status": "draining"}
    assert office.ask("GET", "/ready", key=None).status_code == 503
    answer = office.predict(BODY)
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["connection"] == "close"
    assert office.log.events == []


# -- keys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("headers", [
    {}, {"authorization": "Basic abc"}, {"x-api-key": "lw_wrong"}, {"authorization": "Bearer "},
])
def test_without_a_known_key_nothing_is_read(office, headers):
    answer = office.ask("POST", "/predict", key=None, content=b"x" * 10**6, headers={**JSON, **headers})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert office.log.events == []


def test_a_key_comes_as_a_bearer_or_in_its_own_header(office):
    assert office.predict(BODY).status_code == 200
    assert office.predict(BODY, key=None, headers={"x-api-key": office.key}).status_code == 200
    assert office.predict(BODY, key=None, headers={"Authorization": f"bearer {office.key}"}).status_code == 200


def test_expired_revoked_and_narrow_keys_are_403(office):
    expired = office.new_consumer(expires="2026-02-28")
    answer = office.predict(BODY, key=expired)
    assert (answer.status_code, "expired on 2026-02-28" in answer.json()["error"]) == (403, True)
    narrow = office.new_consumer(scopes=("outcomes",))
    answer = office.predict(BODY, key=narrow)
    assert (answer.status_code, "not good for predict, only for outcomes" in answer.json()["error"]) == (403, True)
    key = office.new_consumer()
    key_id = key.split("_")[1]
    office.consumers[key_id] = consumer_of(key_id, {**body_of(office.consumers[key_id]), "revoked": "2026-02-01"})
    answer = office.predict(BODY, key=key)
    assert (answer.status_code, "revoked on 2026-02-01" in answer.json()["error"]) == (403, True)
    assert office.tell({"id": "a", "label": "yes"}, key=office.new_consumer(scopes=("predict",))).status_code == 403
    assert office.ask("GET", "/metrics", key=office.new_consumer()).status_code == 403


def test_an_open_server_answers_its_own_machine_only(office):
    office.desk.is_open = True
    assert office.predict(BODY, key=None).status_code == 200
    assert office.log.events[0].consumer == "anonymous"
    assert office.predict(BODY, key=None, client="::1", host="localhost:8643").status_code == 200
    assert office.predict(BODY, key=None, client="192.0.2.7").status_code == 401
    assert office.predict(BODY, key=None, host="evil.example").status_code == 421


# -- addresses and bodies ----------------------------------------------------------------------------------


def test_an_unknown_address_names_the_nearest(office):
    answer = office.predict(BODY)
    assert answer.status_code == 200
    answer = office.ask("POST", "/predcit", json=BODY)
    assert answer.status_code == 404
    assert "did you mean '/predict'?" in answer.json()["error"]


@pytest.mark.parametrize(("method", "path", "allowed"), [
    ("GET", "/predict", "POST"), ("DELETE", "/health", "GET, HEAD"), ("POST", "/metrics", "GET, HEAD"),
    ("OPTIONS", "/predict", "POST"),
])
def test_a_wrong_method_says_which_are_right(office, method, path, allowed):
    answer = office.ask(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_head_has_the_headers_alone(office):
    answer = office.ask("HEAD", "/health", key=None)
    assert (answer.status_code, answer.content) == (200, b"")
    assert int(answer.headers["content-length"]) > 0


@pytest.mark.parametrize("headers", [
    {"content-type": "text/plain"}, {"content-type": "application/x-www-form-urlencoded"}, {},
    {**JSON, "content-encoding": "gzip"},
])
def test_what_is_not_sent_as_json_is_415(office, headers):
    assert office.ask("POST", "/predict", content=b'{"row": {"fare": 5}}', headers=headers).status_code == 415


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "Application/JSON", "application/vnd.taxi+json"])
def test_json_has_several_names(office, kind):
    answer = office.ask("POST", "/predict", content=b'{"row": {"fare": 5}}', headers={"content-type": kind})
    assert answer.status_code == 200


def test_broken_json_and_another_shape_are_400(office):
    answer = office.ask("POST", "/predict", content=b'{"row": {"fare": 5}', headers=JSON)
    assert (answer.status_code, "line 1, column 20" in answer.json()["error"]) == (400, True)
    answer = office.predict({"fare": 5})
    assert (answer.status_code, '{"row"' in answer.json()["error"]) == (400, True)


def test_a_large_body_is_413_before_it_is_read(office):
    answer = office.ask("POST", "/predict", content=b" " * 65_537, headers=JSON)
    assert answer.status_code == 413
    assert "larger than 64 KiB" in answer.json()["error"]
    assert answer.headers["connection"] == "close"


def test_a_body_that_is_larger_than_its_header_says_is_counted(office):
    async def endless():
        while True:
            yield b" " * 10_000

    async def talk():
        async with office.caller() as caller:
            return await caller.post(
                "/predict", content=endless(), headers={**JSON, "content-length": "10", "x-api-key": office.key}
            )

    assert asyncio.run(talk()).status_code == 413


def test_a_length_that_is_no_number_is_400(office):
    answer = office.ask("POST", "/predict", content=b"{}", headers={**JSON, "content-length": "many"})
    assert answer.status_code == 400


def test_too_many_rows_are_413(office):
    assert office.predict({"rows": [{"fare": 1}] * 101}).status_code == 413


def test_a_body_that_does_not_come_is_408(strict_office):
    async def late():
        yield b'{"row": '
        await asyncio.sleep(5)

    async def talk():
        async with strict_office.caller() as caller:
            return await caller.post("/predict", content=late(), headers={**JSON, "x-api-key": strict_office.key})

    answer = asyncio.run(talk())
    assert answer.status_code == 408
    assert "did not come within 0.2 s" in answer.json()["error"]


def test_a_caller_who_goes_away_is_no_accident(office):
    async def talk():
        async def receive():
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)

        sent = []
        scope = {"type": "http", "method": "POST", "path": "/predict", "client": None, "headers": [
            (b"content-type", b"application/json"), (b"x-api-key", office.key.encode())]}
        await office.app(scope, receive, send)
        return sent

    assert asyncio.run(talk())[0]["status"] == 400


def test_large_requests_are_read_beside_the_others(strict_office):
    rows = [{"fare": number % 100, "payment": "card", "miles": 2.5} for number in range(2000)]
    answer = strict_office.predict({"rows": rows})
    assert len(answer.json()["predictions"]) == 2000
    assert len(strict_office.log.answered()) == 2000


def test_our_own_mistakes_are_a_500_that_tells_nothing(office, caplog):
    def fail():
        raise KeyError("inner secret")

    office.desk.routes = fail
    with caplog.at_level(logging.ERROR, "loopwright.serving"):
        answer = office.predict(BODY)
    assert answer.status_code == 500
    assert "secret" not in answer.text
    assert "inner secret" in caplog.text
    assert office.app.running == 0


# -- pages and metrics -------------------------------------------------------------------------------------


def test_the_first_page_says_what_serves(office):
    found = office.ask("GET", "/", key=None).json()
    assert (found["project"], found["model"], found["stage"]) == ("taxi", "v3", "single")
    assert "/predict" in found["addresses"]


def test_the_description_and_the_page_are_served(office):
    assert office.ask("GET", "/openapi.json", key=None).json()["openapi"] == "3.1.0"
    answer = office.ask("GET", "/docs", key=None)
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "http://127.0.0.1:8643/predict" in answer.text


def test_metrics_count_what_happened(office):
    office.predict({"rows": [{"fare": 60}, {"fare": 70}]})
    office.predict({"row": {"fare": "x", "colour": 1}})
    office.ask("GET", "/nowhere/at/all")
    answer = office.ask("GET", "/metrics")
    assert answer.status_code == 200
    for line in (
        'loopwright_requests_total{consumer="dispatch",route="/predict",status="200"} 1.0',
        'loopwright_requests_total{consumer="dispatch",route="/predict",status="422"} 1.0',
        'loopwright_requests_total{consumer="",route="(none)",status="404"} 1.0',
        'loopwright_rows_total{result="answered"} 2.0', 'loopwright_rows_total{result="refused"} 1.0',
        'loopwright_refusals_total{field="fare",kind="wrong type"} 1.0',
        'loopwright_refusals_total{field="colour",kind="unknown column"} 1.0',
        'loopwright_arm_rows_total{arm="champion",model="v3"} 2.0', "loopwright_log_pending 0.0",
        "loopwright_deployment 7.0", 'loopwright_model{role="champion"} 3.0', "loopwright_ready 1.0",
        'loopwright_request_seconds_count{route="/predict"} 2.0',
    ):
        assert line in answer.text, line


def test_prometheus_may_ask_for_openmetrics(office):
    answer = office.ask("GET", "/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert answer.text.endswith("# EOF\n")


def test_slow_answers_are_counted_against_the_charter(office):
    office.desk.latency_limit_ms = 0.0
    office.predict(BODY)
    assert office.count("loopwright_slow_rows_total") == 1


def test_it_lives_with_any_asgi_server(office):
    async def talk():
        sent = []
        messages = iter([{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}])

        async def receive():
            return next(messages)

        async def send(message):
            sent.append(message["type"])

        await office.app({"type": "lifespan"}, receive, send)
        with pytest.raises(ValueError, match="HTTP only"):
            await office.app({"type": "websocket"}, receive, send)
        return sent

    assert asyncio.run(talk()) == ["lifespan.startup.complete", "lifespan.shutdown.complete"]
    assert isinstance(office.caller(), httpx.AsyncClient)
    assert application(office.desk).is_ready()
