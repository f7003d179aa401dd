from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from loopwright.drills.calling import Client
from loopwright.errors import LoopwrightError


@contextmanager
def answering(status: int, body: bytes) -> Iterator[tuple[Client, list[bytes]]]:
    """A server that gives one answer to whatever is asked, once per connection, and what it was asked."""
    asked: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(status)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        client = Client("127.0.0.1", server.server_port, key="k")
        try:
            yield client, asked
        finally:
            client.close()
            server.shutdown()
            thread.join()


def test_moments_are_sent_as_text():
    with answering(200, b'{"predictions": []}') as (client, asked):
        assert client.post("/predict", {"row": {"at": datetime(2015, 1, 7, 9)}}) == {"predictions": []}
    assert asked == [b'{"row": {"at": "2015-01-07T09:00:00"}}']


def test_a_connection_that_was_closed_meanwhile_is_opened_again():
    with answering(200, b"{}") as (client, asked):
        client.post("/predict", {})
        client.post("/predict", {})
    assert len(asked) == 2


def test_a_refusal_is_an_error_only_for_who_does_not_expect_one():
    with answering(422, b'{"error": "fare is text"}') as (client, _):
        assert client.ask("/predict", {}) == (422, {"error": "fare is text"})
        with pytest.raises(LoopwrightError, match="answered /predict with 422.*fare is text"):
            client.post("/predict", {})


@pytest.mark.parametrize("body", [b"<html>", b"[1]"])
def test_something_else_that_answers_is_told_apart(body):
    with answering(200, body) as (client, _), pytest.raises(LoopwrightError, match="no prediction server"):
        client.post("/predict", {})


def test_silence_is_an_error():
    with answering(200, b"{}") as (client, _):
        pass
    with pytest.raises(LoopwrightError, match="does not answer at /predict"):
        client.post("/predict", {})


def test_what_json_cannot_hold_is_a_mistake_of_the_caller():
    with pytest.raises(TypeError, match="set cannot be sent"):
        Client("127.0.0.1", 1, key="k").post("/predict", {1, 2})
