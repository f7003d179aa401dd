"""A private dashboard shows nothing before somebody has signed in."""

import pytest

from loopwright.faces.web import allowed_hosts, app


@pytest.fixture
def stranger(visit, lively):
    return visit(lively, private=True)


def test_every_page_is_closed_until_somebody_signs_in(stranger, live_addresses, addresses):
    for path in {*live_addresses, *addresses} - {"/login"}:
        reply = stranger.get(path)
        assert reply.status == 303, path
        assert reply.headers["location"].startswith("/login?next=")
        assert stranger.get(path, accept="application/json").status == 403, path
    stranger.sign_in("vera")
    assert stranger.get("/monitoring").status == 200


def test_the_way_back_is_kept(stranger):
    assert stranger.get("/alerts?standing=open").headers["location"] == "/login?next=%2Falerts%3Fstanding%3Dopen"
    assert stranger.get("//elsewhere.example/").headers["location"] == "/login?next=%2F"


def test_the_page_to_sign_in_tells_no_more_than_the_name(stranger):
    page = stranger.get("/login").text
    assert "taxi-tips" in page
    assert "v2" not in page
    assert stranger.get("/static/style.css").status == 200


def test_forms_of_strangers_do_nothing(stranger):
    assert stranger.post("/actions/promote", {"why": "because"}).status == 403
    assert stranger.post("/logout", {}).status == 403
    assert stranger.actions.done == []


@pytest.mark.parametrize(
    "path", ["/login/", "/login/../models", "/static/../models", "/LOGIN", "/login.json", "//login"]
)
def test_no_other_spelling_opens_a_page(stranger, path):
    reply = stranger.get(path)
    assert "v2" not in reply.text
    assert reply.status in {200, 303, 404, 307}
    if reply.status == 200:
        assert path == "/login.json"


def test_listening_beyond_this_machine_makes_a_dashboard_private(lively):
    def private(host):
        site = app(lambda: lively, hosts=allowed_hosts(host)).user_middleware[-1].kwargs["site"]
        return site.private

    assert [private(host) for host in ("127.0.0.1", "localhost", "::1")] == [False, False, False]
    assert [private(host) for host in ("0.0.0.0", "::", "192.0.2.7", "dash.example", "")] == [True] * 5
