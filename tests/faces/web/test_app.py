import json
import socket

import pytest

from loopwright.errors import CorruptStore, LoopwrightError
from loopwright.faces.web import app, serve


def test_every_page_answers_as_html_and_as_json(ask, library, addresses):
    for address in addresses:
        expected = 404 if address == "/nowhere" else 200
        page = ask(library, address)
        assert (page.status, page.headers["content-type"]) == (expected, "text/html; charset=utf-8"), address
        assert "<title>" in page.text
        if not address.endswith("/sheet"):
            same = ask(library, address, accept="application/json")
            assert same.status == expected
            assert json.loads(same.text)["project"] == "taxi-tips"


def test_every_live_page_answers_as_html_and_as_json(ask, live_library, live_addresses):
    for address in live_addresses:
        page = ask(live_library, address)
        assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8"), address
        same = ask(live_library, address, accept="application/json")
        assert json.loads(same.text)["project"] == "taxi-tips", address
        assert "default-src 'none'" in page.headers["content-security-policy"]


def test_the_ending_json_gives_the_same_as_the_header(ask, library):
    digest = library.newest("model").digest
    by_name, by_header = (
        ask(library, f"/models/{digest}.json"),
        ask(library, f"/models/{digest}", accept="application/json"),
    )
    assert by_name.text == by_header.text
    assert json.loads(by_name.text)["model"]["record"]["digest"] == digest
    assert ask(library, "/index.json").text == ask(library, "/", accept="application/json").text


def test_a_short_digest_finds_its_record(ask, library):
    assert "taxi-tips v2" in ask(library, f"/models/{library.newest('model').digest[:10]}").text


@pytest.mark.parametrize(
    "path", ["/nowhere", "/models/ffffffffffff", "/datasets/../../etc/passwd", "/static/app.py", "/runs/%00"]
)
def test_an_unknown_address_gets_a_friendly_page(ask, library, path):
    page = ask(library, path)
    assert page.status == 404
    assert "Back to the loop" in page.text


def test_a_record_of_another_kind_is_not_shown_as_this_one(ask, library):
    page = ask(library, f"/runs/{library.newest('model').digest}")
    assert page.status == 404
    assert "is no Run but a Model" in page.text


def test_a_project_without_any_run_says_which_command_to_run(ask, empty_library):
    for path in ("/", "/datasets", "/runs", "/models", "/score", "/activity"):
        page = ask(empty_library, path)
        assert page.status == 200
        assert "loopwright run" in page.text, path


@pytest.mark.parametrize(
    ("path", "command"),
    [
        ("/deployment", "loopwright serve"), ("/monitoring", "loopwright watch"), ("/quality", "loopwright watch"),
        ("/quality", "loopwright outcomes FILE"), ("/alerts", "loopwright watch"), ("/retraining", "loopwright watch"),
        ("/predictions", "loopwright serve"),
    ],
)
def test_a_project_that_does_not_serve_says_which_command_to_run(ask, empty_library, path, command):
    page = ask(empty_library, path)
    assert page.status == 200
    assert command in page.text.replace("&amp;", "&")


def test_text_of_users_is_never_markup(ask, hostile_library, hostile_addresses):
    for address in hostile_addresses:
        text = ask(hostile_library, address).text
        assert "<script" not in text.lower(), address
        assert "<img" not in text.lower(), address
        assert "49" not in text or "{{7*7}}" in text, address
        assert 'href="javascript:' not in text, address


def test_text_of_users_is_never_markup_on_live_pages(ask, hostile_live_library, hostile_live_addresses):
    for address in hostile_live_addresses:
        page = ask(hostile_live_library, address)
        assert page.status == 200, address
        assert "<script" not in page.text.lower(), address
        assert "<img" not in page.text.lower(), address
        assert "here.invalid" not in page.text, address


def test_a_foreign_host_name_is_refused(ask, library):
    # A site that points its own name at this machine would otherwise read the project (DNS rebinding).
    assert ask(library, "/", host="evil.example").status == 421
    assert ask(library, "/", host="localhost.evil.example").status == 421
    for host in ("localhost:8642", "127.0.0.1:8642", "[::1]:8642"):
        assert ask(library, "/", host=host).status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_but_reading_is_allowed(ask, library, method):
    for path in ("/", "/deployment", "/alerts/ab12", "/login/", "/actions", "/actions/promote/now"):
        page = ask(library, path, method=method, origin="http://localhost")
        assert page.status == 405
        assert page.headers["allow"] == "GET, HEAD"


def test_every_answer_forbids_scripts_frames_and_foreign_content(ask, library, addresses):
    for address in [*addresses, "/static/style.css"]:
        headers = ask(library, address).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src" not in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"


def test_a_broken_store_is_said_on_the_page(ask, library):
    class Broken(type(library)):
        def all(self, _kind):
            raise CorruptStore("the metadata store is damaged; restore it from a backup.")

    page = ask(Broken(), "/runs")
    assert page.status == 500
    assert "restore it from a backup" in page.text


def test_a_mistake_of_ours_shows_no_traceback(ask, library):
    class Mistaken(type(library)):
        def all(self, _kind):
            raise ZeroDivisionError("secret detail")

    page = ask(Mistaken(), "/runs")
    assert page.status == 500
    assert "secret detail" not in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize(
    "query",
    ["start=99999999999999", "start=-1", "start=x", "start=²", "find=%22%3E%3Cb%3E", "start=5&find=zzz"],
)
def test_strange_queries_are_answered(ask, library, query):
    page = ask(library, f"/datasets/{library.newest('dataset_version').digest}?{query}")
    assert page.status == 200
    assert "<b>" not in page.text


def test_a_taken_port_is_said_with_what_to_do(library):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LoopwrightError, match=f"port {port}.*--port 0"):
            serve(app(lambda: library), port=port)


def test_an_impossible_port_or_host_is_said(library):
    for place in ({"port": 99999}, {"host": "no.such.host.invalid"}):
        with pytest.raises(LoopwrightError, match="--port"):
            serve(app(lambda: library), **place)
