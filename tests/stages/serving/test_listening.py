from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import numpy as np
import pytest

from loopwright.errors import LoopwrightError
from loopwright.ports import listen
from loopwright.stages.serving.asking import Served
from loopwright.stages.serving.listening import Listener, serve


def get(address: str, *, body: object = None, key: str = "") -> tuple[int, dict[str, object]]:
    request = urllib.request.Request(address, headers={"x-api-key": key, "content-type": "application/json"})
    request.data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


class Running:
    """A listener in a thread."""

    def __init__(self, app, **options):
        self.listener = Listener(app, host="127.0.0.1", port=0, **options)
        self.address = self.listener.address
        ready = threading.Event()
        self.thread = threading.Thread(target=self.listener.run, kwargs={"ready": lambda _: ready.set()})
        self.thread.start()
        assert ready.wait(20)

    def stop(self):
        self.listener.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()


def test_it_answers_over_http_and_stops_when_told(office):
    running = Running(office.app)
    try:
        assert get(f"{running.address}/health") == (200, {"status": "alive"})
        status, answer = get(f"{running.address}/predict", body={"row": {"fare": 60}}, key=office.key)
        assert (status, answer["predictions"][0]["probability"]) == (200, 0.6)
        assert get(f"{running.address}/predict", body={"row": {}}, key=office.key)[0] == 422
    finally:
        running.stop()
    assert len(office.log.answered()) == 1
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", int(running.address.rpartition(":")[2])), timeout=5)


def test_a_running_request_is_finished_and_new_ones_are_sent_away(office, make_model, make_rule, make_deployment):
    asked, going = threading.Event(), threading.Event()

    def slow(frame):
        asked.set()
        going.wait(20)
        return np.full(frame.height, 0.5)

    office.serve(make_deployment(), Served(model=make_model(), predictor=make_rule(slow)))
    running = Running(office.app, drain_seconds=20)
    answers: list[tuple[int, dict[str, object]]] = []
    caller = threading.Thread(
        target=lambda: answers.append(get(f"{running.address}/predict", body={"row": {"fare": 1}}, key=office.key))
    )
    caller.start()
    assert asked.wait(20)
    running.listener.stop()
    while not office.app.is_draining:
        time.sleep(0.01)
    assert get(f"{running.address}/ready")[0] == 503
    assert get(f"{running.address}/predict", body={"row": {"fare": 1}}, key=office.key)[0] == 503
    assert get(f"{running.address}/health")[0] == 200
    going.set()
    caller.join(20)
    running.stop()
    assert [status for status, _ in answers] == [200]
    assert len(office.log.answered()) == 1


def test_the_drain_ends_though_a_request_does_not(office, make_model, make_rule, make_deployment):
    asked, going = threading.Event(), threading.Event()

    def hang(frame):
        asked.set()
        going.wait(20)
        return np.zeros(frame.height)

    office.serve(make_deployment(), Served(model=make_model(), predictor=make_rule(hang)))
    running = Running(office.app, drain_seconds=0.1)

    answers: list[tuple[int, dict[str, object]]] = []
    caller = threading.Thread(
        target=lambda: answers.append(get(f"{running.address}/predict", body={"row": {"fare": 1}}, key=office.key))
    )
    caller.start()
    assert asked.wait(20)
    running.stop()
    going.set()
    caller.join(20)
    assert [status for status, _ in answers] == [503]
    assert office.log.answered() == []


def test_a_body_that_lies_about_its_length_is_cut_off(office):
    running = Running(office.app)
    try:
        port = int(running.address.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=20) as raw:
            raw.sendall(
                b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
                b"x-api-key: " + office.key.encode() + b"\r\ntransfer-encoding: chunked\r\n\r\n"
            )
            raw.sendall(b"11170\r\n" + b" " * 70_000 + b"\r\n")
            assert raw.recv(100).startswith(b"HTTP/1.1 413")
    finally:
        running.stop()


def test_a_port_that_is_taken_is_told(office):
    with listen("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LoopwrightError, match=rf"port {port}: .* --port 0"):
            serve(office.app, port=port)
    with pytest.raises(LoopwrightError, match="ports go up to 65535"):
        listen("127.0.0.1", 70_000)
    with pytest.raises(LoopwrightError, match="cannot listen"):
        listen("no such host", 0)


def test_the_log_is_closed_even_if_the_server_never_ran(office):
    closed = []
    with listen("127.0.0.1", 0) as taken, pytest.raises(LoopwrightError):
        serve(office.app, port=taken.getsockname()[1], closing=lambda: closed.append(True))
    assert closed == [True]


def test_an_address_of_version_6_is_written_in_brackets(office):
    try:
        listener = Listener(office.app, host="::1", port=0)
    except LoopwrightError:
        pytest.skip("this machine has no IPv6")
    assert listener.address.startswith("http://[::1]:")
    listener.close()


PROCESS = """
import sys
sys.path.insert(0, {folder!r})
import conftest
from loopwright.stages.serving.asking import Served
from loopwright.stages.serving.listening import serve

champion = Served(model=conftest.a_model(), predictor=conftest.Rule(conftest.by_fare))
office = next(conftest._office(champion, conftest.ServingSettings()))
print(office.key, flush=True)
serve(
    office.app, port=0, ready=lambda address: print(address, flush=True),
    closing=lambda: print("closed", len(office.log.answered()), flush=True),
)
print("over", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order(number):
    code = PROCESS.format(folder=str(Path(__file__).parent))
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        key, address = process.stdout.readline().strip(), process.stdout.readline().strip()
        assert get(f"{address}/predict", body={"row": {"fare": 60}}, key=key)[0] == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == ("closed 1\nover\n", "", 0)
