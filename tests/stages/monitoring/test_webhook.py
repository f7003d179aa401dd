"""A webhook posts to a real server, tries again where that helps, and goes nowhere else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from loopwright.errors import LoopwrightError
from loopwright.records import Alert, Ref
from loopwright.stages.monitoring.messages import incident_id, message_of
from loopwright.stages.monitoring.webhook import Webhook
from loopwright.testing import NotifierContract

ALERT = Alert(
    deployment=Ref(kind="deployment", digest="d" * 64), quantity="drift:fare", severity="critical", title="fare",
    explanation="", advice="", cause="unit change", group="drift:fare@2015-09-07T00:00:00",
    first_bad="2015-09-07T00:00:00", last_bad="2015-09-14T00:00:00",
)


@dataclass
class Receiver:
    """A server that answers as it is told, and keeps what it got."""

    port: int = 0
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)

    def address(self, path="/hook", host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"


def _server(receiver):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            content = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append((self.path, dict(self.headers.items()), content))
            status, headers = receiver.answers.pop(0) if receiver.answers else (200, {})
            if status == 0:
                self.wfile.write(b"what?\r\n\r\n")
                self.close_connection = True
                return
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def do_GET(self):
            receiver.got.append((f"GET {self.path}", {}, b""))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            return

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.fixture
def receiver(monkeypatch) -> Iterator[Receiver]:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    found = Receiver()
    server = _server(found)
    found.port = server.server_address[1]
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def _webhook(url, **changes):
    return Webhook(url, **{"timeout_s": 5.0, "pause_s": 0.001, **changes})


class TestWebhook(NotifierContract):
    @pytest.fixture
    def notifier(self, receiver):
        return _webhook(receiver.address())

    @pytest.fixture
    def received(self, receiver):
        return lambda: [content.decode() for _, _, content in receiver.got]

    @pytest.fixture
    def unreachable(self, closed_port):
        return _webhook(f"http://127.0.0.1:{closed_port}/hook")


def test_what_arrives_is_json_with_a_key_that_stays(receiver):
    for _ in range(2):
        _webhook(receiver.address("/hook?token=1")).notify([ALERT])
    (path, headers, content), (_, again, _) = receiver.got
    assert path == "/hook?token=1"
    assert headers["Content-Type"] == "application/json"
    assert headers["Idempotency-Key"] == again["Idempotency-Key"] == message_of([ALERT]).key
    assert json.loads(content)["incident"] == incident_id(ALERT.group)


@pytest.mark.parametrize("status", [500, 502, 503, 429, 408])
def test_a_receiver_that_may_take_it_later_is_asked_again(receiver, status):
    receiver.answers = [(status, {}), (status, {})]
    _webhook(receiver.address()).notify([ALERT])
    assert len({headers["Idempotency-Key"] for _, headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 3


def test_tries_are_bounded(receiver):
    receiver.answers = [(503, {})] * 9
    with pytest.raises(LoopwrightError, match=r"status 503 \(3 tries\)"):
        _webhook(receiver.address()).notify([ALERT])
    assert len(receiver.got) == 3


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_a_receiver_that_does_not_want_it_is_asked_once(receiver, status):
    receiver.answers = [(status, {})]
    with pytest.raises(LoopwrightError, match=f"status {status} \\(1 try\\)"):
        _webhook(receiver.address()).notify([ALERT])
    assert len(receiver.got) == 1


def test_a_redirect_on_the_same_host_is_followed_with_the_body(receiver):
    receiver.answers = [(307, {"Location": "/moved"})]
    _webhook(receiver.address()).notify([ALERT])
    (_, first, body), (path, second, again) = receiver.got
    assert path == "/moved"
    assert body == again
    assert first["Idempotency-Key"] == second["Idempotency-Key"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_to_another_host_is_an_error_and_nothing_goes_there(receiver, status):
    receiver.answers = [(status, {"Location": receiver.address("/stolen", host="localhost")})]
    with pytest.raises(LoopwrightError, match="redirects to localhost"):
        _webhook(receiver.address()).notify([ALERT])
    assert [path for path, _, _ in receiver.got] == ["/hook"]


def test_a_redirect_that_would_lose_the_body_is_an_error(receiver):
    receiver.answers = [(302, {"Location": "/elsewhere"})]
    with pytest.raises(LoopwrightError, match="Write the new address"):
        _webhook(receiver.address()).notify([ALERT])
    assert [path for path, _, _ in receiver.got] == ["/hook"]


def test_redirects_in_a_circle_end(receiver):
    receiver.answers = [(307, {"Location": "/hook"})] * 99
    with pytest.raises(LoopwrightError):
        _webhook(receiver.address(), tries=1).notify([ALERT])
    assert len(receiver.got) < 20


def test_user_and_password_are_sent_as_a_header_and_never_shown(receiver, closed_port):
    _webhook(f"http://ada:s%40cret@127.0.0.1:{receiver.port}/hook").notify([ALERT])
    assert receiver.got[0][1]["Authorization"] == "Basic YWRhOnNAY3JldA=="
    webhook = _webhook(f"http://ada:hush@127.0.0.1:{closed_port}/T0/secret?token=quiet#x", tries=1)
    with pytest.raises(LoopwrightError) as told:
        webhook.notify([ALERT])
    shown = f"{told.value} {webhook!r}"
    assert f"127.0.0.1:{closed_port}" in shown
    assert "Connection refused" in shown
    assert not any(word in shown for word in ("hush", "quiet", "secret", "ada"))


def test_an_answer_that_is_no_http_is_an_error(receiver):
    receiver.answers = [(0, {})] * 3
    with pytest.raises(LoopwrightError, match=f"127.0.0.1:{receiver.port}"):
        _webhook(receiver.address()).notify([ALERT])


def test_a_receiver_that_says_nothing_is_given_up():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        with pytest.raises(LoopwrightError, match="timed out"):
            _webhook(f"http://127.0.0.1:{silent.getsockname()[1]}/", timeout_s=0.05, tries=2).notify([ALERT])


@pytest.mark.parametrize("url", [
    "", "ftp://x/y", "http://", "https:///path", "http://host:99999/", "http://[::1", "http://a b/", "http://x/\n",
    "http://münchen.example/",
])
def test_an_address_that_is_none_is_refused_without_quoting_it(url):
    with pytest.raises(LoopwrightError, match=r"\[monitor\] webhook"):
        Webhook(url)
